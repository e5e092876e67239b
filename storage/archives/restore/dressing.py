"""What staged folders need beside their files: modes, owners, and what no backup ever holds."""

import os
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from storage.archives.disk import Disk
from storage.archives.restore.folders import copy, files_below, is_folder, make_folders

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


def owner(disk: Disk, target: Path) -> os.stat_result:
    """Return the facts of whom new files belong to: the folder's owner, or that of its parent."""
    return disk.look(target if disk.exists(target) else target.parent)


def settle(
    disk: Disk, target: Path, staging: Path, files: Mapping[Path, int], carried: Iterable[Path]
) -> None:
    """Make the staged folders durable, with owners and modes as they were before.

    `files` are relative, with their modes: a folder that is new may be read by whoever may read
    its files. Files carried over are other names of the old ones, and are left as they are.
    """
    readable: dict[Path, int] = {}
    for relative, mode in (*files.items(), *((path, 0) for path in carried)):
        for folder in relative.parents:
            readable[folder] = readable.get(folder, 0) | mode & READ_BITS
    whose = owner(disk, target)
    for folder in sorted(readable, reverse=True):
        _settle_folder(disk, target / folder, staging / folder, readable[folder], whose)
    disk.sync_folder(staging.parent)


def _settle_folder(
    disk: Disk, before: Path, folder: Path, readable: int, whose: os.stat_result
) -> None:
    if sys.platform == "win32":
        return
    mode = OWNER_BITS | readable | readable >> 2
    if is_folder(disk, before):
        known = disk.look(before)
        mode, whose = known.st_mode & 0o777 | OWNER_BITS, known
    handle = disk.open(folder)
    try:
        disk.set_owner(handle, whose)
        disk.set_mode(handle, mode)
        disk.sync(handle)
    finally:
        disk.close(handle)
