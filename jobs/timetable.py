"""Starts the calendar jobs that are due, and writes down each run before and after."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from jobs import calendar
from jobs.calendar import Job, Work
from jobs.facts import JobStanding, Unknown
from jobs.lane import Lane
from storage.job_runs import JobRun, JobRuns, RunStatus, nothing
from storage.records import Clock, Moment

logger = logging.getLogger("vigie.calendar")

NO_LIMIT_S = 7 * 86_400.0  # a thread cannot be stopped: that a job takes too long is told
STOP_WITHIN_S = 2.0


class Timetable:
    """Runs each job at most once per local date, and never twice at a time.

    A run is written down before it starts: one that a crash cut short is found, and tried again
    after a pause. A job that hangs stays under way, so that nothing is started beside it. Of two
    that are due at once the first one given starts first.
    `committed` is called after each run, when what it changed is saved.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        runs: JobRuns,
        clock: Clock,
        committed: Callable[[], object] = nothing,
    ) -> None:
        self._jobs = tuple(jobs)
        self._committed = committed
        self._runs = runs
        self._clock = clock
        self.stop_within_s = STOP_WITHIN_S
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._writing: dict[str, Lane[None]] = {job.name: Lane(job.name) for job in self._jobs}

    async def tick(self) -> None:
        """Start what is due; returns at once."""
        at = self._clock()
        for job in self._jobs:
            if not {job.name, job.after}.isdisjoint(self._under_way):
                continue
            day = calendar.due(job, self._runs.of(job.name), at=at)
            if day is not None:
                task = asyncio.create_task(self._run(job, day, at), name=f"vigie-{job.name}")
                self._under_way[job.name] = task
                task.add_done_callback(partial(self._ended, job.name))

    def standings(self, at: Moment) -> tuple[JobStanding, ...]:
        """Return how every job stands; may be called from any thread."""
        return tuple(
            calendar.standing(
                job, self._runs.of(job.name), at=at, running=job.name in self._under_way
            )
            for job in self._jobs
        )

    async def finish(self) -> None:
        """Wait a moment for what runs; what takes longer is interrupted, and found so later."""
        tasks = list(self._under_way.values())
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=self.stop_within_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, name: str, _: asyncio.Task[None]) -> None:
        del self._under_way[name]

    async def _run(self, job: Job, day: date, at: Moment) -> None:
        before = self._runs.of(job.name).get(day)
        run = JobRun(
            job=job.name,
            local_date=day,
            status=RunStatus.RUNNING,
            tries=1 if before is None else before.tries + 1,
            started=at.wall,
            started_s=at.logical_s,
        )
        if not await self._keep(run):  # a run nobody remembers might be repeated
            return
        error = await _outcome(job, day)
        now = self._clock()
        status = RunStatus.FAILED if error else RunStatus.DONE
        also = nothing if error or job.commits is None else partial(job.commits, day)
        await self._keep(
            replace(run, status=status, finished=now.wall, finished_s=now.logical_s, error=error),
            also,
        )
        self._committed()
        fields = {"job": job.name, "date": str(day), "try": run.tries, "error": error}
        logger.info(
            "%(job)s of %(date)s: %(error)s", fields | {"error": error or "done"}, extra=fields
        )

    async def _keep(self, run: JobRun, also: Callable[[], object] = nothing) -> bool:
        work = partial(self._runs.keep, run, also)
        return not isinstance(await self._writing[run.job].run(work, within_s=NO_LIMIT_S), Unknown)


async def _outcome(job: Job, day: date) -> str:
    """Return why the job failed, "" if it did not."""
    try:
        return await job.work(day)
    except Exception as error:  # the job wrapper: a bug costs one try, and is told
        logger.exception("%s crashed", job.name)
        return type(error).__name__


def blocking(name: str, work: Callable[[date], str]) -> Work:
    """Return work that is done in a thread of its own, off the event loop."""
    lane: Lane[str] = Lane(name)

    async def run(day: date) -> str:
        outcome = await lane.run(partial(work, day), within_s=NO_LIMIT_S)
        if not isinstance(outcome, Unknown):
            return outcome
        return str(outcome.reason.values.get("error", outcome.reason.key))

    return run
