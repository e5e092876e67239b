import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.history import History, micros, moment
from storage.records import Sample
from storage.schema import VERSION

NOON = datetime(2025, 8, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "history.sqlite"


@pytest.fixture
def history(path: Path) -> Iterator[History]:
    history = History(path, retry_s=0.0)
    yield history
    history.close()


def samples(count: int, series: str = "cpu_pct") -> list[Sample]:
    return [Sample(series, NOON + timedelta(minutes=n), float(n)) for n in range(count)]


def values(history: History, series: str = "cpu_pct") -> list[float]:
    return [v for _, v in history.series(series, since=NOON - DAY, until=NOON + DAY)]


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_times_come_back_as_they_were(at: datetime) -> None:
    """To the microsecond."""
    assert moment(micros(at)) == at


def test_samples_come_back_in_order(history: History) -> None:
    """Both ends of the span belong to it; other series do not."""
    history.add(reversed(samples(4)))
    history.add(samples(2, "memory_pct"))
    found = history.series(
        "cpu_pct", since=NOON + timedelta(minutes=1), until=NOON + timedelta(minutes=2)
    )
    assert found == [(NOON + timedelta(minutes=n), float(n)) for n in (1, 2)]


def test_a_second_value_replaces_the_first(history: History) -> None:
    """One series has one value at one time."""
    history.add([Sample("x", NOON, 1.0)])
    history.add([Sample("x", NOON, 2.0)])
    assert values(history, "x") == [2.0]


def test_what_is_older_than_400_days_is_dropped_once_a_day(history: History) -> None:
    """Of every series, by the time of what is added, not more often; also after a restart."""
    history.add([Sample("x", NOON, 1.0), Sample("x", NOON + DAY, 2.0), Sample("y", NOON, 3.0)])
    last = NOON + 401 * DAY

    def kept() -> list[float]:
        everything = [history.series(n, since=NOON, until=last) for n in ("x", "y")]
        return [value for found in everything for _, value in found]

    history.add([Sample("z", NOON + 400 * DAY, 4.0)])
    assert kept() == [1.0, 2.0, 3.0]
    history.add([Sample("z", last - timedelta(seconds=1), 5.0)])
    assert kept() == [1.0, 2.0, 3.0]
    history.add([Sample("z", last, 6.0)])
    assert kept() == [2.0]


def test_a_restart_drops_what_is_too_old(history: History, path: Path) -> None:
    """Also where the program never runs for a whole day."""
    history.add(samples(2))
    history.close()
    again = History(path)
    again.add([Sample("z", NOON + 401 * DAY, 4.0)])
    assert again.names("") == ["z"]
    again.close()


def test_names_are_found_by_their_beginning(history: History) -> None:
    """A prefix is taken literally."""
    for name in ("source_age_s:Galxe", "source_age_s:Zealy", "source", "%", "sourcf"):
        history.add([Sample(name, NOON, 1.0), Sample(name, NOON + DAY, 1.0)])
    assert history.names("source_age_s:") == ["source_age_s:Galxe", "source_age_s:Zealy"]
    assert history.names("") == [
        "%",
        "source",
        "source_age_s:Galxe",
        "source_age_s:Zealy",
        "sourcf",
    ]
    assert history.names("nothing") == []


def test_samples_survive_a_restart(history: History, path: Path) -> None:
    """They are on disk, in a versioned file."""
    history.add(samples(3))
    history.close()
    history.close()
    again = History(path)
    assert values(again) == [0.0, 1.0, 2.0]
    assert again.read(lambda db: db.execute("PRAGMA user_version").fetchone()) == (VERSION,)
    assert (again.damaged, again.error) == ("", "")
    again.close()


def test_a_failed_transaction_leaves_nothing(history: History) -> None:
    """All of it is kept, or none."""

    def half(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO sample VALUES ('x', 1, 1.0)")
        raise KeyError

    with pytest.raises(KeyError):
        history.write(half)
    assert history.names("") == []


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xa5" * 9000]
)
def test_a_damaged_file_is_set_aside(path: Path, content: bytes) -> None:
    """It is kept for whoever wants to look at it, and a new one begins."""
    path.parent.mkdir()
    path.write_bytes(content)
    history = History(path)
    history.add(samples(1))
    (aside,) = path.parent.glob("history.sqlite.damaged-*")
    assert aside.read_bytes() == content
    assert aside.name in history.damaged
    assert (values(history), history.error, history.on_disk) == ([0.0], "", True)
    history.close()


def test_damage_within_is_found_when_opening(history: History, path: Path) -> None:
    """A page of garbage does not wait until somebody needs it."""
    history.add(samples(2000))
    history.close()
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * 8192)
    again = History(path)
    assert "set aside" in again.damaged
    assert values(again) == []
    again.close()


def test_a_reader_sets_nothing_aside(path: Path) -> None:
    """A one-shot command reports the damage and leaves the file alone."""
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    history = History(path, read_only=True)
    assert history.damaged != ""
    assert values(history) == []
    history.close()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_file_from_the_future_is_left_alone(history: History, path: Path) -> None:
    """An older program must not spoil what a newer one wrote."""
    history.read(lambda db: db.execute(f"PRAGMA user_version = {VERSION + 1}"))
    history.close()
    before = path.read_bytes()
    older = History(path)
    assert "newer" in older.error
    older.add(samples(1))
    assert values(older) == [0.0]
    older.close()
    assert path.read_bytes() == before


def test_a_full_disk_costs_nothing_that_was_there(history: History, path: Path) -> None:
    """New samples are kept in memory over the file's, and saved when there is room again."""
    history.add(samples(10))
    (pages,) = history.read(lambda db: db.execute("PRAGMA page_count").fetchone())
    history.read(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"))
    many = samples(5000)
    history.add(many)
    assert "full" in history.error
    assert not history.on_disk
    found = history.series("cpu_pct", since=NOON, until=many[-1].at)
    assert len(found) == 5000
    history.add(samples(1, "more"))
    assert history.names("") == ["cpu_pct", "more"]
    history.read(lambda db: db.execute("PRAGMA max_page_count = 1000000"))
    history.add(samples(1, "last"))
    assert (history.error, history.on_disk) == ("", True)
    history.close()
    again = History(path)
    assert len(again.series("cpu_pct", since=NOON, until=many[-1].at)) == 5000
    assert again.names("") == ["cpu_pct", "last", "more"]
    again.close()


def test_a_folder_that_appears_later_is_used(tmp_path: Path) -> None:
    """Without a place for the file everything is in memory, until there is one."""
    blocker = tmp_path / "var"
    blocker.write_text("a file")
    path = blocker / "history.sqlite"
    history = History(path, retry_s=0.0)
    history.add(samples(2))
    assert history.error != ""
    blocker.unlink()
    history.add(samples(3))
    assert (history.error, values(history)) == ("", [0.0, 1.0, 2.0])
    history.close()
    assert values(History(path, read_only=True)) == [0.0, 1.0, 2.0]


def test_every_thread_may_use_it(history: History) -> None:
    """Many writers at once lose nothing."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: history.add(samples(50, f"s{n}")), range(16)))
    assert len(history.names("s")) == 16
    assert all(len(values(history, f"s{n}")) == 50 for n in range(16))
