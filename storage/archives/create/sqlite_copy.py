"""A consistent copy of a SQLite file while others write to it, by SQLite's own backup."""

import sqlite3
from contextlib import closing
from pathlib import Path

MAGIC = b"SQLite format 3\0"
BESIDE = ("-wal", "-shm", "-journal")
WAIT_S = 2.0  # for a writer that uses no write-ahead log
SOUND = "ok"
UNWRITTEN = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})  # the source is read


class UnsoundError(ValueError):
    """It is no database that SQLite can read."""


class BusyError(OSError):
    """SQLite could not get at it: locked for too long, or not permitted."""


class FullError(OSError):
    """There was no room for the copy, or it could not be written."""


def copy(source: Path, target: Path) -> str:
    """Write a copy of what is committed in `source`; return what its integrity check found.

    That is "" where it found nothing. Raises UnsoundError, BusyError, and FullError for a full
    disk under `target`.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=WAIT_S)) as db,
            closing(sqlite3.connect(target)) as into,
        ):
            into.execute("PRAGMA journal_mode = OFF")
            into.execute("PRAGMA synchronous = OFF")
            db.backup(into, progress=_patient)
        return check(target)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in UNWRITTEN:
            raise FullError(str(error)) from error
        raise BusyError(str(error)) from error
    except sqlite3.DatabaseError as error:
        raise UnsoundError(str(error)) from error


def _patient(status: int, _left: int, _total: int) -> None:
    """Give up where it is still locked: left to itself, the backup would try for ever."""
    if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        reason = "database is locked"
        raise BusyError(reason)


def check(path: Path) -> str:
    """Return what SQLite's integrity check finds in a file nobody writes to, "" for nothing."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        rows = db.execute("PRAGMA integrity_check(1)").fetchall()
    said = "; ".join(str(row[0]) for row in rows)
    return "" if said == SOUND else said
