"""Databases are copied by SQLite itself, and behind the state file."""

import multiprocessing
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.archives.disk import Disk
from storage.archives.manifest import Flag
from tests.storage.archives.tracker import Tracker
from tests.storage.archives.writers import write_for_ever


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    """A state file, and a database with one table."""
    tracker = Tracker(tmp_path)
    tracker.write("state/vigie.json", '{"open": ["#1"]}')
    with closing(sqlite3.connect(tracker.state / "history.sqlite")) as db, db:
        db.execute("CREATE TABLE closed (incident TEXT)")
    return tracker


def rows(tracker: Tracker, content: bytes, query: str) -> list[tuple[object, ...]]:
    """What a restored database answers, once its integrity was checked."""
    path = tracker.top / "restored.sqlite"
    path.write_bytes(content)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return db.execute(query).fetchall()


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL and a fork server")
def test_a_database_under_write_load_is_copied_whole(tracker: Tracker) -> None:
    """Another process commits all the while: the copies hold whole commits, each more of them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.archives.writers"])
    receiver, sender = context.Pipe(duplex=False)
    path = tracker.state / "load.sqlite"
    child = context.Process(target=write_for_ever, args=(path, sender), daemon=True)
    child.start()
    try:
        assert receiver.poll(20)
        made = [tracker.create() for _ in range(3)]
        assert path.with_name("load.sqlite-wal").exists()
    finally:
        child.kill()
        child.join()
        child.close()
    counts = []
    for each in made:
        assert each.manifest.clean
        content = tracker.restored(each.manifest)
        assert content.keys() == {
            "state/history.sqlite",
            "state/load.sqlite",
            "state/vigie.json",
        }
        query = "SELECT number, count(*) FROM pair GROUP BY number"
        pairs = rows(tracker, content["state/load.sqlite"], query)
        assert all(count == 2 for _, count in pairs)
        counts.append(len(pairs))
    assert counts[0] >= 50
    assert sorted(counts) == counts


def test_what_is_in_the_write_ahead_log_alone_is_inside(tracker: Tracker) -> None:
    """The file itself has not changed, its log has."""
    tracker.create()
    with closing(sqlite3.connect(tracker.state / "history.sqlite")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        with db:
            db.execute("INSERT INTO closed VALUES ('#7')")
        made = tracker.create()
    content = tracker.restored(made.manifest)
    assert rows(tracker, content["state/history.sqlite"], "SELECT * FROM closed") == [("#7",)]


class Moving(Disk):
    """Moves an incident from the state file to the history once something was read."""

    def __init__(self, tracker: Tracker, after: str) -> None:
        self._tracker = tracker
        self._after = after
        self._moved = False

    def open(self, path: Path | str) -> int:
        """Move it behind the opening of a file."""
        handle = super().open(path)
        if str(path).endswith(self._after) and not self._moved:
            self._moved = True
            with closing(sqlite3.connect(self._tracker.state / "history.sqlite")) as db, db:
                db.execute("INSERT INTO closed VALUES ('#1')")
            beside = self._tracker.write("state/new.tmp", '{"open": []}')
            beside.replace(self._tracker.state / "vigie.json")
        return handle


@pytest.mark.parametrize("after", ["history.sqlite", "vigie.json"])
def test_an_incident_that_moves_meanwhile_is_not_lost(tracker: Tracker, after: str) -> None:
    """It is in the state file, in the history, or in both, whenever it moved."""
    tracker.disk = Moving(tracker, after)
    content = tracker.restored(tracker.create().manifest)
    closed = rows(tracker, content["state/history.sqlite"], "SELECT * FROM closed")
    assert closed == [("#1",)] or b"#1" in content["state/vigie.json"]


def test_an_unchanged_database_is_stored_once(tracker: Tracker) -> None:
    """It is copied each night, and found to be what the base holds."""
    tracker.create()
    made = tracker.create()
    assert made.manifest.diff is None


def test_a_damaged_database_is_said_and_stored_as_it_is(tracker: Tracker) -> None:
    """One that SQLite cannot read, and one whose integrity check finds something."""
    path = tracker.state / "history.sqlite"
    torn = tracker.write("state/torn.sqlite", path.read_bytes()[:100] + b"\xff" * 5000)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE INDEX i ON closed (incident)")
        db.executemany("INSERT INTO closed VALUES (?)", [(f"#{n}",) for n in range(300)])
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'i'")
    made = tracker.create()
    assert [(note.path, note.flag) for note in made.notes] == [
        ("state/history.sqlite", Flag.DAMAGED),
        ("state/torn.sqlite", Flag.DAMAGED),
    ]
    assert tracker.restored(made.manifest)["state/torn.sqlite"] == torn.read_bytes()
    assert made.manifest.partial


def test_a_database_that_is_locked_is_carried_over(tracker: Tracker) -> None:
    """Somebody holds it exclusively for longer than a backup waits."""
    tracker.create()
    with closing(sqlite3.connect(tracker.state / "history.sqlite")) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        db.execute("INSERT INTO closed VALUES ('#9')")
        made = tracker.create()
    assert [(note.path, note.flag) for note in made.notes] == [
        ("state/history.sqlite", Flag.UNSTABLE)
    ]
    content = tracker.restored(made.manifest)
    assert not rows(tracker, content["state/history.sqlite"], "SELECT * FROM closed")


def test_a_file_that_only_looks_like_a_log_is_stored(tracker: Tracker) -> None:
    """`notes-journal` beside `notes` is somebody's diary."""
    tracker.write("data/notes", "1")
    tracker.write("data/notes-journal", "2")
    assert "data/notes-journal" in tracker.restored(tracker.create().manifest)


class Growing(Disk):
    """Whatever is read of one file, it has grown by then."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, handle: int, most: int) -> bytes:
        """Write on, then read."""
        with self._path.open("ab") as file:
            file.write(b"x")
        return super().read(handle, most)


def test_a_damaged_database_in_motion_is_carried_over(tracker: Tracker) -> None:
    """SQLite cannot read it, and it does not hold still either: the copy of last night stays."""
    path = tracker.state / "history.sqlite"
    first = tracker.create()
    path.write_bytes(path.read_bytes()[:20] + b"\xff" * 5000)
    tracker.disk = Growing(path)
    made = tracker.create()
    assert [(note.path, note.flag) for note in made.notes] == [
        ("state/history.sqlite", Flag.UNREADABLE)
    ]
    name = "state/history.sqlite"
    assert tracker.restored(made.manifest)[name] == tracker.restored(first.manifest)[name]


def test_a_database_that_vanishes_is_gone(tracker: Tracker) -> None:
    """Between its first bytes and its copy."""
    path = tracker.state / "history.sqlite"

    class Vanishing(Disk):
        def open(self, path: Path | str) -> int:
            handle = super().open(path)
            if str(path).endswith(".sqlite"):
                Path(path).unlink()
            return handle

    tracker.disk = Vanishing()
    made = tracker.create()
    assert not path.exists()
    assert not made.notes
    assert tracker.restored(made.manifest).keys() == {"state/vigie.json"}
