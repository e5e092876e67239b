"""The growing database: samples of every series, and the file others keep their tables in."""

import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Lock, RLock
from typing import TypeVar

from storage import hours
from storage.clock import monotonic_s, wall_now
from storage.hours import DAY_US, RAW, SAMPLES, SHADOW_RAW, SUMS, Kept, whole
from storage.pruning import prune
from storage.records import Sample, Slot
from storage.schema import (
    MOVED,
    PLAIN,
    PUT_SAMPLE,
    SAVE_SHADOW,
    SHADOW,
    micros,
    moment,
)
from storage.sqlite import broken, checkpoint, open_existing, open_file, open_memory, set_aside

T = TypeVar("T")

RETRY_S = 5.0
KEPT_DAYS = 400
PRUNE_S = 120.0


class History:
    """Owns the SQLite file; every method may be called from any thread.

    A damaged file is renamed beside and `damaged` says so. Where the disk cannot be written
    (full, read-only), `error` says why, what is new is kept in memory over what the file holds,
    and moves into the file once it can be written again. Opened `read_only`, nothing ever does.
    `shadowed` tells that tables in memory lie over the file's.
    `generation` rises when a damaged file was replaced while in use: what it held is gone.
    Samples are kept as they are for 14 days, and by the hour for `kept_days`, as is what is over.
    """

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        retry_s: float = RETRY_S,
        kept_days: int = KEPT_DAYS,
    ) -> None:
        self.path = path
        self.read_only = read_only
        self.kept_days = kept_days
        self.damaged = ""
        self.error = ""
        self.generation = 0
        self._retry_s = retry_s
        self._tried_s = monotonic_s()
        self.shadowed = False
        self._in_memory = False
        self.closing = Event()
        self._pruning = Lock()
        self._lock = RLock()
        self._db = self._open()

    @property
    def on_disk(self) -> bool:
        """Whether what is written now reaches the file."""
        return not (self.shadowed or self._in_memory)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self.closing.set()
        with self._pruning, self._lock:
            self._db.close()

    def add(self, samples: Iterable[Sample]) -> None:
        """Keep samples; a second value of one series at one time replaces the first."""
        rows = [(s.series, micros(s.at), s.value) for s in samples]
        self.write(lambda db: db.executemany(PUT_SAMPLE, rows))

    def prune(self, now: datetime, *, within_s: float = PRUNE_S) -> bool:
        """Sum up samples older than 14 days by the hour, drop all past `kept_days`; blocking.

        It is done in steps of a few milliseconds, each whole, so that no writer waits long. What
        `within_s`, a full disk or `close` leave over (then it returns False), the next call does.
        """
        if not self._pruning.acquire(blocking=False):
            return False
        try:
            until = (micros(now) // DAY_US + 1) * DAY_US
            done = prune(self, until=until, kept_days=self.kept_days, within_s=within_s)
        finally:
            self._pruning.release()
        return done and self.on_disk

    def attempt(self, work: Callable[[sqlite3.Connection], bool]) -> bool:
        """Return what `work` did in a transaction of the file, False where it takes none now."""
        return self.write(lambda db: self.on_disk and work(db))

    def checkpoint(self) -> None:
        """Copy the log into the file without keeping anybody waiting."""
        checkpoint(self.path)

    def series(
        self, name: str, *, since: datetime, until: datetime
    ) -> list[tuple[datetime, float]]:
        """Return the series' values with `since <= time <= until`, oldest first."""
        values = (name, micros(since), micros(until))
        rows = self.read(lambda db: db.execute(SAMPLES, values).fetchall())
        return [(moment(at), value) for at, value in rows]

    def kept(self, name: str, *, since: datetime, until: datetime) -> Kept:
        """Return what there is of the series, to be summed up: samples, and old ones by hours."""
        return self.read(partial(hours.kept, name=name, since=micros(since), until=micros(until)))

    def slots(self, name: str, *, since: datetime, until: datetime, step: timedelta) -> list[Slot]:
        """Return the series by stretches of `step`, oldest first, the first one in whole."""
        return self.kept(name, since=whole(since, step), until=until).slots(step)

    def names(self, prefix: str) -> list[str]:
        """Return the names of the series that start with `prefix`, sorted."""

        def find(db: sqlite3.Connection) -> set[str]:
            tables = [RAW, SUMS, *([SHADOW_RAW] if self.shadowed else [])]
            return {name for table in tables for name in hours.names(db, table, prefix)}

        return sorted(self.read(find))

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` reads; a damaged file is set aside and an empty one read instead."""
        with self._lock:
            try:
                return work(self._db)
            except sqlite3.DatabaseError as error:
                if not broken(error):
                    raise
                self._start_over(error)
                return work(self._db)

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` did in one transaction: all of it is kept, or none.

        It may be called twice: again in memory when the file cannot be written.
        """
        with self._lock:
            self._recover()
            try:
                return self._transact(work)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                    raise
                if broken(error):
                    self._start_over(error)
                elif self.on_disk:
                    self._shadow(str(error))
                else:
                    raise
                return self._transact(work)

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._db.execute("BEGIN IMMEDIATE" if self.on_disk else "BEGIN")
        try:
            done = work(self._db)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return done

    def _shadow(self, why: str) -> None:
        self.error = why
        self._tried_s = monotonic_s()
        self._db.executescript(SHADOW)
        self.shadowed = True

    def _recover(self) -> None:
        """Move what memory holds into the file, if it can be written again."""
        if self.read_only or self.on_disk or monotonic_s() - self._tried_s < self._retry_s:
            return
        self._tried_s = monotonic_s()
        try:
            if self._in_memory:
                self._reopen()
            else:
                self._db.execute("BEGIN IMMEDIATE")
                for statement in SAVE_SHADOW:
                    self._db.execute(statement)
                self._db.execute("COMMIT")
                self._db.executescript(PLAIN)
                self.shadowed = False
        except (sqlite3.DatabaseError, OSError) as error:
            self.error = str(error)
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        else:
            self.error = ""

    def _reopen(self) -> None:
        memory, disk = self._db, self._connect()
        try:
            disk.execute("BEGIN IMMEDIATE")
            for table, put in MOVED:
                disk.executemany(put, memory.execute(f"SELECT * FROM {table}"))  # noqa: S608
            disk.execute("COMMIT")
        except sqlite3.DatabaseError:
            disk.close()
            raise
        self._db, self._in_memory = disk, False
        memory.close()

    def _start_over(self, error: sqlite3.DatabaseError) -> None:
        self._db.close()
        self.shadowed = False
        self.generation += 1
        self._db = self._after_damage(str(error))

    def _open(self) -> sqlite3.Connection:
        if self.read_only and not self.path.exists():
            return self._memory("")
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            return self._after_damage(str(error)) if broken(error) else self._memory(str(error))
        except OSError as error:
            return self._memory(error.strerror or type(error).__name__)

    def _after_damage(self, why: str) -> sqlite3.Connection:
        self.damaged = why
        if self.read_only:
            return self._memory("")
        try:
            self.damaged = f"{why}; set aside as {set_aside(self.path, at=wall_now())}"
            return self._connect()
        except (sqlite3.DatabaseError, OSError) as error:
            return self._memory(str(error))

    def _connect(self) -> sqlite3.Connection:
        db = open_existing(self.path) if self.read_only else open_file(self.path)
        self.shadowed = self.read_only
        return db

    def _memory(self, why: str) -> sqlite3.Connection:
        self.error, self._in_memory = why, True
        return open_memory()
