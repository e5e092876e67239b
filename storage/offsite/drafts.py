"""Files that take their name only once they are whole and on the disk."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from storage.archives.disk import Disk

BEFORE, AFTER = ".offsite-", ".tmp"
PIECE_BYTES = 1024 * 1024


class Draft:
    """A file being written."""

    def __init__(self, disk: Disk, handle: int) -> None:
        self._disk = disk
        self._handle = handle

    def write(self, data: bytes, /) -> int:
        """Write all of it. Raises OSError."""
        self._disk.write(self._handle, data)
        return len(data)


@contextlib.contextmanager
def published(disk: Disk, path: Path) -> Iterator[Draft]:
    """Write what becomes `path` when the block ends well; else all is as before."""
    with spooled(disk, path) as (beside, handle):
        yield Draft(disk, handle)
        disk.sync(handle)
        disk.replace(beside, path)
        disk.sync_folder(path.parent)


@contextlib.contextmanager
def spooled(disk: Disk, path: Path) -> Iterator[tuple[Path, int]]:
    """Return a file beside `path` and its handle; it is gone when the block ends."""
    beside = path.with_name(f"{BEFORE}{path.name}{AFTER}")
    _drop(disk, beside)
    handle = disk.create(beside)
    try:
        try:
            yield beside, handle
        finally:
            disk.close(handle)
    finally:
        with contextlib.suppress(OSError):
            _drop(disk, beside)


def sweep(disk: Disk, folder: Path) -> None:
    """Delete what a process that was killed left behind here."""
    for entry in disk.entries(folder):
        if entry.file and entry.name.startswith(BEFORE) and entry.name.endswith(AFTER):
            _drop(disk, folder / entry.name)


def pieces(disk: Disk, path: Path) -> Iterator[bytes]:
    """Yield a file's bytes."""
    handle = disk.open(path)
    try:
        while piece := disk.read(handle, PIECE_BYTES):
            yield piece
    finally:
        disk.close(handle)


def _drop(disk: Disk, path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        disk.remove(path)
