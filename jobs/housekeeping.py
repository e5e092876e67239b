"""What is tidied up once a night, and looked through every hour."""

import sqlite3
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from jobs.checks import own
from storage.history import History
from storage.sqlite import broken, read_through


class Prunable(Protocol):
    """What grows (`storage.history.History`)."""

    def prune(self, now: datetime) -> bool:
        """Drop what is too old; False where that did not come to its end. Blocking."""
        ...


def examine(history: History) -> None:
    """Read the file through; a damaged one is set aside as if it had been met in use. Blocking.

    What is found is asked once more with all writers waiting. A file that cannot be had now, or
    is closed meanwhile, says nothing.
    """
    try:
        if history.on_disk:
            read_through(history.path)
    except sqlite3.DatabaseError as error:
        if broken(error):
            with suppress(sqlite3.DatabaseError):
                history.read(lambda _: read_through(history.path))


def run(history: Prunable, *, now: datetime) -> str:
    """Return why history could not be tidied, "" if it was; blocking."""
    try:
        done = history.prune(now)
    except OSError as error:
        return own.reason(error)
    except sqlite3.Error as error:
        return str(error)
    return "" if done else "not finished"
