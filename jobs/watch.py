"""The health cycle: look once, judge, take note."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from jobs.absences import Absences
from jobs.checks.result import Check, Verdict, worst
from jobs.checks.saying import Subject
from jobs.facts import Absence, Facts, Unknown, Why
from jobs.gather import Gatherer
from jobs.lane import Lane, crashed
from jobs.noting import Listener, Notes, Recorder, now_s
from storage.records import (
    Clock,
    Moment,
    Observation,
    Outcome,
    Phrase,
    Severity,
)

logger = logging.getLogger("vigie.watch")

JUDGE_S = 0.5
MAX_LOGGED = 20


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
        self._notes = Notes(alerts=alerts, history=history)
        self._absences = absences
        self._under_way: asyncio.Task[Cycle] | None = None
        self._judging: Lane[None] = Lane("checks")

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
        started_s = now_s()
        absence = None if self._absences is None else self._absences.look(at)
        facts = await self._look(at, absence)
        verdict = await self._judge(facts)
        seen = {one.key: one for one in verdict.observations}
        until_s = started_s + self._gatherer.budget.cycle_s
        unkept = await self._notes.keep(facts, verdict.observations, started_s, until_s=until_s)
        seen |= {one.key: one for one in unkept}
        told = Verdict(tuple(seen.values()), verdict.complete)
        untold = await self._notes.tell(told, at, absence=absence, until_s=until_s)
        seen |= {one.key: one for one in untold}
        self.last = Cycle(
            at=at, took_s=now_s() - started_s, level=worst(seen.values()), facts=facts,
            observations=tuple(seen.values()), complete=verdict.complete,
        )  # fmt: skip
        _log(self.last, self.overlaps)
        return self.last

    async def finish(self) -> None:
        """Wait for the cycle under way, if there is one; for an orderly stop."""
        if self._under_way is not None:
            await asyncio.wait({self._under_way})

    async def _look(self, at: Moment, absence: Absence | None) -> Facts:
        try:
            facts = await self._gatherer.gather(at)
        except Exception as error:  # the job wrapper: a cycle without facts still says so
            logger.exception("gathering crashed")
            lost = crashed(error)
            return Facts(
                at=at, data=lost, business=lost, processes=lost, host=lost, own=lost,
                backups=lost, took_s=0.0,
            )  # fmt: skip
        if self._absences is None:
            return facts
        sleeps = absence is not None and absence.why is Why.SLEPT
        if sleeps and not self._absences.counts_sleep:  # it is no drift of the clock
            facts = replace(facts, drift_s=None)
        return replace(facts, absence=self._absences.current)

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
