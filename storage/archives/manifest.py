"""What a snapshot is: its manifest as kept on disk, and the names of its files. No I/O.

A snapshot exists only if its manifest does; a file that no manifest lists is not restored. A base
holds every file, a differential what changed since its base: two archives restore any snapshot.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec

FORMAT = 1
STAMP = "%Y%m%dT%H%M%SZ"
MANIFEST_END = ".json.zst"
ARCHIVE_END = ".tar.zst"
BAD_END = ".bad"  # an archive that was read back wrong keeps its name with this behind it
BASE, DIFF, SNAP = "base-", "diff-", "snap-"
MANIFEST_NAME = re.compile(r"snap-(\d{8}T\d{6}Z)\.json\.zst")
ARCHIVE_NAME = re.compile(r"(?:base|diff)-(\d{8}T\d{6}Z)\.tar\.zst")
WINDOW_LOG = 24  # any zstd decodes it without flags, in about 20 MB

Sha256: TypeAlias = str  # 64 hexadecimal digits


class Flag(StrEnum):
    """What was odd about one file, or a whole root, when it was backed up."""

    INVALID_JSON = "invalid_json"  # stored as it is: a backup is no place to mend it
    UNSTABLE = "unstable"  # changed while it was read, thrice: an earlier version was carried over
    MISSING = "missing"  # unstable or unreadable, and no earlier version to carry over
    UNREADABLE = "unreadable"  # no permission, I/O error: an earlier version was carried over
    DAMAGED = "damaged"  # a database that failed its own integrity check: stored as it is
    SPECIAL = "special"  # a link, pipe, socket or device: never followed, never stored
    EMPTY = "empty"  # a root with no file, that had some
    SHRUNK = "shrunk"  # a root with fewer than half of the files it had


AFTER_LOSS = frozenset({Flag.EMPTY, Flag.SHRUNK})


class Note(msgspec.Struct, frozen=True):
    """A flag on one file (`data/a.json`) or root (`data`); `detail` is the system's word for it."""

    path: str
    flag: Flag
    detail: str = ""


class Archive(msgspec.Struct, frozen=True):
    """One archive as it was read back: name, bytes on disk, and their SHA-256."""

    name: str
    size: int
    sha256: Sha256


class Member(msgspec.Struct, frozen=True, gc=False):
    """One file: its content, where it lies, and the stamp that tells whether it changed since.

    `path` is `<root>/<path below it>` with slashes, as `names.encode` writes it; `archive` the
    name of the base or of the differential. `checked`: its JSON was parsed, and was sound.
    """

    path: str
    size: int
    sha256: Sha256
    mtime_ns: int
    ctime_ns: int
    inode: int
    mode: int
    archive: str
    checked: bool = False


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """A root that lost most of its files: they are not back, and nobody said it was meant so.

    `id` is the last snapshot before it, begun `at`, with `files` of that root; `found` is when the
    first one behind it was begun. `gone` are some of the paths that were no more, evenly chosen.
    """

    root: str
    id: str
    at: datetime
    files: int
    found: datetime
    gone: tuple[str, ...]


class Night(msgspec.Struct, frozen=True):
    """How many files each root held in one snapshot."""

    id: str
    at: datetime
    files: dict[str, int]


class Figures(msgspec.Struct, frozen=True):
    """What a snapshot has of one root: files, their bytes, and how many are sound JSON."""

    files: int = 0
    bytes: int = 0
    checked: int = 0


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot but for its files: what archives it takes to restore it, and what was odd.

    `started` is when its files began to be read, `verified` when its archives were read back
    whole and every member compared with its SHA-256. Times are aware, UTC. `diff` is None where
    the base alone is the snapshot. `roots` maps a root's name to where it lay, for a person.
    `based` is when its base was begun: behind a night with a wrong clock its name does not say so.
    `kept_in` is the folder it was made in, "" where an earlier Vigie made it; `figures` is what
    it has by root, of those roots that have files. `losses` are those that are open, the oldest
    first; `nights` what the last snapshots held, itself the last: each hands both on to the next.
    """

    format: int = FORMAT
    tool: str
    id: str
    started: datetime
    verified: datetime
    roots: dict[str, str]
    base: Archive
    diff: Archive | None
    notes: tuple[Note, ...] = ()
    based: datetime | None = None
    kept_in: str = ""
    figures: dict[str, Figures] = {}
    losses: tuple[Loss, ...] = ()
    nights: tuple[Night, ...] = ()

    @property
    def files(self) -> int:
        """How many files it has."""
        return sum(each.files for each in self.figures.values())

    @property
    def bytes(self) -> int:
        """How many bytes these are."""
        return sum(each.bytes for each in self.figures.values())

    @property
    def checked(self) -> int:
        """How many of them are sound JSON."""
        return sum(each.checked for each in self.figures.values())

    @property
    def archives(self) -> tuple[Archive, ...]:
        """The archives it takes to restore it, in the order they are unpacked in."""
        return (self.base,) if self.diff is None else (self.base, self.diff)

    @property
    def partial(self) -> bool:
        """Whether it holds less than, or other than, what was there when it was made."""
        whole = {Flag.SPECIAL, Flag.INVALID_JSON}
        return any(note.flag not in whole for note in self.notes)

    @property
    def after_loss(self) -> bool:
        """Whether a root had lost all or most of its files when it was made."""
        return any(note.flag in AFTER_LOSS for note in self.notes)

    @property
    def empty(self) -> bool:
        """Whether a root that had files was found with none."""
        return any(note.flag is Flag.EMPTY for note in self.notes)

    @property
    def whole(self) -> tuple[str, ...]:
        """The last snapshots before the losses that are open."""
        return tuple(loss.id for loss in self.losses)

    @property
    def clean(self) -> bool:
        """Whether nothing in it is in doubt: not partial, and every JSON file was sound."""
        return all(note.flag is Flag.SPECIAL for note in self.notes)


class Manifest(Head, frozen=True, kw_only=True):
    """A snapshot: everything it takes to restore it, and what was odd. Its figures are counted.

    `gone` are all paths of earlier snapshots on this base that are no more: what is to be deleted
    behind the base, and a few that never were in it.
    """

    members: tuple[Member, ...]
    gone: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Count."""
        msgspec.structs.force_setattr(self, "figures", figures(self.members))


def figures(members: Iterable[Member]) -> dict[str, Figures]:
    """Return what there is by root."""
    found: dict[str, tuple[int, int, int]] = {}
    for member in members:
        root = member.path.partition("/")[0]
        files, size, checked = found.get(root, (0, 0, 0))
        found[root] = (files + 1, size + member.size, checked + member.checked)
    return {root: Figures(*each) for root, each in found.items()}


def stamp(at: datetime) -> str:
    """Return the id of a snapshot made at that time, to the second."""
    return at.astimezone(UTC).strftime(STAMP)


def when(snapshot_id: str) -> datetime:
    """Return the time an id names. Raise ValueError for what is none."""
    return datetime.strptime(snapshot_id, STAMP).replace(tzinfo=UTC)


def manifest_name(snapshot_id: str) -> str:
    """Return the file name of a snapshot's manifest."""
    return f"{SNAP}{snapshot_id}{MANIFEST_END}"
