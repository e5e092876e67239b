"""Opens the history's SQLite file: checked, in WAL mode, damaged ones set aside."""

import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from storage.schema import PLAIN, SHADOW, check_version, create

CHECK_MAX_BYTES = 16 * 1024 * 1024
SHRINK_FROM_BYTES = 16 * 1024 * 1024
BUSY_S = 5.0
BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
PRAGMAS = ("temp_store = MEMORY", "cache_size = -16000", "synchronous = NORMAL")


def open_file(path: Path) -> sqlite3.Connection:
    """Return a connection that may write, with all tables; files up to 16 MiB are checked.

    Raise OSError where the folder cannot be made, sqlite3.DatabaseError for anything else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    db = _connect(path.absolute().as_uri())
    try:
        for pragma in PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        db.execute("PRAGMA journal_mode = WAL")
        if path.stat().st_size <= CHECK_MAX_BYTES:
            _check(db)
        create(db)
        db.executescript(PLAIN)
        shrink(db)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def open_existing(path: Path) -> sqlite3.Connection:
    """Return a connection that never writes to the file, with tables in memory over it."""
    db = _connect(f"{path.absolute().as_uri()}?mode=ro")
    try:
        for pragma in PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        check_version(db)
        db.executescript(SHADOW)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def open_memory() -> sqlite3.Connection:
    """Return a connection to an empty database that no file holds."""
    db = _connect(":memory:")
    create(db)
    db.executescript(PLAIN)
    return db


def checkpoint(path: Path) -> None:
    """Copy what is in the log into the file, over a connection of its own; done in part is well.

    The disk may be slow at it, and who holds the other connection would have everybody wait.
    """
    with suppress(sqlite3.DatabaseError):
        db = _connect(f"{path.absolute().as_uri()}?mode=rw")
        try:
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            db.close()


def set_aside(path: Path, *, at: datetime) -> str:
    """Rename the file and its companions beside; return the new name."""
    aside = _aside(path, at)
    for end in ("", "-wal", "-shm"):
        part = path.with_name(path.name + end)
        if part.exists():
            part.rename(path.with_name(aside + end))
    return aside


def _aside(path: Path, at: datetime) -> str:
    return f"{path.name}.damaged-{at:%Y%m%dT%H%M%S%fZ}"


def set_aside_after(path: Path, since: datetime) -> str:
    """Return the name the file got when it was last set aside, if that was after `since`."""
    names = (each.name for each in path.parent.glob(f"{path.name}.damaged-*"))
    newest = max((name for name in names if name.endswith("Z")), default="")
    return newest if newest > _aside(path, since) else ""


def read_through(path: Path) -> None:
    """Read all of the file over a connection of its own; writers need not wait.

    Raise sqlite3.DatabaseError: `broken` tells whether the file is damaged or cannot be had now.
    """
    with closing(_connect(f"{path.absolute().as_uri()}?mode=rw")) as db:
        _check(db)


def broken(error: sqlite3.DatabaseError) -> bool:
    """Tell whether the file itself is damaged, or is no database."""
    return getattr(error, "sqlite_errorname", "").startswith(BROKEN)


def _connect(where: str) -> sqlite3.Connection:
    return sqlite3.connect(
        where,
        uri=where.startswith("file:"),
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )


def shrink(db: sqlite3.Connection, *, from_bytes: int = SHRINK_FROM_BYTES) -> None:
    """Give back to the disk what is mostly empty; where there is no room to do so, do not."""
    free, pages, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("freelist_count", "page_count", "page_size")
    )
    if free * size > from_bytes and free > pages / 2:
        with suppress(sqlite3.OperationalError):
            db.execute("VACUUM")


def _check(db: sqlite3.Connection) -> None:
    (answer,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        error = sqlite3.DatabaseError(answer)
        error.sqlite_errorname = "SQLITE_CORRUPT"
        raise error
