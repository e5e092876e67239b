"""Calendar jobs run: written down before they start, never twice at a time, told when they fail."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from jobs.calendar import Job
from jobs.facts import JobState
from jobs.timetable import Timetable, blocking
from storage.database import Database
from storage.job_runs import JobRun, JobRuns, RunStatus, nothing
from storage.records import Moment
from tests import waiting
from tests.waiting import PATIENCE_S

SIX = datetime(2026, 6, 1, 6, tzinfo=UTC)
TODAY, TOMORROW = date(2026, 6, 1), date(2026, 6, 2)


@dataclass
class Clock:
    """Both clocks go on by hand."""

    now_s: float = 0.0

    def __call__(self) -> Moment:
        return Moment(wall=SIX + timedelta(seconds=self.now_s), logical_s=self.now_s)


@dataclass
class Work:
    """Does what it is told to, and remembers for which dates it was called."""

    dates: list[date] = field(default_factory=list)
    answer: Callable[[], Awaitable[str]] | None = None
    called: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, day: date) -> str:
        self.dates.append(day)
        self.called.set()
        return "" if self.answer is None else await self.answer()


class Office:
    """A timetable of one job at 02:00, over a real state file; it may be started anew."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.json"
        self.clock = Clock()
        self.work = Work()
        self.start()

    def start(self) -> None:
        self.runs = JobRuns(Database(self.path))
        job = Job(name="backup", at=time(2), catch_up=timedelta(hours=24), zone=UTC, work=self.work)
        self.timetable = Timetable((job,), runs=self.runs, clock=self.clock)

    def run(self, day: date = TODAY) -> JobRun | None:
        return self.runs.of("backup").get(day)

    def state(self) -> JobState:
        (one,) = self.timetable.standings(self.clock())
        return one.state

    async def tick(self, *, until: RunStatus = RunStatus.DONE, day: date = TODAY) -> None:
        await self.timetable.tick()
        await waiting.until(lambda: (run := self.run(day)) is not None and run.status is until)
        if until is not RunStatus.RUNNING:
            await waiting.until(lambda: not self.timetable._under_way)  # it tells nobody


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


async def says(text: str) -> str:
    return text


async def breaks() -> str:
    raise ZeroDivisionError


async def test_a_job_runs_once_a_date(office: Office) -> None:
    """However often it is asked, and in the next process too; then again on the next date."""
    assert office.state() is JobState.DUE
    await office.tick()
    for _ in range(3):
        await office.timetable.tick()
    office.start()
    await office.timetable.tick()
    assert not office.timetable._under_way
    assert office.work.dates == [TODAY]
    assert office.state() is JobState.WELL
    office.clock.now_s = 20 * 3600.0
    await office.tick(day=TOMORROW)
    assert office.work.dates == [TODAY, TOMORROW]


async def test_it_is_written_down_before_it_starts(office: Office) -> None:
    """What a crash would leave says that it was running."""
    gate = asyncio.Event()
    office.work.answer = lambda: wait(gate)
    await office.tick(until=RunStatus.RUNNING)
    await office.work.called.wait()
    saved = JobRuns(Database(office.path)).of("backup")[TODAY]
    assert (saved.status, saved.tries, saved.finished) == (RunStatus.RUNNING, 1, None)
    gate.set()
    await office.tick()


async def wait(gate: asyncio.Event) -> str:
    await gate.wait()
    return ""


async def test_a_running_job_is_never_started_twice(office: Office) -> None:
    """Not after hours, not for the next date: it is late, and then done, as its own date."""
    gate = asyncio.Event()
    office.work.answer = lambda: wait(gate)
    await office.tick(until=RunStatus.RUNNING)
    await office.work.called.wait()
    assert office.state() is JobState.RUNNING
    office.clock.now_s = 21 * 3600.0
    for _ in range(3):
        await office.timetable.tick()
    assert office.work.dates == [TODAY]
    assert office.state() is JobState.LATE
    gate.set()
    await office.tick(day=TODAY)
    run = office.run()
    assert run is not None
    assert run.finished_s == 21 * 3600.0
    await office.tick(day=TOMORROW)
    assert office.work.dates == [TODAY, TOMORROW]


@pytest.mark.parametrize(
    ("answer", "error"), [(lambda: says("disk full"), "disk full"), (breaks, "ZeroDivisionError")]
)
async def test_a_failed_run_is_tried_again_and_then_told(
    office: Office, answer: Callable[[], Awaitable[str]], error: str
) -> None:
    """By a value or by a bug: five times, with pauses, and what finally failed is a standing."""
    office.work.answer = answer
    for tries, pause_s in enumerate((60, 300, 1500, 3600), 1):
        await office.tick(until=RunStatus.FAILED)
        assert len(office.work.dates) == tries
        assert office.state() is JobState.RETRYING
        office.clock.now_s += pause_s - 1
        await office.timetable.tick()
        assert not office.timetable._under_way
        assert len(office.work.dates) == tries
        office.clock.now_s += 1
    await office.tick(until=RunStatus.FAILED)
    (standing,) = office.timetable.standings(office.clock())
    assert (standing.state, standing.tries, standing.error) == (JobState.FAILED, 5, error)
    office.clock.now_s += 7200
    await office.timetable.tick()
    assert not office.timetable._under_way
    assert len(office.work.dates) == 5


async def test_an_interrupted_run_is_found_and_tried_again(office: Office) -> None:
    """The process ended in the middle: that was a try; after a pause comes the next."""
    gate = asyncio.Event()
    office.work.answer = lambda: wait(gate)
    await office.tick(until=RunStatus.RUNNING)
    await office.work.called.wait()
    for task in office.timetable._under_way.values():
        task.cancel()
    await asyncio.sleep(0)
    office.work.answer = None
    office.start()
    assert office.state() is JobState.RETRYING
    await office.timetable.tick()
    assert not office.timetable._under_way
    assert len(office.work.dates) == 1
    office.clock.now_s = 60.0
    await office.tick()
    run = office.run()
    assert run is not None
    assert (run.tries, len(office.work.dates)) == (2, 2)


async def test_a_stop_waits_for_a_run_that_ends(office: Office) -> None:
    """It is written down as done."""
    gate = asyncio.Event()
    await office.timetable.finish()
    office.work.answer = lambda: wait(gate)
    await office.tick(until=RunStatus.RUNNING)
    asyncio.get_running_loop().call_later(0.01, gate.set)
    await office.timetable.finish()
    run = office.run()
    assert run is not None
    assert run.status is RunStatus.DONE


async def test_a_stop_does_not_wait_for_ever(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """What takes longer stays written down as running: the next process finds it interrupted."""
    office.timetable.stop_within_s = 0.01
    office.work.answer = lambda: wait(asyncio.Event())
    await office.tick(until=RunStatus.RUNNING)
    await office.timetable.finish()
    run = office.run()
    assert run is not None
    assert run.status is RunStatus.RUNNING
    assert caplog.records == []


async def test_blocking_work_leaves_the_loop_alone() -> None:
    """It runs in a thread of its own; its answer, or the kind of its error, is the outcome."""
    where: list[str] = []

    def work(day: date) -> str:
        where.append(threading.current_thread().name)
        if day == TOMORROW:
            raise KeyError(day)
        return f"{day}"

    run = blocking("backup", work)
    assert await run(TODAY) == "2026-06-01"
    assert await run(TOMORROW) == "KeyError"
    assert where == ["vigie-backup"] * 2


async def test_a_run_that_cannot_be_remembered_is_not_started(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """It might be repeated; the next tick tries anew. (A full disk is another matter: memory.)"""

    class Forgetful(JobRuns):
        def keep(self, run: JobRun, also: Callable[[], object] = nothing) -> None:  # noqa: ARG002 (as JobRuns)
            raise LookupError(run.job)

    office.timetable._runs = Forgetful(Database(office.path))
    await office.timetable.tick()
    await asyncio.wait(office.timetable._under_way.values())
    assert office.work.dates == []
    assert "LookupError" in caplog.text


async def test_a_state_folder_that_cannot_be_written_stops_no_job(tmp_path: Path) -> None:
    """The report still comes on a full disk, once, as long as the process lives."""
    office = Office(tmp_path)
    office.path = tmp_path / "gone" / "state.json"
    (tmp_path / "gone").touch()
    office.start()
    await office.tick()
    await office.timetable.tick()
    assert not office.timetable._under_way
    assert office.work.dates == [TODAY]


async def test_one_that_comes_after_another_waits_for_its_end(tmp_path: Path) -> None:
    """Both are due at once: the trial restore would find no backup where it came first."""
    gate, first, second = asyncio.Event(), Work(), Work()
    first.answer = lambda: wait(gate)
    runs = JobRuns(Database(tmp_path / "state.json"))
    once = timedelta(hours=24)
    jobs = (
        Job(name="backup", at=time(2), catch_up=once, zone=UTC, work=first),
        Job(name="drill", at=time(2), catch_up=once, zone=UTC, work=second, after="backup"),
    )
    timetable = Timetable(jobs, runs=runs, clock=Clock())
    for _ in range(3):
        await timetable.tick()
        await first.called.wait()
    assert second.dates == []
    assert runs.of("drill") == {}
    gate.set()
    async with asyncio.timeout(PATIENCE_S):
        while not second.called.is_set():
            await timetable.tick()
            await asyncio.sleep(0.001)
    assert (first.dates, second.dates) == ([TODAY], [TODAY])
    await timetable.finish()
