"""A disk that fails, or at which its process dies, at the n-th call."""

import errno
import os
import signal
from pathlib import Path
from typing import Any

from storage.archives.disk import Disk

COUNTED = (
    "open", "create", "close", "read", "write", "sync", "facts", "look", "entries", "replace",
    "remove", "make_folder", "sync_folder", "free_bytes",
)  # fmt: skip


class FailingDisk(Disk):
    """Does what a disk does until call `at` of those that change something, or of all."""

    def __init__(self, at: int, error: int | None, *, only: tuple[str, ...] = COUNTED) -> None:
        self.at = at
        self.calls = 0
        self._error = error
        self._only = only

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - whatever the method is
        found = super().__getattribute__(name)
        if name not in COUNTED or name not in super().__getattribute__("_only"):
            return found
        return lambda *given: self._call(found, *given)

    def _call(self, method: Any, *given: Any) -> Any:  # noqa: ANN401
        self.calls += 1
        if self.calls == self.at:
            if self._error is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(self._error, os.strerror(self._error or 0))
        return method(*given)


def full(at: int) -> FailingDisk:
    """Return a disk that is full at the n-th write, sync or create."""
    return FailingDisk(at, errno.ENOSPC, only=("create", "write", "sync", "replace"))


def folder_bytes(folder: Path) -> int:
    """Return what the visible files of a folder take."""
    return sum(path.stat().st_size for path in folder.iterdir())
