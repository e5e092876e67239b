"""Staged files put in place of the present ones, which are kept. Every step can be done again.

Nothing is ever overwritten: a folder is renamed aside, a file gets a second name, before the
staged one takes its place.
"""

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

from storage.archives.disk import Disk
from storage.archives.findings import Placed
from storage.archives.restore import journal as journals
from storage.archives.restore.journal import Journal

COPY_BYTES = 1024 * 1024
SQLITE = b"SQLite format 3\0"
SIDECARS = ("-wal", "-shm", "-journal")


def finish(disk: Disk, target: Path, journal: Journal) -> Placed:
    """Put one root in place, or what an interruption left of it, and drop its journal.

    Raises OSError with every file still there; doing it again goes on from there.
    """
    staging, kept = target.with_name(journal.staging), target.with_name(journal.kept)
    if disk.exists(staging):
        if journal.way == "swap":
            _swap(disk, staging, target, kept)
        else:
            _place_files(disk, staging, target, kept)
    journals.drop(disk, journal.root, target)
    return Placed(root=journal.root, path=target, kept=kept if disk.exists(kept) else None)


def discard(disk: Disk, folder: Path) -> None:
    """Delete a folder of ours with everything in it, or what else has its name; never more."""
    if not disk.exists(folder):
        return
    if not is_folder(disk, folder):
        disk.remove(folder)
        return
    for entry in disk.entries(folder):
        path = folder / entry.name
        if entry.folder:
            discard(disk, path)
        else:
            disk.remove(path)
    disk.remove_folder(folder)


def is_folder(disk: Disk, path: Path) -> bool:
    """Tell whether a folder itself lies there; a link to one is none."""
    return disk.exists(path) and stat.S_ISDIR(disk.look(path).st_mode)


def free_name(disk: Disk, wished: Path) -> Path:
    """Return the wished path, or with a number behind it where it is taken."""
    path, number = wished, 1
    while disk.exists(path):
        number += 1
        path = wished.with_name(f"{wished.name}-{number}")
    return path


def make_folders(disk: Disk, folder: Path) -> None:
    """Make a folder and those it lies in, where they are missing."""
    try:
        disk.make_folder(folder)
    except FileNotFoundError:
        make_folders(disk, folder.parent)
        make_folders(disk, folder)
    except FileExistsError:
        pass


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


def _place_files(disk: Disk, staging: Path, target: Path, kept: Path) -> None:
    touched: set[Path] = set()
    make_folders(disk, target)
    for relative in tuple(files_below(disk, staging)):
        _make_way(disk, target, kept, relative)
        place = target / relative
        make_folders(disk, place.parent)
        if disk.exists(place):
            keep = kept / relative
            make_folders(disk, keep.parent)
            _keep(disk, place, keep)
            touched.add(keep.parent)
        for side in _sidecars(disk, staging / relative, place):
            keep = kept / side.relative_to(target)
            make_folders(disk, keep.parent)
            disk.replace(side, free_name(disk, keep))
        disk.replace(staging / relative, place)
        touched.add(place.parent)
    for folder in sorted(touched):
        disk.sync_folder(folder)
    disk.sync_folder(target.parent)
    discard(disk, staging)


def _make_way(disk: Disk, target: Path, kept: Path, relative: Path) -> None:
    """Move aside what is no folder where one must be, and no file where the file must be."""
    for part in (*reversed(relative.parents[:-1]), relative):
        there = target / part
        try:
            mode = disk.look(there).st_mode
        except FileNotFoundError:
            return
        if not (stat.S_ISREG(mode) if part == relative else stat.S_ISDIR(mode)):
            keep = kept / part
            make_folders(disk, keep.parent)
            disk.replace(there, free_name(disk, keep))
            return


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


def same_file(disk: Disk, one: Path, other: Path) -> bool:
    """Tell whether two names are of one file. Raises OSError."""
    first, second = disk.look(one), disk.look(other)
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def copy(disk: Disk, source: Path, copy_: Path) -> None:
    """Copy one file with its time and mode, durably. Raises OSError."""
    reading = disk.open(source)
    try:
        facts = disk.facts(reading)
        writing = disk.create(copy_)
        try:
            while piece := disk.read(reading, COPY_BYTES):
                disk.write(writing, piece)
            disk.set_mode(writing, facts.st_mode & 0o777)
            disk.sync(writing)
        finally:
            disk.close(writing)
        disk.set_time(copy_, facts.st_mtime_ns)
    finally:
        disk.close(reading)


def files_below(disk: Disk, folder: Path) -> Iterator[Path]:
    """Give every file below a folder, relative to it, sorted."""
    for entry in disk.entries(folder):
        if entry.folder:
            for deeper in files_below(disk, folder / entry.name):
                yield Path(entry.name) / deeper
        else:
            yield Path(entry.name)
