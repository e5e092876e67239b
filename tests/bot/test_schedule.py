"""The schedule goes on whatever the wall clock does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from telegram.ext import Application, JobQueue

from bot import settings
from bot.schedule import Schedule, Tick, calendar
from storage.history import History
from storage.records import Moment, Sample
from tests.waiting import PATIENCE_S


class Counted:
    def __init__(self) -> None:
        self.runs = 0
        self.ran = asyncio.Event()

    async def __call__(self) -> None:
        self.runs += 1
        self.ran.set()


class Steady:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def queue() -> AsyncIterator[JobQueue[Any]]:
    app = Application.builder().token("123:" + "x" * 20).build()
    assert app.job_queue is not None
    yield app.job_queue
    await app.job_queue.stop()


async def test_cycles_run_before_telegram_is_reached(queue: JobQueue[Any]) -> None:
    """The first cycle runs at once, on a queue whose application was never initialised."""
    cycle = Counted()
    await Schedule(queue=queue, ticks=(Tick("watch", timedelta(hours=1), cycle),)).start()
    async with asyncio.timeout(PATIENCE_S):
        await cycle.ran.wait()


async def test_the_guard_restarts_a_silent_schedule(queue: JobQueue[Any]) -> None:
    """A job whose next run lies two hours ahead, as after a clock set back, is started anew."""
    cycle, other, steady = Counted(), Counted(), Steady()
    ticks = (
        Tick("watch", timedelta(seconds=0.05), cycle),
        Tick("calendar", timedelta(hours=1), other),
    )
    schedule = Schedule(queue=queue, ticks=ticks, steady_s=steady)
    await schedule.start()
    async with asyncio.timeout(PATIENCE_S):
        await cycle.ran.wait()
        await other.ran.wait()
    (job,) = queue.get_jobs_by_name("watch")
    job.job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=2))
    cycle.ran.clear()
    assert schedule.overdue() == []
    steady.now_s = 60.0
    assert schedule.overdue() == [ticks[0]]
    guard = asyncio.create_task(schedule.guard())
    async with asyncio.timeout(PATIENCE_S):
        await cycle.ran.wait()
    guard.cancel()
    assert len(queue.get_jobs_by_name("watch")) == 1
    assert other.runs == 1
    (calendar,) = queue.get_jobs_by_name("calendar")
    calendar.job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=3))
    steady.now_s = 2 * 3600.0
    assert ticks[1] in schedule.overdue()
    guard = asyncio.create_task(schedule.guard())
    async with asyncio.timeout(PATIENCE_S):
        while other.runs < 2:  # noqa: ASYNC110 -- the guard tells nobody
            await asyncio.sleep(0.01)
    guard.cancel()


async def test_the_calendar_is_the_owners(tmp_path: Path) -> None:
    """Local times of TIMEZONE; each name once; the nightly job really tidies."""
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    history = History(tmp_path / "history.sqlite")
    days = [now - timedelta(days=back) for back in range(30)]
    history.add([Sample("cpu_pct", at, 1.0) for at in days])
    found = settings.load(timezone="Pacific/Auckland", state_dir=tmp_path)
    jobs = calendar(found, history=history, clock=lambda: Moment(wall=now, logical_s=0.0))
    assert {str(job.zone) for job in jobs} == {"Pacific/Auckland"}
    assert len({job.name for job in jobs}) == len(jobs)
    (nightly,) = [job for job in jobs if job.name == "maintenance"]
    assert await nightly.work(now.date()) == ""
    assert len(history.series("cpu_pct", since=days[-1], until=now)) == 15
    history.close()
