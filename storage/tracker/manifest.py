"""Remembers, on disk, what every file held when it was last read."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import msgspec

from storage.history import History
from storage.tracker.discovery import Stamp
from storage.tracker.snapshot import FileReport

Commit: TypeAlias = Callable[[sqlite3.Connection], None]

_decoder = msgspec.msgpack.Decoder(FileReport)
_encoder = msgspec.msgpack.Encoder()


class Known(msgspec.Struct, frozen=True, gc=False):
    """A file as it was last read."""

    stamp: Stamp
    report: FileReport


def load(history: History) -> dict[str, Known]:
    """Return every remembered file by name; what an older version wrote is forgotten."""
    query = "SELECT name, size, mtime_ns, inode, report FROM main.known"
    rows = history.read(lambda db: db.execute(query).fetchall())
    known = {}
    for name, size, mtime_ns, inode, report in rows:
        try:
            found = _decoder.decode(report)
        except msgspec.DecodeError:
            continue
        known[name] = Known(Stamp(size, mtime_ns, int(inode)), found)
    return known


def save(db: sqlite3.Connection, known: Mapping[str, Known]) -> None:
    """Remember files, inside a transaction of the history that is on disk."""
    rows = [
        (name, k.stamp.size, k.stamp.mtime_ns, str(k.stamp.inode), _encoder.encode(k.report))
        for name, k in known.items()
    ]
    db.executemany("INSERT OR REPLACE INTO main.known VALUES (?, ?, ?, ?, ?)", rows)


def forget(db: sqlite3.Connection, names: Iterable[str]) -> None:
    """Drop files that are gone, inside a transaction of the history that is on disk."""
    db.executemany("DELETE FROM main.known WHERE name = ?", [(name,) for name in names])
