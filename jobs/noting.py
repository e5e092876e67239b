"""Writes down what a cycle found: samples to history, observations to the alerts."""

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Protocol

from jobs.alerts.boot import Gap, Resumed
from jobs.checks import own
from jobs.checks.result import Verdict
from jobs.facts import Absence, Facts, Unknown, Why
from jobs.lane import Lane
from jobs.samples import samples
from storage.records import Moment, Observation, Sample

LEAST_S = 0.1
ABOUT_TIME = frozenset({"clock"})  # a step of the clock is seen in that one look only


class Listener(Protocol):
    """Who is told every cycle's observations (`jobs.alerts.manager.AlertManager`)."""

    def observe(
        self,
        observations: Sequence[Observation],
        *,
        at: Moment,
        complete: frozenset[str] | None = None,
        resumed: Resumed | None = None,
    ) -> None:
        """Take note, durably; blocking; OSError where nothing can be written."""
        ...


class Recorder(Protocol):
    """Who keeps the samples (`storage.history.History`)."""

    @property
    def error(self) -> str:
        """Return why nothing can be kept, "" while all is well."""
        ...

    def add(self, samples: Iterable[Sample]) -> None:
        """Keep them; blocking; OSError or sqlite3.Error where that fails."""
        ...


class Notes:
    """Each of the two has a lane of its own: a disk that hangs costs a finding, not the cycle."""

    def __init__(self, *, alerts: Listener | None, history: Recorder | None) -> None:
        self._alerts = alerts
        self._history = history
        self._resumed: Resumed | None = None
        self._keeping: Lane[str] = Lane("history")
        self._telling: Lane[str] = Lane("alerts")

    async def keep(
        self, facts: Facts, seen: Sequence[Observation], started_s: float, *, until_s: float
    ) -> tuple[Observation, ...]:
        """Hand the samples to history; at most half the time left, the alerts need the rest."""
        if self._history is None:
            return ()
        left_s = max(LEAST_S, until_s - now_s())
        work = partial(_add, self._history, facts, seen, now_s() - started_s)
        return _unsaved(await self._keeping.run(work, within_s=left_s / 2), left_s / 2)

    async def tell(
        self, verdict: Verdict, at: Moment, *, absence: Absence | None, until_s: float
    ) -> tuple[Observation, ...]:
        """Hand everything to the alerts; return what there is to say of that.

        Of the look that ends an absence only the clock is told: what a machine sees as it wakes
        says little. The next one tells how long nobody looked.
        """
        if absence is not None:
            self._resumed = _resumed(absence)
        if self._alerts is None:
            return ()
        left_s = max(LEAST_S, until_s - now_s())
        if absence is not None and absence.why is not Why.BOOTED:
            seen = tuple(one for one in verdict.observations if one.key in ABOUT_TIME)
            work = partial(_observe, self._alerts, seen, at)
        else:
            resumed, self._resumed = self._resumed, None
            work = partial(
                _observe, self._alerts, verdict.observations, at,
                complete=verdict.complete, resumed=resumed,
            )  # fmt: skip
        return _unsaved(await self._telling.run(work, within_s=left_s), left_s)


def now_s() -> float:
    """Return the running loop's time."""
    return asyncio.get_running_loop().time()


def _resumed(absence: Absence) -> Resumed | None:
    """Return what the alerts are told of an absence: nothing of a clock that was set."""
    if absence.why is Why.BOOTED:
        return Resumed(why=Gap.REBOOT)
    return Resumed(why=Gap.SLEEP, away_s=absence.for_s) if absence.why is Why.SLEPT else None


def _add(history: Recorder, facts: Facts, seen: Sequence[Observation], took_s: float) -> str:
    """Return why the samples could not be kept, "" if they were."""
    try:
        history.add(samples(facts, took_s=took_s, seen=seen))
    except OSError as error:
        return own.reason(error)
    except sqlite3.Error as error:
        return str(error)
    return history.error


def _observe(
    alerts: Listener,
    seen: Sequence[Observation],
    at: Moment,
    complete: frozenset[str] | None = None,
    resumed: Resumed | None = None,
) -> str:
    """Return why the alerts' state could not be written, "" if it was."""
    try:
        alerts.observe(seen, at=at, complete=complete, resumed=resumed)
    except OSError as error:
        return own.reason(error)
    return ""


def _unsaved(outcome: str | Unknown, limit_s: float) -> tuple[Observation, ...]:
    if isinstance(outcome, str):
        return (own.unsaved(outcome),) if outcome else ()
    if (error := outcome.reason.values.get("error")) is not None:
        return (own.unsaved(str(error)),)
    return (own.unsaved_in_time(round(limit_s, 1)),)
