"""Observations and moments for the tests of the alert manager."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage.records import (
    Moment,
    Observation,
    Outcome,
    Phrase,
    Severity,
)

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def at(logical_s: float, *, wall_step_s: float = 0.0) -> Moment:
    """Return a moment some logical seconds after noon, the wall clock stepped as asked."""
    wall = NOON + timedelta(seconds=logical_s + wall_step_s)
    return Moment(wall=wall, logical_s=logical_s)


def fail(
    level: Severity = Severity.ERROR, key: str = "fresh:Galxe", *, value: float | None = None
) -> Observation:
    """Return a failing observation."""
    return Observation(
        key=key,
        check=key.partition(":")[0],
        outcome=Outcome.FAIL,
        level=level,
        fact=Phrase("fresh.stale", {"source": key, "age_s": value}),
        value=value,
    )


def ok(key: str = "fresh:Galxe", *, clears: bool = True) -> Observation:
    """Return a passing observation."""
    return Observation(
        key=key,
        check=key.partition(":")[0],
        outcome=Outcome.OK,
        level=Severity.OK,
        fact=Phrase("fresh.ok", {"source": key}),
        clears=clears,
    )


def unknown(key: str = "fresh:Galxe") -> Observation:
    """Return an observation of a check that gave no answer."""
    return Observation(
        key=key,
        check=key.partition(":")[0],
        outcome=Outcome.UNKNOWN,
        level=Severity.OK,
        fact=Phrase("check.timeout", {"limit_s": 2.0}),
    )


@dataclass
class Hands:
    """A clock that only moves when told."""

    now_s: float = 0.0
    wall_step_s: float = 0.0

    def __call__(self) -> Moment:
        """Return now."""
        return at(self.now_s, wall_step_s=self.wall_step_s)
