"""Staged files put in a folder that stays, one by one; what they replace is kept.

That is the way for single files, and for a folder that cannot be renamed, as a mount point.
Every step can be done again. Nothing is ever overwritten: a file gets a second name, anything
else is renamed aside, before the staged one takes its place.
"""

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

from storage.archives.disk import Disk, Entry
from storage.archives.restore.folders import (
    data_in,
    free_name,
    is_folder,
    make_folders,
    same_file,
)
from storage.archives.restore.moves import Moves

SQLITE = b"SQLite format 3\0"
SIDECARS = ("-wal", "-shm", "-journal")


def clear(moves: Moves, folder: Path, staged: Path, kept: Path) -> None:
    """Move aside everything that has no name among what is staged. Raises OSError."""
    disk = moves.disk
    for entry in data_in(disk, folder):
        there, one = folder / entry.name, staged / entry.name
        if not disk.exists(one):
            _aside(moves, there, kept / entry.name)
        elif entry.folder and is_folder(disk, one):
            clear(moves, there, one, kept / entry.name)
    _settle(disk, folder, kept)


def fill(moves: Moves, staged: Path, folder: Path, kept: Path) -> None:
    """Put everything that is staged in its place. Raises OSError."""
    disk = moves.disk
    if not disk.exists(folder):
        make_folders(disk, folder)
        disk.sync_folder(folder.parent)
    _merge(moves, staged, folder, kept)


def _merge(moves: Moves, staged: Path, folder: Path, kept: Path) -> None:
    """Go through two folders at once; one that is not there yet is put in place whole."""
    disk = moves.disk
    for entry in data_in(disk, staged):
        one, there, keep = staged / entry.name, folder / entry.name, kept / entry.name
        if _in_the_way(disk, there, entry):
            _aside(moves, there, keep)
        if not entry.folder:
            _replace(moves, one, there, keep)
        elif disk.exists(there):
            _merge(moves, one, there, keep)
        else:
            moves.rename(one, there)
    _settle(disk, folder, kept)


def _in_the_way(disk: Disk, there: Path, staged: Entry) -> bool:
    """Tell whether there is no folder where one must be, or no file where a file must be."""
    try:
        mode = disk.look(there).st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISDIR(mode) if staged.folder else stat.S_ISREG(mode))


def _replace(moves: Moves, one: Path, there: Path, keep: Path) -> None:
    disk = moves.disk
    if disk.exists(there):
        if same_file(disk, one, there):  # carried over: it was to stay
            return
        make_folders(disk, keep.parent)
        moves.keep(there, keep)
    for side in _sidecars(disk, one, there):
        _aside(moves, side, keep.with_name(side.name))
    moves.rename(one, there)


def _aside(moves: Moves, there: Path, keep: Path) -> None:
    """Rename it to where it is kept, unless somebody just deleted it."""
    make_folders(moves.disk, keep.parent)
    free = free_name(moves.disk, keep)
    with contextlib.suppress(FileNotFoundError):
        moves.rename(there, free)


def _settle(disk: Disk, folder: Path, kept: Path) -> None:
    for each in (folder, kept):
        if disk.exists(each):
            disk.sync_folder(each)


def _sidecars(disk: Disk, staged: Path, place: Path) -> Iterator[Path]:
    """Give what lies beside a database and would be taken for a part of the staged one."""
    handle = disk.open(staged)
    try:
        database = disk.read(handle, len(SQLITE)) == SQLITE
    finally:
        disk.close(handle)
    for suffix in SIDECARS if database else ():
        side = place.with_name(place.name + suffix)
        if disk.exists(side):
            yield side
