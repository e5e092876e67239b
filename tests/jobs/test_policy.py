from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from jobs.alerts import policy, story
from jobs.alerts.policy import Tell
from jobs.alerts.rules import Row, Rule, Rules
from storage.incidents import (
    AlertState,
    Incident,
    Kind,
    Phase,
    TimelineKind,
)
from storage.records import Observation, Severity
from tests.jobs.seen import NOON, at, fail, ok, unknown

INFO, WARNING, ERROR, CRITICAL = (
    Severity.INFO,
    Severity.WARNING,
    Severity.ERROR,
    Severity.CRITICAL,
)
HOUR = 3600.0


@dataclass
class Machine:
    """Feeds one key and keeps what comes out."""

    rule: Rule = field(default_factory=lambda: Rules(table=()).rule("x"))
    alert: AlertState = field(default_factory=lambda: AlertState(key="x"))
    incident: Incident | None = None
    now_s: float = 0.0

    def see(self, seen: Observation, *, after_s: float = 300.0) -> list[Tell]:
        self.now_s += after_s
        step = policy.step(self.alert, self.incident, seen, at=at(self.now_s), rule=self.rule)
        self.alert = step.alert
        self.incident = step.incident
        if step.incident is not None and step.incident.closed is not None:
            self.closed, self.incident = step.incident, None
        return list(step.tells)

    def fire(self, level: Severity = ERROR) -> None:
        while self.incident is None:
            self.see(fail(level), after_s=1.0)

    closed: Incident | None = None


@pytest.mark.parametrize(("level", "fails"), [(INFO, 1), (WARNING, 3), (ERROR, 2), (CRITICAL, 2)])
def test_each_level_fires_after_its_own_number_of_fails(level: Severity, fails: int) -> None:
    """One fail less stays silent; the last one opens the incident and tells it."""
    machine = Machine()
    for _ in range(fails - 1):
        assert machine.see(fail(level)) == []
        assert machine.alert.phase is Phase.PENDING
    assert machine.see(fail(level)) == [Tell(Kind.FIRED, level)]
    assert machine.alert.phase is Phase.FIRING


def test_an_ok_between_fails_starts_the_count_again() -> None:
    """Fails must be in a row."""
    machine = Machine()
    told = [machine.see(seen) for seen in (fail(), ok(), fail(), ok(), fail())]
    assert told == [[], [], [], [], []]
    assert machine.alert.fails == 1


def test_a_blip_leaves_no_trace() -> None:
    """One fail and one ok leave their place in the window; sixteen oks later, nothing."""
    machine = Machine()
    machine.see(fail())
    machine.see(ok())
    assert machine.alert == AlertState(key="x", window=(300.0, None))
    for _ in range(15):
        machine.see(ok())
    assert machine.alert == AlertState(key="x")


@pytest.mark.parametrize(("level", "looks"), [(WARNING, 11), (ERROR, 7), (CRITICAL, 7)])
def test_a_check_that_fails_every_other_time_cannot_hide(level: Severity, looks: int) -> None:
    """X of Y: twice the fails in a row, among four times as many looks."""
    machine = Machine()
    told: list[Tell] = []
    for number in range(looks):
        assert told == []
        told = machine.see(ok() if number % 2 else fail(level))
    assert told == [Tell(Kind.FIRED, level)]
    assert machine.alert.window == ()


def test_unknown_has_no_place_in_the_window() -> None:
    """A check that gives no answer neither fails nor passes there."""
    machine = Machine()
    for seen in (fail(), ok(), unknown(), fail(), ok(), unknown(), fail(), ok(), unknown()):
        assert machine.see(seen) == []
    assert len(machine.alert.window) == 6
    assert machine.see(fail()) == [Tell(Kind.FIRED, ERROR)]


def test_rare_fails_never_add_up() -> None:
    """One in three is below the share that fires."""
    machine = Machine()
    assert all(machine.see(fail() if n % 3 == 0 else ok()) == [] for n in range(60))


def test_x_of_y_spans_the_hold_too() -> None:
    """Six fails of the CPU within seconds are no ten minutes."""
    machine = Machine(rule=Rules().rule("cpu"))
    for n in range(12):
        assert machine.see(ok() if n % 2 else fail(WARNING), after_s=10.0) == []
    told = [machine.see(ok() if n % 2 else fail(WARNING), after_s=60.0) for n in range(12)]
    assert [Tell(Kind.FIRED, WARNING)] in told


def test_fails_must_also_span_the_hold() -> None:
    """CPU needs three fails over ten minutes, counted on the logical clock."""
    machine = Machine(rule=Rules().rule("cpu"))
    for _ in range(4):
        assert machine.see(fail(WARNING, "cpu"), after_s=150.0) == []
    assert machine.see(fail(WARNING, "cpu"), after_s=150.0) == [Tell(Kind.FIRED, WARNING)]


def test_unknown_changes_nothing_in_any_phase() -> None:
    """A check that gave no answer neither fires, nor counts, nor closes."""
    machine = Machine()
    for lead in ([], [fail()], [fail()], [ok()]):
        for seen in lead:
            machine.see(seen)
        before = (machine.alert, machine.incident)
        assert [machine.see(unknown()) for _ in range(9)] == [[]] * 9
        assert (machine.alert, machine.incident) == before


def test_recovery_needs_its_passes_and_one_fail_undoes_them() -> None:
    """M oks in a row close; a fail in between starts over without a word."""
    machine = Machine()
    machine.fire()
    phases = []
    for seen in (ok(), fail(), ok()):
        assert machine.see(seen) == []
        phases.append((machine.alert.phase, machine.alert.passes))
    assert phases == [(Phase.RECOVERING, 1), (Phase.FIRING, 0), (Phase.RECOVERING, 1)]
    assert machine.see(ok()) == [Tell(Kind.RESOLVED, ERROR)]
    assert machine.alert == AlertState(key="x")
    assert machine.closed is not None
    assert machine.closed.closed == NOON + timedelta(seconds=machine.now_s)


def test_an_ok_inside_the_margin_neither_closes_nor_fires() -> None:
    """Below the limit but not by enough: a firing alert waits, a pending one is over."""
    machine = Machine()
    machine.see(fail())
    machine.see(ok(clears=False))
    assert machine.alert == AlertState(key="x", window=(300.0, None))
    machine.fire()
    machine.see(ok())
    before = machine.alert
    assert machine.see(ok(clears=False)) == []
    assert machine.alert == before
    assert machine.incident is not None
    assert machine.incident.latest.key == "fresh.ok"


def test_a_rise_is_told_at_once_and_takes_the_incident_from_whoever_had_it() -> None:
    """WORSE waits for nothing, restarts the reminders and clears the ack."""
    machine = Machine()
    machine.fire(WARNING)
    assert machine.incident is not None
    machine.incident = policy.ack(machine.incident, by="Lina", at=at(10), rule=machine.rule)
    assert machine.see(fail(CRITICAL), after_s=60.0) == [Tell(Kind.WORSE, CRITICAL)]
    assert machine.incident is not None
    assert (machine.incident.ack_by, machine.incident.ack_until_s) == ("", None)
    assert machine.incident.level is machine.incident.peak is CRITICAL
    assert machine.alert.next_due_s == machine.now_s + 15 * 60
    assert machine.alert.repeats == 0


def test_a_lower_level_must_last_before_it_is_believed() -> None:
    """M fails in a row below the peak edit the message; the peak is remembered."""
    machine = Machine()
    machine.fire(CRITICAL)
    assert machine.see(fail(WARNING), after_s=1.0) == []
    assert machine.alert.level is CRITICAL
    assert machine.see(fail(CRITICAL), after_s=1.0) == []
    assert machine.see(fail(WARNING), after_s=1.0) == []
    assert machine.see(fail(ERROR), after_s=1.0) == [Tell(Kind.UPDATE, ERROR)]
    assert machine.alert.level is ERROR
    assert machine.incident is not None
    assert (machine.incident.level, machine.incident.peak) == (ERROR, CRITICAL)
    machine.see(ok())
    assert machine.see(ok()) == [Tell(Kind.RESOLVED, CRITICAL)]


def test_a_lower_level_still_reminds_while_it_is_not_believed() -> None:
    """The reminder of the held level comes on time."""
    machine = Machine()
    machine.fire(CRITICAL)
    assert machine.see(fail(ERROR), after_s=900.0) == [Tell(Kind.REPEAT, CRITICAL)]


@pytest.mark.parametrize(
    ("level", "gaps_h"),
    [(WARNING, [6, 12, 24, 24]), (ERROR, [1, 2, 4, 4]), (CRITICAL, [0.25, 0.5, 1, 1])],
)
def test_reminders_double_up_to_the_cap(level: Severity, gaps_h: list[float]) -> None:
    """Between two reminders at least base x 2^k passes, never more than the cap."""
    machine = Machine()
    machine.fire(level)
    last_s = machine.now_s
    gaps: list[float] = []
    while len(gaps) < len(gaps_h):
        if machine.see(fail(level), after_s=60.0) == [Tell(Kind.REPEAT, level)]:
            gaps.append((machine.now_s - last_s) / HOUR)
            last_s = machine.now_s
    assert gaps == pytest.approx(gaps_h)
    assert machine.incident is not None
    assert machine.incident.reminders == len(gaps)


def test_info_is_told_once_and_never_again() -> None:
    """INFO has no reminders and closes at the first ok."""
    machine = Machine()
    machine.fire(INFO)
    assert all(machine.see(fail(INFO), after_s=HOUR * 30) == [] for _ in range(20))
    assert machine.see(ok()) == [Tell(Kind.RESOLVED, INFO)]


def test_an_ack_stops_reminders_until_it_runs_out() -> None:
    """CRITICAL is taken for four hours; the overdue reminder comes, and an edit."""
    machine = Machine()
    machine.fire(CRITICAL)
    assert machine.incident is not None
    taken = at(machine.now_s)
    machine.incident = policy.ack(machine.incident, by="Lina", at=taken, rule=machine.rule)
    while machine.now_s + 60.0 < taken.logical_s + 4 * HOUR:
        assert machine.see(fail(CRITICAL), after_s=60.0) == []
        assert machine.incident.ack_by == "Lina"
    told = machine.see(fail(CRITICAL), after_s=60.0)
    assert told == [Tell(Kind.REPEAT, CRITICAL), Tell(Kind.UPDATE, CRITICAL)]
    assert machine.incident.ack_by == ""
    assert machine.incident.timeline[-1].kind is TimelineKind.RELEASED
    assert machine.see(fail(CRITICAL), after_s=60.0) == []


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (ok(), [Tell(Kind.UPDATE, ERROR)]),
        (fail(CRITICAL), [Tell(Kind.WORSE, CRITICAL), Tell(Kind.UPDATE, CRITICAL)]),
        (unknown(), []),
    ],
)
def test_a_card_does_not_name_whose_time_is_up(seen: Observation, told: list[Tell]) -> None:
    """Edited in the first look after the ack ran out, whatever that look saw."""
    machine = Machine()
    machine.fire()
    assert machine.incident is not None
    now = at(machine.now_s)
    machine.incident = policy.ack(machine.incident, by="Lina", at=now, rule=machine.rule)
    assert machine.see(seen, after_s=24 * HOUR) == told


def test_an_end_needs_no_other_edit() -> None:
    """The ack ran out before the look that closes it: its closing edits the card."""
    machine = Machine()
    machine.fire(CRITICAL)
    machine.see(ok())
    assert machine.incident is not None
    now = at(machine.now_s)
    machine.incident = policy.ack(machine.incident, by="Lina", at=now, rule=machine.rule)
    assert machine.see(ok(), after_s=5 * HOUR) == [Tell(Kind.RESOLVED, CRITICAL)]


def test_release_gives_it_back() -> None:
    """A released incident is nobody's and reminds again."""
    machine = Machine()
    machine.fire()
    assert machine.incident is not None
    taken = policy.ack(machine.incident, by="Lina", at=at(5), rule=machine.rule)
    assert policy.acked(taken, at=at(6))
    free = policy.release(taken, by="Lina", at=at(7))
    assert not policy.acked(free, at=at(8))
    assert [entry.kind for entry in free.timeline][-2:] == [
        TimelineKind.ACKED,
        TimelineKind.RELEASED,
    ]


def test_a_late_acceptance_moves_the_next_reminder() -> None:
    """An alert told an hour late is not followed by its reminder at once."""
    machine = Machine()
    machine.fire(CRITICAL)
    late = at(machine.now_s + HOUR)
    machine.alert = policy.accepted(machine.alert, channel="7", at=late, rule=machine.rule)
    assert machine.alert.next_due_s == late.logical_s + 15 * 60
    assert machine.alert.told_s == {"7": late.logical_s}
    assert machine.see(fail(CRITICAL), after_s=HOUR + 60) == []


def test_an_acceptance_after_the_end_keeps_only_its_time() -> None:
    """A well key has no reminder to move, but the least gap outlives the incident."""
    alert = policy.accepted(AlertState(key="x"), channel="7", at=at(5), rule=Rules().rule("x"))
    assert (alert.next_due_s, alert.told_s) == (None, {"7": 5.0})
    info = AlertState(key="x", level=INFO, next_due_s=9.0)
    late = policy.accepted(info, channel="7", at=at(50), rule=Rules().rule("x"))
    assert late.next_due_s == 50.0


def test_a_rule_that_stops_repeating_ends_the_reminders() -> None:
    """New rules after an update: an overdue reminder comes once, then none."""
    machine = Machine(rule=Rules(table=()).rule("x"))
    machine.fire(INFO)
    machine.alert = AlertState(key="x", phase=Phase.FIRING, level=INFO, next_due_s=0.0, incident=1)
    assert machine.see(fail(INFO)) == [Tell(Kind.REPEAT, INFO)]
    assert machine.alert.next_due_s is None


def test_the_story_stays_bounded() -> None:
    """A month of ups and downs keeps the beginning and the end."""
    machine = Machine()
    machine.fire(CRITICAL)
    for level in (ERROR, ERROR, CRITICAL) * 50:
        machine.see(fail(level), after_s=HOUR)
    assert machine.incident is not None
    assert len(machine.incident.timeline) == story.HEAD + story.TAIL
    assert machine.incident.timeline[0].kind is TimelineKind.OPENED
    assert machine.incident.timeline[-1].kind is TimelineKind.WORSE


def test_an_incident_remembers_its_limit_and_evidence() -> None:
    """An observation without them does not wipe them."""
    machine = Machine()
    seen = fail()
    first = Observation(
        key=seen.key,
        check=seen.check,
        outcome=seen.outcome,
        level=seen.level,
        fact=seen.fact,
        value=9.0,
        threshold=7.0,
        evidence=(seen.fact,),
    )
    machine.see(first)
    machine.see(first)
    machine.see(fail(value=8.0))
    assert machine.incident is not None
    assert machine.incident.value == 8.0
    assert machine.incident.threshold == 7.0
    assert machine.incident.evidence == (seen.fact,)


@pytest.mark.parametrize(
    ("key", "level", "fails", "passes"),
    [
        ("scraper:main.py:process", ERROR, 2, 2),
        ("scraper:main.py:restarts", WARNING, 1, 6),
        ("fresh:all", WARNING, 2, 1),
        ("integrity:a.json", ERROR, 2, 1),
        ("integrity:a.json", CRITICAL, 1, 1),
        ("roi:median", WARNING, 3, 3),
        ("disk:/:forecast", WARNING, 3, 3),
        ("disk:/", CRITICAL, 2, 2),
        ("bot:state", CRITICAL, 1, 1),
        ("bot:loop", WARNING, 3, 3),
        ("check:cpu:broken", WARNING, 3, 1),
        ("integrity:a.json", INFO, 1, 1),
        ("anything:else", WARNING, 3, 2),
    ],
)
def test_the_table_of_checks(key: str, level: Severity, fails: int, passes: int) -> None:
    """Keys have the counts the specification gives them."""
    terms = Rules().rule(key).at(level)
    assert (terms.fails, terms.passes) == (fails, passes)


def test_a_factor_shortens_time_and_leaves_counts() -> None:
    """The demo's rules are the real ones, faster."""
    terms = Rules(factor=0.01).rule("cpu").at(ERROR)
    assert (terms.fails, terms.hold_s, terms.repeat_s) == (3, 6.0, 36.0)
    assert (terms.repeat_cap_s, terms.ack_s) == (144.0, 864.0)
    assert Rules(factor=0.01).min_gap_s == 3.0
    assert Rules(factor=0.01).rule("x").at(INFO).repeat_s is None


def test_an_override_comes_first() -> None:
    """A table may begin with rows of one's own."""
    rules = Rules(table=(Row(glob="fresh:*", fails=1, passes=1),))
    assert rules.rule("fresh:Galxe").at(WARNING).fails == 1


@pytest.mark.parametrize(
    ("kind", "level", "loud"),
    [
        (Kind.FIRED, INFO, False),
        (Kind.FIRED, WARNING, True),
        (Kind.WORSE, CRITICAL, True),
        (Kind.REPEAT, ERROR, True),
        (Kind.UPDATE, CRITICAL, False),
        (Kind.RESOLVED, CRITICAL, False),
        (Kind.BRIEF, CRITICAL, False),
        (Kind.NOTE, CRITICAL, False),
    ],
)
def test_what_makes_a_sound(kind: Kind, level: Severity, loud: bool) -> None:  # noqa: FBT001
    """News and reminders of WARNING and above; endings and edits never."""
    assert policy.audible(kind, level) is loud
