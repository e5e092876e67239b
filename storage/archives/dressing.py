"""What staged folders need beside their files: modes, owners, and what no backup ever holds."""

import os
import stat
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from storage.archives.disk import Disk
from storage.archives.swapping import copy, files_below, make_folders

OWNER_BITS = 0o700
READ_BITS = 0o044


def carry_over(
    disk: Disk, target: Path, staging: Path, keeps: Callable[[Path], bool]
) -> tuple[Path, ...]:
    """Give the files that backups leave out a second name in the staged folder; return them.

    A `.env` beside the data must still be there after a restore. Raises OSError.
    """
    if not disk.exists(target):
        return ()
    carried = []
    for relative in files_below(disk, target):
        source, place = target / relative, staging / relative
        if not keeps(relative) or not stat.S_ISREG(disk.look(source).st_mode):
            continue
        if not disk.exists(place):
            make_folders(disk, place.parent)
            try:
                disk.link(source, place)
            except OSError:  # no hard links here (FAT, some network shares)
                copy(disk, source, place)
        carried.append(relative)
    return tuple(carried)


def sweep(disk: Disk, staging: Path, expected: Collection[Path]) -> None:
    """Delete from an interrupted restore's folder what this one does not know. Raises OSError."""
    if not disk.exists(staging):
        return
    for relative in tuple(files_below(disk, staging)):
        if relative not in expected:
            disk.remove(staging / relative)


def settle(
    disk: Disk, target: Path, staging: Path, files: Collection[Path], carried: Collection[Path]
) -> None:
    """Make everything staged durable, with owners and folder modes as they were before.

    Paths are relative; a folder that is new may be read by whoever may read its files. Files
    carried over are other names of the old ones, and are left as they are.
    """
    owner = disk.look(target if disk.exists(target) else target.parent)
    disk.sync_all()
    readable: dict[Path, int] = {}
    for relative in files:
        handle = disk.open(staging / relative)
        try:
            mode = disk.facts(handle).st_mode
            disk.set_owner(handle, owner)
            _sync(disk, handle)
        finally:
            disk.close(handle)
        for folder in relative.parents:
            readable[folder] = readable.get(folder, 0) | mode & READ_BITS
    for relative in carried:
        for folder in relative.parents:
            readable.setdefault(folder, 0)
    for folder in sorted(readable, reverse=True):
        _settle_folder(disk, target / folder, staging / folder, readable[folder], owner)
    disk.sync_folder(staging.parent)


def _settle_folder(
    disk: Disk, before: Path, folder: Path, readable: int, owner: os.stat_result
) -> None:
    if sys.platform == "win32":
        return
    mode = OWNER_BITS | readable | readable >> 2
    if disk.exists(before) and stat.S_ISDIR((known := disk.look(before)).st_mode):
        mode, owner = known.st_mode & 0o777 | OWNER_BITS, known
    handle = disk.open(folder)
    try:
        disk.set_owner(handle, owner)
        disk.set_mode(handle, mode)
        disk.sync(handle)
    finally:
        disk.close(handle)


def _sync(disk: Disk, handle: int) -> None:
    if sys.platform != "win32":  # there, they were synced while they were open for writing
        disk.sync(handle)
