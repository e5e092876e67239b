"""What is over reaches history before the state forgets it, whatever disk and crashes do."""

import asyncio
import errno
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.alerts.entries import Taken, Trouble
from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Row, Rules
from jobs.alerts.tidy import CLOSED_KEPT, DONE_KEPT, UNCOPIED_KEPT
from jobs.archive import Archive
from storage.alerts import Alerts
from storage.database import Database
from storage.history import History
from storage.incidents import Delivery, Incident, Status
from storage.job_runs import JobRun, JobRuns, RunStatus
from storage.outbox import Outbox
from storage.past import FINISHED, Past
from storage.records import Sample
from tests.jobs.seen import NOON, Hands, at, fail, ok
from tests.waiting import PATIENCE_S

EVER = {"since": NOON - timedelta(days=999), "until": NOON + timedelta(days=999)}
AT_ONCE = Rules(table=(Row(glob="*", fails=1, passes=1),))
STORM = 1000
MINUTE_S = 60.0


class Watched(Past):
    """A real store that can fail, hang, and counts what it is given."""

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.given = 0
        self.before: Callable[[], None] = lambda: None

    def keep(
        self,
        incidents: Iterable[Incident],
        deliveries: Iterable[Delivery],
        runs: Iterable[JobRun] = (),
    ) -> None:
        incidents, deliveries, runs = list(incidents), list(deliveries), list(runs)
        self.given += len(incidents) + len(deliveries) + len(runs)
        self.before()
        super().keep(incidents, deliveries, runs)


@dataclass
class Office:
    """State, history and what copies from one to the other; `restart` keeps the disk alone."""

    folder: Path
    clock: Hands = field(default_factory=Hands)
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.database = Database(self.folder / "state.json")
        self.history = History(self.folder / "history.sqlite", retry_s=0.0)
        self.past = Watched(self.history)
        self.archive = Archive(self.past, self.database, clock=self.clock)
        self.alerts = AlertManager(
            database=self.database, channels=self.channels, rules=AT_ONCE, copies=self.archive
        )

    def restart(self) -> None:
        self.history.close()
        self.open()

    def storm(self, *, fails: bool, n: int = STORM) -> None:
        keys = [f"disk:{number}" for number in range(n)]
        seen = [fail(key=key) if fails else ok(key) for key in keys]
        self.alerts.observe(seen, at=self.clock())

    def later(self, seconds: float) -> None:
        """Let time go by, and a cycle that has nothing to say."""
        self.clock.now_s += seconds
        self.alerts.observe([], at=self.clock())

    def send(self) -> None:
        """Have everything accepted as one message."""
        ledger = self.alerts.ledger
        rows = ledger.claim(Outbox(self.database).live(), at=self.clock())
        ledger.together([Taken(rows=rows, message_id=1, own=False, at=self.clock())])

    def kept(self) -> int:
        """Return how many incidents the state remembers."""
        return len(Alerts(self.database).incidents())

    def full(self, *, on: bool) -> None:
        """Let the history's file grow no more, or again."""
        (pages,) = self.history.read(lambda db: db.execute("PRAGMA page_count").fetchone())
        most = pages if on else 10**6
        self.history.read(lambda db: db.execute(f"PRAGMA max_page_count = {most}"))
        self.history.add(Sample("filler", NOON + timedelta(minutes=n), 1.0) for n in range(9000))
        assert self.history.on_disk is not on


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.history.close()


def test_incidents_are_copied_while_open_and_when_they_close(office: Office) -> None:
    """What changed is copied; a cycle in which nothing did writes nothing."""
    office.alerts.observe([fail()], at=office.clock())
    assert office.archive.copy() == ""
    (opened,) = office.past.incidents(**EVER)
    assert (opened.number, opened.key, opened.closed) == (1, "fresh:Galxe", None)
    given = office.past.given
    office.later(MINUTE_S)
    office.archive.copy()
    assert office.past.given == given == 1
    office.clock.now_s += MINUTE_S
    office.alerts.ack(1, by="Ada", at=office.clock())
    office.alerts.observe([ok()], at=office.clock())
    office.archive.copy()
    (closed,) = office.past.incidents(**EVER)
    assert (closed.acked, closed.closed) == (at(120).wall, at(120).wall)
    assert office.past.given == given + 1


def test_a_storm_that_ends_in_one_commit_is_copied_whole(office: Office) -> None:
    """A thousand incidents close at once, and only a hundred of them are kept in the state."""
    office.storm(fails=True)
    office.archive.copy()
    office.clock.now_s += MINUTE_S
    office.storm(fails=False)
    for _ in range(20):  # ten minutes and more: no digest counts them any longer
        office.later(MINUTE_S)
    assert office.kept() == STORM
    office.archive.copy()
    office.later(MINUTE_S)
    assert office.kept() == CLOSED_KEPT
    found = office.past.incidents(**EVER)
    assert len(found) == STORM
    assert {one.closed for one in found} == {at(MINUTE_S).wall}


def test_what_cannot_be_copied_does_not_grow_for_ever(office: Office) -> None:
    """While history cannot be written a thousand closed incidents are kept, the youngest ones."""
    office.full(on=True)
    for _ in range(3):
        office.storm(fails=True)
        office.clock.now_s += MINUTE_S
        office.storm(fails=False)
        assert office.archive.copy() != ""
        assert office.archive.stuck
        office.later(700.0)
    office.later(MINUTE_S)
    numbers = [one.number for one in Alerts(office.database).incidents()]
    assert len(numbers) == UNCOPIED_KEPT
    assert numbers[-1] == 3 * STORM
    office.full(on=False)
    assert office.archive.copy() == ""
    office.later(MINUTE_S)
    assert office.kept() == CLOSED_KEPT
    found = office.past.incidents(**EVER)
    assert len(found) == 3 * STORM  # memory held over the file what the state forgot
    assert not office.archive.stuck


def test_what_memory_alone_holds_the_state_keeps(office: Office) -> None:
    """A full disk and then a crash: the state still has it, and it is copied after all."""
    office.full(on=True)
    office.storm(fails=True, n=300)
    office.clock.now_s += MINUTE_S
    office.storm(fails=False, n=300)
    office.archive.copy()
    office.later(700.0)
    assert office.kept() == 300
    office.restart()
    assert office.archive.copy() == ""
    assert len(office.past.incidents(**EVER)) == 300
    office.later(MINUTE_S)
    assert office.kept() == CLOSED_KEPT


def test_after_a_restart_everything_is_copied_once_more(office: Office) -> None:
    """A crash between the two files loses nothing and doubles nothing."""
    office.storm(fails=True, n=5)
    office.archive.copy()
    office.clock.now_s += MINUTE_S
    office.storm(fails=False, n=5)
    office.restart()
    office.archive.copy()
    office.restart()
    office.archive.copy()
    assert [one.closed for one in office.past.incidents(**EVER)] == [at(MINUTE_S).wall] * 5


def test_a_history_that_was_damaged_gets_everything_the_state_knows(office: Office) -> None:
    """What was copied before counts for nothing then; nothing is raised and nobody waits."""
    office.storm(fails=True, n=50)
    office.archive.copy()
    office.history.read(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    path = office.history.path
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
    office.history.read(lambda db: db.execute("PRAGMA shrink_memory"))
    office.alerts.observe([ok("disk:0")], at=office.clock())
    known = Alerts(office.database).incidents()
    assert [office.archive.has(one) for one in known] == [False] + [True] * 49
    office.archive.copy()
    assert not any(map(office.archive.has, known))
    office.archive.copy()
    assert all(map(office.archive.has, known))
    assert (office.history.generation, office.history.on_disk) == (1, True)
    assert len(office.past.incidents(**EVER)) == 50
    assert len(list(path.parent.glob("history.sqlite.damaged-*"))) >= 1


def test_a_lost_state_leaves_nothing_open_in_history(office: Office) -> None:
    """Its incidents end when the loss is noticed; the new number 1 is another one."""
    office.storm(fails=True, n=2)
    office.archive.copy()
    for path in office.folder.glob("state.json*"):
        path.write_bytes(b"{")
    office.clock.now_s = 3600.0
    office.restart()
    office.alerts.observe([fail(key="cpu")], at=office.clock())
    office.archive.copy()
    found = office.past.incidents(**EVER)
    assert [(one.number, one.key, one.closed) for one in found] == [
        (1, "disk:0", at(3600).wall), (2, "disk:1", at(3600).wall), (1, "cpu", None),
    ]  # fmt: skip


def test_deliveries_are_copied_with_how_long_they_took(tmp_path: Path) -> None:
    """What is still to be sent is not over; what was given up says why."""
    office = Office(tmp_path, channels=("1", "2", "3"))
    office.alerts.observe([fail()], at=at(0))
    rows = Outbox(office.database).live()
    ledger = office.alerts.ledger
    ledger.claim(rows, at=at(1))
    ledger.accepted(rows[:1], message_id=5, own=True, at=at(2.5))
    ledger.refused(rows[1:2], Trouble(reason="forbidden", text="blocked"), at=at(4))
    office.archive.copy()
    sent, dead = office.past.told(**EVER)
    assert (sent.status, sent.passed_s, sent.at, sent.reason) == (
        Status.SENT, 2.5, at(2.5).wall, "",
    )  # fmt: skip
    assert (dead.status, dead.passed_s, dead.reason) == (Status.DEAD, 4.0, "blocked")
    office.history.close()


def test_a_storm_to_many_chats_is_counted_in_full(tmp_path: Path) -> None:
    """Thousands of rows between two cycles: the state forgets them only once they are copied."""
    office = Office(tmp_path, channels=tuple(str(n) for n in range(1, 5)))
    office.storm(fails=True)
    office.send()
    office.later(MINUTE_S)
    assert len(Outbox(office.database).all()) == 4 * STORM
    office.archive.copy()
    office.later(MINUTE_S)
    assert len(Outbox(office.database).all()) == DONE_KEPT
    assert len(office.past.told(**EVER)) == 4 * STORM
    assert office.past.given == 5 * STORM
    office.archive.copy()
    assert office.past.given == 5 * STORM
    office.history.close()


def test_deliveries_that_cannot_be_copied_do_not_grow_for_ever(tmp_path: Path) -> None:
    """A thousand of them are kept then."""
    office = Office(tmp_path, channels=("1", "2"))
    office.past.before = raising(sqlite3.OperationalError("disk I/O error"))
    office.storm(fails=True)
    office.send()
    assert office.archive.copy() == "disk I/O error"
    office.later(MINUTE_S)
    assert len(Outbox(office.database).all()) == UNCOPIED_KEPT
    office.history.close()


def raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (sqlite3.OperationalError("disk I/O error"), "disk I/O error"),
        (OSError(errno.EIO, "Input/output error", "/secret"), "Input/output error"),
    ],
)
async def test_a_failure_is_a_word_and_the_next_time_makes_good(
    office: Office, error: Exception, said: str
) -> None:
    """The system's, without a path; what was not copied is copied then."""
    office.alerts.observe([fail()], at=office.clock())
    office.past.before = raising(error)
    assert await office.archive.run() == said
    assert office.archive.stuck
    office.past.before = lambda: None
    assert await office.archive.run() == ""
    assert not office.archive.stuck
    assert len(office.past.incidents(**EVER)) == 1


async def test_a_disk_that_hangs_holds_up_nobody(office: Office) -> None:
    """The cycle goes on, the event loop too; the copy ends when the disk does."""
    hanging = threading.Event()

    def hang() -> None:
        hanging.wait(PATIENCE_S)

    office.past.before = hang
    office.alerts.observe([fail()], at=office.clock())
    office.archive.within_s = 0.02
    assert await office.archive.run() != ""
    assert office.archive.stuck
    assert await office.archive.run() != ""
    hanging.set()
    async with asyncio.timeout(PATIENCE_S):
        while await office.archive.run():  # noqa: ASYNC110 -- the lane tells nobody
            await asyncio.sleep(0.005)
    assert len(office.past.incidents(**EVER)) == 1


async def test_a_bug_costs_a_copy_and_no_cycle(office: Office) -> None:
    """It is logged by the lane, and told as the kind of error it is."""
    office.past.before = raising(KeyError("x"))
    office.alerts.observe([fail()], at=office.clock())
    assert await office.archive.run() == "KeyError"


def test_job_runs_are_copied_as_they_change(office: Office) -> None:
    """Also those the state forgets after forty days."""
    run = JobRun(
        job="report", local_date=date(2026, 1, 2), status=RunStatus.RUNNING, tries=1,
        started=NOON, started_s=0.0,
    )  # fmt: skip
    runs = JobRuns(office.database)
    runs.keep(run)
    office.archive.copy()
    runs.keep(replace(run, status=RunStatus.DONE, finished=NOON))
    office.archive.copy()
    assert [one.status for one in office.past.runs(**EVER)] == [RunStatus.DONE]
    given = office.past.given
    office.archive.copy()
    assert office.past.given == given == 2


OPS = ("burst", "calm", "later", "send", "copy", "refuse", "allow", "restart")
MANY = 110  # more than the state keeps for long, and less in 16 steps than it gives up on


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(OPS), min_size=4, max_size=16))
def test_whatever_happens_history_has_it_in_the_end(ops: list[str]) -> None:
    """Each incident and each delivery that ever was, once, as it was last: nothing is lost."""
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder), channels=("1",))
        ends: dict[int, object] = {}
        sent: set[int] = set()
        for op in [*ops, "allow", "copy"]:
            happens(office, op)
            ends |= {one.number: one.closed for one in Alerts(office.database).incidents()}
            rows = Outbox(office.database).all()
            sent |= {row.id for row in rows if row.status in FINISHED}
        found = office.past.incidents(**EVER)
        told = office.past.told(**EVER)
        office.history.close()
    assert {one.number: one.closed for one in found} == ends
    assert len(found) == len(ends)
    assert len(told) == len(sent)


def happens(office: Office, op: str) -> None:
    """Do one thing to the office, ten minutes and more after the last."""
    office.clock.now_s += 700.0
    match op:
        case "burst" | "calm":
            office.storm(fails=op == "burst", n=MANY)
        case "later":
            office.later(0.0)
        case "send":
            office.send()
        case "copy":
            office.archive.copy()
        case "refuse":
            office.past.before = raising(sqlite3.OperationalError("disk I/O error"))
        case "allow":
            office.past.before = lambda: None
        case "restart":
            office.restart()
