"""Deletes what the plan lets go: manifests first, then archives; nothing of it needs to write."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from storage.archives import listing
from storage.archives.disk import Disk
from storage.archives.keep import retention
from storage.archives.keep.retention import Candidate, Decision, Health, Plan, Policy
from storage.archives.manifest import manifest_name
from storage.archives.results import Listed, Progress, Step, silent
from storage.archives.workshop import Workshop


class Undeleted(msgspec.Struct, frozen=True):
    """A file that should have gone, and the system's word for why it did not."""

    name: str
    detail: str


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """What was deleted, and what could not be. The plan is carried out where `left` is empty."""

    ids: tuple[str, ...]
    archives: tuple[str, ...]
    freed_bytes: int
    left: tuple[Undeleted, ...] = ()


def candidate(found: Listed) -> Candidate:
    """Return what the plan must know of a snapshot in the folder."""
    manifest = found.manifest
    if manifest is None:
        return Candidate(id=found.id, health=Health.BROKEN, archives=None)
    sound = Health.CLEAN if manifest.clean else Health.SOUND
    return Candidate(
        id=found.id,
        health=Health.BROKEN if found.broken else sound,
        archives=tuple(archive.name for archive in manifest.archives),
        empty=manifest.empty,
        whole=manifest.whole,
        started=manifest.started,
    )


def propose(
    disk: Disk, folder: Path, snapshots: Iterable[Listed], *, policy: Policy, now: datetime
) -> Plan:
    """Return what to delete of the folder, whose snapshots these are. Raises OSError."""
    names = listing.names(disk, folder)
    return retention.plan(map(candidate, snapshots), policy, now=now, archives=names)


def prune(
    shop: Workshop, plan: Plan, *, policy: Policy, now: datetime, progress: Progress = silent
) -> Pruned:
    """Delete what is in the plan, and still would be in one made now that the folder is locked.

    A snapshot ceases to exist with its manifest, for good before the first archive goes; so a
    crash leaves archives that nobody needs, and the next prune finds those.
    """
    disk, folder = shop.disk, shop.folder
    with shop.minding(folder.name):
        present = listing.listed(disk, folder)
        fresh = propose(disk, folder, present, policy=policy, now=now)
    going = _both(plan.delete, fresh.delete)
    archives = _both(plan.delete_archives, fresh.delete_archives)
    work = _Deleting(disk, folder, total=len(going) + len(archives), progress=progress)
    ids = [each for each in going if work.delete(manifest_name(each))]
    if not work.left:
        work.sync()
    # An archive goes only if every manifest that might still name it is gone.
    gone = [] if work.left else [name for name in archives if work.delete(name)]
    return Pruned(
        ids=tuple(ids),
        archives=tuple(gone),
        freed_bytes=work.freed_bytes,
        left=tuple(work.left),
    )


def _both(planned: Sequence[Decision], fresh: Sequence[Decision]) -> list[str]:
    still: Collection[str] = {one.name for one in fresh}
    return [one.name for one in planned if one.name in still]


class _Deleting:
    """Deletes one file after the other, and goes on past one that cannot be."""

    def __init__(self, disk: Disk, folder: Path, *, total: int, progress: Progress) -> None:
        self._disk = disk
        self._folder = folder
        self._progress = progress
        self._total = total
        self._done = 0
        self.freed_bytes = 0
        self.left: list[Undeleted] = []

    def delete(self, name: str) -> bool:
        """Delete a file; return whether it is gone."""
        self._progress(Step(phase="prune", done=self._done, total=self._total))
        self._done += 1
        path = self._folder / name
        try:
            size = self._disk.look(path).st_size
            self._disk.remove(path)
        except FileNotFoundError:
            return True
        except OSError as error:
            self.left.append(Undeleted(name, error.strerror or type(error).__name__))
            return False
        self.freed_bytes += size
        return True

    def sync(self) -> None:
        """Make the deletions durable."""
        try:
            self._disk.sync_folder(self._folder)
        except OSError as error:
            self.left.append(Undeleted(self._folder.name, error.strerror or type(error).__name__))
