"""What is over: kept, read back, pruned, and never lost to a full disk or an older version."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.history import History
from storage.incidents import Delivery, Incident, Kind, Status, TimelineEntry, TimelineKind
from storage.job_runs import JobRun, RunStatus
from storage.opportunities import Opportunities, Row
from storage.past import Past, Told, over
from storage.pruning import STEP
from storage.records import Phrase, Sample, Severity
from storage.schema import VERSION, micros
from tests.storage.test_history import RELEASED

NOON = datetime(2025, 8, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVER = {"since": NOON - 5000 * DAY, "until": NOON + 5000 * DAY}
FACT = Phrase("fresh.stale", {"source": "Gälxe <b>", "age_s": 7200.5, "n": 3, "x": None})
SECOND = """
CREATE TABLE hour (
    series TEXT NOT NULL, at INTEGER NOT NULL, low REAL NOT NULL, mean REAL NOT NULL,
    high REAL NOT NULL, median REAL NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (series, at)
) WITHOUT ROWID;
PRAGMA user_version = 2;
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "history.sqlite"


@pytest.fixture
def past(path: Path) -> Iterator[Past]:
    history = History(path, retry_s=0.0)
    yield Past(history)
    history.close()


def incident(
    number: int = 214, *, opened: datetime = NOON, closed: datetime | None = None
) -> Incident:
    """Return an incident that somebody took after ten minutes, and again later."""
    acks = [TimelineEntry(at=opened + n * 10 * timedelta(minutes=1), kind=TimelineKind.ACKED)
            for n in (1, 4)]  # fmt: skip
    return Incident(
        number=number, key=f"fresh:{number}", check="freshness", level=Severity.WARNING,
        peak=Severity.ERROR, since=opened - timedelta(minutes=2), opened=opened, opened_s=0.0,
        fact=FACT, latest=Phrase("x"), closed=closed, ack_at=acks[-1].at, timeline=tuple(acks),
    )  # fmt: skip


def delivery(number: int = 1, *, status: Status = Status.SENT, **changes: float) -> Delivery:
    """Return a row of NOON that took 1.5 s."""
    row = Delivery(
        id=number, incident=214, key="x", kind=Kind.FIRED, seq=0, channel="7",
        level=Severity.ERROR, created=NOON, created_s=100.0, status=status, tried_s=100.5,
        done_s=101.5, last_error="Forbidden: bot was blocked by the user",
    )  # fmt: skip
    return replace(row, **changes)  # type: ignore[arg-type]


def run(day: int = 1, *, status: RunStatus = RunStatus.DONE) -> JobRun:
    finished = None if status is RunStatus.RUNNING else NOON + day * DAY + HOUR
    return JobRun(
        job="report", local_date=date(2025, 8, day), status=status, tries=2,
        started=NOON + day * DAY, started_s=1.0, finished=finished, error="",
    )  # fmt: skip


def full(history: History) -> None:
    """Let the file grow no more."""
    (pages,) = history.read(lambda db: db.execute("PRAGMA page_count").fetchone())
    history.read(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"))
    history.add(Sample("filler", NOON + n * HOUR, 1.0) for n in range(9000))
    assert not history.on_disk


def test_an_incident_comes_back_as_it_was(past: Past) -> None:
    """Times, levels, the first acknowledgement and the fact with all its values."""
    one = incident(closed=NOON + HOUR)
    past.keep([one], [])
    (found,) = past.incidents(**EVER)
    assert found == over(one)
    assert (found.acked, found.peak) == (NOON + timedelta(minutes=10), Severity.ERROR)
    assert found.fact == FACT
    plain = replace(incident(300), timeline=(), ack_at=None)
    past.keep([plain], [])
    assert past.incidents(**EVER)[1].acked is None


def test_keeping_twice_changes_nothing_and_later_news_replace(past: Past) -> None:
    """An incident that closes, or is opened again, is one row all the same."""
    for closed in (None, None, NOON + HOUR, None, NOON + 2 * HOUR):
        past.keep([incident(closed=closed)], [delivery(), delivery()], [run(), run()])
        assert [one.closed for one in past.incidents(**EVER)] == [closed]
    assert len(past.told(**EVER)) == len(past.runs(**EVER)) == 1


@pytest.mark.parametrize(
    ("opened", "closed", "found"),
    [
        (NOON - 3 * HOUR, NOON - HOUR, False),
        (NOON - 3 * HOUR, NOON, True),
        (NOON - 3 * HOUR, NOON + DAY, True),
        (NOON + HOUR, NOON + HOUR, True),
        (NOON + HOUR, NOON + 9 * DAY, True),
        (NOON - 9 * DAY, None, True),
        (NOON + DAY, None, False),
        (NOON + DAY, NOON + 2 * DAY, False),
    ],
)
def test_a_window_has_what_was_open_in_it(
    past: Past, opened: datetime, closed: datetime | None, *, found: bool
) -> None:
    """Also what began before or is not over; what begins as it ends belongs to the next."""
    past.keep([incident(opened=opened, closed=closed)], [])
    assert bool(past.incidents(since=NOON, until=NOON + DAY)) == found


def test_the_oldest_comes_first(past: Past) -> None:
    """Open or over, by when it opened."""
    past.keep(
        [
            incident(3, opened=NOON + 2 * HOUR),
            incident(2, opened=NOON + HOUR, closed=NOON + 9 * HOUR),
            incident(1, opened=NOON),
        ],
        [],
    )
    assert [one.number for one in past.incidents(**EVER)] == [1, 2, 3]


def test_a_number_that_comes_again_is_another_incident(past: Past) -> None:
    """After a state that was lost numbers begin anew: nothing of before is overwritten."""
    past.keep([incident(1, closed=NOON + HOUR)], [delivery(1)])
    later = replace(delivery(1), created=NOON + DAY)
    past.keep([incident(1, opened=NOON + DAY)], [later])
    assert len(past.incidents(**EVER)) == len(past.told(**EVER)) == 2


def test_what_nobody_knows_any_more_is_not_open_for_ever(past: Past) -> None:
    """It ends when the loss is noticed; what is known goes on, what is over stays over."""
    gone, known = incident(1), incident(2)
    past.keep([gone, known, incident(3, closed=NOON + HOUR)], [])
    assert past.settle([known], at=NOON + DAY) == 1
    ends = {one.number: one.closed for one in past.incidents(**EVER)}
    assert ends == {1: NOON + DAY, 2: None, 3: NOON + HOUR}
    assert past.settle([known], at=NOON + 2 * DAY) == 0


def test_only_what_was_sent_or_given_up_is_told(past: Past) -> None:
    """With how long it took; a reason only where it failed."""
    past.keep([], [delivery(n, status=status) for n, status in enumerate(Status)])
    sent, dead = past.told(**EVER)
    at = NOON + timedelta(seconds=1.5)
    assert sent == Told(
        at=at, level=Severity.ERROR, kind=Kind.FIRED, status=Status.SENT, passed_s=1.5, reason=""
    )
    assert (dead.status, dead.reason) == (Status.DEAD, "Forbidden: bot was blocked by the user")


def test_rows_of_before_have_an_end_too(past: Past) -> None:
    """Rows of a version that noted none: as good as can be told, and never before they began."""
    odd = ({"done_s": None}, {"done_s": None, "tried_s": None}, {"done_s": 1.0})
    past.keep([], [delivery(n, **changes) for n, changes in enumerate(odd)])  # type: ignore[arg-type]
    assert sorted(one.passed_s for one in past.told(**EVER)) == [0.0, 0.0, 0.5]


def test_windows_share_no_delivery_and_leave_none_out(past: Past) -> None:
    """Its first moment belongs to a window, its last to the next."""
    rows = [replace(delivery(n, done_s=100.0), created=NOON + n * HOUR) for n in range(49)]
    past.keep([], rows)
    windows = [past.told(since=NOON + n * DAY, until=NOON + (n + 1) * DAY) for n in range(3)]
    assert [len(one) for one in windows] == [24, 24, 1]
    assert windows[1][0].at == NOON + DAY


def test_job_runs_come_back(past: Past) -> None:
    """Of a date the last word; one that was cut short has no end."""
    past.keep([], [], [run(1, status=RunStatus.RUNNING), run(2)])
    past.keep([], [], [run(3, status=RunStatus.FAILED)])
    found = past.runs(since=NOON, until=NOON + 9 * DAY)
    assert [(one.local_date.day, one.status, one.finished) for one in found] == [
        (1, RunStatus.RUNNING, None),
        (2, RunStatus.DONE, NOON + 2 * DAY + HOUR),
        (3, RunStatus.FAILED, NOON + 3 * DAY + HOUR),
    ]


@pytest.mark.parametrize("script", [RELEASED, RELEASED + SECOND])
def test_files_of_released_versions_are_taken_over(path: Path, script: str) -> None:
    """Whichever they are: what they hold stays, and what is over finds its place."""
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.executescript(script)
    db.execute("INSERT INTO sample VALUES ('x', 1, 2.0)")
    db.commit()
    db.close()
    history = History(path)
    past = Past(history)
    past.keep([incident()], [delivery()], [run()])
    assert (history.error, history.damaged, history.on_disk) == ("", "", True)
    assert (len(past.incidents(**EVER)), len(past.told(**EVER)), len(past.runs(**EVER))) == (
        1,
        1,
        1,
    )
    assert history.read(lambda db: db.execute("SELECT value FROM sample").fetchall()) == [(2.0,)]
    assert history.read(lambda db: db.execute("PRAGMA user_version").fetchone()) == (VERSION,)
    history.close()


def test_a_full_disk_costs_nothing(past: Past, path: Path) -> None:
    """What changes meanwhile lies over what the file holds, and moves into it later."""
    past.keep([incident(1), incident(2)], [delivery(1)], [run(1, status=RunStatus.RUNNING)])
    full(past.history)
    past.keep([incident(2, closed=NOON + HOUR), incident(3)], [delivery(1), delivery(2)], [run(1)])

    def seen(past: Past) -> tuple[object, ...]:
        ends = {one.number: one.closed for one in past.incidents(**EVER)}
        return ends, len(past.told(**EVER)), [one.status for one in past.runs(**EVER)]

    wanted = ({1: None, 2: NOON + HOUR, 3: None}, 2, [RunStatus.DONE])
    assert seen(past) == wanted
    assert past.settle([incident(1)], at=NOON + DAY) == 1  # 3 is known to memory alone
    past.keep([incident(3)], [])
    past.history.read(lambda db: db.execute("PRAGMA max_page_count = 1000000"))
    past.keep([], [])
    assert past.history.on_disk
    past.history.close()
    again = Past(History(path))
    assert seen(again) == wanted
    again.history.close()


def test_a_place_that_appears_later_gets_everything(tmp_path: Path) -> None:
    """Without a folder all is in memory, until there is one."""
    blocker = tmp_path / "var"
    blocker.write_text("a file")
    past = Past(History(blocker / "history.sqlite", retry_s=0.0))
    past.keep([incident()], [delivery()], [run()])
    blocker.unlink()
    past.keep([], [])
    assert past.history.on_disk
    assert (len(past.incidents(**EVER)), len(past.told(**EVER)), len(past.runs(**EVER))) == (
        1,
        1,
        1,
    )
    past.history.close()


def test_a_one_shot_reads_beside_the_service(past: Past, path: Path) -> None:
    """What the running bot keeps, a reader sees; it writes nothing."""
    past.keep([incident()], [delivery()], [run()])
    reader = Past(History(path, read_only=True))
    assert (len(reader.incidents(**EVER)), len(reader.told(**EVER))) == (1, 1)
    reader.keep([incident(9)], [])
    assert len(past.incidents(**EVER)) == 1
    reader.history.close()


def test_damage_found_in_use_costs_what_was_there_and_no_more(past: Past, path: Path) -> None:
    """The file is set aside, and what is kept next goes into a new one."""
    past.keep([incident(n, closed=NOON) for n in range(2000)], [])
    past.history.read(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    past.history.read(lambda db: db.execute("PRAGMA cache_size = 0"))
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
    past.history.read(lambda db: db.execute("PRAGMA shrink_memory"))
    past.keep([incident(1)], [delivery()], [run()])
    assert past.history.generation == 1
    assert "set aside" in past.history.damaged
    assert [one.number for one in past.incidents(**EVER)] == [1]
    assert (len(past.told(**EVER)), past.history.on_disk) == (1, True)
    assert len(list(path.parent.glob("*.damaged-*"))) >= 1


spans = st.tuples(st.integers(0, 200), st.none() | st.integers(0, 60))


@settings(max_examples=50, deadline=None)
@given(st.lists(spans, max_size=30), st.integers(0, 200), st.integers(1, 60))
def test_a_window_equals_a_recount(
    rows: list[tuple[int, int | None]], begin: int, length: int
) -> None:
    """Whatever overlaps, by a plain comparison."""
    history = History(Path(":memory:/nowhere"), read_only=True)
    past = Past(history)
    everything = [
        incident(
            number, opened=NOON + start * HOUR,
            closed=None if lasted is None else NOON + (start + lasted) * HOUR,
        )
        for number, (start, lasted) in enumerate(rows)
    ]  # fmt: skip
    past.keep(everything, [])
    since, until = NOON + begin * HOUR, NOON + (begin + length) * HOUR
    found = {one.number for one in past.incidents(since=since, until=until)}
    history.close()
    assert found == {
        one.number
        for one in everything
        if one.opened < until and (one.closed is None or one.closed >= since)
    }


def test_what_is_over_leaves_with_its_day(path: Path) -> None:
    """After the days that are kept, in steps; what is open stays, and so does what is listed."""
    history = History(path, kept_days=30)
    past = Past(history)
    history.add(Sample("x", NOON - n * DAY, 1.0) for n in range(60))
    old, young = NOON - 31 * DAY, NOON - 29 * DAY
    past.keep(
        [
            incident(1, opened=old - DAY, closed=old),
            incident(2, opened=old - DAY, closed=young),
            incident(3, opened=old - DAY),
            *(incident(n, opened=old, closed=old) for n in range(100, 100 + 3 * STEP)),
        ],
        [replace(delivery(n), created=at) for n, at in enumerate((old, young))],
        [replace(run(1), started=old), replace(run(2), started=young)],
    )
    listed(history, {"gone": old, "still there": young})
    rounds = 0
    while not history.prune(NOON, within_s=0.0):
        rounds += 1
    assert rounds > 3
    assert [one.number for one in past.incidents(**EVER)] == [2, 3]
    assert [one.at.date() for one in past.told(**EVER)] == [young.date()]
    assert [one.local_date.day for one in past.runs(**EVER)] == [2]
    titles = history.read(lambda db: db.execute("SELECT title FROM listed").fetchall())
    assert titles == [("still there",)]
    history.close()


def listed(history: History, last_seen: dict[str, datetime]) -> None:
    """Put opportunities into the index, listed for the last time then."""
    rows = [
        Row(key, "Galxe", title, "", "", None, None, 3, "", 0, micros(at))
        for key, (title, at) in enumerate(last_seen.items(), start=-1)
    ]
    index = Opportunities(history)
    history.write(lambda db: index.put(db, rows))


def test_a_wild_clock_drops_nothing_that_is_over(path: Path) -> None:
    """A night a year ahead: only days on record count, here as for samples."""
    history = History(path, kept_days=30)
    past = Past(history)
    history.add(Sample("x", NOON - n * DAY, 1.0) for n in range(20))
    past.keep([incident(1, closed=NOON)], [delivery()], [run()])
    listed(history, {"one": NOON})
    assert history.prune(NOON + 4000 * DAY)
    assert (len(past.incidents(**EVER)), len(past.told(**EVER)), len(past.runs(**EVER))) == (
        1,
        1,
        1,
    )
    assert history.read(lambda db: db.execute("SELECT count(*) FROM listed").fetchone()) == (1,)
    history.close()
