"""Where a restore goes to, and whether it may: every folder is looked at before anything moves."""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from storage.archives import small
from storage.archives.disk import Disk
from storage.archives.errors import NoRoomError, RefusedError
from storage.archives.manifest import Manifest, Member
from storage.archives.restore.journal import PREFIX, Journal
from storage.archives.restore.staging import root_of
from storage.archives.restore.swapping import is_folder

RESERVE_BYTES = 32 * 1024 * 1024
MOUNTS = Path("/proc/self/mountinfo")
MOUNT_POINT = 4  # its place in a line
ESCAPED = re.compile(r"\\([0-7]{3})")
BLOCK_BYTES = 4096  # what the smallest file takes


class Sites(msgspec.Struct, frozen=True, kw_only=True):
    """The folder of each root; `fresh` is the folder they were to be made in, None in place."""

    targets: Mapping[str, Path]
    fresh: Path | None = None

    def check(
        self, disk: Disk, roots: Sequence[str], swapped: Collection[str], backups: Path
    ) -> None:
        """Raise RefusedError where these roots cannot be put in place without harm."""
        if self.fresh is not None:
            _check_fresh(disk, self.fresh)
        for root in roots:
            target = self.targets[root]
            if disk.exists(target):
                _check_place(disk, root, target)
            if root not in swapped:
                continue
            for other, folder in self.targets.items():  # chosen or not, it would be moved aside
                if other != root and _within(folder, target):
                    raise RefusedError(other, "overlap")
            if _within(backups.resolve(), target):
                raise RefusedError(root, "backups")


def _check_place(disk: Disk, root: str, target: Path) -> None:
    """Raise RefusedError unless it is a folder that can be renamed, in one that can be written."""
    if not is_folder(disk, target):
        raise RefusedError(root, "file")
    if not os.access(target.parent, os.W_OK):
        raise RefusedError(root, "parent")
    if os.path.ismount(target) or str(target) in _mounts(disk):
        raise RefusedError(root, "mount")


def _mounts(disk: Disk) -> set[str]:
    """Return what is mounted, as Linux tells it: `ismount` misses folders bound elsewhere."""
    try:
        content = small.get(disk, MOUNTS) or b""
    except OSError:
        return set()
    lines = (line.split(" ") for line in os.fsdecode(content).splitlines())
    points = (words[MOUNT_POINT] for words in lines if len(words) > MOUNT_POINT)
    return {ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), point) for point in points}


def sites(manifest: Manifest, roots: Mapping[str, Path], to: Path | None) -> Sites:
    """Return where each root of a snapshot goes: in place, or below `to`; links are resolved.

    Raises RefusedError where a root of the snapshot has no place of its own.
    """
    if to is not None:
        fresh = to.resolve()
        return Sites(targets={root: fresh / root for root in manifest.roots}, fresh=fresh)
    for root in manifest.roots:
        if root not in roots:
            raise RefusedError(root, "unknown")
    return Sites(targets={root: roots[root].resolve() for root in manifest.roots})


def check_room(
    disk: Disk, targets: Mapping[str, Path], members: Sequence[Member], plans: Mapping[str, Journal]
) -> None:
    """Raise NoRoomError where what is not staged yet would not fit beside the roots."""
    needed: dict[int, int] = {}
    where: dict[int, str] = {}
    for root, target in targets.items():
        device = disk.look(target.parent).st_dev
        size = sum(_on_disk(member.size) for member in members if root_of(member) == root)
        staged = _size_below(disk, target.with_name(plans[root].staging))
        needed[device] = needed.get(device, RESERVE_BYTES) + max(size - staged, 0)
        where.setdefault(device, root)
    for device, root in where.items():
        free = disk.free_bytes(targets[root].parent)
        if free < needed[device]:
            raise NoRoomError(root, needed=needed[device], free=free)


def _check_fresh(disk: Disk, folder: Path) -> None:
    """Accept an empty folder, none, or what an interrupted restore left in it."""
    if not disk.exists(folder):
        return
    if any(not _ours(entry.name) for entry in disk.entries(folder)):
        raise RefusedError(folder.name, "occupied")


def _ours(name: str) -> bool:
    return name.startswith((PREFIX, f".{PREFIX}"))


def _within(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder)


def _on_disk(size: int) -> int:
    return size + -size % BLOCK_BYTES


def _size_below(disk: Disk, folder: Path) -> int:
    if not disk.exists(folder):
        return 0
    total = 0
    for entry in disk.entries(folder):
        path = folder / entry.name
        total += _size_below(disk, path) if entry.folder else _on_disk(disk.look(path).st_size)
    return total
