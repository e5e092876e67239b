"""What is worth doing: the best of what is listed, without what somebody put away or what ended."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import islice
from typing import NamedTuple

from storage.opportunities import EVERYTHING, Opportunities
from storage.ranking import Within
from storage.records import Opportunity

TOP = 5
PAGE, FAR = 50, 1000  # looked through for what was known when a window ended


class Best(NamedTuple):
    """What is worth doing, and how many that would be among them have ended."""

    rows: tuple[Opportunity, ...]
    ended: int = 0


class Worth:
    """Chooses from the index; a deadline that is a date lasts until its end in `zone`."""

    def __init__(self, opportunities: Opportunities, *, zone: tzinfo) -> None:
        self._opportunities = opportunities
        self._zone = zone

    def best(
        self, since: datetime, until: datetime, *, at: datetime, without: Collection[str] = ()
    ) -> Best:
        """Return what pays best of what was listed `since`, known `until` then, and open `at`."""
        ended = self._opportunities.ended(since=since, now=at, zone=self._zone)
        within = Within(without=without, ended=ended)
        ranked = self.ranked(since, within)
        rows = tuple(islice((one for one in ranked if one.first_seen <= until), TOP))
        if not ended:
            return Best(rows)
        above = replace(within, min_roi=rows[-1].roi if len(rows) == TOP else None)
        return Best(rows, self._opportunities.count(source=None, since=since, within=above).ended)

    def ranked(self, since: datetime, within: Within = EVERYTHING) -> Iterator[Opportunity]:
        """Yield what was listed since then, the best first; what lies far behind is left out."""
        for offset in range(0, FAR, PAGE):
            page = self._opportunities.top(
                n=PAGE, source=None, since=since, offset=offset, within=within
            )
            yield from page
            if len(page) < PAGE:
                break
