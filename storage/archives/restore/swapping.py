"""The last step of one root: what is staged takes its place, and what was there is kept.

It can be done again, and goes on. A folder is swapped by renaming, so that nobody sees half of
it; one that cannot be renamed is emptied of what is to go, and then filled.
"""

import msgspec

from storage.archives.restore import journal as journals
from storage.archives.restore.filling import clear, fill
from storage.archives.restore.folders import free_name
from storage.archives.restore.journal import Journal
from storage.archives.restore.moves import Moves
from storage.archives.restore.places import Place


def put(moves: Moves, place: Place, journal: Journal) -> None:
    """Put one root in place, or what an interruption left of it.

    Raises OSError with every file still there; doing it again goes on from there.
    """
    disk, target, staging = moves.disk, place.target, place.depot / journal.staging
    kept = place.depot / journal.kept
    if not disk.exists(staging):
        return
    if journal.way == "swap":
        if disk.exists(target):
            moves.rename(target, free_name(disk, kept))
        moves.rename(staging, target)
        disk.sync_folder(target.parent)
        return
    if journal.way == "refill":  # all is staged still: what has no name there goes
        clear(moves, target, staging, kept)
        cleared = msgspec.structs.replace(journal, way="files", phase="placing")
        journals.save(disk, place, cleared)
    fill(moves, staging, target, kept)
