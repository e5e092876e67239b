"""Somebody says "not fixed": the incident goes on; and a day after its end, a card is bare."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.alerts import stripping
from jobs.alerts.entries import Trouble
from jobs.alerts.rules import Row, Rules
from storage.incidents import Kind, Phase, Status, TimelineKind
from storage.records import Severity
from tests.jobs.office import AT_ONCE, CYCLE_S, Office
from tests.jobs.seen import at, fail, ok

WARNING, ERROR, CRITICAL = Severity.WARNING, Severity.ERROR, Severity.CRITICAL
HOUR = 3600.0
TWICE = Rules(table=(Row(glob="*", fails=1, passes=2),), gap_s=0.0)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def reopen(office: Office, number: int = 1) -> bool:
    done = office.alerts.reopen(number, by="Lina", at=at(office.now_s))
    office.deliver()
    return done


def closed(office: Office, level: Severity = ERROR) -> None:
    """Let one incident be told and end."""
    office.see(fail(level, "a"))
    office.see(ok("a"))
    while office.incident().closed is None:
        office.see(ok("a"))
    office.heard()


def test_it_goes_on_under_its_number_and_is_somebodys(office: Office) -> None:
    """The card is edited, nothing is said aloud, and whoever said so has it."""
    closed(office)
    assert reopen(office)
    assert office.heard() == [(Kind.UPDATE, "a")]
    incident, state = office.incident(), office.store.state("a")
    assert [one.number for one in office.alerts.open()] == [1]
    assert (incident.ack_by, incident.closed, incident.closed_s) == ("Lina", None, None)
    assert (state.phase, state.incident, state.passes) == (Phase.FIRING, 1, 0)
    assert office.story()[1:] == [
        (TimelineKind.CLOSED, ""),
        (TimelineKind.REOPENED, "Lina"),
        (TimelineKind.ACKED, "Lina"),
    ]


def test_it_closes_again_after_its_passes(tmp_path: Path) -> None:
    """Not by the oks from before, and its end is told a second time."""
    office = Office(tmp_path, rules=TWICE)
    closed(office)
    assert reopen(office)
    office.see(ok("a"))
    assert office.alerts.open() != []
    office.see(ok("a"))
    assert office.alerts.open() == []
    assert office.heard() == [(Kind.UPDATE, "a"), (Kind.RESOLVED, "a"), (Kind.UPDATE, "a")]


def test_its_reminders_resume_when_the_ack_is_over(office: Office) -> None:
    """Four hours for what is CRITICAL; a relapse of the same key is the same incident."""
    closed(office, CRITICAL)
    assert reopen(office)
    office.heard()
    began_s = office.now_s
    while office.now_s < began_s + 5 * HOUR:
        office.see(fail(CRITICAL, "a"))
        reminded = (Kind.REPEAT, "a") in office.heard()
        assert reminded <= (office.now_s >= began_s + 4 * HOUR)
    assert office.incident().reminders > 0
    assert [one.number for one in office.store.incidents()] == [1]


@pytest.mark.parametrize(("later_s", "may"), [(24 * HOUR, True), (24 * HOUR + 1.0, False)])
def test_only_within_a_day_of_its_end(office: Office, later_s: float, may: bool) -> None:  # noqa: FBT001
    """By the logical clock; then the button is gone, too."""
    closed(office)
    office.now_s += later_s
    assert reopen(office) is may


def test_an_end_kept_by_the_wall_alone_counts_too(office: Office) -> None:
    """A state written before the logical time of the end was kept."""
    closed(office)
    with office.database.transaction():
        office.store.put_incident(replace(office.incident(), closed_s=None))
    office.now_s += 25 * HOUR
    assert not reopen(office)
    office.now_s -= 2 * HOUR
    assert reopen(office)


def test_not_while_its_key_has_another_one_open(office: Office) -> None:
    """Nor where it is open, or unknown."""
    closed(office)
    office.see(fail(key="a"))
    assert not reopen(office, 1)
    assert not reopen(office, 2)
    assert not reopen(office, 99)
    assert [one.number for one in office.alerts.open()] == [2]


def test_a_fail_that_was_not_told_yet_becomes_its_own(office: Office) -> None:
    """Pending when somebody says so: the incident goes on, no second one opens."""
    rules = Rules(table=(Row(glob="*", fails=2, passes=1),), gap_s=0.0)
    office.rules = rules
    office.start()
    for seen in (fail(key="a"), fail(key="a"), ok("a"), fail(key="a")):
        office.see(seen)
    assert reopen(office)
    for _ in range(3):
        office.see(fail(key="a"))
    assert [one.number for one in office.store.incidents()] == [1]


def test_a_closing_not_sent_yet_is_not_sent_any_more(office: Office) -> None:
    """Queued, or under way and failing: it would tell what nobody believes."""
    office.see(fail(key="a"))
    ledger = office.alerts.ledger
    office.alerts.observe([ok("a")], at=at(office.now_s + 1))
    now = at(office.now_s + 2)
    (closing,) = [row for row in ledger.agenda(at=now).due["7"] if row.kind is Kind.RESOLVED]
    claimed = ledger.claim([closing], at=now)
    assert office.alerts.reopen(1, by="Lina", at=now)
    ledger.postponed(claimed, Trouble(reason="network"), until_s=0.0, at=now)
    assert office.waiting(Kind.RESOLVED) == 0
    assert office.outbox.get(closing.id).status is Status.SUPERSEDED  # type: ignore[union-attr]


def test_a_closing_that_fails_beside_a_newer_one_leaves_it_to_that(office: Office) -> None:
    """Closed, reopened, closed while the first closing was under way: one of them is told."""
    office.see(fail(key="a"))
    ledger = office.alerts.ledger
    office.alerts.observe([ok("a")], at=at(office.now_s + 1))
    now = at(office.now_s + 2)
    rows = [row for row in ledger.agenda(at=now).due["7"] if row.kind is Kind.RESOLVED]
    claimed = ledger.claim(rows, at=now)
    assert office.alerts.reopen(1, by="Lina", at=now)
    office.alerts.observe([ok("a")], at=at(office.now_s + 3))
    ledger.postponed(claimed, Trouble(reason="network"), until_s=0.0, at=now)
    assert office.waiting(Kind.RESOLVED) == 1


def test_a_chat_that_never_heard_of_it_hears_now(tmp_path: Path) -> None:
    """Its whole story waited in one line; now it is an alert. Who heard it sees the card."""
    office = Office(tmp_path, channels=("7", "8"))
    office.alerts.ledger.chats.pause(8, until_s=10 * CYCLE_S)
    office.see(fail(key="a"))
    office.see(ok("a"))
    assert office.waiting(Kind.BRIEF) == 1
    office.heard()
    assert reopen(office)
    assert (office.waiting(Kind.BRIEF), office.waiting(Kind.FIRED)) == (0, 1)
    assert office.heard() == [(Kind.UPDATE, "a")]


@pytest.mark.parametrize(
    ("paused_s", "told"), [(0.0, []), (1.5 * CYCLE_S, [(Kind.FIRED, "a"), (Kind.UPDATE, "a")])]
)
def test_who_only_heard_of_its_end_gets_the_alert(
    office: Office, paused_s: float, told: list[tuple[Kind, str]]
) -> None:
    """One line said that it was over; who was told in a digest has no card to edit, and waits."""
    office.alerts.ledger.chats.pause(7, until_s=paused_s)
    for seen in (fail(key="a"), ok("a")):
        office.now_s += CYCLE_S
        ledger, now = office.alerts.ledger, at(office.now_s)
        office.alerts.observe([seen], at=now)
        rows = ledger.claim(ledger.agenda(at=now).due.get("7", ()), at=now)
        ledger.accepted(rows, message_id=None, own=False, at=now)
    assert reopen(office)
    office.deliver()
    assert office.heard() == told


def test_an_alert_under_way_is_not_sent_twice(office: Office) -> None:
    """Its first message is on its way while it ends and is reopened."""
    office.alerts.observe([fail(key="a")], at=at(1.0))
    ledger = office.alerts.ledger
    claimed = ledger.claim(ledger.agenda(at=at(2.0)).due["7"], at=at(2.0))
    office.alerts.observe([ok("a")], at=at(3.0))
    assert office.alerts.reopen(1, by="Lina", at=at(4.0))
    assert office.waiting(Kind.FIRED, Kind.RESOLVED, Kind.BRIEF) == 0
    ledger.accepted(claimed, message_id=1, own=True, at=at(5.0))
    assert office.waiting(Kind.UPDATE) == 1  # the card is Lina's


def test_a_word_is_no_change_of_a_flapping_key(office: Office) -> None:
    """What people say does not count as 0-1-0-1."""
    closed(office)
    changes = office.store.state("a").flaps_s
    assert reopen(office)
    assert office.store.state("a").flaps_s == changes
    office.see(fail(key="a"))
    assert office.store.state("a").flaps_s == changes


def test_it_survives_a_restart(office: Office) -> None:
    """Reopened, restarted, failing: nothing new is told."""
    closed(office)
    assert reopen(office)
    office.heard()
    office.start()
    office.see(fail(key="a"))
    assert (office.heard(), len(office.alerts.open())) == ([], 1)


STEPS = st.sampled_from(["ok", "fail", "worse", "reopen", "restart", "ack", "away"])


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=1, max_size=40), passes=st.integers(1, 3))
def test_each_episode_is_told_in_order_and_ends_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], passes: int
) -> None:
    """I2, I3, I4 over any number of reopenings: at most one open incident per key throughout."""
    rules = Rules(table=(Row(glob="*", fails=1, passes=passes),), gap_s=0.0)
    office = Office(tmp_path_factory.mktemp("reopen"), rules=rules)
    office.see(fail(WARNING, "a"), after_s=HOUR)
    for step in steps:
        if step == "reopen":
            for one in office.store.incidents():
                can = one.closed is not None and not office.alerts.open()
                assert reopen(office, one.number) is can
        elif step == "restart":
            office.start()
        elif step == "ack":
            office.alerts.ack(len(office.store.incidents()), by="Max", at=at(office.now_s))
        else:
            looks = {"ok": ok("a"), "worse": fail(CRITICAL, "a"), "away": ok("b")}
            office.see(looks.get(step, fail(ERROR, "a")), after_s=HOUR)  # too slow to flap
        assert len(office.alerts.open()) <= 1
        for one in office.alerts.open():
            state = office.store.state("a")
            assert (state.incident, state.phase in {Phase.FIRING, Phase.RECOVERING}) == (
                one.number, True,
            )  # fmt: skip
            assert "7" in one.told
    for one in office.store.incidents():
        kinds = [row.kind for row in office.outbox.all()
                 if row.incident == one.number and row.status is Status.SENT]  # fmt: skip
        reopenings = office.story(one.number).count((TimelineKind.REOPENED, "Lina"))
        closings = office.story(one.number).count((TimelineKind.CLOSED, ""))
        assert closings == reopenings + (one.closed is not None)
        assert kinds.count(Kind.FIRED) <= 1
        assert kinds.count(Kind.RESOLVED) <= closings
        assert Kind.BRIEF not in kinds


def test_a_day_after_its_end_a_card_is_edited_once_more(office: Office) -> None:
    """Its buttons go; it happens once, also over a restart."""
    closed(office)
    office.see(ok("a"), after_s=24 * HOUR)
    assert office.heard() == []
    office.see(ok("a"))
    assert (office.heard(), office.incident().stripped) == ([(Kind.UPDATE, "a")], True)
    office.start()
    for _ in range(3):
        office.see(ok("a"))
    assert office.heard() == []


def test_a_few_cards_a_cycle(office: Office) -> None:
    """The rest follows; what was never told has no card, and what is forgotten no row."""
    office.alerts.mute(glob="quiet", for_=None, by="Lina", at=at(0.0))
    keys = [f"disk:{n}" for n in range(12)]
    office.see(*(fail(key=key) for key in keys), fail(WARNING, "quiet"))
    office.see(*(ok(key) for key in keys), ok("quiet"))
    office.see(ok("x"), after_s=23 * HOUR)
    office.heard()
    counts = []
    for _ in range(20):
        office.see(ok("x"), after_s=CYCLE_S)
        counts.append(len(office.heard()))
    assert [n for n in counts if n] == [stripping.A_CYCLE, stripping.A_CYCLE, 2]
    office.see(ok("x"), after_s=31 * 24 * HOUR)
    assert office.store.incidents() == []
    assert not office.outbox.live()


def test_the_buttons_of_what_is_forgotten_stay(office: Office) -> None:
    """A month away: it is forgotten in the very cycle that strips it; no row is left over."""
    closed(office)
    office.see(ok("x"), after_s=31 * 24 * HOUR)
    for _ in range(3):
        office.see(ok("x"))
    assert office.store.incidents() == []
    assert not office.outbox.live()


def test_the_demo_strips_sooner(tmp_path: Path) -> None:
    """Its day is 24 minutes."""
    office = Office(tmp_path, rules=Rules(table=AT_ONCE.table, factor=1 / 60))
    closed(office)
    office.see(ok("a"), after_s=24 * 60.0 + 1.0)
    assert office.incident().stripped
