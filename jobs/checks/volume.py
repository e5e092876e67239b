"""Does each source bring about as much as it usually does? Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from jobs.checks.data import belongs
from jobs.checks.saying import Subject
from jobs.checks.usual import LEAST_DAYS, Usual, known, usual
from jobs.facts import Absence, Facts, Unknown, Why
from storage.habits import Habit, Habits
from storage.records import Observation, Phrase, Severity, Value

DAY = timedelta(hours=24)
SPIKE = ":spike"
GAPS = 2  # the specification: ERROR after twice the usual gap
MARGIN = 1.1  # of the limit, and half an item: from there on an alert may close


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What one source brought in the last 24 h, during `away` of which nothing could run."""

    name: str
    n: int
    now: datetime
    away: timedelta = timedelta()

    @property
    def share(self) -> float:
        """Return how much of the day something could run, 0-1."""
        return max(0.0, 1 - self.away / DAY)


class Expected(NamedTuple):
    """What follows from some habits for one source: worked out once, while they are the same."""

    habits: Habits
    habit: Habit
    usual: Usual | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Compares with the same hours of the four weeks before; silent while they are too few."""

    check: str
    _known: dict[str, Expected] = field(default_factory=dict, init=False, repr=False, compare=False)

    def judge(self, name: str, n: int, facts: Facts, *, now: datetime) -> list[Observation]:
        """Call less than is chance WARNING, nothing for long ERROR, far more INFO."""
        subject = Subject(key=f"volume:{name}", check=self.check)
        if isinstance(facts.habits, Unknown):
            return [subject.unknown(facts.habits.reason)]
        today = Today(name=name, n=n, now=now, away=_away(facts.absence, now))
        _, habit, expected = self._expected(facts.habits, name)
        values: dict[str, Value] = {"source": name, "n": n}
        if expected is None:
            values |= {"known": known(habit.days), "least": LEAST_DAYS}
            return [subject.ok(Phrase("metrics.volume.learning", values), value=float(n))]
        values["usual"] = round(expected.count)
        seen = _silent(subject, today, habit, values) if n == 0 else None
        if seen is None:
            seen = _level(subject, today, expected, values)
        flood = expected.high
        if n * MARGIN <= flood:  # that there is none is not worth a line: `result.absent` says so
            return [seen]
        spike = Subject(key=f"{subject.key}{SPIKE}", check=self.check)
        if n <= flood:
            fact = Phrase("metrics.volume.usual", values | {"days": expected.days})
            return [seen, spike.ok(fact, value=float(n), clears=False)]
        fact = Phrase("metrics.volume.spike", values)
        return [seen, spike.fail(Severity.INFO, fact, value=float(n), threshold=flood)]

    def _expected(self, habits: Habits, name: str) -> Expected:
        found = self._known.get(name)
        if found is None or found.habits is not habits:
            habit = of(habits, name)
            found = self._known[name] = Expected(habits, habit, usual(habit.days))
        return found


def of(habits: Habits, expected: str) -> Habit:
    """Return the habit of an expected source, over all the names its records carry."""
    parts = [one for name, one in habits.by_source.items() if belongs(name, expected)]
    days = zip(*(one.days for one in parts), strict=True)
    gaps = [one.gap for one in parts if one.gap is not None]
    latest = [one.latest for one in parts if one.latest is not None]
    return Habit(
        days=tuple(_sum(day) for day in days),
        gap=min(gaps, default=None),
        latest=max(latest, default=None),
    )


def _sum(day: Iterable[int | None]) -> int | None:
    counts = [count for count in day if count is not None]
    return sum(counts) if counts else None


def _silent(
    subject: Subject, today: Today, habit: Habit, values: dict[str, Value]
) -> Observation | None:
    """Judge a source that brought nothing by how long it seldom is silent, if that is known."""
    if habit.gap is None or habit.latest is None:
        return None
    patience_s = GAPS * habit.gap.total_seconds()
    quiet_s = (today.now - habit.latest - today.away).total_seconds()
    values = values | {"quiet_s": quiet_s, "gap_s": habit.gap.total_seconds()}
    if quiet_s < patience_s:
        return subject.ok(Phrase("metrics.volume.rare", values), value=0.0)
    fact = Phrase("metrics.volume.silent", values)
    return subject.fail(Severity.ERROR, fact, value=0.0)


def _level(
    subject: Subject, today: Today, expected: Usual, values: dict[str, Value]
) -> Observation:
    value, limit = float(today.n), expected.low * today.share
    if value >= limit:
        fact = Phrase("metrics.volume.usual", values | {"days": expected.days})
        clears = value >= limit * MARGIN + 0.5
        return subject.ok(fact, value=value, clears=clears)
    fact = Phrase("metrics.volume.below", values | {"days": expected.days})
    return subject.fail(Severity.WARNING, fact, value=value, threshold=limit)


def _away(absence: Absence | None, now: datetime) -> timedelta:
    """Return how much of the last 24 h nothing could run; a clock that was set is no absence."""
    if absence is None or absence.why is Why.JUMPED:
        return timedelta()
    began = absence.ended.wall - timedelta(seconds=absence.for_s)
    return max(timedelta(), absence.ended.wall - max(began, now - DAY))
