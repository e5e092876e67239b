"""The snapshot that a new one builds upon: its members by path, and its base, looked at again."""

import contextlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import msgspec

from storage.archives import listing, names
from storage.archives.disk import Disk, sha256
from storage.archives.kin import elsewhere
from storage.archives.losses import recalled
from storage.archives.manifest import BAD_END, Archive, Flag, Head, Manifest, Member, Note
from storage.archives.tree import Found
from storage.archives.workshop import Workshop

LOOKS = 2  # a disk may err once, and then be right


class Before(msgspec.Struct, frozen=True):
    """What the previous snapshot knew; `manifest` is None where there is none to build upon.

    `newest` is the last one there was, whether or not it can be built upon: it hands on losses.
    """

    manifest: Manifest | None
    members: Mapping[str, Member]
    invalid: Mapping[str, Note]
    newest: Head | None

    @classmethod
    def of(cls, manifest: Manifest | None, newest: Head | None) -> "Before":
        """Return what a manifest says, by path."""
        if manifest is None:
            return cls(None, {}, {}, newest)
        invalid = {note.path: note for note in manifest.notes if note.flag is Flag.INVALID_JSON}
        members = {member.path: member for member in manifest.members}
        return cls(manifest, members, invalid, newest)

    def same(self, found: Found) -> Member | None:
        """Return the member that a file still is by its times, size and inode."""
        old = self.members.get(found.path)
        facts = found.facts
        if (
            old is None
            or old.ctime_ns != facts.ctime_ns
            or old.mtime_ns != facts.mtime_ns
            or old.size != facts.size
            or old.inode != facts.inode
        ):
            return None
        return old


def find(shop: Workshop) -> Before:
    """Return the newest snapshot that can be restored, and whose base still is what it was.

    A base that is read wrong twice is put aside, so that its snapshots show as broken at once; one
    that cannot be read is left alone, and not built upon.
    """
    condemned: set[str] = set()
    newest: Head | None = None
    for each in listing.each(shop.disk, shop.folder):
        manifest = each.manifest
        newest = newest or manifest
        if each.broken or manifest is None or manifest.base.name in condemned:
            continue
        looks = (_sha256(shop.disk, shop.folder / manifest.base.name) for _ in range(LOOKS))
        if any(look == manifest.base.sha256 for look in looks):
            with contextlib.suppress(listing.DamagedError, OSError):
                return Before.of(listing.load(shop.disk, shop.folder, each.id), newest)
            continue
        condemned.add(manifest.base.name)
        if _sha256(shop.disk, shop.folder / manifest.base.name):
            _quarantine(shop, manifest.base)
    return Before.of(None, newest)


def handing_on(shop: Workshop, newest: Head | None) -> Head | None:
    """Return the newest with what it hands on, recalled where an earlier Vigie made it."""
    if newest is None or newest.nights:
        return newest
    known = [each.manifest for each in listing.listed(shop.disk, shop.folder)]
    ours = [each for each in known if each is not None and each.roots == newest.roots]
    return recalled(ours, partial(paths, shop))


def paths(shop: Workshop, snapshot_id: str) -> tuple[str, ...]:
    """Return the paths of an earlier snapshot, none where it cannot be read."""
    try:
        found = listing.load(shop.disk, shop.folder, snapshot_id)
    except (listing.DamagedError, OSError):
        return ()
    return tuple(member.path for member in found.members)


def others(shop: Workshop, newest: Head | None, roots: Mapping[str, Path]) -> tuple[str, ...]:
    """Return the folders the newest was made of where another Vigie backs up to this folder too.

    So none of them is among `roots`, all are still there, and an earlier one is of these roots:
    each would thin out the backups of the other. Folders that were moved, or copied with all
    their backups, are no other Vigie's.
    """
    theirs = () if newest is None else elsewhere(shop.disk, newest, roots)
    if not theirs:
        return ()
    ours = {names.encode(str(path.absolute())) for path in roots.values()}
    for each in listing.each(shop.disk, shop.folder):
        if each.manifest is not None and ours & set(each.manifest.roots.values()):
            return theirs
    return ()


def _sha256(disk: Disk, path: Path) -> str:
    """Return an archive's SHA-256, "" where the system cannot read it."""
    try:
        return sha256(disk, path)
    except OSError:
        return ""


def _quarantine(shop: Workshop, archive: Archive) -> None:
    path = shop.folder / archive.name
    with contextlib.suppress(OSError):
        shop.disk.replace(path, path.with_name(f"{archive.name}{BAD_END}"))
        shop.disk.sync_folder(shop.folder)
