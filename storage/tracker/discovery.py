"""Finds data files below the folder by pattern; never by fixed names."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from storage.records import Phrase, Severity
from storage.tracker.snapshot import Finding, FolderState

SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv")
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__"})
_KINDS = (
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
    (stat.S_ISDIR, "folder"),
)


class Stamp(NamedTuple):
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
        top = folder.stat()
        if not stat.S_ISDIR(top.st_mode):
            raise NotADirectoryError(20, "Not a directory")
        _walk(listing, os.fspath(folder), visited={(top.st_dev, top.st_ino)})
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


def _walk(listing: Listing, top: str, visited: set[tuple[int, int]]) -> None:
    pending = [(top, "")]
    while pending:
        path, prefix = pending.pop()
        try:
            with os.scandir(path) as entries:
                pending += _sort(listing, entries, prefix, visited)
        except OSError as error:
            if not prefix:
                raise
            phrase = Phrase("tracker.folder_unreadable", {"what": why(error)})
            listing.findings.append(
                Finding(file=prefix.rstrip("/"), reason=phrase, level=Severity.CRITICAL)
            )


def _sort(
    listing: Listing,
    entries: Iterator[os.DirEntry[str]],
    prefix: str,
    visited: set[tuple[int, int]],
) -> list[tuple[str, str]]:
    """Take in the entries of one folder; return the folders still to walk."""
    folders: list[tuple[str, str]] = []
    for entry in entries:
        name = entry.name
        if name.startswith("."):
            continue
        if name.lower().endswith(SUFFIXES) and not entry.is_dir(follow_symlinks=False):
            _file(listing, entry, prefix, visited, folders)
        elif _is_new_folder(entry, visited):
            folders.append((entry.path, f"{prefix}{_printable(name)}/"))
    return folders


def _file(
    listing: Listing,
    entry: os.DirEntry[str],
    prefix: str,
    visited: set[tuple[int, int]],
    folders: list[tuple[str, str]],
) -> None:
    name = prefix + _printable(entry.name)
    try:
        seen = entry.stat()
    except OSError as error:
        what = "broken link" if isinstance(error, FileNotFoundError) else why(error)
        if entry.is_symlink():
            _special(listing, name, what)
        return  # deleted since it was listed
    if stat.S_ISREG(seen.st_mode):
        listing.stamps[name] = Stamp(seen.st_size, seen.st_mtime_ns, seen.st_ino)
        listing.paths[name] = entry.path
    elif stat.S_ISDIR(seen.st_mode):
        if _is_new_folder(entry, visited):
            folders.append((entry.path, f"{name}/"))
    else:
        kinds = (kind for test, kind in _KINDS if test(seen.st_mode))
        _special(listing, name, next(kinds, "special file"))


def _is_new_folder(entry: os.DirEntry[str], visited: set[tuple[int, int]]) -> bool:
    """Tell whether this is a folder to walk that was not walked yet, by whatever way."""
    try:
        if entry.name in SKIPPED_FOLDERS or not entry.is_dir():
            return False
        seen = os.stat(entry.path)  # noqa: PTH116 (DirEntry.stat has no inode on Windows)
    except OSError:
        return False
    place = (seen.st_dev, seen.st_ino)
    fresh = place not in visited
    visited.add(place)
    return fresh


def _special(listing: Listing, name: str, what: str) -> None:
    phrase = Phrase("tracker.special_file", {"what": what})
    listing.findings.append(Finding(file=name, reason=phrase, level=Severity.INFO))


def _printable(name: str) -> str:
    """Return the name without the surrogates that stand for bytes that are not UTF-8."""
    if name.isascii():
        return name
    return os.fsencode(name).decode("utf-8", "replace")
