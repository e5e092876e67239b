"""One small file replaced at once, through a Disk: a crash leaves the old or the new content."""

import contextlib
from pathlib import Path

from storage.archives.disk import Disk

MOST_BYTES = 16 * 1024 * 1024


def put(disk: Disk, path: Path, content: bytes) -> None:
    """Replace the file by `content`, on the disk when this returns. Raises OSError."""
    beside = path.with_name(f".{path.name}.tmp")
    with contextlib.suppress(FileNotFoundError):
        disk.remove(beside)
    handle = disk.create(beside)
    try:
        disk.write(handle, content)
        disk.sync(handle)
    finally:
        disk.close(handle)
    disk.replace(beside, path)
    disk.sync_folder(path.parent)


def get(disk: Disk, path: Path) -> bytes | None:
    """Return its content, None where there is none. Raises OSError."""
    try:
        handle = disk.open(path)
    except FileNotFoundError:
        return None
    try:
        parts: list[bytes] = []
        left = MOST_BYTES
        while left > 0 and (part := disk.read(handle, min(left, 1024 * 1024))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
    finally:
        disk.close(handle)
