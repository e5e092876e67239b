"""Distinct opportunities: what was seen first when, and what pays best."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.history import History
from storage.records import Opportunity

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many distinct opportunities there are; `ranked` have a known ROI."""

    total: int = 0
    ranked: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The opportunities first seen in a window; ROI in USD per minute, of the known ones only.

    `high` is 5 and more, `medium` 2 and more, `low` below. `since` is the oldest first-seen
    time there is: a window that reaches further back is not fully covered.
    """

    new: int = 0
    median_roi: float | None = None
    mean_roi: float | None = None
    high: int = 0
    medium: int = 0
    low: int = 0
    unknown: int = 0
    by_source: Mapping[str, int] = field(default_factory=dict)
    since: datetime | None = None


class Opportunities:
    """The index of distinct opportunities; every method may be called from any thread."""

    def __init__(self, history: History) -> None:
        self.history = history

    def top(
        self, *, n: int, source: str | None, since: datetime | None, offset: int = 0
    ) -> list[Opportunity]:
        """Return the best known ROI first; unknowns never. `since` is the oldest last-seen time."""
        return []

    def count(self, *, source: str | None, since: datetime | None) -> Counts:
        """Return how many were last seen at `since` or later."""
        return Counts()

    def statistics(self, *, now: datetime, window: timedelta = DAY) -> Statistics:
        """Return the figures of what was first seen in the window that ends `now`."""
        return Statistics()

    def sources(self) -> list[str]:
        """Return the names of all sources ever seen, sorted."""
        return []
