"""What is forgotten so that the state stays small, and what not yet."""

from pathlib import Path

from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Row, Rules
from jobs.alerts.tidy import CLOSED_KEPT
from storage.alerts import Alerts
from storage.database import Database
from tests.jobs.seen import at, fail, ok

N = CLOSED_KEPT + 50


def test_a_storm_that_just_ended_is_still_known(tmp_path: Path) -> None:
    """A digest that grows rebuilds itself from its incidents: none may be missing from it."""
    database = Database(tmp_path / "state.json")
    rules = Rules(table=(Row(glob="*", fails=1, passes=1),))
    alerts = AlertManager(database=database, channels=(), rules=rules)
    keys = [f"disk:{number}" for number in range(N)]
    alerts.observe([fail(key=key) for key in keys], at=at(0.0))
    alerts.observe([ok(key) for key in keys], at=at(10.0))
    alerts.observe([], at=at(600.0))
    assert len(Alerts(database).incidents()) == N
    alerts.observe([], at=at(611.0))
    assert len(Alerts(database).incidents()) == CLOSED_KEPT
