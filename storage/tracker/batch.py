"""Many files' records to a few rows: what is listed again is worked out once."""

from collections.abc import Iterator
from hashlib import blake2b

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
from storage.tracker.roi import Judge

MAX_TITLE = 300
MAX_REWARD = 100
MAX_DEADLINE = 40
_RANK = {provenance: rank for rank, provenance in enumerate(RANKS)}


class Batch:
    """Collects what some files hold, until it is worth a commit.

    Equal records are kept once with their first and last time, whatever the number of files that
    list them: memory is bounded by what is different in one batch.
    """

    def __init__(self) -> None:
        self.size = 0
        self._seen: dict[str, dict[Record, list[int]]] = {}

    def add(self, examined: Examined) -> None:
        """Take in one file."""
        self.size += len(examined.distinct)
        at = micros(examined.report.at)
        default = source_of_name(examined.report.name)
        seen = self._seen.setdefault(default, {})
        for record in examined.distinct:
            times = seen.get(record)
            if times is None:
                seen[record] = [at, at]
            elif at > times[1]:
                times[1] = at
            elif at < times[0]:
                times[0] = at

    def rows(self, judge: Judge) -> Iterator[Row]:
        """Yield a row per different record; one opportunity may have several."""
        for default, seen in self._seen.items():
            for record, (first, last) in seen.items():
                yield row_of(record, default, first=first, last=last, judge=judge)


def row_of(record: Record, default: str, *, first: int, last: int, judge: Judge) -> Row:
    """Return what the index keeps of a record; every text is cleaned and cut."""
    roi = judge(record)
    source = clean(record.source, MAX_SOURCE) or default
    return Row(
        key=key_of(source, identity(record)),
        source=source,
        title=clean(record.title, MAX_TITLE),
        url=web_link(record),
        reward=_reward(record),
        minutes=roi.minutes,
        roi=roi.usd_min,
        rank=_RANK[roi.provenance],
        deadline=clean(record.deadline or record.end_time, MAX_DEADLINE),
        first_seen=first,
        last_seen=last,
    )


def key_of(source: str, ident: str) -> int:
    """Return the 64 bits that stand for an opportunity, as a signed integer."""
    text = f"{source}\0{ident}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def _reward(record: Record) -> str:
    value = record.reward
    if isinstance(value, float):
        value = f"{value:g}"
    return clean(f"{value or ''} {record.reward_currency or ''}", MAX_REWARD)
