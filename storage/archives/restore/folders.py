"""Folders and files through a Disk: made, found, deleted whole; a link is never gone through."""

import stat
from collections.abc import Iterator
from pathlib import Path

from storage.archives import names
from storage.archives.disk import Disk, Entry

COPY_BYTES = 1024 * 1024


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
    """Give every file below a folder, relative to it, sorted; of its data alone."""
    for entry in data_in(disk, folder):
        if entry.folder:
            for deeper in files_below(disk, folder / entry.name):
                yield Path(entry.name) / deeper
        else:
            yield Path(entry.name)


def data_in(disk: Disk, folder: Path) -> list[Entry]:
    """Return what is in a folder, without what is the system's there, or a restore's."""
    return [entry for entry in disk.entries(folder) if entry.name not in names.APART]
