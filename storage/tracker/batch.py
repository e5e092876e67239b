"""Many files' records to a few rows: what is listed again is worked out once."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from storage.history import micros
from storage.opportunities import RANKS, Row
from storage.tracker.examine import Examined
from storage.tracker.records import (
    MAX_SOURCE,
    Record,
    clean,
    identity,
    source_of_name,
    web_link,
)
from storage.tracker.roi import Judge, Roi

MAX_TITLE = 300
MAX_REWARD = 100
MAX_DEADLINE = 40
_RANK = {provenance: rank for rank, provenance in enumerate(RANKS)}


class Span(NamedTuple):
    """The first and last time something was seen, in microseconds since 1970."""

    first: int
    last: int


class Batch:
    """Collects what some files hold, until it is worth a commit.

    Equal records are kept once, whatever the number of files that list them: memory is bounded by
    what is different in one batch. `size` counts that.
    """

    def __init__(self) -> None:
        self.size = 0
        self.seen: dict[str, dict[Record, list[int]]] = {}

    def add(self, examined: Examined) -> None:
        """Take in one file."""
        at = micros(examined.report.at)
        seen = self.seen.setdefault(source_of_name(examined.report.name), {})
        self.size -= len(seen)
        for record in examined.distinct:
            times = seen.get(record)  # the one look-up: comparing equal records is what costs
            if times is None:
                seen[record] = [at, at]
            elif at < times[0]:
                times[0] = at
            elif at > times[1]:
                times[1] = at
        self.size += len(seen)

    def rows(self, judge: Judge) -> Iterator[Row]:
        """Yield a row per different record; one opportunity may have several."""
        for default, seen in self.seen.items():
            names: dict[str | None, str] = {}
            for record, (first, last) in seen.items():
                source = names.get(record.source)
                if source is None:
                    source = clean(record.source, MAX_SOURCE) or default
                    names[record.source] = source
                yield row_of(record, source, judge(record), Span(first, last))


def row_of(record: Record, source: str, roi: Roi, span: Span) -> Row:
    """Return what the index keeps of a record; every text is cleaned and cut."""
    return Row(
        key_of(source, identity(record)),
        source,
        clean(record.title, MAX_TITLE),
        web_link(record),
        _reward(record),
        roi.minutes,
        roi.usd_min,
        _RANK[roi.provenance],
        clean(record.deadline or record.end_time, MAX_DEADLINE),
        span.first,
        span.last,
    )


def key_of(source: str, ident: str) -> int:
    """Return the 64 bits that stand for an opportunity, as a signed integer."""
    text = f"{source}\0{ident}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def _reward(record: Record) -> str:
    value = record.reward
    if value is None:
        return ""
    if isinstance(value, float):
        value = f"{value:g}"
    currency = record.reward_currency
    return clean(value if currency is None else f"{value} {currency}", MAX_REWARD)
