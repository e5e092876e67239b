"""The content of a file as it was at one moment, although somebody may be writing to it."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path

import msgspec

from storage.archives.create import sqlite_copy
from storage.archives.create.sqlite_copy import MAGIC
from storage.archives.errors import NoSpaceError
from storage.archives.tree import Facts, Found, kind
from storage.archives.workshop import PIECE_BYTES, Workshop

LARGE_BYTES = 8 * 1024 * 1024  # above, content waits in a file beside the archives
TRIES = 3
NO_FILE = frozenset({errno.ELOOP, errno.EMLINK, errno.ENXIO})  # what opening a link, a socket says


class UnsteadyError(Exception):
    """It changed each time it was read."""


class SpecialError(Exception):
    """It is no regular file any more; the text says what it is."""


class DatabaseError(Exception):
    """It is a SQLite database: it must be copied, not read."""


class Content(msgspec.Struct, frozen=True):
    """What a file held; `spool` is the temporary file it waits in where it is large."""

    facts: Facts
    size: int
    sha256: str
    data: bytes = b""
    spool: Path | None = None


class Reader:
    """Reads files by the workshop's disk. Errors of the source are the system's OSError."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._disk = shop.disk

    def read(self, found: Found, *, database: bool = False) -> Content:
        """Return what the file holds, having looked before and behind whether it changed.

        Raises UnsteadyError, SpecialError, and DatabaseError for one unless `database` says to
        read it like any other; FileNotFoundError where it is gone.
        """
        for _ in range(TRIES):
            content = self._once(found, database=database)
            if content is not None:
                return content
        raise UnsteadyError

    def copy(self, found: Found) -> tuple[Content, str]:
        """Return a copy of a database, and what its integrity check found ("": nothing).

        Raises as `sqlite_copy.copy` does.
        """
        spool = self._shop.passing("copy.sqlite").absolute()
        try:
            said = sqlite_copy.copy(Path(found.file), spool)
        except sqlite_copy.FullError as error:
            raise NoSpaceError(needed=0, free=self._shop.free_bytes()) from error
        digest = hashlib.sha256()
        size = 0
        for piece in self._shop.pieces(spool):
            digest.update(piece)
            size += len(piece)
        return Content(found.facts, size, digest.hexdigest(), spool=spool), said

    def beside_database(self, found: Found) -> bool:
        """Tell whether it is a database's log or journal, whose content the copy holds."""
        ends = [end for end in sqlite_copy.BESIDE if found.file.endswith(end)]
        if not ends:
            return False
        try:
            handle = self._disk.open(found.file.removesuffix(ends[0]))
            try:
                return self._disk.read(handle, len(MAGIC)) == MAGIC
            finally:
                self._disk.close(handle)
        except OSError:
            return False

    def pieces(self, content: Content) -> Iterator[bytes]:
        """Give what it holds."""
        if content.spool is None:
            yield content.data
            return
        yield from self._shop.pieces(content.spool)

    def done(self, content: Content) -> None:
        """Delete what held it."""
        if content.spool is not None:
            self._shop.drop(content.spool)

    @contextmanager
    def whole(self, content: Content) -> Iterator[bytes | mmap]:
        """Give all of it at once; what is large lies in memory only as far as there is room."""
        if content.spool is None or not content.size:
            yield content.data
            return
        with self._shop.minding(content.spool.name):
            handle = self._disk.open(content.spool)
            try:
                view = mmap(handle, 0, access=ACCESS_READ)
            finally:
                self._disk.close(handle)
        with view:
            yield view

    def _once(self, found: Found, *, database: bool) -> Content | None:
        handle = self._open(found)
        try:
            facts = self._disk.facts(handle)
            if not stat.S_ISREG(facts.st_mode):
                raise SpecialError(kind(facts.st_mode))
            small = facts.st_size <= LARGE_BYTES
            first = self._disk.read(handle, facts.st_size + 1 if small else PIECE_BYTES)
            if first.startswith(MAGIC) and not database:
                raise DatabaseError
            take = self._take if small else self._spool
            content = take(handle, facts, first)
            if content.size == facts.st_size and _same(facts, self._disk.facts(handle)):
                return content
        finally:
            self._disk.close(handle)
        self.done(content)
        return None

    def _open(self, found: Found) -> int:
        try:
            return self._disk.open(found.file)
        except OSError as error:
            if error.errno in NO_FILE:
                raise SpecialError(kind(self._disk.look(found.file).st_mode)) from error
            raise

    def _take(self, handle: int, facts: os.stat_result, first: bytes) -> Content:
        """Read the rest of a file into memory; at most one byte more than it had."""
        data = first
        while len(data) < facts.st_size:
            more = self._disk.read(handle, facts.st_size + 1 - len(data))
            if not more:
                break
            data += more
        return Content(Facts.of(facts), len(data), hashlib.sha256(data).hexdigest(), data=data)

    def _spool(self, handle: int, facts: os.stat_result, first: bytes) -> Content:
        spool = self._shop.passing("large")
        into = self._shop.create(spool)
        digest = hashlib.sha256()
        size = 0
        piece = first
        try:
            while piece and size <= facts.st_size:
                digest.update(piece)
                size += len(piece)
                self._shop.write(spool, into, piece)
                piece = self._disk.read(handle, PIECE_BYTES)
        finally:
            self._shop.close(spool, into)
        return Content(Facts.of(facts), size, digest.hexdigest(), spool=spool)


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_size, one.st_mtime_ns, one.st_ctime_ns) == (
        other.st_size,
        other.st_mtime_ns,
        other.st_ctime_ns,
    )
