"""Snapshots by their id, read back or restored: the reading half of the store, locked and named."""

import contextlib
import errno
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from storage.archives import kin, listing, names
from storage.archives.disk import FULL
from storage.archives.errors import DiskError, NoRoomError, UnknownError
from storage.archives.findings import Bad, Fault, Restored, Verified
from storage.archives.manifest import Manifest, Member, manifest_name
from storage.archives.read.passes import Shelf
from storage.archives.read.verifying import verify
from storage.archives.restore import journal as journals
from storage.archives.restore.places import beside, lying, within
from storage.archives.restore.placing import Resumed, give_up, resume
from storage.archives.restore.restoring import Restore, Wish
from storage.archives.restore.sites import sites
from storage.archives.restore.staging import root_of
from storage.archives.tree import folders
from storage.archives.workshop import Workshop

WRITE_PROTECTED = {errno.EROFS, errno.EACCES, errno.EPERM}
LATEST, ALL = "latest", "all"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be restored where; `to` None is in place. `only` are globs of paths or names.

    `data` or `data/*` alone stands for the whole folder: it is swapped, and what the snapshot
    does not hold is gone from it. Other globs put single files in place and leave the rest.
    """

    id: str
    to: Path | None = None
    only: tuple[str, ...] = ()
    dry_run: bool = False
    salvage: bool = False


class _Choice(msgspec.Struct, frozen=True):
    """The snapshot that is meant, the others, the newest first, and whose it is if another's."""

    manifest: Manifest
    others: Iterator[Manifest]
    strangers: tuple[str, ...]


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Reads the snapshots of one shelf; `roots` are the folders they were made of."""

    shelf: Shelf
    roots: Mapping[str, Path]
    exclude: tuple[str, ...] = ()

    def verify(self, snapshot_id: str, *, deep: bool) -> Verified:
        """Read one snapshot's archives back, the `latest`'s, or those of `all`."""
        with self._minding("archives"):
            if not self.shelf.disk.exists(self.shelf.folder):
                raise UnknownError(snapshot_id)
        with self._minding("archives"), Workshop(self.shelf.disk, self.shelf.folder):
            found, bad = self._manifests()
            if snapshot_id not in {LATEST, ALL}:
                found = [each for each in found if each == snapshot_id]
                bad = [each for each in bad if each.path == manifest_name(snapshot_id)]
            if not found and not bad:
                raise UnknownError(snapshot_id)
            if snapshot_id == LATEST:
                found = found[-1:]
                newer = manifest_name(found[0]) if found else ""
                bad = [each for each in bad if each.path > newer]
            return verify(self.shelf, found, deep=deep, unreadable=bad)

    def restore(self, order: Order) -> Restored:
        """Restore as ordered, with the archives locked where their folder can be."""
        with self._minding(order.id), self._locked():
            choice = self._choose(order.id)
            manifest = choice.manifest
            whole, only = _split(manifest, order.only)
            excluded = names.Exclusion(self.exclude)
            restore = Restore(
                self.shelf,
                manifest,
                sites(self.shelf.disk, manifest, self.roots, order.to),
                Wish(
                    chosen=lambda member: root_of(member) in whole or _matches(member, only),
                    keeps=lambda path: any(map(excluded, (path, *folders(path)))),
                    whole=frozenset(whole),
                    only=only,
                    others=choice.others,
                    strangers=() if order.to is not None else choice.strangers,
                    salvage=order.salvage,
                ),
            )
            return restore.look() if order.dry_run else restore.run()

    def touched(self, order: Order) -> tuple[str, ...]:
        """Return the roots that a restore would put files in, for the caller to refuse."""
        with self._minding(order.id):
            manifest = self._choose(order.id).manifest
        whole, only = _split(manifest, order.only)
        chosen = (each for each in manifest.members if _matches(each, only))
        return tuple(sorted(whole | {root_of(each) for each in chosen}))

    def resume(self) -> tuple[Resumed, ...]:
        """Finish what a crash left of a restore in place; nothing is locked where there is none."""
        with self._minding("restore"):
            if not self._journals():
                return ()
        with self._minding("restore"), self._locked():
            return resume(self.shelf.disk, lying(self.shelf.disk, self.roots))

    def give_up(self, roots: Collection[str]) -> tuple[str, ...]:
        """Delete what waiting restores of these have staged; return which. Finish decided ones."""
        resumed = self.resume()
        waiting = [each for each in resumed if each.outcome == "waiting" and each.root in roots]
        with self._minding("restore"), self._locked():
            places = lying(self.shelf.disk, self.roots)
            for each in waiting:
                plan = journals.load(self.shelf.disk, places[each.root])
                if plan is not None and plan.phase == "staging":
                    give_up(self.shelf.disk, places[each.root], plan)
        return tuple(each.root for each in waiting)

    def manifest(self, snapshot_id: str) -> Manifest:
        """Return a snapshot's whole manifest. Raises UnknownError where it cannot be read."""
        try:
            return listing.load(self.shelf.disk, self.shelf.folder, snapshot_id)
        except (listing.DamagedError, FileNotFoundError) as error:
            raise UnknownError(snapshot_id) from error

    def _manifests(self) -> tuple[list[str], list[Bad]]:
        """Return the ids of all snapshots, oldest first, and the manifests that are unreadable."""
        found: list[str] = []
        bad = []
        for each in listing.listed(self.shelf.disk, self.shelf.folder):
            if each.manifest is not None:
                found.append(each.id)
            else:
                bad.append(Bad(manifest_name(each.id), Fault.MANIFEST, detail=each.broken))
        return found, bad

    def _choose(self, snapshot_id: str) -> "_Choice":
        """Return the snapshot, and all others; `latest` is that of `kin`."""
        there = kin.listed(self.shelf.disk, self.shelf.folder, self.roots)
        newest = kin.latest(there)
        wished = newest.id if snapshot_id == LATEST and newest is not None else snapshot_id
        picked = next((each for each in there if each.id == wished), None)
        if picked is None or picked.manifest is None:
            raise UnknownError(snapshot_id)
        others = [each.id for each in reversed(there) if each.manifest and each is not picked]
        return _Choice(self.manifest(wished), self._others(others), picked.strangers)

    def _others(self, ids: Sequence[str]) -> Iterator[Manifest]:
        """Give those that can be read, one at a time."""
        for snapshot_id in ids:
            with contextlib.suppress(UnknownError, OSError):
                yield self.manifest(snapshot_id)

    def _journals(self) -> bool:
        disk = self.shelf.disk
        return any(
            disk.exists(there(root, path.resolve()).journal)
            for root, path in self.roots.items()
            for there in (beside, within)
        )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the folder; go on without where it is gone, or write-protected."""
        with contextlib.ExitStack() as stack:
            try:
                if self.shelf.disk.exists(self.shelf.folder):
                    stack.enter_context(Workshop(self.shelf.disk, self.shelf.folder))
            except DiskError as error:
                if getattr(error.__cause__, "errno", None) not in WRITE_PROTECTED:
                    raise
            yield

    @contextlib.contextmanager
    def _minding(self, name: str) -> Iterator[None]:
        """Raise what the system refuses in here as the BackupError it is."""
        try:
            yield
        except OSError as error:
            told = Path(str(error.filename)).name if error.filename is not None else name
            if error.errno in FULL:
                raise NoRoomError(told, needed=0, free=0) from error
            raise DiskError(told, error.strerror or type(error).__name__) from error


def _split(manifest: Manifest, only: Sequence[str]) -> tuple[set[str], tuple[str, ...]]:
    """Return the roots that are chosen whole, and the globs that are left."""
    if not only:
        return set(manifest.roots), ()
    whole = {root for root in manifest.roots if {root, f"{root}/", f"{root}/*"} & set(only)}
    rest = [glob for glob in only if glob.rstrip("*").rstrip("/") not in whole]
    return whole, tuple(rest)


def _matches(member: Member, only: Sequence[str]) -> bool:
    """Tell whether a glob fits the name, or the path with or without its root."""
    path = names.decode(member.path)
    ways = (path, path.partition("/")[2], path.rpartition("/")[2])
    return any(fnmatchcase(way, glob) for glob in only for way in ways)
