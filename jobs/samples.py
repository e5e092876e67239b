"""What of a cycle history keeps. Pure."""

from collections.abc import Iterable, Iterator

from jobs.facts import Facts, Host, Own, Unknown
from storage.opportunities import Statistics
from storage.records import Observation, Outcome, Sample
from storage.tracker import Snapshot

FRESH = "fresh"
EVERYTHING = "all"  # `fresh:all` is no source


def samples(facts: Facts, *, took_s: float, seen: Iterable[Observation] = ()) -> list[Sample]:
    """Return one sample per series that was measured; what is unknown leaves a gap.

    `cycle_s` has one for every look: where it has more than another series, that was unknown.
    """
    series = dict(_series(facts)) | dict(_up(seen))
    series["cycle_s"] = took_s
    return [
        Sample(series=name, at=facts.at.wall, value=float(value))
        for name, value in series.items()
        if value is not None
    ]


def _series(facts: Facts) -> Iterator[tuple[str, float | None]]:
    yield "clock_drift_s", facts.drift_s
    if not isinstance(facts.processes, Unknown):
        for scraper in facts.processes.scrapers:
            yield f"scraper_trees:{scraper.command}", None if scraper.denied else scraper.trees
    if not isinstance(facts.host, Unknown):
        yield from _host(facts.host)
    if not isinstance(facts.own, Unknown):
        yield from _own(facts.own)
    if not isinstance(facts.data, Unknown) and facts.data.complete:
        yield from _ages(facts.data, facts)
        if not isinstance(facts.business, Unknown):
            yield from _business(facts.business)
            for name in facts.data.sources:
                yield f"new_24h:{name}", facts.business.by_source.get(name, 0)


def _up(seen: Iterable[Observation]) -> Iterator[tuple[str, float]]:
    """Yield 1 for each source whose data is fresh, 0 where it is not."""
    for one in seen:
        family, _, name = one.key.partition(":")
        if family == FRESH and name != EVERYTHING and one.outcome is not Outcome.UNKNOWN:
            yield f"up:{name}", float(one.outcome is Outcome.OK)


def _host(host: Host) -> Iterator[tuple[str, float | None]]:
    yield "cpu_pct", host.cpu_pct
    yield "memory_pct", host.memory.used_pct
    yield "disk_pct", max((disk.used_pct for disk in host.disks), default=None)
    for disk in host.disks:
        yield f"disk_pct:{disk.name}", disk.used_pct
    if host.network is not None:
        yield "net_sent_bytes", host.network.sent_bytes
        yield "net_recv_bytes", host.network.recv_bytes


def _own(own: Own) -> Iterator[tuple[str, float | None]]:
    yield "rss_bytes", own.rss_bytes
    yield "loop_lag_s", own.loop_lag_p95_s


def _ages(data: Snapshot, facts: Facts) -> Iterator[tuple[str, float | None]]:
    now = facts.at.wall
    if data.newest is not None:
        yield "data_age_s", max(0.0, (now - data.newest).total_seconds())
    for name, report in data.sources.items():
        if report.newest is not None and report.newest <= now:
            yield f"source_age_s:{name}", (now - report.newest).total_seconds()


def _business(business: Statistics) -> Iterator[tuple[str, float | None]]:
    yield "new_24h", business.new
    yield "roi_median_usd_min", business.median_roi
    paid = business.new - business.rewardless  # by sources that state rewards at all
    unknown = business.unknown - business.rewardless
    yield "roi_unknown_pct", 100.0 * unknown / paid if paid else None
