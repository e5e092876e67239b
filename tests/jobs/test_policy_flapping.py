"""A key that flaps: one message, a summary an hour, and nothing worse is hidden by it."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jobs.alerts import flapping, policy, tidy
from jobs.alerts.manager import AlertManager
from jobs.alerts.policy import Tell
from jobs.alerts.rules import Row, Rules
from storage.database import Database
from storage.incidents import AlertState, Incident, Kind, Phase, Status
from storage.outbox import Outbox
from storage.records import Observation, Severity
from tests.jobs.seen import at, fail, ok, unknown

WARNING, ERROR, CRITICAL = Severity.WARNING, Severity.ERROR, Severity.CRITICAL
AT_ONCE = Rules(table=(Row(glob="*", fails=1, passes=1),), gap_s=0.0)


@dataclass
class Machine:
    """Policy and folding of one key, and the names of what they tell."""

    rules: Rules = AT_ONCE
    alert: AlertState = field(default_factory=lambda: AlertState(key="x"))
    incident: Incident | None = None
    now_s: float = 0.0

    def see(self, seen: Observation, *, after_s: float = 300.0) -> list[str]:
        self.now_s += after_s
        rule, now = self.rules.rule("x"), at(self.now_s)
        step = policy.step(self.alert, self.incident, seen, at=now, rule=rule)
        step = flapping.folded(self.alert, step, at=now, factor=self.rules.factor)
        self.alert, self.incident = step.alert, step.incident
        if step.incident is not None and step.incident.closed is not None:
            self.incident = None
        return [tell.note.key if tell.note else tell.kind.value for tell in step.tells]

    def flap(self, level: Severity = ERROR) -> list[list[str]]:
        return [self.see(seen) for seen in (fail(level), ok(), fail(level), ok())]


def test_the_fourth_change_within_an_hour_is_told_as_flapping() -> None:
    """Two alerts and one recovery are told as ever; then one message."""
    machine = Machine()
    assert machine.flap() == [["fired"], ["resolved"], ["fired"], ["update", "flap.begun"]]
    assert [machine.see(seen) for seen in (fail(), ok(), fail(), ok())] == [
        [], ["update"], [], ["update"],
    ]  # fmt: skip


def test_three_changes_an_hour_are_not_flapping() -> None:
    """Older changes no longer count."""
    machine = Machine()
    told = [machine.see(seen, after_s=1300.0) for seen in (fail(), ok()) * 5]
    assert told == [["fired"], ["resolved"]] * 5


def test_a_summary_an_hour_until_it_is_steady_for_half_an_hour() -> None:
    """Twelve changes an hour: one line each hour; then it is over, and alerts are told again."""
    machine = Machine()
    machine.flap()
    told = [name for n in range(36) for name in machine.see(ok() if n % 2 else fail())]
    assert [name for name in told if name != "update"] == ["flap.still"] * 3
    quiet = [name for _ in range(12) for name in machine.see(ok())]
    assert quiet == ["flap.over"]
    assert machine.alert.flaps_s == ()
    assert machine.see(fail()) == ["fired"]


def test_what_still_fires_when_it_is_steady_is_told() -> None:
    """The incident that opened while it flapped was never told: a reminder makes it so."""
    machine = Machine()
    machine.flap()
    told = [name for _ in range(8) for name in machine.see(fail())]
    assert told == ["flap.over", "repeat"]


def test_a_relapse_counts_as_a_change() -> None:
    """0-1-0-1 inside one incident is flapping too."""
    machine = Machine(rules=Rules(table=()))
    machine.see(fail())
    assert machine.see(fail()) == ["fired"]
    told = [machine.see(seen) for seen in (ok(), fail()) * 3]
    assert told == [[], [], [], [], [], ["flap.begun"]]
    assert machine.alert.phase is Phase.FIRING


def test_what_is_worse_than_all_before_is_told() -> None:
    """A WARNING that flaps and comes back CRITICAL rings, once."""
    machine = Machine()
    machine.flap(WARNING)
    assert machine.see(fail(CRITICAL)) == ["fired"]
    assert [machine.see(seen) for seen in (ok(), fail(CRITICAL))] == [["update"], []]
    machine = Machine()
    machine.flap(WARNING)
    assert [machine.see(fail(level)) for level in (WARNING, CRITICAL)] == [[], ["worse"]]


def test_the_fourth_change_may_be_a_rise() -> None:
    """An opening that begins the flapping and is worse: both are told."""
    machine = Machine()
    for seen in (fail(WARNING), ok()):
        machine.see(seen)
    machine.alert = AlertState(key="x", flaps_s=(1.0, 2.0, 3.0), flap_level=WARNING)
    assert machine.see(fail(CRITICAL), after_s=1.0) == ["fired", "flap.begun"]


def test_the_demo_forgets_sooner() -> None:
    """Its hour is a minute."""
    machine = Machine(rules=Rules(table=AT_ONCE.table, factor=1 / 60))
    told = [machine.see(seen, after_s=5.0) for seen in (fail(), ok(), fail(), ok())]
    assert told[-1] == ["update", "flap.begun"]
    assert [name for _ in range(7) for name in machine.see(ok(), after_s=5.0)] == ["flap.over"]


def test_it_is_remembered_until_it_is_over() -> None:
    """Tidying forgets neither the flapping nor a window of fails."""
    flaps = AlertState(key="x", flap_told_s=1.0)
    window = AlertState(key="x", window=(1.0,))
    for state, later_s, gone in ((flaps, 1e9, False), (window, 5.0, False), (window, 1e9, True)):
        assert tidy.idle(state, rules=AT_ONCE, at=at(later_s)) is gone


@pytest.mark.parametrize("muted", [False, True])
def test_the_lines_replace_each_other_and_respect_a_mute(tmp_path: Path, muted: bool) -> None:  # noqa: FBT001
    """Nobody could be reached for hours: one line waits, not one an hour; I7 holds for it."""
    database = Database(tmp_path / "state.json")
    alerts = AlertManager(database=database, channels=("7",), rules=AT_ONCE)
    outbox = Outbox(database)
    for n in range(60):
        seen = unknown("x") if n % 5 == 4 else ok("x") if n % 2 else fail(key="x")
        alerts.observe([seen], at=at(300.0 * n))
    if muted:
        alerts.mute(glob="x", for_=None, by="Lina", at=at(300.0 * 60))
    waiting = [row for row in outbox.live() if row.kind is Kind.NOTE and row.key == "x"]
    assert len(waiting) == 1
    assert [row.status for row in outbox.all()].count(Status.SUPERSEDED) > 1
    due = alerts.ledger.agenda(at=at(300.0 * 60 + 1)).due
    assert (waiting[0] in due.get("7", ())) is not muted


def test_a_folded_closing_leaves_no_alert_behind(tmp_path: Path) -> None:
    """Nothing of a closed incident waits for the least gap, which it would not outlive."""
    database = Database(tmp_path / "state.json")
    rules = Rules(table=AT_ONCE.table)
    alerts = AlertManager(database=database, channels=("7",), rules=rules)
    for n, seen in enumerate((fail(key="x"), ok("x"), fail(key="x"), ok("x"))):
        alerts.observe([seen], at=at(30.0 * n))
        rows = alerts.ledger.agenda(at=at(30.0 * n)).due.get("7", ())
        for row in alerts.ledger.claim(rows, at=at(30.0 * n)):
            alerts.ledger.accepted([row], message_id=row.id, own=True, at=at(30.0 * n))
    assert Outbox(database).live() == []


def test_an_absent_key_grows_steady(tmp_path: Path) -> None:
    """A damaged file that comes and goes is only seen while it is damaged."""
    database = Database(tmp_path / "state.json")
    alerts = AlertManager(database=database, channels=("7",), rules=AT_ONCE)
    for n in range(20):
        seen = [fail(key="integrity:a.json")] if n in {0, 2} else []
        alerts.observe(seen, at=at(300.0 * n), complete=frozenset({"integrity:"}))
    keys = [row.note.key for row in Outbox(database).all() if row.note is not None]
    assert keys == ["flap.begun", "flap.over"]


def test_a_note_is_no_alert() -> None:
    """It makes no sound and keeps no distance."""
    assert not policy.audible(Tell(Kind.NOTE, CRITICAL).kind, CRITICAL)
