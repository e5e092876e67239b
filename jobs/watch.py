"""The health cycle: look once, judge, take note."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from jobs.checks.result import Check
from jobs.facts import Facts
from jobs.gather import Gatherer
from storage.records import Clock, Moment, Observation, Sample, Severity


class Listener(Protocol):
    """Who is told every cycle's observations (`jobs.alerts.manager.AlertManager`)."""

    def observe(
        self, observations: Sequence[Observation], *, at: Moment, complete: frozenset[str]
    ) -> None:
        """Take note, durably; blocking; OSError where nothing can be written."""
        ...


class Recorder(Protocol):
    """Who keeps the samples (`storage.history.History`)."""

    def add(self, samples: Iterable[Sample]) -> None:
        """Keep them; blocking; OSError or sqlite3.Error where that fails."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One finished look: facts, what the checks said of them, and the worst level."""

    at: Moment
    took_s: float
    level: Severity
    facts: Facts
    observations: tuple[Observation, ...]
    complete: frozenset[str] = frozenset()


class Watch:
    """Runs the cycle; calls that overlap share the one under way."""

    def __init__(
        self,
        *,
        gatherer: Gatherer,
        checks: Sequence[Check],
        clock: Clock,
        alerts: Listener | None = None,
        history: Recorder | None = None,
    ) -> None:
        self._gatherer = gatherer
        self._checks = tuple(checks)
        self._clock = clock
        self._alerts = alerts
        self._history = history
        self.last: Cycle | None = None

    async def run(self) -> Cycle:
        """Return a finished cycle; never raises, and takes 5 s at most."""
        raise NotImplementedError
