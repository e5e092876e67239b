"""Backups as the rest of Vigie uses them: make, list, verify, thin out, restore."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from storage.archives import listing, pruning
from storage.archives.creating import Task, create
from storage.archives.disk import Disk
from storage.archives.pruning import Pruned
from storage.archives.results import Created, Listed, Progress, Step, silent
from storage.archives.retention import Plan, Policy
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

    def create(self) -> Created:
        """Make, read back and publish a snapshot of the roots as they are now."""
        return create(
            Task(
                folder=self.folder,
                roots=self.roots,
                clock=self.clock,
                base_days=self.policy.base_days,
                exclude=self.exclude,
                disk=self.disk,
                progress=self.progress,
            )
        )

    def snapshots(self) -> tuple[Listed, ...]:
        """Return every snapshot in the folder, oldest first; reads manifests, never archives.

        One whose manifest or archives are missing or damaged is listed, as broken. Raises
        DiskError where the folder cannot be read; where there is none yet, there is no snapshot.
        """
        with Workshop(self.disk, self.folder).minding(self.folder.name):
            return listing.listed(self.disk, self.folder)

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
            return pruning.prune(
                shop, plan, policy=self.policy, now=self.clock(), progress=self.progress
            )
