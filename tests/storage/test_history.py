import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.history import History
from storage.records import Sample
from storage.schema import VERSION, micros, moment
from storage.sqlite import open_file, set_aside, set_aside_after, shrink

NOON = datetime(2025, 8, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
RELEASED = """
CREATE TABLE sample (
    series TEXT NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL, PRIMARY KEY (series, at)
) WITHOUT ROWID;
CREATE TABLE opportunity (
    key INTEGER PRIMARY KEY, source TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL,
    reward TEXT NOT NULL, minutes REAL, roi REAL, rank INTEGER NOT NULL, deadline TEXT NOT NULL,
    first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL
);
CREATE INDEX opportunity_first ON opportunity (source, first_seen);
CREATE INDEX opportunity_paid ON opportunity (source) WHERE roi IS NOT NULL;
CREATE TABLE known (
    name TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    inode TEXT NOT NULL, report BLOB NOT NULL
) WITHOUT ROWID;
INSERT INTO known VALUES ('a', 1, 1, '1', x'00');
PRAGMA user_version = 1;
"""


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


def days(count: int, series: str = "cpu_pct", *, every_h: float = 6.0) -> list[Sample]:
    """Return samples of that many days that end on the day of NOON."""
    step, total = timedelta(hours=every_h), int(count * 24 / every_h)
    end = NOON.replace(hour=23)
    return [Sample(series, end - n * step, float(n % 7)) for n in range(total)]


def raw(history: History, series: str = "cpu_pct") -> int:
    """Return how many samples are kept as they were."""
    return len(history.series(series, since=NOON - 5000 * DAY, until=NOON + 5000 * DAY))


def counted(history: History, series: str = "cpu_pct") -> int:
    """Return how many samples are remembered, as they were or summed up."""
    span = {"since": NOON - 5000 * DAY, "until": NOON + 5000 * DAY}
    return sum(slot.n for slot in history.slots(series, **span, step=DAY))


def test_what_is_older_than_two_weeks_is_summed_up_by_the_hour(history: History) -> None:
    """Today and the 14 days before stay as they are; of an hour its extremes and mean remain."""
    history.add(days(20))
    hour = (NOON - 18 * DAY).replace(minute=0)
    history.add(Sample("cpu_pct", hour + timedelta(minutes=m), float(m)) for m in (0, 20, 40))
    assert history.prune(NOON)
    assert raw(history) == 15 * 4
    found = history.slots("cpu_pct", since=hour, until=hour, step=HOUR)
    assert [(s.low, s.mean, s.high, s.n) for s in found] == [(0.0, 20.0, 40.0, 3)]
    assert found[0].at_s == hour.timestamp()
    assert counted(history) == 20 * 4 + 3


def test_days_without_samples_do_not_age_anything(history: History) -> None:
    """After a holiday of a year the last two weeks are still there in full."""
    history.add(days(10))
    history.add([Sample("cpu_pct", NOON + 365 * DAY, 1.0)])
    assert history.prune(NOON + 365 * DAY)
    assert raw(history) == 41


def test_hours_leave_after_the_days_that_are_kept(path: Path) -> None:
    """Counted over all series: one that ended long ago leaves with its days."""
    history = History(path, kept_days=30)
    history.add(days(40))
    history.add([Sample("gone", NOON - 39 * DAY, 1.0)])
    assert history.prune(NOON)
    assert counted(history) == 31 * 4
    assert history.names("") == ["cpu_pct"]
    history.close()


@pytest.mark.parametrize("ahead", [DAY, 40 * DAY, 4000 * DAY])
def test_a_clock_that_runs_wild_ages_nothing(path: Path, ahead: timedelta) -> None:
    """One night a year ahead, with a look or without one: a day is older, not all of them."""
    history = History(path, kept_days=30)
    history.add(days(30))
    assert history.prune(NOON + ahead)
    assert (raw(history), counted(history)) == (60, 120)
    history.add([Sample("cpu_pct", NOON + ahead, 1.0)])
    assert history.prune(NOON + ahead)
    assert (raw(history), counted(history)) == (57, 121)
    history.add([Sample("cpu_pct", NOON + timedelta(minutes=5), 1.0)])
    assert history.prune(NOON)
    assert (raw(history), counted(history)) == (58, 122)
    history.close()


def test_what_is_left_over_is_done_the_next_time(history: History) -> None:
    """In small steps, none of which loses or doubles anything."""
    for name in ("a", "b"):
        history.add(days(40, name))
    before, rounds = counted(history, "a"), 0
    while not history.prune(NOON, within_s=0.0):
        rounds += 1
        assert (counted(history, "a"), counted(history, "b")) == (before, before)
    assert rounds > 10
    assert raw(history, "a") == raw(history, "b") == 60
    assert history.prune(NOON)


def test_a_checkpoint_moves_the_log_into_the_file(history: History, tmp_path: Path) -> None:
    """What was in the log alone is in the file then; who writes meanwhile is not held up."""

    def in_file() -> int:
        alone = tmp_path / "alone.sqlite"
        alone.write_bytes(history.path.read_bytes())
        with closing(sqlite3.connect(alone)) as db:
            return int(db.execute("SELECT count(*) FROM sample").fetchone()[0])

    def busy(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO sample VALUES ('x', 1, 1.0)")
        history.checkpoint()

    history.checkpoint()
    history.add(samples(3))
    assert in_file() == 0
    history.write(busy)
    assert in_file() == 3
    history.checkpoint()
    assert in_file() == 4


def test_no_commit_of_a_long_night_has_to_copy_the_log(path: Path) -> None:
    """SQLite does so once the log has 1000 pages, and everybody would wait for the disk."""
    history = History(path)
    history.add(days(140, every_h=0.05))
    history.close()
    history = History(path)
    log = path.with_name(f"{path.name}-wal")
    assert history.prune(NOON)
    assert 0 < log.stat().st_size < 900 * 4096
    history.close()


def test_a_late_sample_does_not_replace_its_hour(history: History) -> None:
    """The hour that was summed up with more samples stays; the late one is not kept either."""
    hour = NOON - 30 * DAY
    history.add(days(20))
    history.add(Sample("cpu_pct", hour + timedelta(minutes=m), float(m)) for m in (0, 20, 40))
    assert history.prune(NOON)
    history.add([Sample("cpu_pct", hour + timedelta(minutes=50), 99.0)])
    assert history.prune(NOON)
    (slot,) = history.slots("cpu_pct", since=hour, until=hour, step=HOUR)
    assert (slot.high, slot.n) == (40.0, 3)


def test_a_file_that_is_closed_is_left_alone(history: History) -> None:
    """An orderly stop waits for the step under way, no more."""
    history.add(days(20))
    history.close()
    assert not history.prune(NOON)


def test_a_full_disk_sums_up_nothing(history: History) -> None:
    """It says that it is not done, and does it once there is room."""
    history.add(days(20))
    (pages,) = history.read(lambda db: db.execute("PRAGMA page_count").fetchone())
    history.read(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"))
    history.add(samples(5000, "new"))
    assert not history.on_disk
    assert not History(history.path, read_only=True).prune(NOON)
    history._retry_s = 1e9
    assert not history.prune(NOON)
    history._retry_s = 0.0
    assert counted(history) == 80
    history.read(lambda db: db.execute("PRAGMA max_page_count = 1000000"))
    assert history.prune(NOON)
    assert (raw(history), counted(history)) == (60, 80)


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.integers(0, 60 * 24 * 40), st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.sampled_from([1, 3, 24]),
    st.integers(0, 40),
)
def test_slots_are_the_same_whatever_was_summed_up(
    minutes: dict[int, float], hours: int, on: int
) -> None:
    """Extremes, mean and count of any stretch of whole hours equal a recount."""
    with tempfile.TemporaryDirectory() as folder:
        history = History(Path(folder) / "history.sqlite")
        start, step = datetime(2025, 1, 1, tzinfo=UTC), timedelta(hours=hours)
        history.add(Sample("x", start + timedelta(minutes=m), v) for m, v in minutes.items())
        history.prune(start + on * DAY)
        found = history.slots("x", since=start, until=start + 41 * DAY, step=step)
        old = history.kept("x", since=start, until=start + 41 * DAY).median()
        young = history.kept("x", since=start + on * DAY, until=start + 41 * DAY).median()
        history.close()
    wanted: dict[int, list[float]] = {}
    for minute, value in minutes.items():
        wanted.setdefault(minute // (60 * hours), []).append(value)
    assert [(s.at_s - start.timestamp()) / step.total_seconds() for s in found] == sorted(wanted)
    for slot, (_, each) in zip(found, sorted(wanted.items()), strict=True):
        assert (slot.low, slot.high, slot.n) == (min(each), max(each), len(each))
        assert slot.mean == pytest.approx(statistics.fmean(each), rel=1e-9, abs=1e-6)
    assert old is not None
    assert min(minutes.values()) <= old <= max(minutes.values())
    fresh = [value for minute, value in minutes.items() if minute >= on * 24 * 60]
    assert young == (statistics.median(fresh) if fresh else None)


def test_a_median_is_the_samples_own_as_long_as_they_are_there(history: History) -> None:
    """An hour summed up counts with all its samples, as its own median: no peak pulls it up."""
    history.add(
        Sample("x", NOON - 30 * DAY + timedelta(minutes=m), v)
        for m, v in ((0, 1.0), (5, 2.0), (10, 90.0), (15, 99.0), (70, 3.0))
    )
    history.add(days(20, "x"))
    span = {"since": NOON - 31 * DAY, "until": NOON - 29 * DAY}
    assert history.kept("x", **span).median() == 3.0
    assert history.prune(NOON)
    assert history.kept("x", **span).median() == 46.0
    assert history.kept("none", **span).median() is None


def test_a_file_of_the_first_release_is_taken_over(path: Path) -> None:
    """What it holds stays, and ages as everything else."""
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.executescript(RELEASED)
    rows = [(s.series, micros(s.at), s.value) for s in days(20)]
    db.executemany("INSERT INTO sample VALUES (?, ?, ?)", rows)
    db.commit()
    db.close()
    history = History(path)
    assert (history.error, history.damaged) == ("", "")
    assert (raw(history), counted(history)) == (80, 80)
    assert history.prune(NOON)
    assert (raw(history), counted(history)) == (60, 80)
    assert history.read(lambda db: db.execute("PRAGMA user_version").fetchone()) == (VERSION,)
    assert history.read(lambda db: db.execute("SELECT name FROM known").fetchall()) == [("a",)]
    history.close()


def test_room_left_by_a_roll_up_goes_back_to_the_disk(path: Path) -> None:
    """When the file is opened, and only where most of it is empty; nothing is lost by it."""
    history = History(path)
    for name in ("a", "b", "c"):
        history.add(days(300, name, every_h=1.0))
    history.prune(NOON)
    history.read(lambda db: db.execute("DELETE FROM hour WHERE series <> 'a'"))
    history.close()
    before = path.stat().st_size
    for least, smaller in ((before, False), (0, True)):
        db = open_file(path)
        shrink(db, from_bytes=least)
        db.close()
        assert (path.stat().st_size < before / 2) == smaller
    again = History(path)
    assert (raw(again, "b"), counted(again, "a")) == (15 * 24, 300 * 24)
    again.close()


def test_names_are_known_from_everywhere(history: History) -> None:
    """From samples, from sums of hours, and from what memory holds while the disk is full."""
    history.add(days(20, "old")[:-1])
    history.add(days(1, "young"))
    history.add([Sample("gone", NOON - 19 * DAY, 1.0)])
    assert history.prune(NOON)
    (pages,) = history.read(lambda db: db.execute("PRAGMA page_count").fetchone())
    history.read(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"))
    history.add(samples(9000, "memory"))
    assert not history.on_disk
    assert history.names("") == ["gone", "memory", "old", "young"]


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


def test_who_set_the_file_aside_since(path: Path) -> None:
    """The newest such file counts, and only if it is newer than what is known already."""
    path.parent.mkdir()
    assert set_aside_after(path, NOON) == ""
    for minutes in (-5, 5, 9):
        path.write_bytes(b"not a database")
        path.with_name(f"{path.name}-wal").write_bytes(b"")
        aside = set_aside(path, at=NOON + timedelta(minutes=minutes))
    assert set_aside_after(path, NOON) == aside
    assert set_aside_after(path, NOON + timedelta(minutes=9)) == ""
