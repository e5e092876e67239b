"""Members written to a folder beside the root they belong to, as whole files or not at all."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import msgspec

from storage.archives import names
from storage.archives.disk import Disk, sha256
from storage.archives.manifest import Member
from storage.archives.restore.behind import Behind, Lane
from storage.archives.restore.folders import make_folders, same_file

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
    Files are written, made durable and given to their owners `behind`; `wait` for that.
    """

    def __init__(
        self,
        disk: Disk,
        folders: Mapping[str, Path],
        owners: Mapping[str, os.stat_result],
        behind: Behind,
    ) -> None:
        self._disk = disk
        self._folders = folders
        self._owners = owners
        self._behind = behind
        self._made: set[Path] = set()
        self._taken: dict[str, Path] = {}
        self.reused = 0

    def path(self, member: Member) -> Path:
        """Return where a member is staged."""
        return self._folders[root_of(member)] / below(member)

    def wait(self) -> None:
        """Return once everything that was taken is on the disk. Raises OSError."""
        self._behind.wait()

    def take(self, member: Member) -> "Staged | None":
        """Open its file; None where it is there already, and whole. Raises OSError."""
        path = self.path(member)
        if path.parent not in self._made:
            make_folders(self._disk, path.parent)
            self._made.add(path.parent)
        twin = self._taken.setdefault(str(path).casefold(), path)
        try:
            return self._staged(path, member)
        except FileExistsError:
            if twin != path and same_file(self._disk, path, twin):
                raise  # a disk that takes `A` and `a` for one
        if sha256(self._disk, path) == member.sha256:
            self._dress(path, member)
            self.reused += 1
            return None
        self._disk.remove(path)
        return self._staged(path, member)

    def _staged(self, path: Path, member: Member) -> "Staged":
        dress = Dress(member.mode & PLAIN_BITS, member.mtime_ns, self._owners[root_of(member)])
        return Staged(self._disk, path, dress, self._behind.lane())

    def _dress(self, path: Path, member: Member) -> None:
        """Give a whole file what an interrupted run may have left out."""
        dress = Dress(member.mode & PLAIN_BITS, member.mtime_ns, self._owners[root_of(member)])
        handle = self._disk.open(path)
        try:
            dress.put_on(self._disk, handle)
        finally:
            self._disk.close(handle)
        self._disk.set_time(path, member.mtime_ns)


class Dress(msgspec.Struct, frozen=True):
    """What a file has beside its content."""

    mode: int
    mtime_ns: int
    owner: os.stat_result

    def put_on(self, disk: Disk, handle: int) -> None:
        """Give it to an open file, and make all of it durable."""
        disk.set_owner(handle, self.owner)
        disk.set_mode(handle, self.mode)
        disk.sync(handle)


class Staged:
    """One file while it is written, in a lane of its own; its time comes last."""

    def __init__(self, disk: Disk, path: Path, dress: Dress, lane: Lane) -> None:
        self._disk = disk
        self._path = path
        self._dress = dress
        self._lane = lane
        self._handle = disk.create(path)

    def write(self, view: memoryview) -> None:
        """Write the next piece."""
        self._lane.do(partial(self._disk.write, self._handle, view))

    def close(self, *, good: bool) -> None:
        """Keep it, or delete it where it was not what the manifest says."""
        if good:
            self._lane.do(partial(self._dress.put_on, self._disk, self._handle))
        self._lane.tidy(partial(self._disk.close, self._handle))
        if good:
            self._lane.do(partial(self._disk.set_time, self._path, self._dress.mtime_ns))
        else:
            self._lane.tidy(partial(self._disk.remove, self._path))
