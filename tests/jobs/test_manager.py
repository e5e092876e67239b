from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.alerts import silences, tidy
from jobs.alerts.entries import Trouble
from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Rules
from storage.alerts import Alerts
from storage.database import Database
from storage.incidents import (
    Delivery,
    Incident,
    Kind,
    Mute,
    Status,
    TimelineKind,
)
from storage.outbox import Outbox
from storage.records import Observation, Phrase, Severity
from tests.jobs.seen import NOON, at, fail, ok, unknown

WARNING, ERROR, CRITICAL = Severity.WARNING, Severity.ERROR, Severity.CRITICAL
ALL = frozenset({""})
PLAIN = Rules(table=())


class Office:
    """A manager over a real file, and the rows it wrote."""

    def __init__(self, folder: Path, channels: tuple[str, ...] = ("7",)) -> None:
        self.path = folder / "state.json"
        self.channels = channels
        self.restart()

    def restart(self) -> None:
        self.database = Database(self.path)
        self.alerts = AlertManager(database=self.database, channels=self.channels, rules=PLAIN)
        self.outbox = Outbox(self.database)
        self.store = Alerts(self.database)

    def see(self, *seen: Observation, now_s: float) -> None:
        self.alerts.observe(seen, at=at(now_s))

    def fire(self, level: Severity = ERROR, key: str = "fresh:Galxe") -> int:
        for now_s in (1.0, 2.0, 3.0):
            self.see(fail(level, key), now_s=now_s)
        (incident,) = (one for one in self.alerts.open() if one.key == key)
        return incident.number

    def deliver(self, now_s: float) -> None:
        ledger = self.alerts.ledger
        for rows in ledger.agenda(at=at(now_s)).due.values():
            for row in ledger.claim(rows, at=at(now_s)):
                ledger.accepted([row], message_id=row.id + 100, own=True, at=at(now_s))

    def kinds(self, *statuses: Status) -> list[Kind]:
        return [row.kind for row in self.outbox.all() if not statuses or row.status in statuses]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_state_incident_and_rows_are_one_write(tmp_path: Path) -> None:
    """A thousand alerts to two channels: one commit for the cycle."""
    office = Office(tmp_path, channels=("7", "8:2"))
    cycle = [fail(key=f"fresh:{n}") for n in range(1000)]
    office.alerts.observe(cycle, at=at(1), complete=ALL)
    writes = office.database.writes
    office.alerts.observe(cycle, at=at(2), complete=ALL)
    assert office.database.writes == writes + 1
    assert len(office.alerts.open()) == 1000
    assert len(office.outbox.live()) == 2000


def test_a_restart_with_the_same_findings_says_nothing(office: Office) -> None:
    """I11: an unchanged firing alert is loaded, not announced."""
    number = office.fire()
    office.deliver(4)
    office.restart()
    office.see(fail(), now_s=5)
    assert office.kinds() == [Kind.FIRED]
    assert [one.number for one in office.alerts.open()] == [number]


def test_numbers_go_on_after_a_restart(office: Office) -> None:
    """Two incidents never share a number."""
    first = office.fire()
    office.deliver(4)
    for now_s in (5, 6):
        office.see(ok(), now_s=now_s)
    office.restart()
    assert office.fire() == first + 1


def test_the_logical_clock_is_saved_with_every_cycle(office: Office) -> None:
    """The next process goes on from there."""
    assert office.store.moment() is None
    office.see(ok(), now_s=5)
    office.restart()
    assert office.store.moment() == at(5)


def test_closing_says_resolved_where_it_was_told_and_brief_where_not(tmp_path: Path) -> None:
    """I3: the channel that never heard of it gets the whole story at once."""
    office = Office(tmp_path, channels=("7", "8"))
    office.fire()
    ledger = office.alerts.ledger
    (row,) = ledger.claim(ledger.agenda(at=at(4)).due["7"], at=at(4))
    ledger.accepted([row], message_id=55, own=True, at=at(4))
    for now_s in (5, 6):
        office.see(ok(), now_s=now_s)
    rows = {(row.channel, row.kind): row.status for row in office.outbox.all()}
    assert rows == {
        ("7", Kind.FIRED): Status.SENT,
        ("7", Kind.UPDATE): Status.QUEUED,
        ("7", Kind.RESOLVED): Status.QUEUED,
        ("8", Kind.FIRED): Status.SUPERSEDED,
        ("8", Kind.BRIEF): Status.QUEUED,
    }


def test_a_message_under_way_at_closing_counts_as_told_until_it_failed(office: Office) -> None:
    """Uncertain is RESOLVED; once it surely failed, the closing becomes BRIEF."""
    office.fire()
    ledger = office.alerts.ledger
    rows = ledger.claim(ledger.agenda(at=at(4)).due["7"], at=at(4))
    for now_s in (5, 6):
        office.see(ok(), now_s=now_s)
    assert office.kinds(Status.QUEUED) == [Kind.RESOLVED]
    ledger.postponed(rows, Trouble(reason="network"), until_s=0.0, at=at(7))
    assert office.kinds(Status.QUEUED) == [Kind.BRIEF]
    assert office.kinds(Status.SUPERSEDED) == [Kind.FIRED]


def test_a_message_that_may_have_arrived_is_closed_as_told(office: Office) -> None:
    """A crash between the call and its mark: RESOLVED, never BRIEF."""
    office.fire()
    ledger = office.alerts.ledger
    ledger.claim(ledger.agenda(at=at(4)).due["7"], at=at(4))
    office.restart()
    assert office.alerts.ledger.recover() == 1
    assert office.outbox.all()[0].maybe_dup
    for now_s in (5, 6):
        office.see(ok(), now_s=now_s)
    assert office.kinds(Status.QUEUED) == [Kind.RESOLVED]


def test_a_card_is_brought_up_to_date_when_its_answer_comes_late(office: Office) -> None:
    """Taken while under way: the message on screen is edited right after."""
    number = office.fire()
    ledger = office.alerts.ledger
    rows = ledger.claim(ledger.agenda(at=at(4)).due["7"], at=at(4))
    assert office.alerts.ack(number, by="Lina", at=at(5))
    assert office.kinds(Status.QUEUED) == []
    ledger.accepted(rows, message_id=9, own=True, at=at(6))
    assert office.kinds(Status.QUEUED) == [Kind.UPDATE]


def test_a_rise_replaces_what_was_not_told_yet(office: Office) -> None:
    """One message says it all; after it was told, the rise has its own."""
    office.fire(WARNING)
    office.see(fail(CRITICAL), now_s=4)
    assert office.kinds(Status.QUEUED) == [Kind.WORSE]
    office.deliver(5)
    for now_s in (6, 7):
        office.see(fail(WARNING), now_s=now_s)
    assert office.kinds(Status.QUEUED) == [Kind.UPDATE]


def test_info_is_closed_without_a_word(office: Office) -> None:
    """Its card is edited; nothing new is posted."""
    office.fire(Severity.INFO)
    office.deliver(4)
    office.see(ok(), now_s=5)
    assert office.kinds(Status.QUEUED) == [Kind.UPDATE]


def test_an_outage_piles_up_no_reminders(office: Office) -> None:
    """Six hours without delivery: one row for an open incident."""
    office.fire(CRITICAL)
    for quarter in range(24):
        office.see(fail(CRITICAL), now_s=900.0 * quarter + 10)
    assert office.kinds(Status.QUEUED) == [Kind.FIRED]


def test_a_newer_reminder_replaces_a_queued_one(office: Office) -> None:
    """Told once, then nobody could be reached: at most one reminder waits."""
    office.fire(CRITICAL)
    office.deliver(4)
    for quarter in range(24):
        office.see(fail(CRITICAL), now_s=900.0 * quarter + 10)
    assert office.kinds(Status.QUEUED) == [Kind.REPEAT]
    assert office.alerts.ledger.tally.superseded > 3


def test_an_alert_that_could_not_be_told_for_a_day_is_tried_anew(office: Office) -> None:
    """Its dead letter keeps the reason; the next reminder is a first message.

    The day begins with the first try, and being told to wait is none.
    """
    office.fire(CRITICAL)
    ledger = office.alerts.ledger
    first, day = at(24 * 3600.0 + 10), at(48 * 3600.0 + 10)
    refusal = Trouble(reason="network", text="ConnectError")
    wait = Trouble(reason="retry_after", text="too many requests", counts=False)
    for now, trouble in ((first, refusal), (day, wait), (day, refusal)):
        assert not [row for row in office.outbox.all() if row.status is Status.DEAD]
        rows = ledger.claim(ledger.agenda(at=now).due["7"], at=now)
        ledger.postponed(rows, trouble, until_s=0.0, at=now)
    (dead,) = [row for row in office.outbox.all() if row.status is Status.DEAD]
    assert dead.last_error == "ConnectError"
    office.see(fail(CRITICAL), now_s=day.logical_s + 1)
    assert office.kinds(Status.QUEUED) == [Kind.FIRED]


def test_ack_stops_queued_reminders_and_is_seen_everywhere(tmp_path: Path) -> None:
    """The reminder that waits is dropped; every channel's card is edited."""
    office = Office(tmp_path, channels=("7", "8"))
    number = office.fire(CRITICAL)
    office.deliver(4)
    office.see(fail(CRITICAL), now_s=1000)
    assert office.kinds(Status.QUEUED) == [Kind.REPEAT, Kind.REPEAT]
    assert office.alerts.ack(number, by="Lina", at=at(1001))
    assert office.kinds(Status.QUEUED) == [Kind.UPDATE, Kind.UPDATE]
    incident = office.alerts.incident(number)
    assert incident is not None
    assert incident.ack_by == "Lina"
    assert incident.ack_until_s == 1001 + 4 * 3600
    assert office.alerts.release(number, by="Lina", at=at(1002))
    assert not office.alerts.release(number, by="Lina", at=at(1003))
    assert office.kinds(Status.QUEUED) == [Kind.UPDATE, Kind.UPDATE]


def test_only_open_incidents_can_be_taken(office: Office) -> None:
    """Closed and unknown ones say no."""
    number = office.fire()
    for now_s in (5, 6):
        office.see(ok(), now_s=now_s)
    assert not office.alerts.ack(number, by="Lina", at=at(7))
    assert not office.alerts.ack(99, by="Lina", at=at(7))
    assert not office.alerts.release(99, by="Lina", at=at(7))


def test_two_quick_presses_take_an_incident_once(office: Office) -> None:
    """The second is told no and leaves no trace; somebody else takes it over."""
    number = office.fire()
    assert office.alerts.ack(number, by="Lina", at=at(5))
    assert not office.alerts.ack(number, by="Lina", at=at(5))
    assert office.alerts.ack(number, by="Max", at=at(6))
    timeline = [
        entry.who
        for entry in office.store.incidents()[0].timeline
        if entry.kind is TimelineKind.ACKED
    ]
    assert timeline == ["Lina", "Max"]


def test_what_a_complete_report_leaves_out_is_well(office: Office) -> None:
    """A healed file closes its incident; keys under other prefixes stay."""
    for key in ("integrity:a.json", "fresh:Galxe"):
        office.fire(key=key)
    for now_s in (5, 6):
        office.alerts.observe([], at=at(now_s), complete=frozenset({"integrity:"}))
    assert [one.key for one in office.alerts.open()] == ["fresh:Galxe"]


def test_a_check_that_gives_no_answer_three_times_is_told(office: Office) -> None:
    """One alert per family, whatever the number of its keys; answers close it."""
    rules = Rules()
    alerts = AlertManager(database=office.database, channels=("7",), rules=rules)
    silent = [unknown("fresh:Galxe"), unknown("fresh:Zealy")]
    for now_s in (1, 2):
        alerts.observe(silent, at=at(now_s), complete=frozenset())
    assert alerts.open() == []
    alerts.observe(silent, at=at(3), complete=frozenset())
    assert [(one.key, one.level) for one in alerts.open()] == [("check:fresh:broken", WARNING)]
    alerts.observe([ok(), unknown("fresh:Zealy")], at=at(4), complete=frozenset())
    assert len(alerts.open()) == 1
    alerts.observe([ok(), ok("fresh:Zealy")], at=at(5), complete=frozenset())
    assert alerts.open() == []


def test_a_missing_folder_explains_silent_checks(office: Office) -> None:
    """One hung disk makes one alert."""
    alerts = AlertManager(database=office.database, channels=("7",), rules=Rules())
    for now_s in range(1, 9):
        seen = [fail(CRITICAL, "data:folder"), unknown("fresh:all")]
        alerts.observe(seen, at=at(now_s), complete=frozenset())
    assert [one.key for one in alerts.open()] == ["data:folder"]


def test_one_observation_outside_a_cycle_answers_for_no_check(office: Office) -> None:
    """A backup's result does not end a family's silence."""
    alerts = AlertManager(database=office.database, channels=("7",), rules=Rules())
    for now_s in range(1, 4):
        alerts.observe([unknown("fresh:all")], at=at(now_s), complete=frozenset())
    alerts.observe([ok("fresh:Galxe")], at=at(5))
    assert [one.key for one in alerts.open()] == ["check:fresh:broken"]


def test_a_family_that_is_no_more_answers_for_itself(office: Office) -> None:
    """A check that was taken out of the configuration leaves no alert behind."""
    alerts = AlertManager(database=office.database, channels=("7",), rules=Rules())
    for now_s in range(1, 4):
        alerts.observe([unknown("rpc:eth"), ok("cpu")], at=at(now_s), complete=frozenset())
    assert [one.key for one in alerts.open()] == ["check:rpc:broken"]
    folder = fail(CRITICAL, "data:folder")
    alerts.observe([folder, ok("cpu")], at=at(4), complete=frozenset())  # explains silence
    assert "check:rpc:broken" in {one.key for one in alerts.open()}
    alerts.observe([ok("data:folder"), ok("cpu")], at=at(5), complete=frozenset())
    assert alerts.open() == []


@pytest.mark.parametrize(
    ("listed", "stays"), [(("7", "8"), True), (("7",), False), (("7", "8:3"), True)]
)
def test_a_lost_chat_that_is_not_listed_any_more_is_no_alert(
    tmp_path: Path,
    listed: tuple[str, ...],
    stays: bool,  # noqa: FBT001
) -> None:
    """Whoever takes it out of the settings has dealt with it."""
    office = Office(tmp_path, channels=("7", "8"))
    office.alerts.observe([fail(key="channel:8"), fail(key="channel:8")], at=at(1))
    office.channels = listed
    office.restart()
    for now_s in (2, 3):
        office.alerts.observe([ok("cpu")], at=at(now_s), complete=frozenset())
    assert bool(office.alerts.open()) is stays


def test_an_admin_or_a_group_that_moved_is_listed(tmp_path: Path) -> None:
    """By its present id, too."""
    office = Office(tmp_path, channels=("7", "-5"))
    alerts = AlertManager(
        database=office.database, channels=("7", "-5"), rules=PLAIN, admins=("9",)
    )
    alerts.ledger.chats.migrate(-5, -1005)
    keys = ("channel:9", "channel:-1005", "channel:-5", "channel:4")
    for now_s in (1, 2):
        alerts.observe([fail(key=key) for key in keys], at=at(now_s))
    for now_s in (3, 4):
        alerts.observe([ok("cpu")], at=at(now_s), complete=frozenset())
    assert {one.key for one in alerts.open()} == set(keys) - {"channel:4"}


def test_hostile_values_do_not_stop_the_cycle(office: Office) -> None:
    """Lone surrogates, NaN and endless integers are made fit to keep."""
    for now_s in (1, 2):
        for value in (float("nan"), float("inf"), 10**400, -(2**70)):
            seen = fail(key="integrity:\udc80.json", value=value)
            office.see(seen, now_s=now_s)
    office.restart()
    (incident,) = office.alerts.open()
    assert incident.key == "integrity:?.json"


def test_a_full_disk_is_told_from_memory(office: Office) -> None:
    """Alerts go on, `bot:state` fires at once and closes when the disk accepts again."""
    beside = office.path.with_name(".state.json.tmp")
    alerts = AlertManager(database=office.database, channels=("7",), rules=Rules())
    beside.mkdir()
    for now_s in (1, 2):
        alerts.observe([fail(), ok("bot:state")], at=at(now_s))
    assert {one.key for one in alerts.open()} == {"fresh:Galxe", "bot:state"}
    assert len(office.outbox.live()) == 2
    beside.rmdir()
    alerts.observe([fail(), ok("bot:state")], at=at(3))
    assert office.database.error == ""
    alerts.observe([fail(), ok("bot:state")], at=at(4))
    assert [one.key for one in alerts.open()] == ["fresh:Galxe"]


def test_a_disk_trouble_the_cycle_saw_itself_is_told_once(office: Office) -> None:
    """The watch's own finding about the state is enough."""
    alerts = AlertManager(database=office.database, channels=("7",), rules=Rules())
    office.path.with_name(".state.json.tmp").mkdir()
    alerts.observe([fail(CRITICAL, "bot:state")], at=at(1))
    assert [(one.key, one.fact.key) for one in alerts.open()] == [("bot:state", "fresh.stale")]


MUTE = Mute(
    id=1,
    glob="fresh:*",
    max_level=ERROR,
    until_s=100.0,
    until=NOON,
    by="Lina",
    created=NOON,
)


@pytest.mark.parametrize(
    ("glob", "key", "level", "covered"),
    [
        ("fresh:*", "fresh:Galxe", ERROR, True),
        ("fresh:*", "cpu", ERROR, False),
        ("fresh:*", "fresh:Galxe", CRITICAL, False),
        ("all", "cpu", WARNING, True),
        ("*", "cpu", ERROR, True),
        ("CPU", "cpu", WARNING, False),
    ],
)
def test_what_a_mute_is_about(glob: str, key: str, level: Severity, covered: bool) -> None:  # noqa: FBT001
    """Its glob and its level decide."""
    mute = Mute(id=1, glob=glob, max_level=ERROR, until_s=1.0, until=NOON, by="x", created=NOON)
    assert silences.matches(mute, key, level) is covered


def test_a_mute_holds_back_and_the_machine_runs_on(office: Office) -> None:
    """I7: nothing due while it lasts; the incident opens all the same; then it goes."""
    mute = office.alerts.mute(glob="fresh:*", for_=None, by="Lina", at=at(0))
    assert mute.until_s == 3600.0
    office.fire()
    ledger = office.alerts.ledger
    assert ledger.agenda(at=at(3599)).due == {}
    assert ledger.agenda(at=at(3599)).next_s == 3600.0
    assert len(ledger.agenda(at=at(3600)).due["7"]) == 1


def test_critical_is_not_covered_unless_asked(office: Office) -> None:
    """A plain mute lets it through; one that covers it ends after four hours."""
    office.alerts.mute(glob="all", for_=timedelta(days=9), by="Lina", at=at(0))
    office.fire(CRITICAL)
    assert office.alerts.ledger.agenda(at=at(4)).due
    deaf = office.alerts.mute(
        glob="all", for_=timedelta(days=9), by="Lina", at=at(4), max_level=CRITICAL
    )
    assert deaf.until_s == 4 + 4 * 3600
    assert not office.alerts.ledger.agenda(at=at(5)).due
    assert [mute.until_s for mute in office.alerts.mutes(at=at(5))] == [
        4 + 4 * 3600,
        7 * 24 * 3600,
    ]


def test_the_end_of_a_mute_is_summed_up(office: Office) -> None:
    """What came and went is a number; what still fires is told."""
    office.alerts.mute(glob="fresh:*", for_=timedelta(hours=1), by="Lina", at=at(0))
    office.fire(key="fresh:Galxe")
    office.fire(key="fresh:Zealy")
    for now_s in (10, 11):
        office.see(ok("fresh:Galxe"), now_s=now_s)
    office.alerts.expire(at=at(3599))
    assert Kind.NOTE not in office.kinds()
    office.alerts.expire(at=at(3600))
    office.alerts.expire(at=at(3601))
    notes = [row.note for row in office.outbox.all() if row.note is not None]
    assert [note.values for note in notes] == [{"glob": "fresh:*", "n": 1, "held": 1}]
    assert sorted(office.kinds(Status.QUEUED)) == [Kind.FIRED, Kind.NOTE]
    assert office.alerts.mutes(at=at(3600)) == []


def test_an_unmute_ends_at_once_and_only_once(office: Office) -> None:
    """A mute with nothing held back ends without a word."""
    mute = office.alerts.mute(glob="cpu", for_=None, by="Lina", reason="work", at=at(0))
    assert office.alerts.unmute(mute.id, at=at(1))
    assert not office.alerts.unmute(mute.id, at=at(2))
    assert office.kinds() == []


def test_what_another_mute_still_covers_stays_held(office: Office) -> None:
    """The first end sums up nothing that the second holds."""
    first = office.alerts.mute(glob="fresh:*", for_=None, by="Lina", at=at(0))
    office.alerts.mute(glob="all", for_=None, by="Lina", at=at(0))
    office.fire()
    for now_s in (10, 11):
        office.see(ok(), now_s=now_s)
    office.alerts.unmute(first.id, at=at(12))
    assert office.kinds(Status.QUEUED) == [Kind.BRIEF]


def test_the_least_gap_holds_across_incidents(office: Office) -> None:
    """I5: a second incident of one key waits five minutes after the first one's message."""
    office.fire()
    office.deliver(4)
    for now_s in (5, 6):
        office.see(ok(), now_s=now_s)
    office.deliver(7)
    for now_s in (8, 9):
        office.see(fail(), now_s=now_s)
    ledger = office.alerts.ledger
    assert ledger.agenda(at=at(303)).due == {}
    assert ledger.agenda(at=at(303)).next_s == 304.0
    assert len(ledger.agenda(at=at(304)).due["7"]) == 1
    office.see(fail(CRITICAL), now_s=20)
    assert [row.kind for row in ledger.agenda(at=at(20)).due["7"]] == [Kind.WORSE]


def test_a_key_that_is_well_leaves_no_row(office: Office) -> None:
    """The least gap and the changes of an hour are remembered, and that not for long."""
    office.fire()
    office.deliver(4)
    for now_s in (5, 6):
        office.see(ok(), now_s=now_s)
    assert [state.told_s for state in office.store.states()] == [{"7": 4.0}]
    office.see(now_s=4 + 300)
    assert [state.flaps_s for state in office.store.states()] == [(2.0, 6.0)]
    office.see(now_s=6 + 3600)
    assert office.store.states() == []


OLD = Incident(
    number=1,
    key="x",
    check="x",
    level=ERROR,
    peak=ERROR,
    since=NOON,
    opened=NOON,
    opened_s=0.0,
    fact=Phrase("x"),
    latest=Phrase("x"),
    closed=NOON,
)
ROW = Delivery(
    id=1,
    incident=1,
    key="x",
    kind=Kind.FIRED,
    seq=0,
    channel="7",
    level=ERROR,
    created=NOON,
    created_s=0.0,
)


def test_only_so_many_are_kept() -> None:
    """The oldest closed incidents and finished rows go first; what is open never does."""
    closed = [replace(OLD, number=n) for n in range(150)]
    opened = replace(OLD, number=999, closed=None)
    assert tidy.old_incidents([*closed, opened], [], at=at(tidy.CLOSED_AT_LEAST_S)) == []
    gone = tidy.old_incidents([*closed, opened], [], at=at(tidy.CLOSED_AT_LEAST_S + 1.0))
    assert [one.number for one in gone] == list(range(150 - tidy.CLOSED_KEPT))
    rows = [replace(ROW, id=n, status=Status.SENT) for n in range(300)]
    waiting = replace(ROW, id=999)
    gone_rows = tidy.old_rows([*rows, waiting], at=at(0))
    assert [row.id for row in gone_rows] == list(range(300 - tidy.DONE_KEPT))


def test_old_incidents_and_letters_are_forgotten() -> None:
    """Thirty days for a closed incident with nothing left to tell, seven for a dead letter."""
    day_s = 24 * 3600.0
    assert tidy.old_incidents([OLD], [], at=at(29 * day_s)) == []
    assert tidy.old_incidents([OLD], [], at=at(31 * day_s)) == [OLD]
    assert tidy.old_incidents([OLD], [ROW], at=at(31 * day_s)) == []
    dead = replace(ROW, status=Status.DEAD)
    assert tidy.old_rows([ROW, dead], at=at(6 * day_s)) == []
    assert tidy.old_rows([ROW, dead], at=at(8 * day_s)) == [dead]


def test_a_shut_chat_gets_nothing_until_it_is_back(tmp_path: Path) -> None:
    """Its rows are dead with a reason; the other chat goes on; then it hears what is open."""
    office = Office(tmp_path, channels=("7", "7:3", "8"))
    number = office.fire()
    ledger = office.alerts.ledger
    rows = ledger.claim(ledger.agenda(at=at(4)).due["7"], at=at(4))
    ledger.shut("7", rows, Trouble(reason="gone", text="blocked"), at=at(4))
    dead = [row for row in office.outbox.all() if row.status is Status.DEAD]
    assert [(row.channel, row.last_error) for row in dead] == [
        ("7", "blocked"),
        ("7:3", "blocked"),
    ]
    assert list(ledger.agenda(at=at(5)).due) == ["8"]
    assert ledger.agenda(at=at(5)).next_s == 4 + 3600
    office.fire(key="cpu")
    assert {row.channel for row in office.outbox.live()} == {"8"}
    ledger.chats.enable(7)
    office.alerts.welcome(7, at=at(6))
    waiting = [(row.channel, row.kind) for row in office.outbox.live() if row.channel != "8"]
    assert sorted(waiting) == [
        ("7", Kind.FIRED),
        ("7", Kind.FIRED),
        ("7:3", Kind.FIRED),
        ("7:3", Kind.FIRED),
    ]
    assert number in {row.incident for row in office.outbox.live()}


def test_listeners_hear_of_every_commit(office: Office) -> None:
    """And of none after they stopped."""
    heard: list[int] = []
    forget: Callable[[], None] = office.alerts.listen(lambda: heard.append(1))
    office.see(fail(), now_s=1)
    office.alerts.mute(glob="x", for_=None, by="x", at=at(1))
    forget()
    office.see(fail(), now_s=2)
    assert len(heard) == 2


def test_the_story_names_who_took_it(office: Office) -> None:
    """Opened, taken, given back, closed."""
    number = office.fire()
    office.alerts.ack(number, by="Lina", at=at(4))
    office.alerts.release(number, by="Lina", at=at(5))
    for now_s in (6, 7):
        office.see(ok(), now_s=now_s)
    incident = office.alerts.incident(number)
    assert incident is not None
    assert [(entry.kind, entry.who) for entry in incident.timeline] == [
        (TimelineKind.OPENED, ""),
        (TimelineKind.ACKED, "Lina"),
        (TimelineKind.RELEASED, "Lina"),
        (TimelineKind.CLOSED, ""),
    ]
