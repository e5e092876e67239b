"""What lies in the roots: every regular file with its stamp, and what else there was."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from storage.archives import names
from storage.archives.disk import Disk
from storage.archives.manifest import Flag, Note

Place = tuple[int, int]  # device and inode: the same folder by whatever name


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What is to be known of a file's stat, in a third of its memory; times in nanoseconds."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    mode: int
    owner: int
    group: int

    @classmethod
    def of(cls, stat: os.stat_result) -> "Facts":
        """Return that."""
        return cls(
            stat.st_size,
            stat.st_mtime_ns,
            stat.st_ctime_ns,
            stat.st_ino,
            stat.st_mode,
            stat.st_uid,
            stat.st_gid,
        )


class Found(msgspec.Struct, frozen=True, gc=False):
    """A regular file as it was when its folder was listed; `path` as a manifest keeps it."""

    path: str
    file: str
    facts: Facts


class Tree(msgspec.Struct, frozen=True):
    """Everything found, sorted by path; `closed` are folders, or files, that could not be seen."""

    files: list[Found] = []
    notes: list[Note] = []
    closed: list[str] = []

    def hidden(self, path: str) -> bool:
        """Tell whether a path may be there still, unseen."""
        return any(path == each or path.startswith(f"{each}/") for each in self.closed)


class Walk:
    """One walk through the roots; links are never followed, save a root that is one."""

    def __init__(self, disk: Disk, *, exclude: Sequence[str], without: Sequence[Path]) -> None:
        self._disk = disk
        self._excluded = names.Exclusion(exclude)
        self._without = [place for path in without if (place := self._place(path))]
        self._tree = Tree()

    def through(self, roots: Mapping[str, Path]) -> Tree:
        """Return what lies in them; a root in another root is found once, as itself."""
        for name, root in sorted(roots.items()):
            self._folder(name, os.path.realpath(root), self._others(name, roots))
        self._tree.files.sort(key=_path)
        return self._tree

    def _others(self, name: str, roots: Mapping[str, Path]) -> list[Place]:
        found = [self._place(path) for other, path in roots.items() if other != name]
        return [*self._without, *(place for place in found if place)]

    def _place(self, path: Path) -> Place | None:
        try:
            facts = self._disk.look(os.path.realpath(path))
        except OSError:
            return None
        return facts.st_dev, facts.st_ino

    def _folder(self, top: str, folder: str, without: list[Place]) -> None:
        waiting = [(top, folder)]
        while waiting:
            path, folder = waiting.pop()
            try:
                entries = self._disk.entries(folder)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._unseen(path, error)
                continue
            for entry in entries:
                below = f"{path}/{entry.name}"
                if self._excluded(below):
                    continue
                file = f"{folder}{os.sep}{entry.name}"
                if entry.folder:
                    if self._wanted(file, without):
                        waiting.append((below, file))
                else:
                    self._file(below, file)

    def _wanted(self, folder: str, without: list[Place]) -> bool:
        return not without or self._place(Path(folder)) not in without

    def _file(self, path: str, file: str) -> None:
        try:
            facts = self._disk.look(file)
        except FileNotFoundError:
            return
        except OSError as error:
            self._unseen(path, error)
            return
        if stat.S_ISREG(facts.st_mode):
            self._tree.files.append(Found(names.encode(path), file, Facts.of(facts)))
        else:
            self._tree.notes.append(Note(names.encode(path), Flag.SPECIAL, kind(facts.st_mode)))

    def _unseen(self, path: str, error: OSError) -> None:
        self._tree.closed.append(names.encode(path))
        detail = error.strerror or type(error).__name__
        self._tree.notes.append(Note(names.encode(path), Flag.UNREADABLE, detail))


def kind(mode: int) -> str:
    """Return what something is that is no regular file."""
    tests = {
        "link": stat.S_ISLNK,
        "pipe": stat.S_ISFIFO,
        "socket": stat.S_ISSOCK,
        "folder": stat.S_ISDIR,
    }
    return next((word for word, test in tests.items() if test(mode)), "device")


def folders(path: str) -> Iterator[str]:
    """Give every folder a path lies in, the root's name too."""
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)


def _path(found: Found) -> str:
    return found.path
