"""A CRITICAL that nobody takes goes to the admins: once, after half an hour."""

from pathlib import Path

import pytest

from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Row, Rules
from storage.database import Database
from storage.incidents import Kind, Status, TimelineKind
from storage.outbox import Outbox
from storage.records import Observation, Severity
from tests.jobs.seen import at, fail, ok

WARNING, ERROR, CRITICAL = Severity.WARNING, Severity.ERROR, Severity.CRITICAL
AT_ONCE = (Row(glob="*", fails=1, passes=1),)
MINUTE = 60.0


class Office:
    """A group, an admin who is in no listed chat, and one whose chat is listed."""

    def __init__(
        self,
        folder: Path,
        *,
        factor: float = 1.0,
        gap_s: float = 0.0,
        admins: tuple[str, ...] = ("7", "8"),
    ) -> None:
        database = Database(folder / "state.json")
        self.alerts = AlertManager(
            database=database,
            channels=("-100", "7"),
            rules=Rules(table=AT_ONCE, gap_s=gap_s, factor=factor),
            admins=admins,
        )
        self.outbox = Outbox(database)

    def see(self, *seen: Observation, now_s: float) -> None:
        """Observe, and deliver what may go."""
        ledger, now = self.alerts.ledger, at(now_s)
        self.alerts.observe(seen, at=now)
        for rows in ledger.agenda(at=now).due.values():
            for row in ledger.claim(rows, at=now):
                ledger.accepted([row], message_id=row.id, own=True, at=now)

    def got(self, channel: str) -> list[Kind]:
        """Return what a chat got, or is to get."""
        rows = self.outbox.all()
        return [
            row.kind
            for row in rows
            if row.channel == channel and row.status is not Status.SUPERSEDED
        ]

    def admin(self) -> list[Kind]:
        """Return what the admin got who is in no listed chat."""
        return self.got("8")


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


def test_the_group_is_called_too_and_an_admin_whose_chat_is_listed_is_not(office: Office) -> None:
    """Once each; the group's reminder makes way, and the next keeps its distance (I6)."""
    for minute in range(0, 60, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
    called = [Kind.FIRED, Kind.REPEAT, Kind.ESCALATED]
    assert office.got("-100") == called
    assert office.got("7") == [Kind.FIRED, Kind.REPEAT]
    incident = office.alerts.incident(1)
    assert incident is not None
    assert [one.kind for one in incident.timeline].count(TimelineKind.ESCALATED) == 1
    office.see(fail(CRITICAL, "a"), now_s=60 * MINUTE)
    assert office.got("-100") == [*called, Kind.REPEAT]


def test_without_admins_nobody_is_called(tmp_path: Path) -> None:
    """There is nobody to name in the group."""
    office = Office(tmp_path, admins=())
    for minute in range(0, 60, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
    assert Kind.ESCALATED not in office.got("-100")


def test_it_waits_for_the_least_gap_and_no_longer(tmp_path: Path) -> None:
    """I5: called 5 min after the last message with sound of its key, whoever comes first."""
    office = Office(tmp_path, gap_s=5 * MINUTE)
    ledger = office.alerts.ledger
    ledger.chats.pause(-100, until_s=29 * MINUTE)
    office.see(fail(CRITICAL, "a"), now_s=0.0)
    office.see(fail(CRITICAL, "a"), now_s=29 * MINUTE)
    assert office.got("-100") == [Kind.FIRED]
    office.see(fail(CRITICAL, "a"), now_s=30 * MINUTE)
    assert Kind.ESCALATED in office.got("-100")
    assert ledger.agenda(at=at(33.9 * MINUTE)).due == {}
    assert [row.kind for row in ledger.agenda(at=at(34 * MINUTE)).due["-100"]] == [Kind.ESCALATED]


def test_the_half_hour_is_one_in_which_somebody_could_have_taken_it(office: Office) -> None:
    """Telegram was away for two hours: told at last, people have their half hour."""
    for chat in (-100, 7):
        office.alerts.ledger.chats.pause(chat, until_s=120 * MINUTE)
    for minute in range(0, 150, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
        assert office.admin() == []
    office.see(fail(CRITICAL, "a"), now_s=150 * MINUTE)
    assert office.admin() == [Kind.ESCALATED]


def test_one_chat_that_heard_is_enough(office: Office) -> None:
    """The other, which cannot be reached, gets the alert itself when it can."""
    office.alerts.ledger.chats.pause(-100, until_s=120 * MINUTE)
    for minute in range(0, 35, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
    assert office.admin() == [Kind.ESCALATED]
    assert office.got("-100") == [Kind.FIRED]


def test_where_no_chat_is_left_the_admins_are_called_all_the_same(office: Office) -> None:
    """A listed chat that threw the bot out cannot take anything."""
    for chat in (-100, 7):
        office.alerts.ledger.chats.disable(chat, reason="kicked", probe_s=1e9)
    for minute in range(0, 35, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
    assert office.admin() == [Kind.ESCALATED]


def test_better_and_critical_again_may_call_again(office: Office) -> None:
    """Another half hour of it; the call from before does not count."""
    for minute in range(0, 35, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
    for minute in range(35, 50, 5):
        office.see(fail(ERROR, "a"), now_s=minute * MINUTE)
    for minute in range(50, 80, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
        assert office.admin().count(Kind.ESCALATED) == 1
    office.see(fail(CRITICAL, "a"), now_s=80 * MINUTE)
    assert office.admin().count(Kind.ESCALATED) == 2


@pytest.mark.parametrize(("level", "until"), [(ERROR, 61), (CRITICAL, 91)])
def test_a_mute_holds_the_call_back(office: Office, level: Severity, until: int) -> None:
    """Like a reminder. Even what rang once before it; and one that rang never counts from then."""
    office.alerts.mute(glob="a", for_=None, by="Lina", at=at(MINUTE), max_level=level)
    called = -1
    for minute in range(0, 120, 5):
        office.see(fail(CRITICAL, "a"), now_s=(minute + 2) * MINUTE)
        rows = [r for r in office.outbox.all() if r.channel == "8" and r.status is Status.SENT]
        if rows and called < 0:
            called = minute + 2
    assert called >= until


def test_its_card_follows_an_admin_who_was_called(office: Office) -> None:
    """Somebody takes it: the message that called shows that, without a sound."""
    for minute in range(0, 35, 5):
        office.see(fail(CRITICAL, "a"), now_s=minute * MINUTE)
    incident = office.alerts.incident(1)
    assert incident is not None
    assert "8" in incident.messages
    assert office.alerts.ack(1, by="Lina", at=at(36 * MINUTE))
    assert office.admin() == [Kind.ESCALATED, Kind.UPDATE]
