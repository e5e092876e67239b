"""The morning report's figures once more, counted naively from the tracker's raw files.

It knows nothing of the program: json, the names of the files, and a list of when somebody looked.
"""

import json
import statistics
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass
class Item:
    """One distinct thing: when a file listed it first and last, and what it pays a minute."""

    source: str
    title: str
    first_s: int
    last_s: int
    roi: float | None


@dataclass
class Recount:
    """What a report should say."""

    new: int | None
    usual: float | None
    by_source: dict[str, int]
    runs: dict[str, int]
    gaps_s: dict[str, float | None]
    roi: list[float] = field(default_factory=list)
    top: list[float] = field(default_factory=list)
    covered: float | None = None

    @property
    def median_roi(self) -> float | None:
        return statistics.median(self.roi) if self.roi else None

    @property
    def mean_roi(self) -> float | None:
        return sum(self.roi) / len(self.roi) if self.roi else None

    @property
    def bands(self) -> tuple[int, int, int, int]:
        """Return high, medium, low and unknown."""
        high = len([one for one in self.roi if one >= 5])
        low = len([one for one in self.roi if one < 2])
        unknown = sum(self.by_source.values()) - len(self.roi)
        return high, len(self.roi) - high - low, low, unknown


class Recounter:
    """Reads the folder; each file once, as they never change."""

    def __init__(self, folder: Path, zone: ZoneInfo, *, every: timedelta) -> None:
        self._folder, self._zone, self._every = folder, zone, every
        self._read: dict[int, list[dict[str, Any]]] = {}

    def count(self, day: date, *, at: datetime, looks: Collection[datetime]) -> Recount:
        """Return the figures of the report of that date, made `at`."""
        files = self._files(until_s=at.timestamp())
        items = _items(files)
        begin, end = self._window(day)
        fresh = _new(items, begin, end)
        top = [i.roi for i in items if i.roi and i.last_s >= begin and i.first_s <= end]
        times = {name: _times(files, name) for name in {item.source for item in items}}
        days = [
            len(_new(items, *self._window(day - n * DAY)))
            for n in range(1, 8)
            if self._known(items, day - n * DAY, looks)
            and items[0].first_s <= self._window(day - n * DAY)[0]
        ]
        return Recount(
            new=len(fresh) if self._known(items, day, looks) else None,
            usual=sum(days) / len(days) if days else None,
            by_source={name: len([i for i in fresh if i.source == name]) for name in times},
            runs={
                name: len([s for s in found if begin < s <= end]) for name, found in times.items()
            },
            gaps_s={name: _gap_s(found, begin, end) for name, found in times.items()},
            roi=[item.roi for item in fresh if item.roi is not None],
            top=sorted(top, reverse=True)[:5],
            covered=self._covered(begin, end, looks),
        )

    def _window(self, day: date) -> tuple[float, float]:
        """Return from nine to nine by the clock on the wall."""
        nine = time(9)
        return (
            datetime.combine(day - DAY, nine, self._zone).timestamp(),
            datetime.combine(day, nine, self._zone).timestamp(),
        )

    def _files(self, *, until_s: float) -> list[tuple[int, list[dict[str, Any]]]]:
        for path in self._folder.rglob("*.json"):
            epoch_s = int(path.stem.rpartition("_")[2])
            if epoch_s not in self._read:
                self._read[epoch_s] = json.loads(path.read_text())
        return [(s, found) for s, found in sorted(self._read.items()) if s <= until_s]

    def _known(self, items: list[Item], day: date, looks: Collection[datetime]) -> bool:
        begin, end = self._window(day)
        if not items or items[0].first_s > end:
            return False
        return bool(_new(items, begin, end)) or any(begin < at.timestamp() <= end for at in looks)

    def _covered(self, begin: float, end: float, looks: Collection[datetime]) -> float | None:
        there = len([at for at in looks if begin < at.timestamp() <= end])
        return min(1.0, there * self._every.total_seconds() / (end - begin))


def _items(files: list[tuple[int, list[dict[str, Any]]]]) -> list[Item]:
    """Return what is distinct, in the order of its first file."""
    found: dict[tuple[str, str], Item] = {}
    for epoch_s, records in files:
        for record in records:
            source, url = record["source"], record.get("url") or record["link"]
            item = found.setdefault((source, url), Item(source, "", epoch_s, epoch_s, None))
            item.last_s, item.title = epoch_s, record["title"]
            reward = record.get("reward", "")
            if reward.startswith("$"):
                item.roi = float(reward[1:]) / record["estimated_time"]
    return list(found.values())


def _new(items: list[Item], begin: float, end: float) -> list[Item]:
    return [item for item in items if begin < item.first_s <= end]


def _times(files: list[tuple[int, list[dict[str, Any]]]], source: str) -> list[int]:
    return [s for s, records in files if any(one["source"] == source for one in records)]


def _gap_s(times: list[int], begin: float, end: float) -> float | None:
    """Return the median from one file to the next of those that end a gap within the window."""
    gaps = [b - a for a, b in pairwise(times) if begin < b <= end]
    return statistics.median(gaps) if gaps else None
