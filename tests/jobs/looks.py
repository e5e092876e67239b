"""Builds facts for the checks' tests: a healthy look, and what to change of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobs.checks.result import Check
from jobs.facts import Disk, Facts, Host, Memory, Network, Own, Processes, Scraper, Unknown
from storage.opportunities import Statistics
from storage.records import Moment, Observation, Phrase
from storage.tracker import FileReport, FolderState, Snapshot, SourceReport

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
GIB = 2**30
BLIND = Unknown(Phrase("unknown.timeout", {"limit_s": 2.0}))


def source(name: str, age: timedelta = timedelta(), *, n: int = 5, stub: bool = False) -> Snapshot:
    """Return a snapshot of one source."""
    report = SourceReport(source=name, newest=NOON - age, last_count=n, stub=stub)
    return Snapshot(folder=FolderState.OK, sources={name: report}, newest=NOON - age)


def snapshot(ages: Mapping[str, timedelta]) -> Snapshot:
    """Return a whole folder, one file a source, of these ages."""
    sources = {
        name: SourceReport(source=name, newest=NOON - age, last_count=5)
        for name, age in ages.items()
    }
    files = tuple(file(f"{name}.json", NOON - age) for name, age in ages.items())
    newest = max((NOON - age for age in ages.values()), default=None)
    folder = FolderState.OK if ages else FolderState.EMPTY
    return Snapshot(folder=folder, files=files, sources=sources, newest=newest)


def file(name: str, at: datetime = NOON, *, records: int = 5) -> FileReport:
    """Return a healthy file."""
    return FileReport(name=name, size=100, at=at, at_from="mtime", records=records)


def scraper(command: str = "main.py", *, trees: int = 1, starts: int = 1) -> Scraper:
    """Return a command whose oldest tree runs for an hour."""
    started = NOON - timedelta(hours=1) if trees else None
    return Scraper(
        command=command, trees=trees, pids=tuple(range(100, 100 + trees)), started=started,
        starts=starts, window_s=1800.0,
    )  # fmt: skip


HEALTHY = Facts(
    at=Moment(wall=NOON, logical_s=1000.0),
    data=snapshot({"Galxe": timedelta(minutes=6)}),
    business=Statistics(
        new=60, median_roi=2.5, mean_roi=3.5, high=10, medium=30, low=20, unknown=0,
        by_source={"Galxe": 60}, since=NOON - timedelta(days=3),
    ),
    processes=Processes(scrapers=(scraper(),)),
    host=Host(
        cpu_pct=20.0,
        memory=Memory(total_bytes=8 * GIB, used_bytes=2 * GIB),
        disks=(
            Disk(
                name="data", mount="/", total_bytes=100 * GIB, free_bytes=60 * GIB, used_pct=40.0
            ),
        ),
        network=Network(sent_bytes=10, recv_bytes=20, over_s=300.0),
    ),
    own=Own(rss_bytes=60 * 2**20, loop_lag_p95_s=0.002),
    took_s=0.01,
    drift_s=0.0,
)  # fmt: skip


def judge(check: Check, facts: Facts, *, now: datetime = NOON) -> dict[str, Observation]:
    """Return the check's observations by key; no key twice, all of the check's family."""
    seen = check.judge(facts, now=now).observations
    assert len({one.key for one in seen}) == len(seen) > 0
    assert {one.check for one in seen} == {check.name}
    return {one.key: one for one in seen}


def host(**changes: object) -> Facts:
    """Return healthy facts with a changed machine."""
    assert isinstance(HEALTHY.host, Host)
    return replace(HEALTHY, host=replace(HEALTHY.host, **changes))  # type: ignore[arg-type]


def own(**changes: object) -> Facts:
    """Return healthy facts with a changed bot."""
    assert isinstance(HEALTHY.own, Own)
    return replace(HEALTHY, own=replace(HEALTHY.own, **changes))  # type: ignore[arg-type]


def business(**changes: object) -> Facts:
    """Return healthy facts with changed figures."""
    assert isinstance(HEALTHY.business, Statistics)
    return replace(HEALTHY, business=replace(HEALTHY.business, **changes))  # type: ignore[arg-type]
