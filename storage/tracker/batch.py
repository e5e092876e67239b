"""Many files' records to a few rows: what is listed again is worked out once."""

from collections.abc import Iterator
from hashlib import blake2b

from storage.opportunities import RANKS, Row
from storage.schema import micros
from storage.tracker.examine import Examined
from storage.tracker.records import Record, clean, identity, source_of_name, web_link
from storage.tracker.roi import Judge, Roi
from storage.tracker.sights import NEVER, Sight, Sights

MAX_TITLE = 300
MAX_REWARD = 100
MAX_DEADLINE = 40
_RANK = {provenance: rank for rank, provenance in enumerate(RANKS)}


class Batch:
    """Collects what some files hold, until it is worth a commit.

    Equal records are kept once, whatever the number of files that list them: memory is bounded by
    what is different in one batch. `size` counts that.
    """

    def __init__(self) -> None:
        self.seen: dict[str, Sights] = {}

    @property
    def size(self) -> int:
        """How many different records there are."""
        return sum(map(len, self.seen.values()))

    def sights(self, name: str) -> Sights:
        """Return where the records of a file of this name are looked up."""
        default = source_of_name(name)
        sights = self.seen.get(default)
        if sights is None:
            sights = self.seen[default] = Sights(default)
        return sights

    def add(self, examined: Examined) -> None:
        """Take in one file, whose records were looked up here."""
        at = micros(examined.report.at)
        for sight in examined.sights:
            if at < sight.first:
                if sight.first == NEVER:
                    sight.last = at
                sight.first = at
            elif at > sight.last:
                sight.last = at

    def rows(self, judge: Judge) -> Iterator[Row]:
        """Yield a row per different record; one opportunity may have several."""
        for seen in self.seen.values():
            for record, sight in seen.items():
                if sight.first != NEVER:  # else its file was not taken
                    yield row_of(record, sight, judge(record))


def row_of(record: Record, sight: Sight, roi: Roi) -> Row:
    """Return what the index keeps of a record; every text is cleaned and cut."""
    source = sight.trait.source
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
        sight.first,
        sight.last,
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
