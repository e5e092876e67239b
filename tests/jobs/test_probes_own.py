import asyncio
import os
import time
from pathlib import Path

import psutil
import pytest

from jobs.facts import Shelf
from jobs.probes.own import LoopLag, OwnProbe, ShelfProbe, probe_left, write_error
from storage.history import History
from tests.jobs.children import now
from tests.waiting import until


async def test_a_blocked_loop_is_measured() -> None:
    """Work that blocks the loop shows as lag; taking it starts anew."""
    lag = LoopLag(every_s=0.001)
    assert lag.take_p95_s() is None
    measuring = asyncio.create_task(lag.run())
    await asyncio.sleep(0)
    time.sleep(0.03)  # noqa: ASYNC251 -- the defect to be measured
    await until(lambda: bool(lag._late_s))
    measuring.cancel()
    taken = lag.take_p95_s()
    assert taken is not None
    assert taken >= 0.02
    assert lag.take_p95_s() is None


@pytest.mark.parametrize(("count", "p95"), [(1, 0), (20, 18), (21, 19), (100, 94)])
def test_the_95th_percentile_is_a_measured_value(count: int, p95: int) -> None:
    """One freak wake-up in twenty is no lag."""
    lag = LoopLag()
    lag._late_s.extend(float(number) for number in reversed(range(count)))
    assert lag.take_p95_s() == float(p95)


def test_measurements_are_bounded() -> None:
    """Nobody who takes them is no leak."""
    lag = LoopLag(keep=3)
    lag._late_s.extend([9.0, 1.0, 2.0, 3.0])
    assert lag.take_p95_s() == 3.0


def test_the_bot_looks_at_itself(tmp_path: Path) -> None:
    """Its memory is the process's, its state can be kept, and the trial leaves nothing."""
    own = OwnProbe(tmp_path)(now())
    assert abs(own.rss_bytes - psutil.Process().memory_info().rss) < 50 * 2**20
    assert (own.loop_lag_p95_s, own.state_error, own.damaged) == (None, "", ())
    assert list(tmp_path.iterdir()) == []


def test_what_the_stores_know_is_told_first(tmp_path: Path) -> None:
    """A store's own error and damaged files come through; so does the lag."""
    lag = LoopLag()
    lag._late_s.append(0.25)
    probe = OwnProbe(
        tmp_path, lag=lag, state_error=lambda: "disk is full", damaged=lambda: ("a.json",)
    )
    own = probe(now())
    assert (own.state_error, own.damaged, own.loop_lag_p95_s) == ("disk is full", ("a.json",), 0.25)


def test_a_folder_that_cannot_be_written_is_told_without_its_path(tmp_path: Path) -> None:
    """The system's word, not the path."""
    assert write_error(tmp_path / "missing") == "No such file or directory"
    occupied = tmp_path / "file"
    occupied.touch()
    assert write_error(occupied) == "Not a directory"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """ENOSPC is an error to tell, and nothing is left behind."""
    (tmp_path / f".probe-{os.getpid()}").symlink_to("/dev/full")
    assert write_error(tmp_path) == "No space left on device"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_removed_is_left(tmp_path: Path) -> None:
    """Tidying up after a failure does not fail once more."""
    (tmp_path / "folder").mkdir()
    probe_left(tmp_path / "folder")
    assert (tmp_path / "folder").is_dir()


def test_history_is_measured_with_its_log(tmp_path: Path) -> None:
    """What lies on disk, also where the file is not there yet."""
    history = History(tmp_path / "history.sqlite", kept_days=30)
    probe = ShelfProbe(history)
    size_bytes = sum(path.stat().st_size for path in tmp_path.glob("history.sqlite*"))
    shm_bytes = (tmp_path / "history.sqlite-shm").stat().st_size
    assert probe(now()) == Shelf(size_bytes=size_bytes - shm_bytes, days=30)
    history.close()
    nowhere = ShelfProbe(History(tmp_path / "none" / "history.sqlite", read_only=True))
    assert nowhere(now()).size_bytes == 0


def test_a_damaged_history_is_told_for_an_hour(tmp_path: Path) -> None:
    """From the first look on, and once more when it happens again."""
    path = tmp_path / "history.sqlite"
    path.write_bytes(b"not a database" * 100)
    history = History(path)
    probe = ShelfProbe(history)
    assert [probe(now(s)).lost for s in (100.0, 3699.0, 3700.0, 9999.0)] == [
        True, True, False, False,
    ]  # fmt: skip
    history.damaged = "another one"
    assert probe(now(10_000.0)).lost
    history.close()


def test_what_was_set_aside_before_is_told_for_an_hour_too(tmp_path: Path) -> None:
    """As if it had just happened; who only reads has not replaced anything."""
    history = History(tmp_path / "history.sqlite")
    probe = ShelfProbe(history, untold="history.sqlite.damaged-20260814T090000000000Z")
    assert [probe(now(s)).lost for s in (100.0, 3699.0, 3700.0)] == [True, True, False]
    assert probe(now(3800.0)).replaced
    reader = History(history.path, read_only=True)
    assert not ShelfProbe(reader)(now()).replaced
    reader.close()
    history.close()
