"""What is tidied up once a night."""

import sqlite3
from datetime import datetime
from typing import Protocol

from jobs.checks import own


class Prunable(Protocol):
    """What grows (`storage.history.History`)."""

    def prune(self, now: datetime) -> bool:
        """Drop what is too old; False where that did not come to its end. Blocking."""
        ...


def run(history: Prunable, *, now: datetime) -> str:
    """Return why history could not be tidied, "" if it was; blocking."""
    try:
        done = history.prune(now)
    except OSError as error:
        return own.reason(error)
    except sqlite3.Error as error:
        return str(error)
    return "" if done else "not finished"
