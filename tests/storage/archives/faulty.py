"""A disk that fails, or whose process is killed, at its n-th call."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from storage.archives.disk import Disk

CALLS = tuple(name for name in vars(Disk) if not name.startswith("_"))
WRITES = frozenset({"create", "append", "write", "sync", "replace", "sync_folder", "make_folder"})


class Counted(Disk):
    """Counts its calls; what is to happen at each is told by `at`."""

    def __init__(self, at: Callable[[int, str], None]) -> None:
        self.calls: list[str] = []
        self._at = at
        self._one_at_a_time = threading.Lock()

    def step(self, name: str) -> None:
        """Count one call, and let happen what is to."""
        with self._one_at_a_time:
            self.calls.append(name)
            self._at(len(self.calls), name)

    def write(self, handle: int, content: bytes | bytearray | memoryview) -> None:
        """Write half of it before anything happens: that is what a full disk does."""
        half = len(content) // 2
        Disk.write(self, handle, memoryview(content)[:half])
        self.step("write")
        Disk.write(self, handle, memoryview(content)[half:])


def _counted(name: str) -> Callable[..., Any]:
    real = getattr(Disk, name)

    def call(self: Counted, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (whatever Disk takes)
        self.step(name)
        return real(self, *args, **kwargs)

    return call


for _name in CALLS:
    if _name not in vars(Counted):
        setattr(Counted, _name, _counted(_name))


def failing(nth: int, number: int, only: frozenset[str] = frozenset(CALLS)) -> Counted:
    """A disk whose n-th call of those fails, once."""
    seen = 0

    def at(_: int, name: str) -> None:
        nonlocal seen
        if name in only:
            seen += 1
            if seen == nth:
                raise OSError(number, os.strerror(number), name)

    return Counted(at)


def deadly(nth: int) -> Counted:
    """A disk whose process is killed at its n-th call."""

    def at(count: int, _: str) -> None:
        if count == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    return Counted(at)


def counting() -> Counted:
    """A disk that only counts."""
    return Counted(lambda _, __: None)
