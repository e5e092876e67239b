"""What history keeps, and for how long: raw samples for two weeks, then sums of an hour.

All else, incidents, deliveries, job runs and opportunities nobody lists any more, stays as long as
the sums do. What is open never leaves.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Event
from typing import Protocol, TypeVar

from storage import hours
from storage.clock import monotonic_s
from storage.hours import RAW, SUMS

T = TypeVar("T")

RAW_DAYS = 14
PAUSE_S = 0.002  # between two steps, so that whoever waits comes first
LOGGED = 32  # steps that fill less of the log than SQLite waits for to copy it in a commit
STEP = 500  # rows dropped at once
WALKED = 1000  # rows looked at at once

_OVER = tuple(
    f"DELETE FROM {table} WHERE ({key}) IN"  # noqa: S608 (constants)
    f" (SELECT {key} FROM {table} WHERE {ended} < ? LIMIT {STEP})"
    for table, key, ended in (
        ("incident", "number, opened", "closed"),
        ("delivery", "at, id", "at"),
        ("job_run", "job, day", "started"),
    )
)
_NEXT_ID = f"""
SELECT max(id) FROM (SELECT id FROM opportunity WHERE id > ? ORDER BY id LIMIT {WALKED})
"""  # noqa: S608 (a constant)
_UNLISTED = "DELETE FROM opportunity WHERE id > ? AND id <= ? AND last_seen < ?"
_MORE = "SELECT EXISTS (SELECT 1 FROM opportunity WHERE id > ?)"


class File(Protocol):
    """Where samples are kept (`storage.history.History`)."""

    closing: Event

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` reads."""
        ...

    def attempt(self, work: Callable[[sqlite3.Connection], bool]) -> bool:
        """Return what `work` did in one transaction, False where nothing can be written."""
        ...

    def checkpoint(self) -> None:
        """Copy the log into the file without keeping anybody waiting."""
        ...


def prune(file: File, *, until: int, kept_days: int, within_s: float) -> bool:
    """Sum up and drop what is old on the day that ends `until`; tell whether all of it is done.

    Only days on record count: a clock that is a year ahead for a night makes one day old.
    """
    if file.closing.is_set() or not file.attempt(lambda _: True):
        return False
    deadline_s = monotonic_s() + within_s
    raw = _limit(file, (RAW,), until, RAW_DAYS)
    old = _limit(file, (RAW, SUMS), until, kept_days)
    done = 0
    for step in _steps(file, raw, old):
        while file.attempt(step):
            done += 1
            if done % LOGGED == 0:
                file.checkpoint()
            if file.closing.wait(PAUSE_S) or monotonic_s() > deadline_s:
                return False
    return True


def _steps(file: File, raw: int, old: int) -> Iterator[Callable[[sqlite3.Connection], bool]]:
    """Yield what is to be done, each until it says that nothing is left; later ones see earlier."""
    for name in _names(file, RAW):
        yield partial(hours.roll, name=name, before=raw)
    for name in _names(file, SUMS):
        yield partial(hours.forget, name=name, before=old)
    for query in _OVER:
        yield partial(_drop, query=query, before=old)
    yield _Walk(old)


def _drop(db: sqlite3.Connection, *, query: str, before: int) -> bool:
    """Drop some of what ended before; tell whether there was any."""
    return db.execute(query, (before,)).rowcount > 0


class _Walk:
    """Drops opportunities last listed before, as they came: no index is kept for that."""

    def __init__(self, before: int) -> None:
        self._before = before
        self._id = 0

    def __call__(self, db: sqlite3.Connection) -> bool:
        """Walk on; tell whether there is more."""
        (last,) = db.execute(_NEXT_ID, (self._id,)).fetchone()
        if last is None:
            return False
        db.execute(_UNLISTED, (self._id, last, self._before))
        self._id = last
        return bool(db.execute(_MORE, (last,)).fetchone()[0])


def _limit(file: File, tables: Sequence[str], until: int, most: int) -> int:
    """Return where the newest days on record begin: today and `most` before it."""
    found: set[int] = set()
    for table in tables:
        for name in _names(file, table):
            find = partial(hours.days, table=table, name=name, until=until, most=most + 1)
            found |= file.read(find)
    newest = sorted(found)[-most - 1 :]
    return newest[0] if len(newest) > most else 0


def _names(file: File, table: str) -> list[str]:
    return file.read(partial(hours.names, table=table, prefix=""))
