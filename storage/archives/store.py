"""Backups as the rest of Vigie uses them: make, list, verify, thin out, restore."""

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from storage.archives import kin, listing
from storage.archives.create.creating import Task, create
from storage.archives.create.publishing import explain_newest
from storage.archives.disk import Disk
from storage.archives.findings import Restored, Verified
from storage.archives.keep import pruning
from storage.archives.keep.pruning import Pruned
from storage.archives.keep.retention import Plan, Policy
from storage.archives.manifest import Manifest
from storage.archives.read.passes import Shelf
from storage.archives.restore.placing import Resumed
from storage.archives.restore.retrieving import Order, Reader
from storage.archives.results import Created, Listed, Progress, Step, silent
from storage.archives.workshop import Workshop

__all__ = ["BackupStore", "Created", "Listed", "Step"]


class BackupStore:
    """The backups in one folder, of these roots (`data`, `state`) by name.

    Whatever changes the folder holds its lock; a job that meets another one raises LockedError.
    Errors raised are BackupErrors, and then nothing was published and nothing earlier touched.
    """

    def __init__(  # noqa: PLR0913 (each has a default, or stands for one thing the caller knows)
        self,
        folder: Path,
        roots: Mapping[str, Path],
        *,
        clock: Callable[[], datetime],
        policy: Policy,
        exclude: Sequence[str] = (),
        disk: Disk | None = None,
        progress: Progress = silent,
    ) -> None:
        self.folder = folder
        self.roots = dict(roots)
        self.clock = clock
        self.policy = policy
        self.exclude = tuple(exclude)
        self.disk = disk or Disk()
        self.progress = progress

    def create(self, *, meant: bool = False) -> Created:
        """Make, read back and publish a snapshot of the roots as they are now.

        With `meant`, what they had lost by the last one was to go: its losses end with this one.
        """
        return create(
            Task(
                folder=self.folder,
                roots=self.roots,
                clock=self.clock,
                base_days=self.policy.base_days,
                exclude=self.exclude,
                disk=self.disk,
                progress=self.progress,
                meant=meant,
            )
        )

    def snapshots(self) -> tuple[Listed, ...]:
        """Return every snapshot in the folder, oldest first; reads manifests, never archives.

        One whose manifest or archives are missing or damaged is listed, as broken. Raises
        DiskError where the folder cannot be read; where there is none yet, there is no snapshot.
        """
        with Workshop(self.disk, self.folder).minding(self.folder.name):
            return kin.listed(self.disk, self.folder, self.roots)

    def manifest(self, id: str) -> Manifest:  # noqa: A002
        """Return a snapshot's manifest with all of its files, which takes memory by their number.

        Raises UnknownError where it cannot be read.
        """
        with Workshop(self.disk, self.folder).minding(self.folder.name):
            return self._reader.manifest(id)

    def plan_prune(self) -> Plan:
        """Return which snapshots and archives the policy lets go now, and why."""
        with Workshop(self.disk, self.folder).minding(self.folder.name):
            found = listing.listed(self.disk, self.folder)
            return pruning.propose(
                self.disk, self.folder, found, policy=self.policy, now=self.clock()
            )

    def prune(self, plan: Plan) -> Pruned:
        """Delete what the plan says, as far as it still holds once the folder is locked."""
        with Workshop(self.disk, self.folder) as shop:
            pruned = pruning.prune(
                shop, plan, policy=self.policy, now=self.clock(), progress=self.progress
            )
            self._explain()
            return pruned

    def verify(self, id: str = "latest", *, deep: bool = True) -> Verified:  # noqa: A002
        """Read the archives of a snapshot back (of the `latest`, of `all`); see `Verified`.

        What is bad is in the result; raised is only that there is no such snapshot, or the lock.
        """
        verified = self._reader.verify(id, deep=deep)
        if verified.quarantined:
            self._explain()
        return verified

    def restore(
        self,
        id: str,  # noqa: A002
        to: Path | None,
        *,
        only: Sequence[str] = (),
        dry_run: bool = False,
        salvage: bool = False,
    ) -> Restored:
        """Restore a snapshot, `latest` for the newest whole one; None is in place. See `Order`.

        Nothing is put in place unless every chosen file is good, or with `salvage` those that are.
        """
        return self._reader.restore(
            Order(id=id, to=to, only=tuple(only), dry_run=dry_run, salvage=salvage)
        )

    def touched(self, id: str, *, only: Sequence[str] = ()) -> tuple[str, ...]:  # noqa: A002
        """Return the roots a restore would put files in: `state` must not be, while Vigie runs."""
        return self._reader.touched(Order(id=id, only=tuple(only)))

    def resume(self) -> tuple[Resumed, ...]:
        """Finish what a crash left of a restore in place; call it at start-up, it costs nothing.

        Raises LockedError where that restore still runs.
        """
        return self._reader.resume()

    def give_up(self, roots: Collection[str] | None = None) -> tuple[str, ...]:
        """Delete what waiting restores have staged beside these roots, or all; return which."""
        return self._reader.give_up(self.roots if roots is None else roots)

    def _explain(self) -> None:
        """Let RESTORE.txt name what can be restored; else the next snapshot does it."""
        with contextlib.suppress(OSError):
            explain_newest(self.disk, self.folder)

    @property
    def _reader(self) -> Reader:
        shelf = Shelf(folder=self.folder, disk=self.disk, clock=self.clock, progress=self.progress)
        return Reader(shelf=shelf, roots=self.roots, exclude=self.exclude)
