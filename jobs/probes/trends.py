"""How fast each disk fills: a straight line through what was seen of it in the last hours."""

import sqlite3
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple, Protocol

from jobs.facts import Trend
from storage.history import History
from storage.records import Moment

OVER = timedelta(hours=6)
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
LATELY = timedelta(hours=1.5)
LEAST_POINTS = 12
LEAST_LATELY = 6
FALL_PCT = 2.0
TURNS = 2
NEAR_S = 30.0  # looks that follow each other quicker add nothing


class Point(NamedTuple):
    """How full a disk was at one time of the steady clock."""

    at_s: float
    used_pct: float


class Past(Protocol):
    """What was kept of the disks before (`Kept`)."""

    def points(self, disk: str, at: Moment) -> Sequence[Point]:
        """Return how full the disk was in the last hours, oldest first."""
        ...

    def highs(self, disk: str, at: Moment) -> Sequence[float]:
        """Return how full it was at most in each hour of the last week, oldest first."""
        ...


class Kept:
    """What history has of the disks; nothing where it cannot be read. Blocking."""

    def __init__(self, history: History) -> None:
        self._history = history

    def points(self, disk: str, at: Moment) -> Sequence[Point]:
        """Return the samples of the last hours, on the steady clock."""
        with suppress(sqlite3.Error):
            rows = self._history.series(f"disk_pct:{disk}", since=at.wall - OVER, until=at.wall)
            return [Point(at.logical_s - (at.wall - t).total_seconds(), pct) for t, pct in rows]
        return ()

    def highs(self, disk: str, at: Moment) -> Sequence[float]:
        """Return the highest sample of each hour of the last week."""
        with suppress(sqlite3.Error):
            name = f"disk_pct:{disk}"
            hours = self._history.slots(name, since=at.wall - WEEK, until=at.wall, step=HOUR)
            return [hour.high for hour in hours]
        return ()


@dataclass(slots=True)
class _Disk:
    points: deque[Point]
    turned_pct: float | None = None
    looked_s: float = float("-inf")


class Trends:
    """Remembers the last six hours of each disk; what was before the start is asked for once."""

    def __init__(self, past: Past | None = None) -> None:
        self._past = past
        self._disks: dict[str, _Disk] = {}

    def add(self, disk: str, used_pct: float, at: Moment) -> Trend | None:
        """Take in how full the disk is now; return its trend, None while too little is known."""
        one = self._disks.get(disk)
        if one is None:
            before = () if self._past is None else self._past.points(disk, at)
            one = self._disks[disk] = _Disk(deque(p for p in before if p.at_s < at.logical_s))
        if self._past is not None and at.logical_s - one.looked_s >= HOUR.total_seconds():
            one.turned_pct = turned(self._past.highs(disk, at))
            one.looked_s = at.logical_s
        points = one.points
        while points and at.logical_s - points[0].at_s > OVER.total_seconds():
            points.popleft()
        if not points or at.logical_s - points[-1].at_s >= NEAR_S:
            points.append(Point(at.logical_s, used_pct))
        trend = line(points)
        return None if trend is None else replace(trend, turned_pct=one.turned_pct)


def line(points: Sequence[Point]) -> Trend | None:
    """Return the least-squares line through the points, None where there are too few."""
    late_s = points[-1].at_s - LATELY.total_seconds() if points else 0.0
    lately = [one for one in points if one.at_s >= late_s]
    if len(points) < LEAST_POINTS or len(lately) < LEAST_LATELY:
        return None
    whole, part = _fit(points), _fit(lately)
    return Trend(
        pct_per_s=whole.pct_per_s, lately_pct_per_s=part.pct_per_s, explained=whole.explained
    )


class _Fit(NamedTuple):
    pct_per_s: float
    explained: float


def _fit(points: Sequence[Point]) -> _Fit:
    n, base_s = len(points), points[0].at_s
    mean_s = sum(one.at_s - base_s for one in points) / n
    mean = sum(one.used_pct for one in points) / n
    spread = along = risen = 0.0
    for at_s, used_pct in points:
        away, up = at_s - base_s - mean_s, used_pct - mean
        spread, along, risen = spread + away * away, along + away * up, risen + up * up
    explained = along * along / (spread * risen) if risen > 0 else 0.0
    return _Fit(along / spread, min(1.0, explained))


def turned(highs: Sequence[float]) -> float | None:
    """Return the second highest peak from which the disk fell, None where it did not twice.

    `highs` are the hours of a week, oldest first. A disk whose logs are rotated fills and is
    emptied day after day: that it fills is no news below where it has turned before.
    """
    peaks: list[float] = []
    peak = low = None
    for high in highs:
        if peak is None or low is None:
            peak = low = high
        elif high < low:
            low = high
        if high > low + FALL_PCT and low < peak - FALL_PCT:  # up again: the fall is over
            peaks.append(peak)
            peak = low = high
        elif low > peak - FALL_PCT and high > peak:
            peak = low = high
    if peak is not None and low is not None and low < peak - FALL_PCT:
        peaks.append(peak)
    return sorted(peaks)[-TURNS] if len(peaks) >= TURNS else None
