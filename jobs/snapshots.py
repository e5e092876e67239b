"""What is known of the backups, by looking at them: the nouns the check judges."""

from dataclasses import dataclass
from datetime import datetime

from jobs.copies import Copies, Failure
from storage.archives.keep.retention import Health
from storage.archives.manifest import Loss, Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One snapshot, by its manifest and the sizes of its archives alone.

    `at` is when its files were read, `verified` when it was last read back whole; `size_bytes`
    what it takes to restore it. `broken` says why that cannot be done, "" where nothing speaks
    against it. `losses` are those that were open when it was made.
    """

    at: datetime
    verified: datetime
    files: int
    size_bytes: int
    health: Health = Health.CLEAN
    broken: str = ""
    notes: tuple[Note, ...] = ()
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Backups:
    """What lies in BACKUP_DIR, oldest first, and what is known of those who put it there.

    `error` is why the folder cannot be read. `since` is when one was first tried or expected,
    `done` when one last went well, `nights` the dates on which the daily one did: None where
    nobody knows. `drilled` is when one was last restored on trial. `running_s` is None unless
    one is being made; `up_s` is how long the program has been up, None of one that makes none
    by itself. `copies` is None where none leave this machine.
    """

    snapshots: tuple[Backup, ...] = ()
    error: str = ""
    since: datetime | None = None
    done: datetime | None = None
    nights: int | None = None
    failed: Failure | None = None
    drilled: datetime | None = None
    drill_failed: Failure | None = None
    copies: Copies | None = None
    running_s: float | None = None
    up_s: float | None = None

    @property
    def sound(self) -> tuple[Backup, ...]:
        """Those that can be restored whole, oldest first."""
        return tuple(one for one in self.snapshots if one.health is not Health.BROKEN)

    @property
    def newest(self) -> Backup | None:
        """The newest that can be restored whole."""
        return self.sound[-1] if self.sound else None
