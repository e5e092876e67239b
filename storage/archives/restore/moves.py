"""Renames and second names that can all be taken back, until the last of them has succeeded."""

import contextlib
import errno
import os
from pathlib import Path

import msgspec

from storage.archives.disk import Disk
from storage.archives.restore.folders import copy, free_name, same_file


class _Move(msgspec.Struct, frozen=True):
    """One move; a `second` name, or a copy, left the file where it was."""

    old: Path
    new: Path
    second: bool = False


class Moves:
    """The moves of one restore, in order. Each raises OSError, and has then done nothing."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self._done: list[_Move] = []

    def rename(self, old: Path, new: Path) -> None:
        """Rename; a file that has the new name must have been kept."""
        self.disk.replace(old, new)
        self._done.append(_Move(old, new))

    def keep(self, place: Path, keep: Path) -> None:
        """Give a file a second name, unless an interrupted run already did."""
        if self.disk.exists(keep):
            if same_file(self.disk, place, keep):
                return
            keep = free_name(self.disk, keep)
        try:
            self.disk.link(place, keep)
        except FileNotFoundError:
            raise
        except OSError:  # no hard links here (FAT, some network shares)
            copy(self.disk, place, keep)
        self._done.append(_Move(place, keep, second=True))

    def take_back(self) -> bool:
        """Undo all of it, the last first; tell whether everything is where it was."""
        try:
            while self._done:
                self._undo(self._done[-1])
                self._done.pop()
        except OSError:
            return False
        return True

    def _undo(self, move: _Move) -> None:
        if not self.disk.exists(move.old):
            self.disk.replace(move.new, move.old)
        elif not move.second:  # somebody wrote it anew: what was there stays kept
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(move.old))
        elif self._alike(move.old, move.new):
            self.disk.remove(move.new)
        for folder in {move.old.parent, move.new.parent}:
            self.disk.sync_folder(folder)

    def _alike(self, one: Path, other: Path) -> bool:
        """Tell whether the second name is of what is still there, or a copy of it."""
        first, second = self.disk.look(one), self.disk.look(other)
        return (first.st_size, first.st_mtime_ns) == (second.st_size, second.st_mtime_ns)


def clear_away(disk: Disk, folder: Path) -> None:
    """Delete a folder and those below it, as far as they are empty."""
    with contextlib.suppress(OSError):
        for entry in disk.entries(folder):
            if entry.folder:
                clear_away(disk, folder / entry.name)
        disk.remove_folder(folder)
