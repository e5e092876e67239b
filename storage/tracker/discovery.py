"""Finds data files below the folder by pattern; never by fixed names."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from storage.records import Phrase, Severity
from storage.tracker.snapshot import Finding, FolderState

SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv")
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "lost+found"})
_KINDS = (
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
)


class Stamp(msgspec.Struct, frozen=True, gc=False):
    """What tells that a file is the one read before; an equal stamp means it is unchanged."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(slots=True)
class Listing:
    """The data files of a folder: stamps and real paths by name (relative, forward slashes)."""

    state: FolderState = FolderState.OK
    reason: str = ""
    stamps: dict[str, Stamp] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def scan(folder: Path) -> Listing:
    """Return every data file below `folder`.

    Links are followed, loops are not. Hidden files and folders and special files are skipped;
    a special file with a data file's name is a finding, as is a subfolder that cannot be read.
    """
    listing = Listing()
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise NotADirectoryError(20, "Not a directory")
        _walk(listing, Folder(os.fspath(folder), ""))
    except FileNotFoundError:
        listing.state = FolderState.MISSING
    except OSError as error:
        listing.state, listing.reason = FolderState.UNREADABLE, why(error)
    else:
        listing.state = FolderState.OK if listing.stamps else FolderState.EMPTY
    return listing


def why(error: OSError) -> str:
    """Return what the system says, without any path."""
    return error.strerror or type(error).__name__


class Folder(NamedTuple):
    """A folder to walk, and what its files' names begin with."""

    path: str
    prefix: str


def _walk(listing: Listing, top: Folder) -> None:
    """Walk real folders first, so that a file is named by where it is, then linked ones."""
    visited: set[tuple[int, int]] = set()
    real: list[Folder] = [top]
    linked: list[Folder] = []
    while real or linked:
        folder = real.pop() if real else linked.pop()
        try:
            seen = os.stat(folder.path)  # noqa: PTH116 (a string in, hot)
            if (seen.st_dev, seen.st_ino) in visited:
                continue
            visited.add((seen.st_dev, seen.st_ino))
            with os.scandir(folder.path) as entries:
                for entry in entries:
                    below = _sort(listing, entry, folder.prefix)
                    if below is not None:
                        (linked if entry.is_symlink() else real).append(below)
        except OSError as error:
            if folder is top:
                raise
            phrase = Phrase("tracker.folder_unreadable", {"what": why(error)})
            name = folder.prefix.rstrip("/")
            listing.findings.append(Finding(file=name, reason=phrase, level=Severity.CRITICAL))


def _sort(listing: Listing, entry: os.DirEntry[str], prefix: str) -> Folder | None:
    """Take a file in; return a folder still to walk."""
    plain = entry.name
    if plain.startswith("."):
        return None
    if not plain.lower().endswith(SUFFIXES):
        walked = plain not in SKIPPED_FOLDERS and _is_folder(entry)
        return Folder(entry.path, f"{prefix}{_printable(plain)}/") if walked else None
    name = prefix + (plain if plain.isascii() else _printable(plain))
    try:
        seen = entry.stat()
    except OSError as error:
        what = "broken link" if isinstance(error, FileNotFoundError) else why(error)
        if entry.is_symlink():
            _special(listing, name, what)
        return None  # deleted since it was listed
    mode = seen.st_mode
    if stat.S_ISREG(mode):
        listing.stamps[name] = Stamp(seen.st_size, seen.st_mtime_ns, seen.st_ino)
        listing.paths[name] = entry.path
        return None
    if stat.S_ISDIR(mode):
        return Folder(entry.path, f"{name}/")
    kinds = (kind for test, kind in _KINDS if test(mode))
    _special(listing, name, next(kinds, "special file"))
    return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads to itself


def _special(listing: Listing, name: str, what: str) -> None:
    phrase = Phrase("tracker.special_file", {"what": what})
    listing.findings.append(Finding(file=name, reason=phrase, level=Severity.INFO))


def _printable(name: str) -> str:
    """Return the name without the surrogates that stand for bytes that are not UTF-8."""
    if name.isascii():
        return name
    return os.fsencode(name).decode("utf-8", "replace")
