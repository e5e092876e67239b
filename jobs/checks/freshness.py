"""Is the tracker's data fresh?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.checks.data import judged, source
from jobs.checks.result import Verdict
from jobs.checks.saying import Ladder, Limit, Subject
from jobs.checks.waiting import Patience
from jobs.facts import Facts, Unknown
from storage.records import Observation, Phrase, Severity, Value
from storage.tracker import FileReport, Snapshot

NAME = "freshness"
AHEAD = timedelta(minutes=5)
MARGIN = 1 / 8  # of the lowest limit: 2 h fires, 1 h 45 closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Limits on the age of the newest data, of all sources and of each expected one.

    After an absence what is too old is waited for, a scraper's period and `warning` at most.
    """

    sources: tuple[str, ...] = ()
    warning: timedelta = timedelta(hours=2)
    error: timedelta = timedelta(hours=4)
    critical: timedelta = timedelta(hours=6)
    name: str = NAME

    def judge(self, facts: Facts, *, now: datetime) -> Verdict:
        """Judge every expected source, unless there is no data at all: that is one CRITICAL."""
        data = judged(facts)
        keys = [Subject(key=f"fresh:{name}", check=NAME) for name in ("all", *self.sources)]
        clock = Subject(key="clock:data", check=NAME)
        if isinstance(data, Unknown):
            return Verdict(tuple(one.unknown(data.reason) for one in (*keys, clock)))
        latest = now + AHEAD
        ahead = [f for f in data.files if f.at > latest and f.records and not f.own]
        patience = Patience(at_most=self.warning)
        everything = patience.waits(self._all(keys[0], data, ahead, now), facts, data)
        if data.newest is None:
            return Verdict((everything, _clock(clock, ahead, now)))
        seen = [everything]
        for name, subject in zip(self.sources, keys[1:], strict=True):
            aged = self._source(subject, name, data, now)
            seen.append(patience.waits(aged, facts, data, name=name))
        seen.append(_clock(clock, ahead, now))
        return Verdict(tuple(seen), frozenset({"fresh:", "clock:data"}))

    def _all(
        self, subject: Subject, data: Snapshot, ahead: list[FileReport], now: datetime
    ) -> Observation:
        if data.newest is not None:
            return self._age(subject, data.newest, now, name=None)
        if ahead:
            return subject.unknown(_future(max(file.at for file in ahead) - now))
        return subject.fail(Severity.CRITICAL, Phrase("freshness.all.none"))

    def _source(self, subject: Subject, name: str, data: Snapshot, now: datetime) -> Observation:
        found = source(data, name)
        if found is None or found.newest is None:
            latest = max((file.at for file in data.files), default=now)
            if found is not None and latest - now > AHEAD:  # only files from the future name it
                return subject.unknown(_future(latest - now))
            # ERROR only: the owner may not scrape it at all, and a repeat an hour is enough then.
            return subject.fail(Severity.ERROR, Phrase("freshness.source.none", {"source": name}))
        return self._age(subject, found.newest, now, name=name)

    def _age(
        self, subject: Subject, newest: datetime, now: datetime, *, name: str | None
    ) -> Observation:
        if newest - now > AHEAD:
            return subject.unknown(_future(newest - now))
        age_s = max(0.0, (now - newest).total_seconds())
        values: dict[str, Value] = {"age_s": age_s}
        if name is not None:
            values["source"] = name
        group = "all" if name is None else "source"
        ladder = self._ladder()
        limit = ladder.reached(age_s)
        if limit is None:
            fact = Phrase(f"freshness.{group}.ok", values | {"limit_s": ladder.lowest.value})
            clears = ladder.clears(age_s)
            return subject.ok(fact, value=age_s, limit=ladder.lowest, clears=clears)
        fact = Phrase(f"freshness.{group}.stale", values | {"limit_s": limit.value})
        return subject.fail(limit.level, fact, value=age_s, threshold=limit.value)

    def _ladder(self) -> Ladder:
        limits = (
            Limit(Severity.WARNING, self.warning.total_seconds()),
            Limit(Severity.ERROR, self.error.total_seconds()),
            Limit(Severity.CRITICAL, self.critical.total_seconds()),
        )
        return Ladder(limits=limits, margin=limits[0].value * MARGIN)


def _future(ahead: timedelta) -> Phrase:
    return Phrase("freshness.future", {"ahead_s": ahead.total_seconds()})


def _clock(subject: Subject, ahead: list[FileReport], now: datetime) -> Observation:
    if not ahead:
        return subject.ok(Phrase("clock.data.ok"))
    worst = max(ahead, key=lambda file: file.at)
    ahead_s = (worst.at - now).total_seconds()
    values: dict[str, Value] = {"n": len(ahead), "file": worst.name, "ahead_s": ahead_s}
    return subject.fail(
        Severity.WARNING, Phrase("clock.data.future", values),
        value=ahead_s, threshold=AHEAD.total_seconds(),
    )  # fmt: skip
