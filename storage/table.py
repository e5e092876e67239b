"""Typed rows in memory: what a transaction changes, and what everybody else sees meanwhile."""

import threading
from typing import Generic, TypeVar

Row = TypeVar("Row")


class ReadOnlyError(RuntimeError):
    """A change was tried through a database opened for reading."""


class OutsideError(RuntimeError):
    """A change was tried outside a transaction."""


class Turn:
    """Which thread is inside a transaction: only that one may change rows."""

    def __init__(self, *, read_only: bool) -> None:
        self._read_only = read_only
        self._owner = 0

    def begin(self) -> None:
        """Let this thread change rows."""
        self._owner = threading.get_ident()

    def end(self) -> None:
        """Let nobody change rows."""
        self._owner = 0

    def mine(self) -> bool:
        """Return whether this thread is inside a transaction."""
        return self._owner == threading.get_ident()

    def check(self) -> None:
        """Raise ReadOnlyError or OutsideError where a change is not in order."""
        if self._read_only:
            raise ReadOnlyError
        if not self.mine():
            raise OutsideError


class Table(Generic[Row]):
    """Typed rows by key. Readers never wait: they see the last commit until the next one."""

    def __init__(self, turn: Turn, name: str, rows: dict[str, Row]) -> None:
        self._turn = turn
        self.rows = rows
        self.name = name
        self.changes: dict[str, Row | None] = {}

    def get(self, key: str) -> Row | None:
        """Return the row, None where there is none."""
        if self.changes and self._turn.mine() and key in self.changes:
            return self.changes[key]
        return self.rows.get(key)

    def all(self) -> list[Row]:
        """Return every row, in no order to rely on."""
        if not (self.changes and self._turn.mine()):
            return list(self.rows.values())
        merged = {**self.rows, **self.changes}
        return [row for row in merged.values() if row is not None]

    def put(self, key: str, row: Row) -> None:
        """Add or replace a row; inside a transaction. A row equal to the one kept costs nothing."""
        self._turn.check()
        if self.rows.get(key) == row:
            self.changes.pop(key, None)
        else:
            self.changes[key] = row

    def remove(self, key: str) -> None:
        """Drop a row, if there is one; inside a transaction."""
        self._turn.check()
        if key in self.rows:
            self.changes[key] = None
        else:
            self.changes.pop(key, None)

    def accept(self) -> None:
        """Take the changes for true: they are committed."""
        rows = dict(self.rows)
        for key, row in self.changes.items():
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row
        self.rows = rows
