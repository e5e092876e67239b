"""The state file: TinyDB over a Storage of our own, written whole, atomically, once per commit."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import msgspec
from tinydb import TinyDB
from tinydb import table as tiny
from tinydb.storages import Storage

from storage import files
from storage.table import Row, Table, Turn

Result = TypeVar("Result")
Whole: TypeAlias = dict[str, dict[str, dict[str, Any]]]  # what a good file holds
Document: TypeAlias = dict[str, dict[str, msgspec.Raw]]  # the same, each row as it is written

UNREADABLE = (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Staging(Storage):
    """What TinyDB reads and writes: its document waits here until the commit.

    A row is kept as the JSON it is written as, so that a commit encodes only what it changed.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.staged: Document | None = None

    def read(self) -> Document:
        """Return a document whose top level may be changed."""
        return dict(self.document if self.staged is None else self.staged)

    def write(self, data: Document) -> None:
        """Stage a document."""
        self.staged = data


class _Table(tiny.Table):
    """A TinyDB table whose ids are the rows' own keys."""

    def rows(self) -> Mapping[str, msgspec.Raw]:
        """Return the rows as they are in the document."""
        return (self._storage.read() or {}).get(self.name, {})

    def apply(self, changes: Mapping[str, msgspec.Raw | None]) -> None:
        """Replace, add and drop (None) rows at once; TinyDB's own ways convert every id twice."""
        tables = self._storage.read() or {}
        rows = dict(tables.get(self.name, {}))
        for key, row in changes.items():
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row
        tables[self.name] = rows
        self._storage.write(tables)
        self.clear_cache()


@dataclass(frozen=True, slots=True)
class Counter:
    """The last number a sequence gave."""

    last: int


class Database:
    """One file of typed tables, held in memory; every method may be called from any thread.

    A file that cannot be read is set aside (`damaged` names it) and the previous one taken.
    `error` says why the disk last refused a write, empty once it accepts again.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._previous = files.previous(path)
        self._read_only = read_only
        self._lock = threading.RLock()
        self._depth = 0
        self._turn = Turn(read_only=read_only)
        self._ahead = False
        self._tables: dict[str, Table[Any]] = {}
        self.damaged: tuple[str, ...] = ()
        self.error = ""
        self.writes = 0
        self._staging = _Staging(self._open())
        self._tiny = TinyDB(storage=lambda: self._staging)
        self._tiny.table_class = _Table
        self._counters = self.table("counters", Counter)

    def table(
        self, name: str, kind: type[Row], *, group_by: Callable[[Row], str] | None = None
    ) -> Table[Row]:
        """Return the table of that name, the same one to everybody who asks.

        Rows that do not fit `kind` are left out, and a copy of the file is set aside first.
        `group_by` has them kept in groups too; whoever names it first decides.
        """
        with self._lock:
            if name not in self._tables:
                self._tables[name] = Table(self._turn, name, self._rows(name, kind))
            table: Table[Row] = self._tables[name]
            if group_by is not None:
                table.group_by(group_by)
            return table

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """Be alone; at the end write all changes at once, or nothing where none were made.

        An exception inside takes every change back. So does a disk that refuses, whose OSError
        is raised; with `durable=False` it is only noted in `error`, and the changes live in
        memory until a later commit is accepted. An inner transaction joins the outer one.
        """
        with self._lock:
            self._depth += 1
            self._turn.begin()
            try:
                yield
                if self._depth == 1:
                    self._commit(durable=durable)
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._turn.end()
                    self._forget()

    def commit(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns, its changes saved: in memory only while the disk refuses.

        So alerts still reach people when the disk is full.
        """
        with self.transaction(durable=False):
            return work()

    def number(self, name: str) -> int:
        """Return the next number of a sequence, never the same twice; inside a transaction."""
        counter = self._counters.get(name)
        following = 1 if counter is None else counter.last + 1
        self._counters.put(name, Counter(following))
        return following

    def _commit(self, *, durable: bool) -> None:
        touched = [table for table in self._tables.values() if table.changes]
        if not touched and not self._ahead:
            return
        for table in touched:
            self._table(table.name).apply(
                {
                    key: None if row is None else msgspec.Raw(msgspec.json.encode(row))
                    for key, row in table.changes.items()
                }
            )
        document = self._staging.read()
        self._save(msgspec.json.encode(document), durable=durable)
        self._staging.document = document
        for table in touched:
            table.accept()

    def _save(self, content: bytes, *, durable: bool) -> None:
        try:
            files.write_atomic(self._path, content, previous=self._previous)
        except OSError as error:
            self.error = error.strerror or type(error).__name__
            if durable:
                raise
            self._ahead = True
        else:
            self.error = ""
            self._ahead = False
            self.writes += 1

    def _forget(self) -> None:
        self._staging.staged = None
        for table in self._tables.values():
            table.changes.clear()

    def _table(self, name: str) -> _Table:
        return cast("_Table", self._tiny.table(name))

    def _rows(self, name: str, kind: type[Row]) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        misfits: list[str] = []
        decoder = msgspec.json.Decoder(kind)
        kept = self._table(name).rows()
        for key, row in kept.items():
            try:
                rows[key] = decoder.decode(row)
            except msgspec.ValidationError:
                misfits.append(key)
        if misfits:
            self._set_aside(self._path, move=False)
            self._staging.document[name] = {k: v for k, v in kept.items() if k not in misfits}
        return rows

    def _open(self) -> Document:
        for path in (self._path, self._previous):
            try:
                content = path.read_bytes()
                msgspec.json.decode(content, type=Whole)
            except FileNotFoundError:
                continue
            except UNREADABLE:
                self._set_aside(path, move=True)
            else:
                return _document(content)
        return {}

    def _set_aside(self, path: Path, *, move: bool) -> None:
        aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        self.damaged = (*self.damaged, aside.name)
        if self._read_only:
            return
        with suppress(OSError):  # what cannot be kept is at least told
            if move:
                path.replace(aside)
            else:
                files.keep_copy(path, aside)


def _document(content: bytes) -> Document:
    """Return the rows of a good file, each of its own: the file's content is not kept."""
    tables = msgspec.json.decode(content, type=Document)
    return {name: {key: row.copy() for key, row in rows.items()} for name, rows in tables.items()}
