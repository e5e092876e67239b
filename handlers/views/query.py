"""What a list of opportunities shows, and how its buttons say so in 64 bytes."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from handlers.views.callback import pack

PERIODS_S = {"24h": 86_400.0, "7d": 604_800.0, "30d": 2_592_000.0, "all": None}
LARGEST_PAGE = 10
LAST_OFFSET = 99_999
ANY = "*"
SHORTEST_MIN, LONGEST_MIN = 1, 1440
LEAST_USD, MOST_USD = 0.01, 9999.0
_STATE = re.compile(r"([-sfp])(?:r(\d{1,4}|\d{1,2}\.\d{1,2}))?(?:m(\d{1,4}))?")


class Menu(StrEnum):
    """Which choices are unfolded under the list."""

    NONE = "-"
    SOURCES = "s"
    FILTERS = "f"
    PICKS = "p"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to list; an empty source means all of them, None no limit.

    `min_roi` is in USD per minute, at least; `max_minutes` at most.
    """

    n: int = 5
    source: str = ""
    period: str = "24h"
    offset: int = 0
    min_roi: float | None = None
    max_minutes: int | None = None
    menu: Menu = Menu.NONE

    @property
    def limited(self) -> bool:
        """Whether not everything with a known ROI is wanted."""
        return self.min_roi is not None or self.max_minutes is not None


def least(usd_min: float) -> float | None:
    """Return the ROI as a button can say it, None where it is no limit."""
    kept = min(max(usd_min, 0.0), MOST_USD)
    kept = round(kept, 2 if kept < 10 else 1 if kept < 100 else 0)  # noqa: PLR2004
    return kept if kept >= LEAST_USD else None


def most(minutes: float) -> int:
    """Return the minutes as a button can say them."""
    return int(min(max(minutes, SHORTEST_MIN), LONGEST_MIN))


def data_of(query: Query, verb: str = "best", *first: str) -> str:
    """Return the data of a button that asks this query; `first` comes before it."""
    roi = "" if query.min_roi is None else f"r{query.min_roi:g}"
    minutes = "" if query.max_minutes is None else f"m{query.max_minutes}"
    state = f"{query.menu}{roi}{minutes}"
    return pack(verb, *first, query.period, query.n, query.offset, state, query.source or ANY)


def read(period: str, n: int | None, offset: int | None, state: str) -> Query | None:
    """Return the query that a button's words make, all but its source."""
    found = _STATE.fullmatch(state)
    sizes = n and n <= LARGEST_PAGE and offset is not None and offset <= LAST_OFFSET
    if found is None or not sizes or period not in PERIODS_S:
        return None
    menu, roi, minutes = found.groups()
    query = Query(n=n or 1, period=period, offset=offset or 0, menu=Menu(menu))
    if roi is not None:
        query = replace(query, min_roi=least(float(roi)))
    return query if minutes is None else replace(query, max_minutes=most(float(minutes)))
