"""What history keeps, and for how long: raw samples for two weeks, then sums of an hour."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event
from typing import Protocol, TypeVar

from storage import hours
from storage.clock import monotonic_s
from storage.hours import RAW, SUMS

T = TypeVar("T")

RAW_DAYS = 14
PAUSE_S = 0.002  # between two steps, so that whoever waits comes first


class File(Protocol):
    """Where samples are kept (`storage.history.History`)."""

    closing: Event

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` reads."""
        ...

    def attempt(self, work: Callable[[sqlite3.Connection], bool]) -> bool:
        """Return what `work` did in one transaction, False where nothing can be written."""
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
    for name in _names(file, RAW):
        while file.attempt(partial(hours.roll, name=name, before=raw)):
            if file.closing.wait(PAUSE_S) or monotonic_s() > deadline_s:
                return False
    for name in _names(file, SUMS):
        while file.attempt(partial(hours.forget, name=name, before=old)):
            if file.closing.wait(PAUSE_S) or monotonic_s() > deadline_s:
                return False
    return True


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
