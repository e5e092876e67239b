"""Members written to a folder beside the root they belong to, as whole files or not at all."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from storage.archives import names
from storage.archives.disk import Disk
from storage.archives.manifest import Member
from storage.archives.swapping import make_folders, same_file

READ_BYTES = 256 * 1024
PLAIN_BITS = 0o777  # never setuid, setgid or sticky


def below(member: Member) -> Path:
    """Return where a member lies below its root."""
    return Path(names.decode(member.path.partition("/")[2]))


def root_of(member: Member) -> str:
    """Return the name of the root a member lies in."""
    return member.path.partition("/")[0]


class Stage:
    """Takes members to the staging folder of their root; `folders` maps roots to these.

    What an interrupted restore left there is kept where it is whole; `reused` counts these.
    """

    def __init__(self, disk: Disk, folders: Mapping[str, Path]) -> None:
        self._disk = disk
        self._folders = folders
        self._made: set[Path] = set()
        self._taken: dict[str, Path] = {}
        self.reused = 0

    def path(self, member: Member) -> Path:
        """Return where a member is staged."""
        return self._folders[root_of(member)] / below(member)

    def take(self, member: Member) -> "Staged | None":
        """Open its file; None where it is there already, and whole. Raises OSError."""
        path = self.path(member)
        if path.parent not in self._made:
            make_folders(self._disk, path.parent)
            self._made.add(path.parent)
        twin = self._taken.setdefault(str(path).casefold(), path)
        try:
            return Staged(self._disk, path, member)
        except FileExistsError:
            if twin != path and same_file(self._disk, path, twin):
                raise  # a disk that takes `A` and `a` for one
        if sha256(self._disk, path) == member.sha256:
            self._dress(path, member)
            self.reused += 1
            return None
        self._disk.remove(path)
        return Staged(self._disk, path, member)

    def _dress(self, path: Path, member: Member) -> None:
        """Give a whole file its mode and time: it may have been interrupted before these."""
        handle = self._disk.open(path)
        try:
            self._disk.set_mode(handle, member.mode & PLAIN_BITS)
        finally:
            self._disk.close(handle)
        self._disk.set_time(path, member.mtime_ns)


class Staged:
    """One file while it is written; its time and mode come last, so that it is whole with these."""

    def __init__(self, disk: Disk, path: Path, member: Member) -> None:
        self._disk = disk
        self._path = path
        self._member = member
        self._handle = disk.create(path)

    def write(self, view: memoryview) -> None:
        """Write the next piece."""
        self._disk.write(self._handle, view)

    def close(self, *, good: bool) -> None:
        """Keep it, or delete it where it was not what the manifest says."""
        try:
            if good:
                self._disk.set_mode(self._handle, self._member.mode & PLAIN_BITS)
        finally:
            self._disk.close(self._handle)
        if good:
            self._disk.set_time(self._path, self._member.mtime_ns)
        else:
            self._disk.remove(self._path)


def sha256(disk: Disk, path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal. Raises OSError."""
    digest = hashlib.sha256()
    handle = disk.open(path)
    try:
        while piece := disk.read(handle, READ_BYTES):
            digest.update(piece)
    finally:
        disk.close(handle)
    return digest.hexdigest()
