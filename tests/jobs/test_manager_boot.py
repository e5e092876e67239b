"""After a restart: look first, then speak; and say once how long nobody looked."""

from pathlib import Path

import pytest

from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Rules
from storage.database import Database
from storage.incidents import Kind, Status
from storage.outbox import Outbox
from storage.records import Observation, Phrase, Severity
from tests.jobs.seen import at, fail, ok, unknown

WHOLE = frozenset[str]()


class Office:
    """A manager that is restarted on its file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.json"
        self.start()

    def start(self) -> None:
        self.database = Database(self.path)
        self.alerts = AlertManager(
            database=self.database, channels=("7", "8"), rules=Rules(table=())
        )
        self.outbox = Outbox(self.database)

    def cycle(self, *seen: Observation, now_s: float) -> None:
        self.alerts.observe(seen, at=at(now_s), complete=WHOLE)

    def due(self, now_s: float) -> list[tuple[Kind, str]]:
        agenda = self.alerts.ledger.agenda(at=at(now_s))
        return [(row.kind, row.key) for row in agenda.due.get("7", ())]

    def notes(self) -> list[Phrase]:
        rows = self.outbox.all()
        return [row.note for row in rows if row.note is not None and row.channel == "7"]

    def live(self) -> list[Kind]:
        return [row.kind for row in self.outbox.all() if row.status is Status.QUEUED]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def fire(office: Office, *keys: str) -> None:
    """Two cycles five minutes apart, at 300 and 600 s."""
    for now_s in (300.0, 600.0):
        office.cycle(*(fail(key=key) for key in keys), now_s=now_s)


def test_nothing_is_announced_before_its_key_was_looked_at_again(office: Office) -> None:
    """I11: queued before the restart, it waits for the first look at its own key."""
    fire(office, "a", "b")
    office.start()
    assert office.due(610.0) == []
    office.alerts.observe([fail(key="a"), unknown("b")], at=at(611.0))
    assert office.due(612.0) == [(Kind.FIRED, "a")]
    office.cycle(fail(key="a"), unknown("b"), now_s=620.0)
    assert office.due(621.0) == [(Kind.FIRED, "a"), (Kind.FIRED, "b")]


def test_a_first_cycle_that_hangs_silences_nothing_for_long(office: Office) -> None:
    """After a minute what is known goes; delivery looks again by then."""
    fire(office, "a")
    office.start()
    assert office.alerts.ledger.agenda(at=at(610.0)).next_s == 670.0
    assert office.due(669.0) == []
    assert office.due(670.0) == [(Kind.FIRED, "a")]


def test_a_new_state_has_nothing_to_wait_for(office: Office) -> None:
    """The first start announces like any other cycle."""
    office.alerts.observe([fail(key="a"), fail(key="a")], at=at(1.0))
    assert office.due(1.0) == [(Kind.FIRED, "a")]
    assert office.notes() == []


def test_a_closing_is_not_held(office: Office) -> None:
    """What was over before the restart needs no new look."""
    fire(office, "a")
    for now_s in (900.0, 1200.0):
        office.cycle(ok("a"), now_s=now_s)
    office.start()
    assert office.due(1201.0) == [(Kind.BRIEF, "a")]


def test_an_absence_is_told_once_with_what_still_fires(office: Office) -> None:
    """Twelve minutes nobody looked: one silent line per chat, in the first whole cycle."""
    fire(office, "a", "b", "c")
    office.start()
    office.alerts.observe([fail(key="a")], at=at(1320.0))
    assert office.notes() == []
    office.cycle(fail(key="a"), fail(key="b"), ok("c"), now_s=1320.0)
    office.cycle(fail(key="a"), fail(key="b"), ok("c"), now_s=1620.0)
    assert office.notes() == [Phrase("boot.back", {"away_s": 720.0, "n": 2})]
    rows = [row for row in office.outbox.all() if row.kind is Kind.NOTE]
    assert [(row.channel, row.level) for row in rows] == [
        ("7", Severity.INFO),
        ("8", Severity.INFO),
    ]


def test_an_absence_with_nothing_open_says_that(office: Office) -> None:
    """All is quiet."""
    for now_s in (300.0, 600.0):
        office.cycle(ok("a"), now_s=now_s)
    office.start()
    office.cycle(ok("a"), now_s=1801.0)
    assert office.notes() == [Phrase("boot.quiet", {"away_s": 1201.0, "n": 0})]


@pytest.mark.parametrize("back_s", [610.0, 899.0, 1199.0])
def test_a_restart_between_two_cycles_is_not_told(office: Office, back_s: float) -> None:
    """The interval itself is no absence: only what was missed beyond it counts."""
    fire(office, "a")
    office.start()
    office.cycle(fail(key="a"), now_s=back_s)
    assert office.notes() == []


def test_overdue_reminders_come_once(office: Office) -> None:
    """I11: a day away, one reminder, not twenty."""
    fire(office, "a")
    ledger = office.alerts.ledger
    for channel in ("7", "8"):
        rows = ledger.claim(ledger.agenda(at=at(601.0)).due[channel], at=at(601.0))
        ledger.accepted(rows, message_id=1, own=True, at=at(601.0))
    office.start()
    day_s = 24 * 3600.0
    for later_s in (0.0, 300.0, 600.0):
        office.cycle(fail(key="a"), now_s=day_s + later_s)
    assert sorted(office.live()) == [Kind.NOTE, Kind.NOTE, Kind.REPEAT, Kind.REPEAT]


def test_a_mute_that_ran_out_meanwhile_is_summed_up_after_the_first_look(office: Office) -> None:
    """What still fires is not known before."""
    office.alerts.mute(glob="a", for_=None, by="Lina", at=at(0.0))
    fire(office, "a")
    office.start()
    office.alerts.expire(at=at(4000.0))
    assert office.notes() == []
    office.cycle(ok("a"), now_s=4010.0)
    office.cycle(ok("a"), now_s=4310.0)
    assert office.notes()[-1].key == "mute.ended"
