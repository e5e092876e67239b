"""The last step of one root: what is staged takes its place, and what was there is kept.

It can be done again, and goes on. A folder is swapped by renaming, so that nobody sees half of
it; one that cannot be renamed is emptied of what is to go, and then filled.
"""

import contextlib
from pathlib import Path

import msgspec

from storage.archives.disk import Disk
from storage.archives.findings import Placed
from storage.archives.restore import journal as journals
from storage.archives.restore.filling import clear, fill
from storage.archives.restore.folders import free_name
from storage.archives.restore.journal import Journal
from storage.archives.restore.places import Place


def finish(disk: Disk, place: Place, journal: Journal) -> Placed:
    """Put one root in place, or what an interruption left of it, and drop its journal.

    Raises OSError with every file still there; doing it again goes on from there.
    """
    target, staging = place.target, place.depot / journal.staging
    kept = place.depot / journal.kept
    if disk.exists(staging):
        if journal.way == "swap":
            _swap(disk, staging, target, kept)
        else:
            if journal.way == "refill":  # all is staged still: what has no name there goes
                clear(disk, target, staging, kept)
                cleared = msgspec.structs.replace(journal, way="files", phase="placing")
                journals.save(disk, place, cleared)
            fill(disk, staging, target, kept)
    journals.drop(disk, place)
    return Placed(root=place.root, path=target, kept=kept if disk.exists(kept) else None)


def _swap(disk: Disk, staging: Path, target: Path, kept: Path) -> None:
    aside: Path | None = None
    if disk.exists(target):
        aside = free_name(disk, kept)
        disk.replace(target, aside)
    try:
        disk.replace(staging, target)
    except OSError:
        if aside is not None:
            with contextlib.suppress(OSError):  # the journal still says what is to be done
                disk.replace(aside, target)
        raise
    disk.sync_folder(target.parent)
