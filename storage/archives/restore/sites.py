"""Where a restore goes to, and whether it may: every folder is looked at before anything moves."""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from storage.archives.disk import Disk
from storage.archives.errors import NoRoomError, RefusedError
from storage.archives.manifest import Manifest, Member
from storage.archives.restore.folders import data_in, is_folder
from storage.archives.restore.journal import Journal
from storage.archives.restore.places import PREFIX, Place, beside, lying, mounts
from storage.archives.restore.staging import root_of

RESERVE_BYTES = 32 * 1024 * 1024
BLOCK_BYTES = 4096  # what the smallest file takes


class Sites(msgspec.Struct, frozen=True, kw_only=True):
    """The place of each root; `fresh` is the folder they were to be made in, None in place."""

    places: Mapping[str, Place]
    fresh: Path | None = None

    def check(
        self, disk: Disk, roots: Sequence[str], whole: Collection[str], backups: Path
    ) -> None:
        """Raise RefusedError where these roots cannot be put in place without harm."""
        if self.fresh is not None:
            _check_fresh(disk, self.fresh)
        for root in roots:
            place = self.places[root]
            if disk.exists(place.target):
                _check_place(disk, place, whole=root in whole)
            if root not in whole:
                continue
            for other in self.places.values():  # chosen or not, it would be moved aside
                if other.root != root and _within(other.target, place.target):
                    raise RefusedError(other.root, "overlap")
            if _within(backups.resolve(), place.target):
                raise RefusedError(root, "backups")


def _check_place(disk: Disk, place: Place, *, whole: bool) -> None:
    """Raise RefusedError unless it is a folder that can be swapped, or else filled."""
    if not is_folder(disk, place.target):
        raise RefusedError(place.root, "file")
    if whole and any(_within(each, place.target) for each in mounts(disk) - {place.target}):
        raise RefusedError(place.root, "mount")
    if not place.inside:
        return
    if disk.exists(place.depot) and not is_folder(disk, place.depot):
        raise RefusedError(place.root, "depot")
    if _closed(disk, place.target, deep=whole):
        raise RefusedError(place.root, "closed")


def _closed(disk: Disk, folder: Path, *, deep: bool) -> bool:
    """Tell whether a folder cannot be written to, or one below it."""
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return True
    inner = (entry.name for entry in (data_in(disk, folder) if deep else ()) if entry.folder)
    return any(_closed(disk, folder / name, deep=True) for name in inner)


def sites(disk: Disk, manifest: Manifest, roots: Mapping[str, Path], to: Path | None) -> Sites:
    """Return where each root of a snapshot goes: in place, or below `to`; links are resolved.

    Raises RefusedError where a root of the snapshot has no place of its own.
    """
    if to is not None:
        fresh = to.resolve()
        places = {root: beside(root, fresh / root) for root in manifest.roots}
        return Sites(places=places, fresh=fresh)
    for root in manifest.roots:
        if root not in roots:
            raise RefusedError(root, "unknown")
    return Sites(places=lying(disk, {root: roots[root] for root in manifest.roots}))


def check_room(
    disk: Disk, places: Mapping[str, Place], members: Sequence[Member], plans: Mapping[str, Journal]
) -> None:
    """Raise NoRoomError where what is not staged yet would not fit where the roots are."""
    needed: dict[int, int] = {}
    where: dict[int, str] = {}
    for root, place in places.items():
        device = disk.look(place.ground).st_dev
        size = sum(_on_disk(member.size) for member in members if root_of(member) == root)
        staged = _size_below(disk, place.depot / plans[root].staging)
        needed[device] = needed.get(device, RESERVE_BYTES) + max(size - staged, 0)
        where.setdefault(device, root)
    for device, root in where.items():
        free = disk.free_bytes(places[root].ground)
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
