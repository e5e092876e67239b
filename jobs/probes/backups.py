"""Looks at what lies in BACKUP_DIR: the manifests themselves, not the job's word for them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from jobs import copies
from jobs.snapshots import Backup, Backups
from storage.archives import checked, listing
from storage.archives.disk import Disk
from storage.archives.keep.retention import Health
from storage.archives.manifest import BASE, DIFF, SNAP, Flag, when
from storage.archives.results import Listed
from storage.offsite.record import Record
from storage.records import Moment

OURS = (SNAP, BASE, DIFF, checked.NAME)
MOST_NOTES = 100  # of one snapshot: more are not told anyway
WORST_LAST = tuple(Flag)
Signature: TypeAlias = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    signature: Signature
    snapshots: tuple[Backup, ...]


def _nothing(_: Moment) -> Backups:
    return Backups()


class BackupsProbe:
    """Call it for the backups. Manifests are read again only where a file of theirs has changed.

    `known` tells what is known without looking: what is under way, how the last one ended;
    `record` what is remembered of the copies off this machine.
    """

    def __init__(self, folder: Path, *, disk: Disk | None = None) -> None:
        self._folder = folder
        self._disk = Disk() if disk is None else disk
        self._seen: _Seen | None = None
        self.known: Callable[[Moment], Backups] = _nothing
        self.record: Callable[[], Record | None] = _no_record

    def __call__(self, at: Moment) -> Backups:
        """Return them. Blocking."""
        known = replace(self.known(at), copies=copies.remembered(self.record()))
        try:
            return replace(known, snapshots=self._look())
        except OSError as error:
            return replace(known, error=error.strerror or type(error).__name__)

    def _look(self) -> tuple[Backup, ...]:
        present, seen = self._signature(), self._seen
        if seen is None or seen.signature != present:
            found = [_backup(each) for each in listing.each(self._disk, self._folder)]
            seen = self._seen = _Seen(present, tuple(found[::-1]))
        return seen.snapshots

    def _signature(self) -> Signature:
        """Return name, size and time of every file of ours; a missing folder has none."""
        names = sorted(listing.names(self._disk, self._folder))
        found = []
        for name in names:
            if name.startswith(OURS):
                with suppress(FileNotFoundError):  # thinned out just now
                    facts = self._disk.look(self._folder / name)
                    found.append((name, facts.st_size, facts.st_mtime_ns))
        return tuple(found)


def _no_record() -> None:
    return None


def _backup(found: Listed) -> Backup:
    """Return what the checks judge of a snapshot."""
    manifest = found.manifest
    if manifest is None:
        at = when(found.id)
        return Backup(
            at=at, verified=at, files=0, size_bytes=0, health=Health.BROKEN, broken=found.broken
        )
    sound = Health.CLEAN if manifest.clean else Health.SOUND
    notes = [note for note in manifest.notes if note.flag is not Flag.SPECIAL]
    notes.sort(key=lambda note: -WORST_LAST.index(note.flag))
    return Backup(
        at=manifest.started,
        verified=found.checked_at or manifest.verified,
        files=manifest.files,
        size_bytes=sum(found.sizes.values()),
        health=Health.BROKEN if found.broken else sound,
        broken=found.broken,
        notes=tuple(notes[:MOST_NOTES]),
        losses=manifest.losses,
    )
