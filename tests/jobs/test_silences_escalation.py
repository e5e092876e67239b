"""A CRITICAL that nobody takes goes to the admins: once, after half an hour."""

from pathlib import Path

import pytest

from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Row, Rules
from storage.database import Database
from storage.incidents import Kind
from storage.outbox import Outbox
from storage.records import Observation, Severity
from tests.jobs.seen import at, fail, ok

WARNING, ERROR, CRITICAL = Severity.WARNING, Severity.ERROR, Severity.CRITICAL
AT_ONCE = (Row(glob="*", fails=1, passes=1),)
MINUTE = 60.0


class Office:
    """A group, an admin who is in no listed chat, and one whose chat is listed."""

    def __init__(self, folder: Path, *, factor: float = 1.0) -> None:
        database = Database(folder / "state.json")
        self.alerts = AlertManager(
            database=database,
            channels=("-100", "7"),
            rules=Rules(table=AT_ONCE, gap_s=0.0, factor=factor),
            admins=("7", "8"),
        )
        self.outbox = Outbox(database)

    def see(self, *seen: Observation, now_s: float) -> None:
        """Observe, and deliver what may go."""
        ledger, now = self.alerts.ledger, at(now_s)
        self.alerts.observe(seen, at=now)
        for rows in ledger.agenda(at=now).due.values():
            for row in ledger.claim(rows, at=now):
                ledger.accepted([row], message_id=row.id, own=True, at=now)

    def admin(self) -> list[Kind]:
        """Return what the admin got who is in no listed chat."""
        return [row.kind for row in self.outbox.all() if row.channel == "8"]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_it_goes_once_and_its_end_follows(office: Office) -> None:
    """Not before half an hour, not again, and who was called hears that it is over."""
    for minute in range(0, 30, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
        assert office.admin() == []
    for minute in range(30, 300, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
        assert office.admin() == [Kind.ESCALATED]
    office.see(ok("a"), now_s=301 * MINUTE)
    assert office.admin() == [Kind.ESCALATED, Kind.UPDATE, Kind.RESOLVED]


def test_the_half_hour_counts_from_when_it_was_critical(office: Office) -> None:
    """An old warning that turns critical has the whole of it."""
    for minute in range(0, 60, 5):
        office.see(fail(WARNING, "a"), now_s=minute * MINUTE)
    for minute in range(60, 90, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
        assert office.admin() == []
    office.see(fail(CRITICAL, "a"), now_s=90 * MINUTE)
    assert office.admin() == [Kind.ESCALATED]


def test_what_somebody_took_does_not_escalate(office: Office) -> None:
    """Not while it is taken; given back, half an hour later."""
    office.see(fail(CRITICAL, "a"), now_s=0.0)
    assert office.alerts.ack(1, by="Lina", at=at(MINUTE))
    for minute in range(5, 60, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
    assert office.admin() == []
    office.alerts.release(1, by="Lina", at=at(60 * MINUTE))
    for minute in range(61, 85, 4):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
    assert office.admin() == []
    office.see(fail(CRITICAL, "a"), now_s=90 * MINUTE)
    assert office.admin() == [Kind.ESCALATED]


def test_a_consequence_does_not_escalate(office: Office) -> None:
    """Its cause does."""
    for minute in range(0, 40, 5):
        seen = (fail(CRITICAL, "fresh:all"), fail(CRITICAL, "fresh:Galxe"))
        office.see(*seen, now_s=minute * MINUTE)
    rows = [row.key for row in office.outbox.all() if row.channel == "8"]
    assert rows == ["fresh:all"]


def test_lower_levels_never_do(office: Office) -> None:
    """An ERROR has its reminders."""
    for minute in range(0, 300, 5):
        office.see(fail(ERROR, "a"), now_s=minute * MINUTE)
    assert office.admin() == []


def test_taken_while_it_was_on_its_way_it_is_dropped(office: Office) -> None:
    """The reminder to the admins has lost its point."""
    office.alerts.ledger.chats.pause(8, until_s=40 * MINUTE)
    for minute in range(0, 35, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
    assert office.alerts.ack(1, by="Lina", at=at(35 * MINUTE))
    office.see(fail(CRITICAL, "a"), now_s=41 * MINUTE)
    assert not [row for row in office.outbox.live() if row.channel == "8"]


def test_the_demo_escalates_sooner(tmp_path: Path) -> None:
    """Its half hour is half a minute."""
    office = Office(tmp_path, factor=1 / 60)
    for now_s in (0.0, 10.0, 31.0):
        office.see(fail(CRITICAL, "a"), now_s=now_s)
    assert office.admin() == [Kind.ESCALATED]
