"""Roots that hold much less than they did: a snapshot of them is one, and no good news."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from storage.archives.manifest import Figures, Flag, Note

HALF = 2
MONTH = timedelta(days=30)


class Standing(Protocol):
    """A snapshot as far as it matters here."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    @property
    def at(self) -> datetime:
        """When it was begun."""
        ...

    @property
    def lost(self) -> bool:
        """Whether it was made after a loss."""
        ...


def counts(figures: Mapping[str, Figures]) -> Counter[str]:
    """Return the number of files by root."""
    return Counter({root: each.files for root, each in figures.items()})


def losses(
    roots: Iterable[str],
    now: Counter[str],
    before: Counter[str],
    earlier: Iterable[Counter[str]],
) -> list[Note]:
    """Return a note for each root that lost more than half of its files since `before`, or all.

    An empty one stays one as long as any of the `earlier` snapshots had files in it; they are
    looked at only then.
    """
    notes = []
    for root in sorted(roots):
        if not now[root]:
            if before[root] or any(each[root] for each in earlier):
                notes.append(Note(root, Flag.EMPTY))
        elif now[root] * HALF < before[root]:
            notes.append(Note(root, Flag.SHRUNK, f"{now[root]} of {before[root]} files"))
    return notes


def around(known: Sequence[Standing], now: datetime) -> Iterator[str]:
    """Give, of each loss of the last month, the last snapshot before it and the first behind it.

    `known` are those that restore, oldest first. Nobody may notice a loss for a week of nights,
    as the folder fills again; the one behind it is kept to tell of it.
    """
    for one, other in pairwise(known):
        if other.lost and not one.lost and now - other.at < MONTH:
            yield from (one.id, other.id)
