"""Processes beside a backup: one that writes to a database, one that backs up under a limit."""

import sqlite3
import sys
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

from storage.archives.errors import BackupError
from storage.archives.workshop import Workshop
from tests.memory import grown
from tests.storage.archives.tracker import Tracker

if sys.platform != "win32":
    import resource


def write_for_ever(path: Path, told: Connection) -> None:
    """Commit two rows at a time for ever, that always agree; tell once the first are there."""
    with closing(sqlite3.connect(path, timeout=30)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE pair (number INTEGER, half TEXT, ballast BLOB)")
        number = 0
        while True:
            number += 1
            with db:
                for half in ("left", "right"):
                    db.execute("INSERT INTO pair VALUES (?, ?, zeroblob(2000))", (number, half))
            if number == 50:
                told.send(number)


def hold_lock(folder: Path, told: Connection) -> None:
    """Work in the folder until the other end says a word, or this process is killed."""
    with Workshop(Tracker(folder.parent).disk, folder):
        told.send("locked")
        told.recv()


def create_limited(tracker: Tracker, most: int, told: Connection) -> None:
    """Make a snapshot with files of at most so many bytes; tell what came of it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    try:
        tracker.create()
    except BackupError as error:
        told.send(type(error).__name__)
    else:
        told.send("made")


def create_measured(tracker: Tracker, told: Connection) -> None:
    """Make a snapshot; tell by how many bytes the process grew at its peak."""
    made, bytes_more = grown(tracker.create)
    told.send((bytes_more, made.bytes_read, len(made.notes)))
