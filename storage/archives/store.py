"""Backups as the rest of Vigie uses them: make, list, verify, thin out, restore."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from storage.archives.disk import Disk
from storage.archives.results import Created, Listed, Progress, Step, silent
from storage.archives.retention import Policy

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
        raise NotImplementedError

    def snapshots(self) -> tuple[Listed, ...]:
        """Return every snapshot in the folder, oldest first; reads manifests, never archives."""
        raise NotImplementedError
