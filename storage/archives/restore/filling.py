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
    copy,
    data_in,
    discard,
    free_name,
    is_folder,
    make_folders,
    same_file,
)

SQLITE = b"SQLite format 3\0"
SIDECARS = ("-wal", "-shm", "-journal")


def clear(disk: Disk, folder: Path, staged: Path, kept: Path) -> None:
    """Move aside everything that has no name among what is staged. Raises OSError."""
    for entry in data_in(disk, folder):
        there, one = folder / entry.name, staged / entry.name
        if not disk.exists(one):
            _aside(disk, there, kept / entry.name)
        elif entry.folder and is_folder(disk, one):
            clear(disk, there, one, kept / entry.name)
    _settle(disk, folder, kept)


def fill(disk: Disk, staged: Path, folder: Path, kept: Path) -> None:
    """Put everything that is staged in its place, and delete the rest of it. Raises OSError."""
    if not disk.exists(folder):
        make_folders(disk, folder)
        disk.sync_folder(folder.parent)
    _merge(disk, staged, folder, kept)
    discard(disk, staged)


def _merge(disk: Disk, staged: Path, folder: Path, kept: Path) -> None:
    """Go through two folders at once; one that is not there yet is put in place whole."""
    for entry in data_in(disk, staged):
        one, there, keep = staged / entry.name, folder / entry.name, kept / entry.name
        if _in_the_way(disk, there, entry):
            _aside(disk, there, keep)
        if not entry.folder:
            _replace(disk, one, there, keep)
        elif disk.exists(there):
            _merge(disk, one, there, keep)
        else:
            disk.replace(one, there)
    _settle(disk, folder, kept)


def _in_the_way(disk: Disk, there: Path, staged: Entry) -> bool:
    """Tell whether there is no folder where one must be, or no file where a file must be."""
    try:
        mode = disk.look(there).st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISDIR(mode) if staged.folder else stat.S_ISREG(mode))


def _replace(disk: Disk, one: Path, there: Path, keep: Path) -> None:
    if disk.exists(there):
        if same_file(disk, one, there):  # carried over: it was to stay
            return
        make_folders(disk, keep.parent)
        _keep(disk, there, keep)
    for side in _sidecars(disk, one, there):
        _aside(disk, side, keep.with_name(side.name))
    disk.replace(one, there)


def _aside(disk: Disk, there: Path, keep: Path) -> None:
    """Rename it to where it is kept, unless somebody just deleted it."""
    make_folders(disk, keep.parent)
    free = free_name(disk, keep)
    with contextlib.suppress(FileNotFoundError):
        disk.replace(there, free)


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


def _keep(disk: Disk, place: Path, keep: Path) -> None:
    """Give what lies there a second name, unless an interrupted run already did."""
    if disk.exists(keep):
        if same_file(disk, place, keep):
            return
        keep = free_name(disk, keep)
    try:
        disk.link(place, keep)
    except FileNotFoundError:
        raise
    except OSError:  # no hard links here (FAT, some network shares)
        copy(disk, place, keep)
