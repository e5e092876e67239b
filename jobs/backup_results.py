"""What backups come to, as the chat, the console and the checks are told: figures, no language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from jobs.copies import Copies
from storage.archives.findings import Restored
from storage.archives.keep.retention import Reason
from storage.archives.manifest import AFTER_LOSS, Loss
from storage.archives.results import Created, Listed, Step
from storage.records import Phrase


class Work(StrEnum):
    """What is done with the backups, one thing at a time."""

    BACKUP = "backup"
    DRILL = "drill"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """The work that is being done; `step` is how far it was a moment ago, None at its start."""

    work: Work
    since: datetime
    step: Step | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The backups in the folder, oldest first, and when the next one is due.

    `reasons` says by id why each is kept. `next_at` is None where backups are made only when
    asked for, `free_bytes` where the disk could not be asked. `most` is how many days, weeks and
    months are to be kept. `copies` is what is known of those off this machine, None where none
    leave it. `trouble`: the folder could not be read, and why.
    """

    snapshots: tuple[Listed, ...] = ()
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    most: int = 7
    next_at: datetime | None = None
    free_bytes: int | None = None
    copies: Copies | None = None
    trouble: Phrase | None = None

    @property
    def good(self) -> tuple[Listed, ...]:
        """Those that can be restored, as far as can be told without reading them."""
        return tuple(each for each in self.snapshots if each.manifest and not each.broken)

    @property
    def newest(self) -> Listed | None:
        """The newest good one."""
        return self.good[-1] if self.good else None

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The losses that are open, as the newest good one has them."""
        newest = self.newest
        return () if newest is None or newest.manifest is None else newest.manifest.losses

    def newest_of(self, root: str) -> Listed | None:
        """Return the newest good one with files of a root, before it was found emptied, if any.

        A backup that was made after a folder was lost is good, and no help; nor is another Vigie's.
        """
        found = [each for each in self.good if _holds(each, root) and not each.strangers]
        whole = [each for each in found if not _emptied(each, root)]
        return next(iter([*reversed(whole), *reversed(found)]), None)

    @property
    def strangers(self) -> tuple[str, ...]:
        """The folders of another Vigie that the newest good one was made of, where it was."""
        return self.newest.strangers if self.newest else ()


def _holds(each: Listed, root: str) -> bool:
    return each.manifest is not None and root in each.manifest.figures


def _emptied(each: Listed, root: str) -> bool:
    notes = () if each.manifest is None else each.manifest.notes
    return any(note.path == root and note.flag in AFTER_LOSS for note in notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup: made, read back and published, or not; and what was deleted after it.

    `created` is None where nothing was published; `trouble` then says why. With both, the backup
    is good and something after it went wrong. `deleted` are ids, `listing` is how things stand,
    `pushed` why it could not be copied away.
    """

    created: Created | None = None
    trouble: Phrase | None = None
    pushed: Phrase | None = None
    deleted: tuple[str, ...] = ()
    listing: Listing = field(default_factory=Listing)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """A snapshot that was brought back: into a temporary folder as a drill, or in place.

    `restored` is None where it did not come about; `trouble` then says why.
    """

    restored: Restored | None = None
    trouble: Phrase | None = None

    @property
    def whole(self) -> bool:
        """Whether everything came back as it was backed up."""
        return self.restored is not None and self.restored.complete and not self.restored.bad
