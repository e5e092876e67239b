"""What history has of each of several stretches of time, read at once."""

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from storage.history import History
from storage.schema import micros, moment


class Window(NamedTuple):
    """From `since`, which is not in it, to `until`, which is."""

    since: datetime
    until: datetime


class Share(NamedTuple):
    """How many samples a window has of a series, and their mean where none counts above 1."""

    n: int
    mean: float


@dataclass(slots=True)
class Found:
    """What was seen for the first time in one window: how many by source, the known ROI of all."""

    by_source: dict[str, int] = field(default_factory=dict)
    roi: "array[float]" = field(default_factory=lambda: array("d"))

    @property
    def new(self) -> int:
        """How many there are of all sources."""
        return sum(self.by_source.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Finds:
    """What was found in each window, and since when each source is known at all."""

    windows: list[Found]
    first: dict[str, datetime]


_SHARE = """
SELECT sum(n), sum(mean * n) FROM (
    SELECT min(mean, 1.0) AS mean, n FROM hour WHERE series = :name AND at > :since AND at <= :until
    UNION ALL
    SELECT min(value, 1.0), 1 FROM samples WHERE series = :name AND at > :since AND at <= :until)
"""
_NEXT = """
SELECT source, first_seen FROM listed WHERE source > ? ORDER BY source, first_seen LIMIT 1
"""
_NEW = """
SELECT first_seen, roi FROM listed
WHERE source = ? AND first_seen > ? AND first_seen <= ? ORDER BY first_seen
"""


def shares(
    history: History, names: Sequence[str], windows: Sequence[Window]
) -> dict[str, list[Share]]:
    """Return, by series, what each window has of it."""
    spans = [(micros(one.since), micros(one.until)) for one in windows]

    def collect(db: sqlite3.Connection) -> dict[str, list[Share]]:
        return {name: [_share(db, name, *span) for span in spans] for name in names}

    return history.read(collect)


def _share(db: sqlite3.Connection, name: str, since: int, until: int) -> Share:
    n, total = db.execute(_SHARE, {"name": name, "since": since, "until": until}).fetchone()
    return Share(n, total / n) if n else Share(0, 0.0)


def finds(history: History, windows: Sequence[Window]) -> Finds:
    """Return what was new in each of the windows, which follow one another without a gap."""
    ends = [micros(one.until) for one in windows]
    since = micros(windows[0].since)

    def collect(db: sqlite3.Connection) -> Finds:
        first = _first(db)
        found = [Found() for _ in windows]
        for source in first:
            for at, roi in db.execute(_NEW, (source, since, ends[-1])):
                one = found[bisect_left(ends, at)]
                one.by_source[source] = one.by_source.get(source, 0) + 1
                if roi is not None:
                    one.roi.append(roi)
        return Finds(windows=found, first={name: moment(at) for name, at in first.items()})

    return history.read(collect)


def _first(db: sqlite3.Connection) -> dict[str, int]:
    """Return when each source was seen first; skips from one to the next along the index."""
    first: dict[str, int] = {}
    name = ""
    while (row := db.execute(_NEXT, (name,)).fetchone()) is not None:
        name, first[row[0]] = row[0], row[1]
    return first
