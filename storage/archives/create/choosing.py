"""Whether the next archive is a base or a differential. No I/O."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from storage.archives.manifest import ARCHIVE_NAME, Manifest, when
from storage.archives.tree import folders

SMALL_BYTES = 512 * 1024  # below, a large differential costs nothing
SLACK = timedelta(hours=2)  # nights do not begin to the second, and one has 23 hours


class Reason(StrEnum):
    """Why a base is made; DIFF where none is."""

    DIFF = ""
    FIRST = "first"  # no snapshot there can be built upon
    AGE = "age"  # it is old, or of the future
    LARGE = "large"  # a differential would be, or was, more than half of its base
    KIND = "kind"  # a file became a folder, or the other way round: plain tar cannot undo that


def choose(
    previous: Manifest | None, *, now: datetime, base_days: int, changed: int, total: int
) -> Reason:
    """Return why a base is to be made, or DIFF, where so many of all bytes have changed."""
    if previous is None:
        return Reason.FIRST
    age = now - made(previous)
    if age >= timedelta(days=base_days) - SLACK or age < -SLACK:
        return Reason.AGE
    diff = previous.diff.size if previous.diff else 0
    if 2 * diff > max(previous.base.size, SMALL_BYTES) or 2 * changed > max(total, SMALL_BYTES):
        return Reason.LARGE
    return Reason.DIFF


def made(previous: Manifest) -> datetime:
    """Return when the base was begun, or what its name says of it."""
    if previous.based is not None:
        return previous.based
    match = ARCHIVE_NAME.fullmatch(previous.base.name)
    return when(match[1]) if match else previous.started


def clash(gone: Collection[str], present: Iterable[str]) -> bool:
    """Tell whether deleting what is gone would fail, or hurt what is there.

    So where a path that is gone is a folder now, lay in what is a file now, or differs from one
    that is there by case alone.
    """
    if not gone:
        return False
    there = set(present)
    lower = {path.casefold() for path in there}
    if any(path.casefold() in lower for path in gone):
        return True
    inside = {folder for path in there for folder in folders(path)}
    return not inside.isdisjoint(gone) or any(
        folder in there for path in gone for folder in folders(path)
    )
