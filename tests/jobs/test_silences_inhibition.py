"""One cause, one message: what follows from another alert waits for it."""

from pathlib import Path

import pytest

from jobs.alerts.inhibition import TABLE, Causes, causes
from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Row, Rules
from storage.database import Database
from storage.incidents import Incident, Kind, Status
from storage.outbox import Outbox
from storage.records import Observation, Phrase, Severity
from tests.jobs.seen import NOON, at, fail, ok, unknown

WARNING, ERROR, CRITICAL = Severity.WARNING, Severity.ERROR, Severity.CRITICAL
AT_ONCE = Rules(table=(Row(glob="*", fails=1, passes=1),), gap_s=0.0)
RUNNER, GALXE, ZEALY = "scraper:main.py:process", "fresh:Galxe", "fresh:Zealy"


def incident(key: str, level: Severity = ERROR, *, number: int = 1) -> Incident:
    """Return an open incident."""
    fact = Phrase("x")
    return Incident(
        number=number, key=key, check="x", level=level, peak=level, since=NOON,
        opened=NOON, opened_s=0.0, fact=fact, latest=fact,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "level", "target", "explained"),
    [
        ("data:folder", CRITICAL, "fresh:all", True),
        ("data:folder", CRITICAL, "volume:Galxe", True),
        ("data:folder", CRITICAL, "roi:median", True),
        ("data:folder", CRITICAL, "integrity:a.json", True),
        ("data:folder", CRITICAL, "scraper:Galxe:data", True),
        ("data:folder", CRITICAL, RUNNER, False),
        ("data:folder", CRITICAL, "cpu", False),
        (RUNNER, CRITICAL, "fresh:all", True),
        (RUNNER, CRITICAL, GALXE, True),
        (RUNNER, CRITICAL, "volume:Galxe", True),
        (RUNNER, CRITICAL, "integrity:a.json", False),
        (RUNNER, ERROR, GALXE, False),
        ("scraper:main.py:restarts", CRITICAL, GALXE, False),
        ("fresh:all", WARNING, GALXE, True),
        ("fresh:all", WARNING, "volume:Galxe", True),
        ("fresh:all", WARNING, "fresh:all", False),
        (GALXE, WARNING, "volume:Galxe", True),
        (GALXE, WARNING, "roi:median", True),
        (GALXE, WARNING, "volume:Zealy", False),
        (GALXE, WARNING, ZEALY, False),
        ("scraper:Galxe:data", WARNING, "volume:Galxe", True),
        ("scraper:Galxe:data", WARNING, "volume:Zealy", False),
        ("scraper:Galxe:data", WARNING, "volume:data", False),
        ("scraper:Galxe:data", WARNING, GALXE, False),
        ("network", ERROR, "rpc:main", True),
        ("backup:verify", CRITICAL, "backup:age", True),
        ("backup:verify", CRITICAL, "backup:count", True),
        ("backup:verify", WARNING, "backup:age", False),
        ("backup:verify", CRITICAL, "backup:run", False),
        ("backup:run", ERROR, "job:backup", True),
        ("backup:run", ERROR, "backup:age", False),
        ("backup:drill", ERROR, "job:drill", True),
        ("cpu", ERROR, "mem", False),
    ],
)
def test_what_explains_what(source: str, level: Severity, target: str, explained: bool) -> None:  # noqa: FBT001
    """The table of the specification, over the keys the checks really use."""
    assert (causes([incident(source, level)]).of(target) is not None) is explained


def test_nothing_explains_itself() -> None:
    """However wide a row is."""
    for cause in TABLE:
        key = cause.source.replace("*", "main.py")
        found = Causes(((incident(key, CRITICAL), cause),))
        assert found.of(key) is None


def test_the_worst_cause_is_named_and_closed_ones_are_none() -> None:
    """Of two the worse, of equals the older."""
    open_ = [incident("fresh:all", ERROR, number=3), incident(RUNNER, CRITICAL, number=5)]
    found = causes(open_).of(GALXE)
    assert found is not None
    assert found.number == 5
    assert causes([]).of(GALXE) is None


class Office:
    """A manager and what may be sent to its one chat."""

    def __init__(self, folder: Path) -> None:
        database = Database(folder / "state.json")
        self.alerts = AlertManager(database=database, channels=("7",), rules=AT_ONCE)
        self.outbox = Outbox(database)
        self.now_s = 0.0

    def see(self, *seen: Observation) -> None:
        """Observe one cycle."""
        self.now_s += 300.0
        self.alerts.observe(seen, at=at(self.now_s), complete=frozenset())

    def due(self) -> list[tuple[Kind, str]]:
        """Return what may go now."""
        agenda = self.alerts.ledger.agenda(at=at(self.now_s))
        return [(row.kind, row.key) for row in agenda.due.get("7", ())]

    def deliver(self) -> None:
        """Send what may go."""
        ledger, now = self.alerts.ledger, at(self.now_s)
        for row in ledger.claim(ledger.agenda(at=now).due.get("7", ()), at=now):
            ledger.accepted([row], message_id=row.id, own=True, at=now)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_consequence_waits_while_its_cause_fires(office: Office) -> None:
    """I8: the same cycle or a later one, only the cause is told; both are open."""
    office.see(fail(WARNING, GALXE), fail(CRITICAL, RUNNER))
    assert office.due() == [(Kind.FIRED, RUNNER)]
    office.see(fail(WARNING, ZEALY), fail(CRITICAL, RUNNER), fail(WARNING, GALXE))
    assert office.due() == [(Kind.FIRED, RUNNER)]
    assert len(office.alerts.open()) == 3


def test_a_pending_cause_explains_nothing(tmp_path: Path) -> None:
    """Only what fires does."""
    office = Office(tmp_path)
    rules = Rules(table=(Row(glob="scraper:*", fails=2, passes=1), *AT_ONCE.table))
    office.alerts = AlertManager(
        database=Database(tmp_path / "other.json"), channels=("7",), rules=rules
    )
    office.see(fail(CRITICAL, RUNNER), fail(WARNING, GALXE))
    assert office.due() == [(Kind.FIRED, GALXE)]


def test_it_is_told_when_it_fails_one_cycle_longer_than_its_cause(office: Office) -> None:
    """Not in the cycle that closes the cause: data takes a moment to come back."""
    office.see(fail(WARNING, GALXE), fail(CRITICAL, RUNNER))
    office.deliver()
    office.see(fail(WARNING, GALXE), ok(RUNNER))
    assert (Kind.FIRED, GALXE) not in office.due()
    office.see(unknown(GALXE), ok(RUNNER))
    assert (Kind.FIRED, GALXE) not in office.due()
    office.see(fail(WARNING, GALXE), ok(RUNNER))
    assert (Kind.FIRED, GALXE) in office.due()


def test_it_is_dropped_when_it_ends_untold(office: Office) -> None:
    """Neither alert nor story: the cause's closing is the end."""
    office.see(fail(WARNING, GALXE), fail(CRITICAL, RUNNER))
    office.deliver()
    office.see(fail(WARNING, GALXE), ok(RUNNER))
    office.see(ok(GALXE), ok(RUNNER))
    office.deliver()
    told = [(row.kind, row.key) for row in office.outbox.all() if row.status is Status.SENT]
    assert told == [(Kind.FIRED, RUNNER), (Kind.UPDATE, RUNNER), (Kind.RESOLVED, RUNNER)]
    assert [row.key for row in office.outbox.all() if row.status is Status.SUPERSEDED] == [GALXE]
    assert not office.outbox.live()


def test_what_was_told_before_reminds_no_more_and_is_closed(office: Office) -> None:
    """The alert came first; its cause silences the reminders, not the end."""
    office.see(fail(ERROR, GALXE))
    office.deliver()
    office.see(fail(CRITICAL, RUNNER), fail(ERROR, GALXE))
    office.deliver()
    office.now_s += 3600.0
    office.see(fail(CRITICAL, RUNNER), fail(ERROR, GALXE))
    assert office.due() == [(Kind.REPEAT, RUNNER)]
    office.see(fail(CRITICAL, RUNNER), ok(GALXE))
    assert (Kind.RESOLVED, GALXE) in office.due()


@pytest.mark.parametrize(("cause", "told"), [(WARNING, True), (CRITICAL, False)])
def test_a_rise_above_the_cause_is_told(office: Office, cause: Severity, told: bool) -> None:  # noqa: FBT001
    """What is worse than its cause is more than a consequence, where people know of it."""
    office.see(fail(WARNING, GALXE))
    office.deliver()
    office.see(fail(cause, "fresh:all"), fail(WARNING, GALXE))
    office.deliver()
    office.see(fail(cause, "fresh:all"), fail(CRITICAL, GALXE))
    assert ((Kind.WORSE, GALXE) in office.due()) is told


def test_what_became_a_consequence_after_the_look_is_not_sent(office: Office) -> None:
    """Suppression is of the moment of sending, not of the look before it."""
    office.see(fail(WARNING, GALXE))
    ledger = office.alerts.ledger
    rows = ledger.agenda(at=at(office.now_s)).due["7"]
    office.see(fail(CRITICAL, RUNNER), fail(WARNING, GALXE))
    assert ledger.claim(rows, at=at(office.now_s)) == []
    assert office.outbox.live()[0].status is Status.QUEUED


def test_a_folder_that_cannot_be_read_is_one_alert(office: Office) -> None:
    """Every check of its data gives no answer; one alert says why."""
    for _ in range(4):
        office.see(fail(CRITICAL, "data:folder"), unknown("fresh:all"), unknown(GALXE))
    assert office.due() == [(Kind.FIRED, "data:folder")]
