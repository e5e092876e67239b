"""Roots that hold much less than they did: a snapshot of them is one, and no good news."""

from collections import Counter
from collections.abc import Iterable

from storage.archives.manifest import Flag, Member, Note

HALF = 2


def counts(members: Iterable[Member]) -> Counter[str]:
    """Return the number of files by root."""
    return Counter(member.path.partition("/")[0] for member in members)


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
