"""I12 for mutes: only the logical clock ends them."""

from pathlib import Path

import pytest

from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Row, Rules
from storage.database import Database
from tests.jobs.seen import at, fail


@pytest.mark.parametrize("step_s", [-7200.0, 7200.0, 1e7])
def test_no_step_of_the_wall_clock_ends_a_mute(tmp_path: Path, step_s: float) -> None:
    """Two hours ahead, two hours back: an hour is an hour."""
    rules = Rules(table=(Row(glob="*", fails=1, passes=1),))
    alerts = AlertManager(database=Database(tmp_path / "state.json"), channels=("7",), rules=rules)
    alerts.mute(glob="a", for_=None, by="Lina", at=at(0.0))
    alerts.observe([fail(key="a")], at=at(1.0))
    assert alerts.ledger.agenda(at=at(3599.0, wall_step_s=step_s)).due == {}
    assert alerts.ledger.agenda(at=at(3600.0, wall_step_s=step_s)).due
