"""What each source usually brings: the days and the gaps the checks compare today with."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from storage.history import History
from storage.schema import micros, moment

DAY = timedelta(hours=24)
DAYS = 28
ROI_DAYS = 14
MOST_PAID = 5_000  # items of one source, the latest: more would take time and change nothing
LEAST_GAPS = 8
SELDOM = 0.95  # of all gaps are shorter

_NEXT = """
SELECT source, first_seen FROM listed WHERE source > ? ORDER BY source, first_seen LIMIT 1
"""
_BATCHES = """
SELECT first_seen, count(*) FROM listed
WHERE source = ? AND first_seen > ? AND first_seen <= ? GROUP BY first_seen ORDER BY first_seen
"""
_PAID = """
SELECT roi FROM listed WHERE source = ? AND first_seen > ? AND first_seen <= ?
ORDER BY first_seen DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How one source behaves: what it brought on each of the days before the last 24 h.

    `days` are newest first, None before its first item, and where no source at all brought
    anything: then nothing ran. Of the times between two batches of something new, `gap` is one
    that few exceed, None of too few. `latest` is when it last brought something.
    """

    days: tuple[int | None, ...] = ()
    gap: timedelta | None = None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What is usual, as of a few minutes ago; the median ROI is of `paid` items of 14 days."""

    by_source: Mapping[str, Habit] = field(default_factory=dict)
    median_roi: float | None = None
    paid: int = 0


class Batch(NamedTuple):
    """What came of one source at one time, in microseconds since 1970."""

    at: int
    n: int


def learn(history: History, *, now: datetime) -> Habits:
    """Return what is usual: of the four weeks before the last 24 h, to that very hour."""
    return history.read(lambda db: _learn(db, now))


def _learn(db: sqlite3.Connection, now: datetime) -> Habits:
    until, day = micros(now), DAY // timedelta(microseconds=1)
    since = until - (DAYS + 1) * day
    first = _first(db)
    batches = {n: [Batch(*row) for row in db.execute(_BATCHES, (n, since, until))] for n in first}
    ends = [until - k * day for k in range(1, DAYS + 1)]
    counts = {name: _days(found, until, day) for name, found in batches.items()}
    ran = [any(of_day) for of_day in zip(*counts.values(), strict=True)]
    habits = {}
    for name, found in batches.items():
        known = [
            n if did and end - day >= first[name] else None
            for n, end, did in zip(counts[name], ends, ran, strict=True)
        ]
        latest = moment(found[-1].at) if found else None
        habits[name] = Habit(days=tuple(known), gap=_gap(found), latest=latest)
    paid = _paid(db, first, since=until - (ROI_DAYS + 1) * day, until=until - day)
    return Habits(by_source=habits, median_roi=median(paid) if paid else None, paid=len(paid))


def _days(found: Sequence[Batch], until: int, day: int) -> list[int]:
    """Return the counts of the windows of 24 h before the last one, newest first."""
    counts = [0] * (DAYS + 1)
    for at, n in found:
        counts[(until - at) // day] += n
    return counts[1:]


def _gap(found: Sequence[Batch]) -> timedelta | None:
    gaps = sorted(later.at - early.at for early, later in pairwise(found))
    if len(gaps) < LEAST_GAPS:
        return None
    return timedelta(microseconds=gaps[int(SELDOM * (len(gaps) - 1))])


def _first(db: sqlite3.Connection) -> dict[str, int]:
    """Return when each source was seen first; skips from one to the next along the index."""
    first: dict[str, int] = {}
    name = ""
    while (row := db.execute(_NEXT, (name,)).fetchone()) is not None:
        name, first[row[0]] = row[0], row[1]
    return first


def _paid(db: sqlite3.Connection, names: Iterable[str], *, since: int, until: int) -> list[float]:
    rows = (row for name in names for row in db.execute(_PAID, (name, since, until, MOST_PAID)))
    return [roi for (roi,) in rows if roi is not None]
