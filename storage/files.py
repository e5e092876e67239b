"""Files written so that a crash leaves the old or the new one, never half of one; and locks."""

import contextlib
import hashlib
import os
import sys
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

CHUNK_BYTES = 1024 * 1024
PRIVATE = 0o600
LOCKED_BYTE = 1 << 30  # far behind the text, so that others can read who holds a Windows lock


def previous(path: Path) -> Path:
    """Return where what a file held before its last change is kept, by who keeps it."""
    return path.with_name(f"{path.name}.prev")


def write_atomic(path: Path, content: bytes, *, previous: Path | None = None) -> None:
    """Replace `path` by `content`, on the disk when this returns.

    `previous` then names what `path` held before. One writer at a time per path. Raises OSError
    (full disk, no permission) with the old file untouched.
    """
    beside = path.with_name(f".{path.name}.tmp")
    try:
        _write_synced(beside, content)
        if previous is not None:
            keep_copy(path, previous)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def keep_copy(path: Path, copy: Path) -> None:
    """Let `copy` name the present content of `path`, where there is any."""
    beside = copy.with_name(f".{copy.name}.tmp")
    try:
        os.link(path, beside)
    except FileNotFoundError:
        return
    except FileExistsError:  # left by a process that was killed right here
        beside.unlink()
        os.link(path, beside)
    except OSError:  # no hard links here (FAT, some network shares)
        _write_synced(beside, path.read_bytes())
    beside.replace(copy)


def _write_synced(path: Path, content: bytes) -> None:
    handle = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), PRIVATE
    )
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make renames in the folder durable; Windows offers nothing to do so."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()


class LockedError(OSError):
    """Somebody else holds the lock; `pid` says who, None where that cannot be read."""

    def __init__(self, path: Path, pid: int | None) -> None:
        super().__init__(f"{path.name} is held by process {pid or 'unknown'}")
        self.pid = pid


class ProcessLock:
    """A lock the kernel drops when its process ends, however it ends; the file names the holder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock or raise LockedError at once; OSError where the file cannot be opened."""
        if self._handle is not None:
            return
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        handle = os.open(self._path, flags, PRIVATE)
        try:
            _lock(handle)
        except OSError as error:
            os.close(handle)
            raise LockedError(self._path, self.holder()) from error
        self._handle = handle
        with contextlib.suppress(OSError):  # a full disk: held all the same, without a name
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())

    def release(self) -> None:
        """Give the lock back; nothing happens where it is not held."""
        if self._handle is None:
            return
        os.ftruncate(self._handle, 0)
        os.close(self._handle)
        self._handle = None

    def holder(self) -> int | None:
        """Return the process id the file names, None where it names none."""
        try:
            text = self._path.read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            return None
        return int(text) if text.isdigit() else None

    def __enter__(self) -> "ProcessLock":
        """Take the lock."""
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it back."""
        self.release()


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        os.lseek(handle, LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
