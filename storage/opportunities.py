"""Distinct opportunities: what was seen first when, and what pays best."""

import sqlite3
import statistics
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from storage import deadlines, folding, ranking
from storage.clock import monotonic_s
from storage.history import History
from storage.ranking import Within
from storage.records import Elsewhere, Opportunity, Provenance
from storage.schema import LIFT_OPPORTUNITY, PUT_OPPORTUNITY, micros, moment

DAY = timedelta(hours=24)
HIGH_USD_MIN = 5.0
MEDIUM_USD_MIN = 2.0
RANKS = tuple(Provenance)
EVERYTHING = Within()
FOLDED_AT_ONCE = 200

_NEW = "SELECT roi FROM listed WHERE source = ? AND first_seen > ? AND first_seen <= ?"
EVER_PAID = "SELECT EXISTS (SELECT 1 FROM listed WHERE source = ? AND roi IS NOT NULL)"
_NEXT_SOURCE = "SELECT min(source) FROM listed WHERE source > ?"
_FIRST = "SELECT min(first_seen) FROM listed WHERE source = ?"
_LATEST = "SELECT max(first_seen) FROM listed WHERE source = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many distinct opportunities there are, those of several sources counted once.

    `ranked` ones can be listed; the ROI of the `unknown` ones is not known; what would be listed
    had it not `ended` is counted apart. Not among them: the `folded` lines of what is counted
    already, and what is put `away`.
    """

    total: int = 0
    ranked: int = 0
    unknown: int = 0
    ended: int = 0
    folded: int = 0
    away: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The opportunities first seen in a window; ROI in USD per minute, of the known ones only.

    `high` is 5 and more, `medium` 2 and more, `low` below. Of the `unknown` ones, `rewardless` are
    from sources that never had a known ROI. `since` is the oldest first-seen time there is: a
    window that reaches further back is not fully covered.
    """

    new: int = 0
    median_roi: float | None = None
    mean_roi: float | None = None
    high: int = 0
    medium: int = 0
    low: int = 0
    unknown: int = 0
    rewardless: int = 0
    by_source: Mapping[str, int] = field(default_factory=dict)
    since: datetime | None = None


class Row(NamedTuple):
    """One opportunity as its table keeps it; times in microseconds since 1970."""

    key: int
    source: str
    title: str
    url: str
    reward: str
    minutes: float | None
    roi: float | None
    rank: int
    deadline: str
    first_seen: int
    last_seen: int


class Window(NamedTuple):
    """ROI by source in a window; over all time, the oldest first-seen time and who never paid."""

    new: dict[str, list[float | None]]
    first: int | None
    unpaid: list[str]


class Opportunities:
    """The index of distinct opportunities; every method may be called from any thread."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._waiting = True

    def put(self, db: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Merge sightings into the index, inside a transaction of the history."""
        if self.history.shadowed:
            db.executemany(LIFT_OPPORTUNITY, [(row.key,) for row in rows])
        db.executemany(PUT_OPPORTUNITY, rows)
        few = self.history.on_disk and len(rows) <= FOLDED_AT_ONCE
        if not few or folding.step(db, FOLDED_AT_ONCE):
            self._waiting = True

    def fold(self, *, within_s: float) -> bool:
        """Find what several sources list; return whether all of it was looked at. Blocking.

        Done in steps of a few milliseconds; what does not fit in the time waits for the next call.
        """
        until_s = monotonic_s() + within_s
        while self._waiting and self.history.attempt(lambda db: folding.step(db, FOLDED_AT_ONCE)):
            if monotonic_s() > until_s:
                return False
        self._waiting = self._waiting and not self.history.on_disk
        return not self._waiting

    def top(
        self,
        *,
        n: int,
        source: str | None,
        since: datetime | None,
        offset: int = 0,
        within: Within = EVERYTHING,
    ) -> list[Opportunity]:
        """Return the best known ROI first; unknowns never. `since` is the oldest last-seen time."""
        oldest = None if since is None else micros(since)

        def collect(db: sqlite3.Connection) -> list[Opportunity]:
            asked = ranking.values(db, source=source, since=oldest, within=within)
            page = {"n": n, "offset": offset}
            rows = [Row(*row) for row in ranking.top(db, asked | page)]
            same = ranking.also(db, [row.key for row in rows], since=oldest)
            return [_opportunity(row, [s for s in same if s.key == row.key]) for row in rows]

        return self.history.read(collect)

    def count(
        self, *, source: str | None, since: datetime | None, within: Within = EVERYTHING
    ) -> Counts:
        """Return how many were last seen at `since` or later, without what was put away."""
        oldest = None if since is None else micros(since)

        def collect(db: sqlite3.Connection) -> Counts:
            asked = ranking.values(db, source=source, since=oldest, within=within)
            return Counts(**ranking.count(db, asked)._asdict())

        return self.history.read(collect)

    def ended(self, *, since: datetime | None, now: datetime, zone: tzinfo) -> list[str]:
        """Return the deadlines, as they are written, that have passed for sure."""
        oldest = None if since is None else micros(since)
        known = self.history.read(lambda db: ranking.deadlines(db, since=oldest))
        return [text for text in known if deadlines.over(text, now=now, zone=zone)]

    def keyed(self, keys: Collection[str]) -> dict[str, Opportunity]:
        """Return the opportunities with these keys, as far as they are known."""
        rows = self.history.read(lambda db: ranking.keyed(db, keys))
        found = [_opportunity(Row(*row)) for row in rows]
        return {each.key: each for each in found}

    def statistics(self, *, now: datetime, window: timedelta = DAY) -> Statistics:
        """Return the figures of what was first seen in the window that ends `now`."""
        since, until = micros(now - window), micros(now)

        def collect(db: sqlite3.Connection) -> Window:
            names = _sources(db)
            new = {n: [r for (r,) in db.execute(_NEW, (n, since, until))] for n in names}
            firsts = [db.execute(_FIRST, (n,)).fetchone()[0] for n in names]
            unpaid = [n for n in names if not db.execute(EVER_PAID, (n,)).fetchone()[0]]
            return Window(new, min(firsts, default=None), unpaid)

        new, first, unpaid = self.history.read(collect)
        everything = [roi for rois in new.values() for roi in rois]
        known = sorted(roi for roi in everything if roi is not None)
        low, below_high = (bisect_left(known, least) for least in (MEDIUM_USD_MIN, HIGH_USD_MIN))
        return Statistics(
            new=len(everything),
            median_roi=statistics.median(known) if known else None,
            mean_roi=statistics.fmean(known) if known else None,
            high=len(known) - below_high,
            medium=below_high - low,
            low=low,
            unknown=len(everything) - len(known),
            rewardless=sum(len(new[name]) for name in unpaid),
            by_source={name: len(rois) for name, rois in new.items() if rois},
            since=None if first is None else moment(first),
        )

    def sources(self) -> list[str]:
        """Return the names of all sources ever seen, sorted."""
        return self.history.read(_sources)

    def newest_first_seen(self) -> dict[str, datetime]:
        """Return, by source, when its newest opportunity was seen for the first time."""

        def collect(db: sqlite3.Connection) -> dict[str, datetime]:
            names = _sources(db)
            return {n: moment(db.execute(_LATEST, (n,)).fetchone()[0]) for n in names}

        return self.history.read(collect)


def _sources(db: sqlite3.Connection) -> list[str]:
    """Skip from one source to the next along the index."""
    found: list[str] = []
    while True:
        (name,) = db.execute(_NEXT_SOURCE, (found[-1] if found else "",)).fetchone()
        if name is None:
            return found
        found.append(name)


def _opportunity(row: Row, same: Sequence[ranking.Same] = ()) -> Opportunity:
    also = {each.source: each for each in reversed(same) if each.source != row.source}
    return Opportunity(
        key=ranking.spelled(row.key),
        source=row.source,
        title=row.title,
        url=row.url,
        reward=row.reward,
        minutes=row.minutes,
        roi=row.roi,
        provenance=RANKS[row.rank],
        first_seen=moment(row.first_seen),
        last_seen=moment(row.last_seen),
        deadline=row.deadline,
        also=tuple(Elsewhere(each.source, each.url) for each in reversed(also.values())),
    )
