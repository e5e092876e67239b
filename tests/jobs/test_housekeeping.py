"""The nightly tidying says why it could not be done."""

import errno
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from jobs import housekeeping
from storage.history import History
from storage.records import Sample
from tests.jobs.looks import NOON


@dataclass
class Shelf:
    answer: Callable[[], bool]

    def prune(self, now: datetime) -> bool:
        assert now == NOON
        return self.answer()


def raising(error: Exception) -> Callable[[], bool]:
    def fail() -> bool:
        raise error

    return fail


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: True, ""),
        (lambda: False, "not finished"),
        (raising(OSError(errno.ENOSPC, "No space left on device", "/secret")),
         "No space left on device"),
        (raising(sqlite3.OperationalError("disk I/O error")), "disk I/O error"),
    ],
)  # fmt: skip
def test_the_outcome_is_a_word(answer: Callable[[], bool], said: str) -> None:
    """Done is empty; a failure is the system's word, without a path."""
    assert housekeeping.run(Shelf(answer), now=NOON) == said


def test_it_tidies_a_real_history(tmp_path: Path) -> None:
    """After weeks without it, raw samples older than two weeks are summed up."""
    history = History(tmp_path / "history.sqlite")
    days = [NOON - timedelta(days=back) for back in range(30)]
    history.add([Sample("cpu_pct", at, 1.0) for at in days])
    assert housekeeping.run(history, now=NOON) == ""
    assert len(history.series("cpu_pct", since=days[-1], until=NOON)) == 15
    history.close()


@pytest.mark.parametrize("from_byte", [0, 8192])
def test_damage_nobody_reads_is_met_all_the_same(tmp_path: Path, from_byte: int) -> None:
    """Pages that the running bot holds in memory hide it; the file is set aside, once."""
    history = History(tmp_path / "history.sqlite")
    history.add([Sample("cpu_pct", NOON - timedelta(minutes=n), 1.0) for n in range(5000)])
    history.read(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    housekeeping.examine(history)
    assert (history.damaged, history.generation) == ("", 0)
    with history.path.open("r+b") as file:
        file.seek(from_byte)
        file.write(b"\xa5" * 8192)
    assert history.names("cpu") == ["cpu_pct"]
    housekeeping.examine(history)
    housekeeping.examine(history)
    assert "set aside" in history.damaged
    assert (history.generation, history.on_disk, history.names("")) == (1, True, [])
    history.close()


def test_what_cannot_be_looked_at_is_not_called_damaged(tmp_path: Path) -> None:
    """A reader's file, one that is gone, a history that was closed: nothing is done or raised."""
    history = History(tmp_path / "history.sqlite")
    reader = History(history.path, read_only=True)
    history.path.write_bytes(b"not a database" * 100)
    housekeeping.examine(reader)
    assert reader.damaged == ""
    history.path.unlink()
    housekeeping.examine(history)
    history.close()
    history.path.write_bytes(b"not a database" * 100)
    housekeeping.examine(history)
    assert (history.damaged, history.generation) == ("", 0)
    reader.close()
