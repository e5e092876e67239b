"""The folder of the backups while somebody works in it: locked, swept, its trouble named."""

import contextlib
import errno
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

from storage import files
from storage.archives.disk import FULL, Disk
from storage.archives.errors import BackupError, DiskError, LockedError, NoSpaceError

LOCK = ".lock"
TEMPORARY = ".tmp"
PIECE_BYTES = 1024 * 1024


class Workshop:
    """Locks the folder, and leaves nothing in it that was not meant to stay.

    Whatever the system refuses here is raised as a BackupError that names the file.
    """

    def __init__(self, disk: Disk, folder: Path) -> None:
        self.disk = disk
        self.folder = folder
        self._lock = files.ProcessLock(folder / LOCK)
        self._passing: list[Path] = []
        self._made = 0

    def __enter__(self) -> "Workshop":
        """Make the folder where there is none, lock it, and delete what a killed job left."""
        with self.minding(self.folder.name):
            self._make(self.folder)
            try:
                self._lock.acquire()
            except files.LockedError as error:
                raise LockedError(error.pid) from error
        try:
            self._sweep()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Delete what was not to stay, and unlock."""
        for path in reversed(self._passing):  # a manifest before its archive
            with contextlib.suppress(OSError):
                self.disk.remove(path)
        self._lock.release()

    def passing(self, name: str) -> Path:
        """Return the path of a new temporary file, which goes with the workshop."""
        self._made += 1
        path = self.folder / f"{TEMPORARY}-{self._made}-{name}"
        self._passing.append(path)
        return path

    def create(self, path: Path) -> int:
        """Open a temporary file for writing."""
        with self.minding(path.name):
            return self.disk.create(path)

    def write(self, path: Path, handle: int, content: bytes | memoryview) -> None:
        """Write to it."""
        with self.minding(path.name):
            self.disk.write(handle, content)

    def close(self, path: Path, handle: int) -> None:
        """Close it."""
        with self.minding(path.name):
            self.disk.close(handle)

    def finish(self, path: Path, handle: int) -> None:
        """Bring what was written to the disk itself, and out of memory, and close it."""
        with self.minding(path.name):
            try:
                self.disk.sync(handle)
                self.disk.forget(handle)
            finally:
                self.disk.close(handle)

    def publish(self, path: Path, name: str) -> Path:
        """Rename a temporary file to its name; it still goes with the workshop until `keep`."""
        final = self.folder / name
        with self.minding(name):
            if self.disk.exists(final):
                raise FileExistsError(errno.EEXIST, "there is such a file already")
            self._passing.append(final)
            self.disk.replace(path, final)
            self.disk.sync_folder(self.folder)
        return final

    def keep(self, paths: Iterable[Path]) -> None:
        """Let published files stay."""
        for path in paths:
            self._passing.remove(path)

    def drop(self, path: Path) -> None:
        """Delete a temporary file that is done with; what cannot be deleted now goes later."""
        with contextlib.suppress(OSError):
            self.disk.remove(path)
            self._passing.remove(path)

    @contextlib.contextmanager
    def minding(self, name: str) -> Iterator[None]:
        """Raise what the system refuses in here as the BackupError it is."""
        try:
            yield
        except OSError as error:
            raise self._named(error, name) from error

    def _named(self, error: OSError, name: str) -> BackupError:
        if error.errno in FULL:
            return NoSpaceError(needed=0, free=self.free_bytes())
        return DiskError(name, error.strerror or type(error).__name__)

    def pieces(self, path: Path) -> Iterator[bytes]:
        """Give the content of a file here, piece by piece."""
        with self.minding(path.name):
            handle = self.disk.open(path)
            try:
                while piece := self.disk.read(handle, PIECE_BYTES):
                    yield piece
            finally:
                self.disk.close(handle)

    def free_bytes(self) -> int:
        """Return the room beside the backups, 0 where the system does not say."""
        try:
            return self.disk.free_bytes(self.folder)
        except OSError:
            return 0

    def _make(self, folder: Path) -> None:
        if self.disk.exists(folder):
            return
        self._make(folder.parent)
        with contextlib.suppress(FileExistsError):
            self.disk.make_folder(folder)

    def _sweep(self) -> None:
        with self.minding(self.folder.name):
            for entry in self.disk.entries(self.folder):
                if entry.file and is_passing(entry.name):
                    self.disk.remove(self.folder / entry.name)


def is_passing(name: str) -> bool:
    """Tell whether a file is one that a killed job left behind."""
    return name.startswith(TEMPORARY) or (name.startswith(".") and name.endswith(TEMPORARY))
