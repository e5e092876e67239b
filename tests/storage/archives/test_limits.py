"""Where the machine ends: locks, memory, full disks, and disks that lie."""

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage.archives.create import free
from storage.archives.disk import Disk
from storage.archives.errors import DiskError, LockedError, NoSpaceError, ReadBackError
from tests.memory import measured
from tests.storage.archives.tracker import Tracker, leftovers

if sys.platform == "win32":
    pytest.skip("needs POSIX limits and a fork server", allow_module_level=True)

from tests.storage.archives.writers import create_limited, create_measured, hold_lock

MEGABYTE = 1024 * 1024
WAIT_S = 120  # so long only a process that hangs says nothing


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    """A file, backed up once."""
    tracker = Tracker(tmp_path)
    tracker.write("data/a.json", '{"a": 1}')
    tracker.create()
    return tracker


class Child:
    """A process of its own that is talked to."""

    def __init__(self, what: Callable[..., None], *args: object) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.storage.archives.writers"])
        self._here, there = context.Pipe()
        self._process = context.Process(target=what, args=(*args, there), daemon=True)
        self._process.start()
        there.close()

    def hear(self) -> Any:  # noqa: ANN401 (whatever it tells)
        """Return what it says next."""
        assert self._here.poll(WAIT_S)
        return self._here.recv()

    def end(self, *, kill: bool = False) -> None:
        """Let it go, or kill it."""
        if kill:
            self._process.kill()  # which may have ended by itself
        else:
            self._here.send("go")
        self._process.join()
        self._process.close()


@pytest.mark.process
@pytest.mark.parametrize("kill", [False, True])
def test_two_never_work_in_one_folder(tracker: Tracker, *, kill: bool) -> None:
    """A live process keeps others out, and is named; a dead one does not, however it died."""
    child = Child(hold_lock, tracker.backups)
    assert child.hear() == "locked"
    with pytest.raises(LockedError, match=r"process \d+ is at work"):
        tracker.create()
    assert len(tracker.listed()) == 1
    child.end(kill=kill)
    tracker.create()
    assert len(tracker.listed()) == 2


@pytest.mark.process
def test_a_file_that_may_not_grow_is_a_full_disk(tracker: Tracker) -> None:
    """The limit on file sizes stands in for a quota: nothing is published, nothing is left."""
    tracker.write("data/noise.bin", os.urandom(200_000))
    child = Child(create_limited, tracker, 100_000)
    assert child.hear() == "NoSpaceError"
    child.end(kill=True)
    assert len(tracker.listed()) == 1
    assert not leftovers(tracker.backups)
    assert tracker.restored(tracker.create().manifest) == tracker.contents()


@pytest.mark.process
@measured
def test_a_huge_file_costs_no_memory(tracker: Tracker) -> None:
    """A sparse file of 300 MB, which is 300 MB to whoever reads it."""
    with (tracker.data / "huge.bin").open("wb") as file:
        file.truncate(300 * MEGABYTE)
    child = Child(create_measured, tracker)
    grown, read, notes = child.hear()
    child.end(kill=True)
    assert read > 300 * MEGABYTE
    assert notes == 0
    assert grown < 48 * MEGABYTE
    assert tracker.store.verify().good


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 40 MB."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small filesystem")
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m,mode=700", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no mounting here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.process
def test_a_disk_that_fills_up_loses_nothing(tracker: Tracker, small_disk: Path) -> None:
    """A real one, full in the middle of an archive; then, too full to begin; then with room."""
    tracker.backups.rename(tracker.top / "before")
    store = tracker.store
    store.folder = small_disk / "backups"
    first = store.create()
    tracker.write("data/noise.bin", os.urandom(45 * MEGABYTE))
    lying = Roomy()
    store.disk = lying
    with pytest.raises(NoSpaceError):
        store.create()
    store.disk = Disk()
    assert [each.id for each in store.snapshots()] == [first.id]
    assert store.verify(first.id).good
    assert not leftovers(store.folder)
    with pytest.raises(NoSpaceError, match=r"\d+ bytes are needed, \d+ bytes are free") as error:
        store.create()
    assert error.value.needed > error.value.free > 0
    (tracker.data / "noise.bin").write_bytes(os.urandom(MEGABYTE))
    assert store.create().manifest.clean
    assert all(store.verify(each.id).good for each in store.snapshots())


@pytest.mark.process
def test_no_room_for_the_copy_of_a_database_is_a_full_disk(
    tracker: Tracker, small_disk: Path
) -> None:
    """It is not taken for a database that could not be read."""
    with closing(sqlite3.connect(tracker.state / "big.sqlite")) as db, db:
        db.execute("CREATE TABLE big (x BLOB)")
        db.execute("INSERT INTO big VALUES (zeroblob(?))", (45 * MEGABYTE,))
    store = tracker.store
    store.folder = small_disk / "backups"
    store.disk = Roomy()
    with pytest.raises(NoSpaceError):
        store.create()
    assert not leftovers(store.folder)


class Roomy(Disk):
    """A disk that says there is room where there is none."""

    def free_bytes(self, folder: Path) -> int:  # noqa: ARG002
        """Say so."""
        return 1 << 40


class Tight(Disk):
    """A disk with so much room, by its own word."""

    def __init__(self, room: int) -> None:
        self._room = room

    def free_bytes(self, folder: Path) -> int:  # noqa: ARG002
        """Say how much."""
        return self._room


def test_a_disk_without_room_is_told_before_anything_is_written(tracker: Tracker) -> None:
    """Twice the last archive and a reserve: both figures are named."""
    tracker.disk = Tight(free.RESERVE_BYTES)
    with pytest.raises(NoSpaceError) as error:
        tracker.create()
    assert error.value.free == free.RESERVE_BYTES
    assert error.value.needed > free.RESERVE_BYTES
    assert len(tracker.listed()) == 1


class Lying(Disk):
    """A disk that keeps other bytes than it was given: one bit, in its n-th write."""

    def __init__(self, nth: int, part: float) -> None:
        self._left = nth
        self._part = part

    def write(self, handle: int, content: bytes | bytearray | memoryview) -> None:
        """Turn one bit over."""
        kept = bytearray(content)
        self._left -= 1
        if self._left == 0:
            kept[int(self._part * len(kept))] ^= 1
        super().write(handle, kept)


@pytest.mark.parametrize("part", [0.0, 0.2, 0.4, 0.6, 0.8, 0.999])
@pytest.mark.parametrize(("nth", "name"), [(1, "diff-"), (2, "snap-")])
def test_what_does_not_read_back_is_not_published(
    tracker: Tracker, nth: int, name: str, part: float
) -> None:
    """One bit of the archive, or of the manifest, kept wrong by the disk."""
    tracker.write("data/a.json", "[2]")
    before = sorted(path.name for path in tracker.backups.iterdir())
    tracker.disk = Lying(nth, part)
    with pytest.raises(ReadBackError, match=name):
        tracker.create()
    assert sorted(path.name for path in tracker.backups.iterdir()) == before


def test_a_folder_that_cannot_be_made_is_named(tracker: Tracker) -> None:
    """A file stands where the backups' folder is to be; the place itself is not told."""
    store = tracker.store
    store.folder = tracker.write("taken", "x")
    with pytest.raises(DiskError, match=r"^taken: ") as error:
        store.create()
    assert str(tracker.top) not in str(error.value)
