"""What making a snapshot comes to, and how far it is. No I/O, no language."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from storage.archives.manifest import Head, Manifest, Note

Phase: TypeAlias = Literal["list", "pack", "verify", "publish", "prune", "extract", "swap"]


class Step(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How far a job is; totals are estimates, 0 where unknown."""

    phase: Phase
    done: int
    total: int
    bytes_done: int = 0
    bytes_total: int = 0


Progress: TypeAlias = Callable[[Step], object]


def silent(step: Step, /) -> None:
    """Show nobody how far it is."""


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot that was made, read back and published.

    `read` counts the files that were read, `packed_bytes` what its own archive takes on disk (0
    where nothing had changed), `seconds` wall time. `note_failed` says why RESTORE.txt could not
    be brought up to date: the snapshot is good all the same.
    """

    manifest: Manifest
    base: bool
    read: int
    bytes_read: int
    packed_bytes: int
    seconds: float
    note_failed: str = ""

    @property
    def id(self) -> str:
        """The snapshot's id."""
        return self.manifest.id

    @property
    def notes(self) -> tuple[Note, ...]:
        """Everything odd about it."""
        return self.manifest.notes


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One snapshot in the folder, by its manifest and the sizes of its archives alone.

    `broken` says why it cannot be restored whole, "" where nothing speaks against it; `manifest`
    is that but for its files, None where it is unreadable. `sizes` holds what each of its
    archives takes on disk, `size_bytes` what it takes by itself: its manifest, and the archive
    made for it. `checked_at` is when its archives were last read back whole, and were right.
    `made_of` are the folders it was made of where none of them is this Vigie's, `strangers` these
    where they are another's.
    """

    id: str
    manifest: Head | None
    broken: str
    checked_at: datetime | None
    size_bytes: int
    sizes: Mapping[str, int]
    made_of: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
