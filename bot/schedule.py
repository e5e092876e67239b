"""What runs when: one line per job, and a guard that notices when nothing runs any more."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from telegram.ext import ContextTypes, JobQueue

from bot.reporter import Morning
from bot.settings import Settings
from jobs import housekeeping
from jobs.backup import NIGHTLY, WEEKLY, Backups
from jobs.calendar import Job
from jobs.timetable import blocking
from storage.clock import monotonic_s
from storage.history import History
from storage.records import Clock

LOG = logging.getLogger("vigie.schedule")
# A late run is better than none: without this APScheduler drops a job that starts > 1 s late.
NEVER_DROP = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
LEAST_PATIENCE_S = 10.0
SUNDAY = 6
LOOK_AT_THE_CALENDAR = timedelta(seconds=15)
LOOK_AT_HISTORY = timedelta(hours=1)


def calendar(
    found: Settings,
    *,
    history: History,
    clock: Clock,
    morning: Morning | None = None,
    backups: Backups | None = None,
) -> tuple[Job, ...]:
    """Return what is done once per local date: one entry per job, at the owner's local time."""
    tidy = blocking("maintenance", lambda _: housekeeping.run(history, now=clock().wall))
    jobs = [
        Job(name="maintenance", at=time(3, 30), catch_up=timedelta(hours=24), zone=found.timezone,
            work=tidy),
    ]  # fmt: skip
    if morning is not None and found.report_at is not None:
        jobs.append(
            Job(name="report", at=found.report_at, catch_up=timedelta(hours=6),
                zone=found.timezone, work=morning.look, commits=morning.queue)
        )  # fmt: skip
    if backups is not None and found.backup_at is not None:
        jobs += _backups(found, found.backup_at, backups)
    return tuple(jobs)


def _backups(found: Settings, at: time, backups: Backups) -> tuple[Job, ...]:
    """Return the nightly backup, and the trial restore of Sundays: it waits for that night's."""
    return (
        Job(name=NIGHTLY, at=at, catch_up=timedelta(hours=24), zone=found.timezone,
            work=backups.nightly, within=timedelta(hours=1)),
        Job(name=WEEKLY, at=at, catch_up=timedelta(days=6), zone=found.timezone,
            work=backups.weekly, within=timedelta(hours=2), on=SUNDAY, after=NIGHTLY),
    )  # fmt: skip


@dataclass(slots=True)
class Tick:
    """Something repeated every `every`; `work` is never started beside itself."""

    name: str
    every: timedelta
    work: Callable[[], Awaitable[object]]
    started_s: float = field(default=0.0, init=False)

    def overdue_s(self, now_s: float) -> float:
        """Return by how many seconds it is later than it may be; 0 if it is not."""
        every_s = self.every.total_seconds()
        patience_s = every_s + max(LEAST_PATIENCE_S, every_s / 2)
        return max(0.0, now_s - self.started_s - patience_s)


class Schedule:
    """Repeats its ticks, whatever the wall clock does.

    APScheduler waits for wall-clock times: set back by two hours, it is silent for two hours.
    The guard counts on the steady clock and starts a tick anew that is overdue.
    """

    def __init__(
        self,
        *,
        queue: JobQueue[Any],
        ticks: Sequence[Tick],
        steady_s: Callable[[], float] = monotonic_s,
    ) -> None:
        self._queue = queue
        self._ticks = tuple(ticks)
        self._steady_s = steady_s

    async def start(self) -> None:
        """Start the scheduler, which does not need Telegram to be reachable."""
        await self._queue.start()
        for tick in self._ticks:
            self._plan(tick)

    def _plan(self, tick: Tick) -> None:
        async def run(_: ContextTypes.DEFAULT_TYPE) -> None:
            tick.started_s = self._steady_s()
            await tick.work()

        tick.started_s = self._steady_s()
        job = self._queue.run_repeating(run, tick.every, name=tick.name, job_kwargs=NEVER_DROP)
        job.job.modify(next_run_time=datetime.now(UTC))  # `first=0` waits for a whole interval

    def overdue(self) -> list[Tick]:
        """Return the ticks that should have run by now."""
        now_s = self._steady_s()
        return [tick for tick in self._ticks if tick.overdue_s(now_s) > 0]

    async def guard(self) -> None:
        """Start anew what is overdue; never returns."""
        pause_s = min(tick.every.total_seconds() / 5 for tick in self._ticks)
        while True:
            await asyncio.sleep(min(pause_s, LEAST_PATIENCE_S))
            for tick in self.overdue():
                LOG.warning("no %s for too long (clock set back?): starting it anew", tick.name)
                for job in self._queue.get_jobs_by_name(tick.name):
                    job.schedule_removal()
                self._plan(tick)
