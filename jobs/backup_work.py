"""What is done with the backups, blocking: make and thin out, restore on trial, list."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from jobs import copies
from jobs.backup_results import Listing, Made, Retrieved
from storage.archives.errors import (
    BackupError,
    DiskError,
    EmptyError,
    LockedError,
    NoSpaceError,
    ReadBackError,
)
from storage.archives.findings import Bad
from storage.archives.keep.pruning import Pruned
from storage.archives.keep.retention import Policy
from storage.archives.manifest import Manifest
from storage.archives.results import Created, Progress, silent
from storage.archives.store import BackupStore
from storage.offsite.record import Record
from storage.records import Phrase, Value

# Copies a snapshot away from this machine; returns why that failed, None if it did not.
Push: TypeAlias = Callable[[Manifest], Phrase | None]
DATA_ONLY = ("data/*",)
EVERYTHING = "all"
SPOILT = "backups.drill.bad"


def _no_record() -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """The folder of the backups, what goes into them, and for how long they stay.

    `record` is what is remembered of their copies off this machine, None where there are none.
    """

    folder: Path
    roots: Mapping[str, Path]
    clock: Callable[[], datetime]
    policy: Policy = field(default_factory=Policy)
    exclude: Sequence[str] = ()
    record: Callable[[], Record | None] = _no_record

    def store(self, progress: Progress = silent) -> BackupStore:
        """Return the store, which tells `progress` how far it is."""
        return BackupStore(
            self.folder,
            self.roots,
            clock=self.clock,
            policy=self.policy,
            exclude=self.exclude,
            progress=progress,
        )


def make(
    bench: Workbench, progress: Progress, *, push: Push | None = None, meant: bool = False
) -> Made:
    """Make a backup, read it back, copy it away, delete what is too old; never raises.

    `meant`: what was lost by the last one was to go.
    """
    began = time.monotonic()
    store = bench.store(progress)
    try:
        created, gone = _created(store, meant=meant)
    except (BackupError, OSError) as error:
        why = trouble(error)
        return Made(trouble=why, listing=listing(bench), seconds=time.monotonic() - began)
    pushed = None if push is None else push(created.manifest)
    made = _thinned(store, created)
    return replace(
        made,
        trouble=made.trouble or pushed,
        pushed=pushed,
        deleted=(*gone, *made.deleted),
        listing=listing(bench),
        seconds=time.monotonic() - began,
    )


def _created(store: BackupStore, *, meant: bool) -> tuple[Created, tuple[str, ...]]:
    """Return the new one, and what was deleted first for want of room: nothing that is to stay."""
    try:
        return store.create(meant=meant), ()
    except NoSpaceError:
        plan = store.plan_prune()
        pruned = store.prune(plan) if plan.delete or plan.delete_archives else None
        if pruned is None or not pruned.freed_bytes:
            raise
    return store.create(meant=meant), pruned.ids


def _thinned(store: BackupStore, created: Created) -> Made:
    """Delete what is too old; that the backup was made stays true whatever comes of it."""
    try:
        plan = store.plan_prune()
        if not plan.delete and not plan.delete_archives:
            return Made(created=created)
        pruned = store.prune(plan)
    except (BackupError, OSError) as error:
        values: dict[str, Value] = {"file": "", "error": said(trouble(error))}
        return Made(created=created, trouble=Phrase("backups.run.not_pruned", values))
    return Made(created=created, deleted=pruned.ids, trouble=_left(pruned))


def _left(pruned: Pruned) -> Phrase | None:
    if not pruned.left:
        return None
    first = pruned.left[0]
    values: dict[str, Value] = {"file": first.name, "error": first.detail}
    return Phrase("backups.run.not_pruned", values)


def listing(bench: Workbench) -> Listing:
    """Return what there is; `trouble` where the folder cannot be read."""
    store, away = bench.store(), copies.remembered(bench.record())
    try:
        found, plan = store.snapshots(), store.plan_prune()
        free_bytes = store.disk.free_bytes(bench.folder)
    except FileNotFoundError:  # none was ever made
        return Listing(most=bench.policy.most, copies=away)
    except (BackupError, OSError) as error:
        return Listing(most=bench.policy.most, copies=away, trouble=trouble(error))
    return Listing(
        snapshots=found,
        reasons={one.name: one.reason for one in (*plan.keep, *plan.delete)},
        most=bench.policy.most,
        free_bytes=free_bytes,
        copies=away,
    )


def restore_data(bench: Workbench, snapshot_id: str, progress: Progress) -> Retrieved:
    """Put a backup's data folder in place; what is there is kept beside it."""
    try:
        restored = bench.store(progress).restore(snapshot_id, None, only=DATA_ONLY)
    except (BackupError, OSError) as error:
        return Retrieved(trouble=trouble(error))
    return Retrieved(restored=restored, trouble=spoilt(restored.bad))


def spoilt(bad: Sequence[Bad]) -> Phrase | None:
    """Return that files did not come back as they were backed up; None where none is bad."""
    if not bad:
        return None
    values: dict[str, Value] = {"n": len(bad), "file": bad[0].path, "error": str(bad[0].fault)}
    return Phrase(SPOILT, values)


def trouble(error: BackupError | OSError) -> Phrase:
    """Return why it did not come about, in words of the catalogue; `error` is the system's."""
    if isinstance(error, OSError):
        return Phrase("backups.run.failed", {"error": error.strerror or type(error).__name__})
    key, values = _told(error)
    return Phrase(f"backups.run.{key}", {"error": str(error)} | values)


def _told(error: BackupError) -> tuple[str, dict[str, Value]]:
    match error:
        case LockedError():
            return "locked", {}
        case NoSpaceError():
            figures: dict[str, Value] = {"needed_bytes": error.needed, "free_bytes": error.free}
            return ("no_space" if error.needed else "full"), figures
        case EmptyError():
            return "empty", {}
        case DiskError():
            return "disk", {"file": error.name, "error": error.detail}
        case ReadBackError():
            return "read_back", {"file": error.name, "error": error.detail}
    return "failed", {}


def said(why: Phrase) -> str:
    """Return a trouble in a few English words, for the log and the calendar."""
    ours = why.key.startswith("backups.")  # another's sentence names the file itself
    file, error = why.values.get("file") if ours else "", why.values.get("error", why.key)
    return f"{file}: {error}" if file else str(error)
