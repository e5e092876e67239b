"""What a mute holds back, what breaks through it, and what is too old to tell."""

from pathlib import Path

import pytest

from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Row, Rules
from storage.database import Database
from storage.history import History
from storage.incidents import Kind, Status
from storage.outbox import Outbox
from storage.past import Past
from storage.records import Observation, Severity
from tests.jobs.seen import at, fail, ok

INFO, WARNING, ERROR, CRITICAL = (
    Severity.INFO,
    Severity.WARNING,
    Severity.ERROR,
    Severity.CRITICAL,
)
AT_ONCE = Rules(table=(Row(glob="*", fails=1, passes=1),), gap_s=0.0)
HOUR = 3600.0


class Office:
    """A manager and its one chat."""

    def __init__(self, folder: Path) -> None:
        database = Database(folder / "state.json")
        self.alerts = AlertManager(database=database, channels=("7",), rules=AT_ONCE)
        self.outbox = Outbox(database)
        self.now_s = 0.0
        self.told: list[tuple[Kind, str]] = []

    def see(self, *seen: Observation, after_s: float = 300.0) -> None:
        """Observe, and deliver what may go."""
        self.now_s += after_s
        self.alerts.observe(seen, at=at(self.now_s))
        self.deliver()

    def deliver(self) -> None:
        ledger, now = self.alerts.ledger, at(self.now_s)
        for row in ledger.claim(ledger.agenda(at=now).due.get("7", ()), at=now):
            self.told.append((row.kind, row.key))
            ledger.accepted([row], message_id=row.id, own=True, at=now)

    def mute(self, glob: str = "*", level: Severity = ERROR) -> int:
        now = at(self.now_s)
        return self.alerts.mute(glob=glob, for_=None, by="Lina", at=now, max_level=level).id

    def note(self) -> object:
        """Return what the end of the last mute said."""
        notes = [row.note for row in self.outbox.all() if row.note is not None]
        return notes[-1].values if notes else None


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_critical_breaks_through_once(office: Office) -> None:
    """The alert rings, its reminders wait for the end of the mute."""
    office.mute()
    for _ in range(11):
        office.see(fail(CRITICAL, "a"))
    assert office.told == [(Kind.FIRED, "a")]
    office.see(fail(CRITICAL, "a"))
    assert (Kind.REPEAT, "a") in office.told


def test_a_rise_to_critical_breaks_through(office: Office) -> None:
    """Muted as an ERROR, told as soon as it is worse than the mute covers."""
    office.mute()
    office.see(fail(ERROR, "a"))
    assert office.told == []
    office.see(fail(CRITICAL, "a"))
    assert office.told == [(Kind.WORSE, "a")]


def test_its_end_is_told_too(office: Office) -> None:
    """Who heard the alarm hears that it is over."""
    office.mute()
    office.see(fail(CRITICAL, "a"))
    office.see(ok("a"))
    assert office.told[0] == (Kind.FIRED, "a")
    assert (Kind.RESOLVED, "a") in office.told


def test_even_critical_holds_everything(office: Office) -> None:
    """Four hours at most, and asked for by name."""
    office.mute(level=CRITICAL)
    for _ in range(11):
        office.see(fail(CRITICAL, "a"))
    assert office.told == []


def test_a_mute_of_warnings_leaves_the_rest_alone(office: Office) -> None:
    """What it does not mean to cover, it does not thin out either."""
    office.mute(level=WARNING)
    for _ in range(5):
        office.see(fail(CRITICAL, "a"), fail(WARNING, "b"))
    assert office.told == [(Kind.FIRED, "a"), (Kind.REPEAT, "a")]


def test_the_end_counts_what_was_told_before_and_closed_meanwhile(office: Office) -> None:
    """Its card is edited; its closing line is one of the number."""
    office.see(fail(ERROR, "a"))
    mute = office.mute()
    office.see(ok("a"), fail(ERROR, "b"))
    office.see(ok("b"), fail(ERROR, "c"))
    office.alerts.unmute(mute, at=at(office.now_s))
    assert office.note() == {"glob": "*", "n": 1, "held": 2}
    office.deliver()
    told = sorted((kind.value, key) for kind, key in office.told[1:])
    assert told == [("fired", "c"), ("note", "mute:*"), ("update", "a")]


@pytest.mark.parametrize(
    ("level", "age_h", "told"),
    [
        (INFO, 0.9, True), (INFO, 1.1, False),
        (WARNING, 5.9, True), (WARNING, 6.1, False),
        (ERROR, 23.0, True), (CRITICAL, 23.0, True),
    ],
)  # fmt: skip
def test_what_came_and_went_long_ago_is_not_told(
    office: Office,
    level: Severity,
    age_h: float,
    told: bool,  # noqa: FBT001
) -> None:
    """INFO for an hour, WARNING for six; the reason nobody could be told lasted longer."""
    office.alerts.ledger.chats.pause(7, until_s=age_h * HOUR)
    office.see(fail(level, "a"), after_s=1.0)
    office.see(ok("a"), after_s=1.0)
    office.now_s = age_h * HOUR + 10.0
    office.deliver()
    assert ((Kind.BRIEF, "a") in office.told) is told
    assert not office.outbox.live()
    assert {row.status for row in office.outbox.all()} <= {Status.SENT, Status.SUPERSEDED}


def test_what_still_fires_is_news_at_any_age(office: Office) -> None:
    """I10: an old WARNING that is true now is told, as it stands now."""
    office.alerts.ledger.chats.pause(7, until_s=10 * HOUR)
    office.see(fail(WARNING, "a"), after_s=1.0)
    office.now_s = 10 * HOUR
    office.deliver()
    assert office.told == [(Kind.FIRED, "a")]


def took_s(office: Office, folder: Path) -> list[float]:
    """Return how long what was told took, as history keeps it."""
    history = History(folder / "history.sqlite")
    Past(history).keep([], office.outbox.all())
    told = Past(history).told(since=at(-HOUR).wall, until=at(99 * HOUR).wall)
    history.close()
    return [one.passed_s for one in told if one.kind is Kind.FIRED]


@pytest.mark.parametrize(
    ("ended_s", "sent_s", "took"),
    [
        (600.0, 600.0, 0.0),  # somebody ends the mute, and it goes
        (600.0, 640.0, 40.0),  # it goes late
        (None, HOUR + 300.0, 0.0),  # its time is over
        (None, HOUR + 325.0, 25.0),  # nobody looked when it was
    ],
)
def test_what_a_mute_held_is_no_delay(
    tmp_path: Path, office: Office, ended_s: float | None, sent_s: float, took: float
) -> None:
    """A delivery takes its time from when it may go, however long it was held before."""
    office.now_s = 300.0
    number = office.mute()
    office.see(fail(), after_s=0.0)
    assert office.told == []
    if ended_s is not None:
        office.now_s = ended_s
        office.alerts.unmute(number, at=at(ended_s))
        office.alerts.ledger.agenda(at=at(ended_s))
    office.now_s = sent_s
    office.deliver()
    assert office.told[0] == (Kind.FIRED, "fresh:Galxe")
    assert took_s(office, tmp_path) == [took]
    assert office.alerts.ledger.tally.latencies[0].passed_s == took


def test_a_program_that_starts_anew_knows_what_is_still_held(tmp_path: Path) -> None:
    """Its first look sees the mute, and from its end on counts the delay."""
    before = Office(tmp_path)
    before.mute()
    before.see(fail())
    after = Office(tmp_path)
    after.now_s = before.now_s + 60.0
    after.deliver()
    after.now_s = HOUR + 7.0
    after.deliver()
    assert took_s(after, tmp_path) == [7.0]


def test_what_was_never_held_took_its_time_from_the_first(tmp_path: Path, office: Office) -> None:
    """Nobody looked at the outbox for a while: that is a delay."""
    office.now_s = 300.0
    office.alerts.observe([fail()], at=at(300.0))
    office.now_s = 345.0
    office.deliver()
    assert took_s(office, tmp_path) == [45.0]
