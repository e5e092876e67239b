"""What runs when: one line per job, and a guard that notices when nothing runs any more."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from telegram.ext import ContextTypes, JobQueue

from storage.clock import monotonic_s

LOG = logging.getLogger("vigie.schedule")
# A late run is better than none: without this APScheduler drops a job that starts > 1 s late.
NEVER_DROP = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
LEAST_PATIENCE_S = 10.0


class Schedule:
    """Runs the health cycle every `every`, whatever the wall clock does.

    APScheduler waits for wall-clock times: set back by two hours, it is silent for two hours.
    The guard counts on the steady clock and starts the job anew when a cycle is overdue.
    """

    def __init__(
        self,
        *,
        queue: JobQueue[Any],
        every: timedelta,
        cycle: Callable[[], Awaitable[object]],
        steady_s: Callable[[], float] = monotonic_s,
    ) -> None:
        self._queue = queue
        self._every = every
        self._cycle = cycle
        self._steady_s = steady_s
        self._started_s = steady_s()

    async def start(self) -> None:
        """Start the scheduler, which does not need Telegram to be reachable."""
        await self._queue.start()
        self._plan()

    def _plan(self) -> None:
        self._started_s = self._steady_s()
        job = self._queue.run_repeating(self._run, self._every, name="watch", job_kwargs=NEVER_DROP)
        job.job.modify(next_run_time=datetime.now(UTC))  # `first=0` waits for a whole interval

    async def _run(self, _: ContextTypes.DEFAULT_TYPE) -> None:
        self._started_s = self._steady_s()
        await self._cycle()

    def overdue_s(self) -> float:
        """Return by how many seconds the next cycle is later than it may be; 0 if it is not."""
        every_s = self._every.total_seconds()
        patience_s = every_s + max(LEAST_PATIENCE_S, every_s / 2)
        return max(0.0, self._steady_s() - self._started_s - patience_s)

    async def guard(self) -> None:
        """Start the job anew when a cycle is overdue; never returns."""
        while True:
            await asyncio.sleep(min(self._every.total_seconds() / 5, LEAST_PATIENCE_S))
            if self.overdue_s() > 0:
                LOG.warning("no health cycle for too long (clock set back?): starting it anew")
                for job in self._queue.get_jobs_by_name("watch"):
                    job.schedule_removal()
                self._plan()
