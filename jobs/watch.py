"""The health cycle: look once, judge, take note."""

import asyncio
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from jobs.absences import Absences
from jobs.alerts.boot import Gap, Resumed
from jobs.checks import own
from jobs.checks.result import Check, Verdict, worst
from jobs.checks.saying import Subject
from jobs.facts import Absence, Facts, Unknown, Why
from jobs.gather import Gatherer
from jobs.lane import Lane, crashed
from jobs.samples import samples
from storage.records import (
    Clock,
    Moment,
    Observation,
    Outcome,
    Phrase,
    Sample,
    Severity,
)

logger = logging.getLogger("vigie.watch")

JUDGE_S = 0.5
LEAST_S = 0.1
MAX_LOGGED = 20


class Listener(Protocol):
    """Who is told every cycle's observations (`jobs.alerts.manager.AlertManager`)."""

    def observe(
        self,
        observations: Sequence[Observation],
        *,
        at: Moment,
        complete: frozenset[str],
        resumed: Resumed | None,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One finished look: facts, what the checks said of them, and the worst level.

    Its `repr` is short: asyncio shows a task's result in more places than one would think.
    """

    at: Moment
    took_s: float
    level: Severity
    facts: Facts = field(repr=False)
    observations: tuple[Observation, ...] = field(repr=False)
    complete: frozenset[str] = frozenset()


class Watch:
    """Runs the cycle; calls that overlap share the one under way, and are counted.

    The first look after a time without any is kept and shown, but not told to the alerts: what
    a machine sees as it wakes says little. The next one tells them how long nobody looked.
    Without `alerts` and `history` (a one-shot beside a running service) it looks and judges only.
    """

    def __init__(  # noqa: PLR0913 - parts, all named
        self,
        *,
        gatherer: Gatherer,
        checks: Sequence[Check],
        clock: Clock,
        alerts: Listener | None = None,
        history: Recorder | None = None,
        absences: Absences | None = None,
    ) -> None:
        self.last: Cycle | None = None
        self.overlaps = 0
        self._gatherer = gatherer
        self._checks = tuple(checks)
        self._clock = clock
        self._alerts = alerts
        self._history = history
        self._absences = absences
        self._resumed: Resumed | None = None
        self._under_way: asyncio.Task[Cycle] | None = None
        self._judging: Lane[None] = Lane("checks")
        self._keeping: Lane[str] = Lane("history")
        self._telling: Lane[str] = Lane("alerts")

    async def run(self) -> Cycle:
        """Return a finished cycle; never raises, and takes 5 s at most.

        A caller that is cancelled does not stop the cycle others wait for.
        """
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._cycle(), name="vigie-cycle")
        else:
            self.overlaps += 1
        return await asyncio.shield(self._under_way)

    async def _cycle(self) -> Cycle:
        at = self._clock()
        started_s = _now_s()
        absence = None if self._absences is None else self._absences.look(at)
        facts = await self._look(at)
        verdict = await self._judge(facts)
        seen = {one.key: one for one in verdict.observations}
        until_s = started_s + self._gatherer.budget.cycle_s
        if (unkept := await self._keep(facts, started_s, until_s=until_s)) is not None:
            seen[unkept.key] = unkept
        told = tuple(seen.values())
        if absence is not None:
            self._resumed = _resumed(absence)
        if absence is None or absence.why is Why.BOOTED:
            untold = await self._tell(Verdict(told, verdict.complete), at, until_s=until_s)
            seen |= {one.key: one for one in untold}
        self.last = Cycle(
            at=at, took_s=_now_s() - started_s, level=worst(seen.values()), facts=facts,
            observations=tuple(seen.values()), complete=verdict.complete,
        )  # fmt: skip
        _log(self.last, self.overlaps)
        return self.last

    async def finish(self) -> None:
        """Wait for the cycle under way, if there is one; for an orderly stop."""
        if self._under_way is not None:
            await asyncio.wait({self._under_way})

    async def _look(self, at: Moment) -> Facts:
        try:
            facts = await self._gatherer.gather(at)
        except Exception as error:  # the job wrapper: a cycle without facts still says so
            logger.exception("gathering crashed")
            lost = crashed(error)
            return Facts(
                at=at, data=lost, business=lost, processes=lost, host=lost, own=lost, took_s=0.0
            )
        absence = None if self._absences is None else self._absences.current
        return replace(facts, absence=absence)

    async def _judge(self, facts: Facts) -> Verdict:
        """Judge in a thread: a check that hangs costs itself and those after it, no more."""
        done: dict[str, Verdict] = {}
        work = partial(_judge_all, self._checks, facts, done)
        await self._judging.run(work, within_s=JUDGE_S)
        observations: list[Observation] = []
        complete: frozenset[str] = frozenset()
        for check in self._checks:
            verdict = done.get(check.name) or _broken(
                check.name, Phrase("check.timeout", {"check": check.name})
            )
            observations += verdict.observations
            complete |= verdict.complete
        return Verdict(tuple(observations), complete)

    async def _keep(self, facts: Facts, started_s: float, *, until_s: float) -> Observation | None:
        """Hand the samples to history; at most half the time left, the alerts need the rest."""
        if self._history is None:
            return None
        left_s = max(LEAST_S, until_s - _now_s())
        work = partial(_add, self._history, facts, _now_s() - started_s)
        return _unsaved(await self._keeping.run(work, within_s=left_s / 2), left_s / 2)

    async def _tell(
        self, verdict: Verdict, at: Moment, *, until_s: float
    ) -> tuple[Observation, ...]:
        """Hand everything to the alerts; return what there is to say of that."""
        if self._alerts is None:
            return ()
        left_s = max(LEAST_S, until_s - _now_s())
        resumed, self._resumed = self._resumed, None
        work = partial(_observe, self._alerts, verdict, at, resumed)
        unsaved = _unsaved(await self._telling.run(work, within_s=left_s), left_s)
        return () if unsaved is None else (unsaved,)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _judge_all(checks: Sequence[Check], facts: Facts, done: dict[str, Verdict]) -> None:
    for check in checks:
        try:
            verdict = check.judge(facts, now=facts.at.wall)
            done[check.name] = Verdict(tuple(verdict.observations), verdict.complete)
        except Exception as error:  # the job wrapper: a bug costs one check, not the cycle
            logger.warning("check %s crashed", check.name, exc_info=True)
            values = {"check": check.name, "error": type(error).__name__}
            done[check.name] = _broken(check.name, Phrase("check.crashed", values))


def _broken(name: str, why: Phrase) -> Verdict:
    return Verdict((Subject(key=f"check:{name}", check=name).unknown(why),))


def _add(history: Recorder, facts: Facts, took_s: float) -> str:
    """Return why the samples could not be kept, "" if they were."""
    try:
        history.add(samples(facts, took_s=took_s))
    except OSError as error:
        return own.reason(error)
    except sqlite3.Error as error:
        return str(error)
    return history.error


def _resumed(absence: Absence) -> Resumed | None:
    """Return what the alerts are told of an absence: nothing of a clock that was set."""
    if absence.why is Why.BOOTED:
        return Resumed(why=Gap.REBOOT)
    if absence.why is Why.JUMPED:
        return None
    return Resumed(why=Gap.SLEEP, away_s=absence.for_s)


def _observe(alerts: Listener, verdict: Verdict, at: Moment, resumed: Resumed | None) -> str:
    """Return why the alerts' state could not be written, "" if it was."""
    try:
        alerts.observe(verdict.observations, at=at, complete=verdict.complete, resumed=resumed)
    except OSError as error:
        return own.reason(error)
    return ""


def _unsaved(outcome: str | Unknown, limit_s: float) -> Observation | None:
    if isinstance(outcome, str):
        return own.unsaved(outcome) if outcome else None
    if (error := outcome.reason.values.get("error")) is not None:
        return own.unsaved(str(error))
    return own.unsaved_in_time(round(limit_s, 1))


def _log(cycle: Cycle, overlaps: int) -> None:
    """Leave one structured line a cycle."""
    failing = [seen.key for seen in cycle.observations if seen.outcome is Outcome.FAIL]
    files = () if isinstance(cycle.facts.data, Unknown) else cycle.facts.data.files
    fields = {
        "level": cycle.level.name,
        "took_ms": round(1000 * cycle.took_s),
        "findings": len(failing),
        "unknown": sum(seen.outcome is Outcome.UNKNOWN for seen in cycle.observations),
        "files": len(files),
        "records": sum(file.records for file in files),
        "failing": failing[:MAX_LOGGED],
        "overlaps": overlaps,
    }
    logger.info(
        "cycle %(level)s in %(took_ms)d ms: %(findings)d findings, %(unknown)d unknown, "
        "%(files)d files, %(records)d records",
        fields,
        extra=fields,
    )
