"""The sums behind the report. Pure, save `look`, which reads history once."""

import statistics
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, pairwise
from typing import NamedTuple

from jobs.checks.data import belongs
from jobs.report import FULL_WEEK, Count, Uptime
from storage import windows
from storage.history import History
from storage.opportunities import HIGH_USD_MIN, MEDIUM_USD_MIN
from storage.tracker import FileReport
from storage.windows import Finds, Share, Window

LOOKS = "cycle_s"  # kept by every cycle, whatever it found
UP, TREES = "up:", "scraper_trees:"
NOISE = 0.01  # a cycle more or less, a restart: not worth a word
NONE = Share(0, 0.0)


class Bands(NamedTuple):
    """How many known ROI are high, medium and low."""

    high: int
    medium: int
    low: int


def bands(roi: Sequence[float]) -> Bands:
    """Return how they split; the limits are the tracker's."""
    high = sum(one >= HIGH_USD_MIN for one in roi)
    medium = sum(MEDIUM_USD_MIN <= one < HIGH_USD_MIN for one in roi)
    return Bands(high, medium, len(roi) - high - medium)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What history has of the report's window, the last, and of those before it."""

    spans: Sequence[Window]
    finds: Finds
    shares: Mapping[str, Sequence[Share]]
    every: timedelta

    def looked(self, number: int) -> float:
        """Return the share of a window that was looked at."""
        return self._known(self._share(LOOKS, number), number)

    def known(self, number: int, source: str = "") -> bool:
        """Return whether what was new in a window can be told: its beginning is known too.

        Where nothing was new and nobody looked, it cannot.
        """
        since = self.since(source)
        begun = since is not None and since <= self.spans[number].since
        return begun and self.told(number, source)

    def since(self, source: str = "") -> datetime | None:
        """Return when the first of a source was found, or the first of all."""
        return (
            self.finds.first.get(source) if source else min(self.finds.first.values(), default=None)
        )

    def new(self, number: int, source: str = "") -> int:
        """Return how many were new in a window, of one source or of all."""
        found = self.finds.windows[number]
        return found.by_source.get(source, 0) if source else found.new

    def count(self, source: str = "") -> Count:
        """Return what was new in the report's window, against the seven before."""
        last = len(self.spans) - 1
        before = range(max(0, last - FULL_WEEK), last)
        days = [self.new(number, source) for number in before if self.known(number, source)]
        return Count(
            today=self.new(last, source) if self.told(last, source) else None,
            usual=statistics.fmean(days) if days else None,
            days_known=len(days),
        )

    def told(self, number: int, source: str = "") -> bool:
        """Return whether anything is known of a window: found in it, or looked for."""
        since = self.since(source)
        if since is None or since > self.spans[number].until:
            return False
        return self.finds.windows[number].new > 0 or self.looked(number) > 0

    def covered(self, *, runs: bool) -> float | None:
        """Return how much of the last window was looked at, None where nothing of it is known.

        `runs`: the files tell of it, whoever looked.
        """
        looked = self.looked(-1)
        if not (looked > 0 or runs or self.new(-1) > 0):
            return None
        return 1.0 if looked > 1.0 - NOISE else looked

    def by_source(self, numbers: Iterable[int]) -> dict[str, int]:
        """Return what was new in these windows, all together."""
        total: Counter[str] = Counter()
        for number in numbers:
            total.update(self.finds.windows[number].by_source)
        return dict(total)

    def roi(self, first: int, end: int) -> float | None:
        """Return the median of the known ROI that were new in these windows."""
        values = array("d", chain.from_iterable(one.roi for one in self.finds.windows[first:end]))
        return statistics.median(values) if values else None

    def uptime(self, series: str, number: int) -> Uptime:
        """Return how long a series of 0 and 1 was up in a window."""
        share = self._share(series, number)
        unknown = 1.0 - self._known(share, number)
        return Uptime(
            up=share.mean if share.n else None, unknown=0.0 if unknown < NOISE else unknown
        )

    def _share(self, series: str, number: int) -> Share:
        found = self.shares.get(series)
        return found[number] if found else NONE

    def _known(self, share: Share, number: int) -> float:
        span = self.spans[number]
        return min(1.0, share.n * (self.every / (span.until - span.since)))

    def source_series(self, source: str) -> str:
        """Return the name of the series that tells whether a source is up."""
        expected = [name for name in self.shares if name.startswith(UP)]
        ours = [name for name in expected if belongs(source, name.removeprefix(UP))]
        return max(ours, key=len, default=f"{UP}{source}")


def look(history: History, spans: Sequence[Window], *, every: timedelta) -> Seen:
    """Return what history has of the windows."""
    names = [LOOKS, *history.names(UP), *history.names(TREES)]
    return Seen(
        spans=spans,
        finds=windows.finds(history, spans),
        shares=windows.shares(history, names, spans),
        every=every,
    )


def runs(files: Iterable[FileReport]) -> dict[str, list[datetime]]:
    """Return when each source wrote, in order; several files of one time are one run."""
    times: dict[str, set[datetime]] = {}
    for file in files:
        for part in file.parts:
            times.setdefault(part.source, set()).add(file.at)
    return {source: sorted(found) for source, found in times.items()}


def within(times: Sequence[datetime], span: Window) -> Sequence[datetime]:
    """Return those in the window; `times` are in order."""
    return times[bisect_right(times, span.since) : bisect_right(times, span.until)]


def median_gap_s(times: Sequence[datetime], span: Window) -> float | None:
    """Return the median time from one to the next that came within the window."""
    begin = max(0, bisect_right(times, span.since) - 1)
    there = times[begin : bisect_right(times, span.until)]
    gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(there)]
    return statistics.median(gaps) if gaps else None
