"""After a restart: look first, then speak; and say once how long nobody looked."""

from pathlib import Path

import pytest

from jobs.alerts.boot import Gap, Resumed
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

    def cycle(self, *seen: Observation, now_s: float, resumed: Resumed | None = None) -> None:
        self.alerts.observe(seen, at=at(now_s), complete=WHOLE, resumed=resumed)

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


def test_a_reboot_is_told_from_a_restart(office: Office) -> None:
    """The same line, and the reason; measured by what was saved."""
    fire(office, "a")
    office.start()
    office.cycle(fail(key="a"), now_s=1320.0, resumed=Resumed(why=Gap.REBOOT))
    assert office.notes() == [Phrase("boot.rebooted", {"away_s": 720.0, "n": 1})]


def test_a_quick_reboot_is_not_told(office: Office) -> None:
    """Nothing was missed by it."""
    fire(office, "a")
    office.start()
    office.cycle(fail(key="a"), now_s=900.0, resumed=Resumed(why=Gap.REBOOT))
    assert office.notes() == []


def test_a_reboot_with_nothing_open_says_that(office: Office) -> None:
    """A new state has no absence behind it, whatever the machine did."""
    office.cycle(ok("a"), now_s=1.0, resumed=Resumed(why=Gap.REBOOT))
    assert office.notes() == []
    office.start()
    office.cycle(ok("a"), now_s=2000.0, resumed=Resumed(why=Gap.REBOOT))
    assert office.notes() == [Phrase("boot.rebooted_quiet", {"away_s": 1999.0, "n": 0})]


@pytest.mark.parametrize(
    ("slept_s", "key"), [(300.0, None), (301.0, "boot.resumed_quiet"), (8 * 3600.0, "boot.resumed")]
)
def test_a_sleep_in_between_is_told_once(office: Office, slept_s: float, key: str | None) -> None:
    """Without a restart; one silent line a chat, and alerts keep their counts."""
    seen = fail(key="a") if key == "boot.resumed" else ok("a")
    for now_s in (300.0, 600.0):
        office.cycle(seen, now_s=now_s)
    now_s = 600.0 + slept_s
    office.cycle(seen, now_s=now_s, resumed=Resumed(why=Gap.SLEEP, away_s=slept_s))
    office.cycle(seen, now_s=now_s + 300.0)
    assert [note.key for note in office.notes()] == ([key] if key else [])
    assert [note.values["away_s"] for note in office.notes()] == ([slept_s] if key else [])


def test_a_sleep_before_the_first_look_is_one_line(office: Office) -> None:
    """Restarted, asleep at once: what is known better is said, never both."""
    fire(office, "a")
    office.start()
    resumed = Resumed(why=Gap.SLEEP, away_s=5000.0)
    office.cycle(fail(key="a"), now_s=6000.0, resumed=resumed)
    office.cycle(fail(key="a"), now_s=6300.0)
    assert [note.key for note in office.notes()] == ["boot.resumed"]


def test_a_look_that_was_asked_for_is_no_rhythm(office: Office) -> None:
    """Somebody pressed "check again" ten seconds after a cycle; then the bot was restarted."""
    for now_s in (600.0, 1200.0, 1800.0, 1810.0):
        office.cycle(ok("a"), now_s=now_s)
    office.start()
    office.cycle(ok("a"), now_s=2400.0)
    assert office.notes() == []


def test_an_absence_is_no_rhythm(office: Office) -> None:
    """Away for hours, twice in a row: both are told."""
    for now_s in (300.0, 600.0):
        office.cycle(ok("a"), now_s=now_s)
    for now_s in (10_000.0, 20_000.0):
        office.start()
        office.cycle(ok("a"), now_s=now_s)
    assert [note.key for note in office.notes()] == ["boot.quiet"] * 2


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
