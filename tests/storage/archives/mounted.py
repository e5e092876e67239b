"""Mount points: real ones, and a disk that behaves as if there were some."""

import errno
import os
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.archives.disk import Disk
from storage.archives.restore.places import MOUNTS

LINE = "1 2 8:1 / {} rw,relatime - ext4 /dev/vda rw\n"


class Pretence:
    """What a kernel says to a name on one side of a mount and a name on the other."""

    def __init__(self, points: Collection[Path], listed: Path) -> None:
        """`listed` is a file that is written, to be read as the system's list of mounts."""
        self._points = frozenset(points)
        self.listed = listed
        lines = (LINE.format(str(each).replace(" ", "\\040")) for each in points)
        listed.write_text("nonsense\n" + "".join(lines))

    def path(self, path: Path | str) -> Path | str:
        """Return what is opened instead."""
        return self.listed if path == MOUNTS else path

    def judge(self, old: Path, new: Path) -> None:
        """Refuse what no system renames or links."""
        if {old, new} & self._points:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(old))
        if self._of(old) != self._of(new):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(old))

    def _of(self, path: Path) -> Path | None:
        return next((each for each in path.parents if each in self._points), None)


class Bound(Disk):
    """A disk on which these folders are mount points."""

    pretence: Pretence

    def open(self, path: Path | str) -> int:
        """Open it, or the list of mounts that is to be read."""
        return super().open(self.pretence.path(path))

    def replace(self, old: Path, new: Path) -> None:
        """Rename, within a mount."""
        self.pretence.judge(old, new)
        super().replace(old, new)

    def link(self, old: Path, new: Path) -> None:
        """Link, within a mount."""
        self.pretence.judge(old, new)
        super().link(old, new)


@contextmanager
def volume(folder: Path, size: str = "100m") -> Iterator[Path]:
    """A tmpfs there; the test is skipped where this user may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)]
    try:
        done = subprocess.run(words, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs the right to mount a tmpfs")
    if done.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
