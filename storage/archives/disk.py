"""The only door to the file system for backups: one method a call, so that tests can fail each."""

import errno
import hashlib
import os
import stat
import sys
from pathlib import Path

import msgspec

from storage import files

if sys.platform == "win32":
    import shutil

READ_BYTES = 256 * 1024
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
BINARY = getattr(os, "O_BINARY", 0)
CLOSED_IN_CHILDREN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)
NEVER_A_LINK = getattr(os, "O_NOFOLLOW", 0)
NEVER_WAITING = getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer opens at once
READING = os.O_RDONLY | BINARY | CLOSED_IN_CHILDREN | NEVER_A_LINK | NEVER_WAITING
WRITING = os.O_RDWR | os.O_CREAT | BINARY | CLOSED_IN_CHILDREN | NEVER_A_LINK
FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A name in a folder; `folder` and `file` say what it is itself, a link is neither."""

    name: str
    folder: bool
    file: bool


class Disk:
    """The system's calls, each failing with the system's own OSError. Holds nothing.

    A path that names a link is never followed to its end; times and modes are kept as they are
    given. Handles are file descriptors.
    """

    def open(self, path: Path | str) -> int:
        """Open for reading. A link raises OSError, a pipe opens at once: look at `facts` then."""
        return os.open(path, READING)

    def create(self, path: Path | str) -> int:
        """Open a new private file for writing and reading; FileExistsError where there is one."""
        return os.open(path, WRITING | os.O_EXCL, PRIVATE_FILE)

    def append(self, path: Path | str) -> int:
        """Open a private file to write at its end, made where there is none."""
        return os.open(path, WRITING | os.O_APPEND, PRIVATE_FILE)

    def close(self, handle: int) -> None:
        """Close."""
        os.close(handle)

    def read(self, handle: int, most: int) -> bytes:
        """Return up to so many bytes, none at the end."""
        return os.read(handle, most)

    def write(self, handle: int, content: bytes | bytearray | memoryview) -> None:
        """Write all of it, however many calls that takes."""
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]

    def seek(self, handle: int, at: int) -> None:
        """Go on reading or writing at this byte."""
        os.lseek(handle, at, os.SEEK_SET)

    def sync(self, handle: int) -> None:
        """Return once the content is on the disk itself."""
        os.fsync(handle)

    def forget(self, handle: int) -> None:
        """Let the next read come from the disk, not from memory, where the system can do that."""
        if sys.platform == "linux":
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)

    def facts(self, handle: int) -> os.stat_result:
        """Return size, times, inode and mode of what is open."""
        return os.fstat(handle)

    def look(self, path: Path | str) -> os.stat_result:
        """Return the same of a path; of a link itself, where it is one."""
        return os.lstat(path)

    def entries(self, folder: Path | str) -> list[Entry]:
        """Return what is in a folder, sorted by name."""
        with os.scandir(folder) as found:
            listed = [
                Entry(
                    entry.name,
                    entry.is_dir(follow_symlinks=False),
                    entry.is_file(follow_symlinks=False),
                )
                for entry in found
            ]
        return sorted(listed, key=_name)

    def replace(self, old: Path, new: Path) -> None:
        """Rename; a file at the new name is replaced at once, a folder in use refuses."""
        old.replace(new)

    def link(self, old: Path, new: Path) -> None:
        """Give a file a second name; OSError where there is one, or no such thing (FAT)."""
        new.hardlink_to(old)

    def remove(self, path: Path) -> None:
        """Delete one file or link."""
        path.unlink()

    def make_folder(self, path: Path) -> None:
        """Make one private folder; FileExistsError where there is something."""
        path.mkdir(PRIVATE_FOLDER)

    def remove_folder(self, path: Path) -> None:
        """Delete one empty folder."""
        path.rmdir()

    def set_mode(self, handle: int, mode: int) -> None:
        """Set the permissions of what is open; Windows has none of these."""
        if sys.platform != "win32":
            os.fchmod(handle, stat.S_IMODE(mode))

    def set_owner(self, handle: int, facts: os.stat_result) -> None:
        """Give what is open to the owner and group of these facts; only root can, and does."""
        if sys.platform != "win32" and os.geteuid() == 0:
            os.fchown(handle, facts.st_uid, facts.st_gid)

    def set_time(self, path: Path | str, mtime_ns: int) -> None:
        """Set when a file was last changed; a link is not followed where the system can do that."""
        follow = os.utime not in os.supports_follow_symlinks
        os.utime(path, ns=(mtime_ns, mtime_ns), follow_symlinks=follow)

    def sync_folder(self, folder: Path) -> None:
        """Make what was made, renamed or deleted in a folder durable."""
        files.sync_folder(folder)

    def free_bytes(self, folder: Path) -> int:
        """Return how much this process may still write there."""
        if sys.platform == "win32":
            return shutil.disk_usage(folder).free
        room = os.statvfs(folder)
        return room.f_bavail * room.f_frsize

    def exists(self, path: Path | str) -> bool:
        """Return whether there is anything of that name, be it a link to nowhere."""
        try:
            self.look(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True


def _name(entry: Entry) -> str:
    return entry.name


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
