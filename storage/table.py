"""Typed rows in memory: what a transaction changes, and what everybody else sees meanwhile."""

import threading
from collections.abc import Callable, Mapping
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


class Groups(Generic[Row]):
    """The committed rows by what a function says of each, so that nobody walks a whole table.

    What it says of a row is a name, or nothing ("") for a row that is in no group.
    """

    def __init__(self, name: Callable[[Row], str], rows: Mapping[str, Row]) -> None:
        self.name = name
        self.found: Mapping[str, Mapping[str, Row]] = {}
        self.accept({}, rows)

    def accept(self, before: Mapping[str, Row], changes: Mapping[str, Row | None]) -> None:
        """Take committed changes; `before` has the rows they replace. Untouched groups stay."""
        fresh: dict[str, dict[str, Row]] = {}
        for key, row in changes.items():
            old = before.get(key)
            left = self.name(old) if old is not None else ""
            joined = self.name(row) if row is not None else ""
            if left and left != joined:
                self._fresh(left, fresh).pop(key, None)
            if row is not None and joined:
                self._fresh(joined, fresh)[key] = row
        found = {**self.found, **fresh}
        self.found = {name: group for name, group in found.items() if group}

    def with_changes(self, name: str, changes: Mapping[str, Row | None]) -> Mapping[str, Row]:
        """Return a group as it will be once the changes are committed."""
        kept = {k: row for k, row in self.found.get(name, {}).items() if k not in changes}
        joined = {k: r for k, r in changes.items() if r is not None and self.name(r) == name}
        return {**kept, **joined}

    def _fresh(self, name: str, fresh: dict[str, dict[str, Row]]) -> dict[str, Row]:
        """Return a copy of the group that may be changed: readers hold the old one."""
        if name not in fresh:
            fresh[name] = dict(self.found.get(name, {}))
        return fresh[name]


class Table(Generic[Row]):
    """Typed rows by key. Readers never wait: they see the last commit until the next one."""

    def __init__(self, turn: Turn, name: str, rows: dict[str, Row]) -> None:
        self._turn = turn
        self._groups: Groups[Row] | None = None
        self.rows = rows
        self.name = name
        self.changes: dict[str, Row | None] = {}

    def group_by(self, name: Callable[[Row], str]) -> None:
        """Keep the rows in groups too, by what `name` says of them; the first call decides."""
        if self._groups is None:
            self._groups = Groups(name, self.rows)

    def groups(self) -> Mapping[str, Mapping[str, Row]]:
        """Return the committed rows that are in a group, by its name and their key.

        Not to be changed. A group that no commit touched is the same object as before.
        """
        return {} if self._groups is None else self._groups.found

    def group(self, name: str) -> Mapping[str, Row]:
        """Return the rows of one group by their key; a transaction sees its own changes."""
        if self._groups is None:
            return {}
        if self.changes and self._turn.mine():
            return self._groups.with_changes(name, self.changes)
        return self._groups.found.get(name, {})

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
        if self._groups is not None:
            self._groups.accept(self.rows, self.changes)
        self.rows = rows
