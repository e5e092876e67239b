"""Samples by the hour: how raw ones become sums of an hour, and how both are read as one."""

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, chain
from operator import mul
from typing import NamedTuple, TypeAlias

from storage.records import Slot
from storage.schema import EPOCH

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
ROLLED_US = DAY_US  # at once, of one series: a few milliseconds
RAW, SUMS = "main.sample", "main.hour"
SHADOW_RAW = "temp.sample"

# A sample that comes late for an hour already summed up must not replace the whole hour.
_SUM_UP = f"""
INSERT INTO hour
    SELECT :name, began, min(value), avg(value), max(value),
        avg(value) FILTER (WHERE rank IN ((n + 1) / 2, (n + 2) / 2)), n
    FROM (
        SELECT at / {HOUR_US} * {HOUR_US} AS began, value, count(*) OVER whole AS n,
            row_number() OVER (PARTITION BY at / {HOUR_US} ORDER BY value) AS rank
        FROM sample WHERE series = :name AND at < :until
        WINDOW whole AS (PARTITION BY at / {HOUR_US}))
    GROUP BY began
ON CONFLICT (series, at) DO UPDATE SET
    low = excluded.low, mean = excluded.mean, high = excluded.high, median = excluded.median,
    n = excluded.n
WHERE excluded.n >= n
"""  # noqa: S608 (a constant)
_DROP = "DELETE FROM sample WHERE series = :name AND at < :until"
_DROP_HOURS = "DELETE FROM hour WHERE series = ? AND at < ?"
_OLDEST = "SELECT min(at) FROM sample WHERE series = ?"
_NEWEST, _NEXT_SERIES = (
    {table: query.format(table) for table in ("main.sample", "temp.sample", "main.hour")}
    for query in (
        "SELECT max(at) FROM {} WHERE series = ? AND at < ?",
        "SELECT min(series) FROM {} WHERE series >= ?",
    )
)
SAMPLES = "SELECT at, value FROM samples WHERE series = ? AND at BETWEEN ? AND ? ORDER BY at"
_HOURS = """
SELECT at, low, mean, high, median, n FROM hour
WHERE series = ? AND at BETWEEN ? AND ? ORDER BY at
"""
_Hour: TypeAlias = tuple[int, float, float, float, float, int]


class Kept(NamedTuple):
    """What there is of a series: samples, and the sums of old hours, each by time."""

    samples: Sequence[tuple[int, float]]
    hours: Sequence[_Hour] = ()

    @property
    def ends(self) -> tuple[int, int] | None:
        """When its first value was and its last; of an hour, when that began and ended."""
        times = [at for at, _ in (*self.samples[:1], *self.samples[-1:])]
        if self.hours:
            times += [self.hours[0][0], self.hours[-1][0] + HOUR_US]
        return (min(times), max(times)) if times else None

    def slots(self, step: timedelta) -> list[Slot]:
        """Return it by stretches of `step`, oldest first; old ones are an hour at least."""
        size = step // timedelta(microseconds=1)
        found: dict[float, Slot] = {}
        for each in chain(_of_hours(self.hours, size), _of_samples(self.samples, size)):
            other = found.get(each.at_s)
            found[each.at_s] = each if other is None else _both(other, each)
        return [found[at_s] for at_s in sorted(found)]

    def median(self) -> float | None:
        """Return its median, None without samples; an old hour counts as its own median."""
        if not self.samples and not self.hours:
            return None
        values, old = sorted(value for _, value in self.samples), sorted(map(_weighed, self.hours))
        medians, weights = [value for value, _ in old], [0, *accumulate(n for _, n in old)]
        half = (len(values) + weights[-1]) / 2

        def passed(value: float) -> int:
            return bisect_right(values, value) + weights[bisect_right(medians, value)]

        found = [(each, bisect_right(each, half, key=passed)) for each in (values, medians)]
        above = min(each[place] for each, place in found if place < len(each))
        below = max((each[place - 1] for each, place in found if place), default=above)
        return (below + above) / 2 if passed(below) == half else above


def whole(at: datetime, step: timedelta) -> datetime:
    """Return when the stretch began that a time is in."""
    return at - (at - EPOCH) % step


def kept(db: sqlite3.Connection, name: str, *, since: int, until: int) -> Kept:
    """Return what there is of a series from `since` to `until`, both included."""
    span = (name, since, until)
    return Kept(db.execute(SAMPLES, span).fetchall(), db.execute(_HOURS, span).fetchall())


def _weighed(hour: _Hour) -> tuple[float, int]:
    return hour[4], hour[5]


def _runs(times: Sequence[int], size: int) -> Iterator[tuple[int, int, float]]:
    """Yield the stretches that have any: from which to which, and when each begins."""
    first = 0
    while first < len(times):
        number = times[first] // size
        end = bisect_left(times, (number + 1) * size, first)
        yield first, end, number * size / 1e6
        first = end


def _of_samples(rows: Sequence[tuple[int, float]], size: int) -> Iterator[Slot]:
    values = [value for _, value in rows]
    for first, end, at_s in _runs([at for at, _ in rows], size):
        if end == first + 1:
            value = values[first]
            yield Slot(at_s, value, value, value, 1)
        else:
            part = values[first:end]
            yield Slot(at_s, min(part), sum(part) / len(part), max(part), len(part))


def _of_hours(rows: Sequence[_Hour], size: int) -> Iterator[Slot]:
    if size <= HOUR_US:
        for at, low, mean, high, _, n in rows:
            yield Slot(at // size * size / 1e6, low, mean, high, n)
        return
    for first, end, at_s in _runs([row[0] for row in rows], size):
        _, lows, means, highs, _, counts = zip(*rows[first:end], strict=True)
        n = sum(counts)
        yield Slot(at_s, min(lows), sum(map(mul, means, counts)) / n, max(highs), n)


def _both(a: Slot, b: Slot) -> Slot:
    n = a.n + b.n
    mean = (a.mean * a.n + b.mean * b.n) / n
    return Slot(a.at_s, min(a.low, b.low), mean, max(a.high, b.high), n)


def roll(db: sqlite3.Connection, name: str, before: int) -> bool:
    """Sum up some of the series' samples that are older and drop them; tell whether any were."""
    (oldest,) = db.execute(_OLDEST, (name,)).fetchone()
    if oldest is None or oldest >= before:
        return False
    until = min(before, oldest // DAY_US * DAY_US + ROLLED_US)
    values = {"name": name, "until": until}
    db.execute(_SUM_UP, values)
    db.execute(_DROP, values)
    return True


def forget(db: sqlite3.Connection, name: str, before: int) -> bool:
    """Drop the hours of a series that are older; tell whether there were any."""
    return db.execute(_DROP_HOURS, (name, before)).rowcount > 0


def days(db: sqlite3.Connection, table: str, name: str, until: int, most: int) -> set[int]:
    """Return when the newest days before `until` began that have something of the series."""
    query = _NEWEST[table]
    found: set[int] = set()
    while len(found) < most:
        (at,) = db.execute(query, (name, until)).fetchone()
        if at is None:
            break
        until = at // DAY_US * DAY_US
        found.add(until)
    return found


def names(db: sqlite3.Connection, table: str, prefix: str) -> list[str]:
    """Return the series that begin so, sorted; skips from one to the next along the index."""
    query = _NEXT_SERIES[table]
    found: list[str] = []
    while True:
        least = f"{found[-1]}\0" if found else prefix  # a second bound would make it scan
        (name,) = db.execute(query, (least,)).fetchone()
        if name is None or not name.startswith(prefix):
            return found
        found.append(name)
