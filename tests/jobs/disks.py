"""Days of a disk, and what the forecast makes of them."""

from collections.abc import Sequence
from dataclasses import replace

from jobs.checks.forecast import Forecast
from jobs.facts import Disk, Trend
from jobs.probes.trends import Point, line, turned
from tests.jobs.looks import GIB

AN_HOUR = 12  # looks
DAY = 24 * AN_HOUR
WINDOW = 6 * AN_HOUR
AGREE = 3


def alarms(used: Sequence[float], *, letter: bool = False) -> list[float]:
    """Return, with the hours then left, each alert over looks every five minutes.

    To the letter of the specification it is the line through six hours alone that tells.
    """
    points = [Point(i * 300.0, round(float(pct), 1)) for i, pct in enumerate(used)]
    told: list[float] = []
    fails, passes, firing, turns = 0, 0, False, None
    for now, point in enumerate(points):
        if now % AN_HOUR == 0 and not letter:
            turns = turned(_highs(points[max(0, now - 7 * DAY) : now]))
        trend = line(points[max(0, now + 1 - WINDOW) : now + 1])
        if trend is not None:
            lately = trend.pct_per_s if letter else trend.lately_pct_per_s
            trend = replace(trend, turned_pct=turns, lately_pct_per_s=lately)
        seen = Forecast().judge(_disk(point.used_pct, trend), check="machine")
        fails = fails + 1 if seen.level else 0
        passes = 0 if seen.level or not seen.clears else passes + 1
        if fails == AGREE and not firing:
            firing = True
            told.append((seen.value or 0.0) / 3600.0)
        firing = firing and passes < AGREE
    return told


def _disk(used_pct: float, trend: Trend | None) -> Disk:
    return Disk(
        name="data", mount="/", total_bytes=100 * GIB, free_bytes=20 * GIB, used_pct=used_pct,
        trend=trend,
    )  # fmt: skip


def _highs(points: Sequence[Point]) -> list[float]:
    hours = range(0, len(points), AN_HOUR)
    return [max(p.used_pct for p in points[i : i + AN_HOUR]) for i in hours]
