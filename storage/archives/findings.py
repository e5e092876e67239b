"""What reading archives back found: every fault, by the file it spoils. No I/O, no language."""

from enum import StrEnum
from pathlib import Path

import msgspec


class Fault(StrEnum):
    """What is wrong with one member, one archive or one manifest."""

    MISSING = "missing"  # the manifest lists it, the archive does not hold it
    HASH = "hash"  # its content is not what the manifest says
    SIZE = "size"  # its size is not what the manifest says
    NAME = "name"  # absolute, `..`, NUL, a drive or a separator in its name
    KIND = "kind"  # a link, device, pipe, folder, sparse file or extended header
    DUPLICATE = "duplicate"  # a second member of that name
    HEADER = "header"  # not a tar header of ours, or one with a wrong checksum
    TRUNCATED = "truncated"  # the archive ends before its end mark
    DAMAGED = "damaged"  # not decodable as zstd with a window of 16 MiB
    BOMB = "bomb"  # unpacks to more than its manifest and its size on disk allow
    TRAILING = "trailing"  # something lies behind the end mark
    ARCHIVE = "archive"  # the archive's SHA-256 or size is not what the manifest says
    MANIFEST = "manifest"  # the manifest cannot be read, or contradicts itself or another
    UNREADABLE = "unreadable"  # the system could not read it: nothing is known about its content


class Bad(msgspec.Struct, frozen=True, order=True):
    """One bad member (`data/a.json`), archive or manifest, and what is wrong with it.

    `archive` is the archive it lies in; `detail` the kind of member, or the system's own word.
    """

    path: str
    fault: Fault
    archive: str = ""
    detail: str = ""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification read, and everything it found bad; good where `bad` is empty.

    `bytes` counts what was unpacked and hashed (packed bytes where `deep` is false),
    `quarantined` the archives that were read wrong twice and now end in `.bad`. `note_failed`
    says why the time of this check could not be kept, where it could not.
    """

    snapshots: tuple[str, ...]
    archives: int
    members: int
    bytes: int
    seconds: float
    deep: bool
    bad: tuple[Bad, ...] = ()
    quarantined: tuple[str, ...] = ()
    note_failed: str = ""

    @property
    def good(self) -> bool:
        """Whether everything that was to be read was read, and was right."""
        return not self.bad


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore would do to the files there, by path: nothing was written."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    same: tuple[str, ...]
    removed: tuple[str, ...]


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """One root (`data`) that was put in place, and where its earlier files were kept."""

    root: str
    path: Path
    kept: Path | None  # None: nothing was there before

    @property
    def aside(self) -> str:
        """Where these are, as seen from the folder that the root lies in; "" where none were."""
        return "" if self.kept is None else self.kept.relative_to(self.path.parent).as_posix()


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore put in place; nothing at all where `placed` is empty.

    `files` and `bytes` count what was taken out of the archives and hashed, `reused` the files
    an interrupted restore had already staged. `bad` lists every member that could not be had and
    every fault of the archives; `complete` says whether every chosen member was found good.
    `carried` counts the files that stay though no backup holds them (`.env`, keys, excluded ones).
    """

    id: str
    placed: tuple[Placed, ...]
    files: int
    bytes: int
    reused: int
    seconds: float
    complete: bool
    carried: int = 0
    bad: tuple[Bad, ...] = ()
    preview: Preview | None = None  # of a dry run
