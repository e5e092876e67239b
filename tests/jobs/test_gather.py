import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from jobs.facts import Facts, Host, Own, Processes, Unknown
from jobs.gather import Budget, Gatherer, Sources
from jobs.lane import Lane, crashed
from storage.habits import Habits
from storage.opportunities import Statistics
from storage.records import Moment, Phrase
from storage.tracker import Snapshot
from tests.jobs.looks import HEALTHY, NOON
from tests.waiting import PATIENCE_S, until


@dataclass
class Folder:
    """A tracker that can be slow, hang until let go, or crash."""

    before: Callable[[], None] = lambda: None
    deadlines: list[float | None] = field(default_factory=list)

    def read(self, *, now: datetime, deadline_s: float | None = None) -> Snapshot:
        assert now.tzinfo is not None
        self.deadlines.append(deadline_s)
        self.before()
        assert isinstance(HEALTHY.data, Snapshot)
        return HEALTHY.data


@dataclass
class Index:
    """Counts, and remembers whether the reading was over when it was asked."""

    folder: Folder
    asked_after: list[int] = field(default_factory=list)

    def statistics(self, *, now: datetime) -> Statistics:
        assert now.tzinfo is not None
        self.asked_after.append(len(self.folder.deadlines))
        assert isinstance(HEALTHY.business, Statistics)
        return HEALTHY.business


def probe_processes(at: Moment) -> Processes:
    assert at.wall is not None
    assert isinstance(HEALTHY.processes, Processes)
    return HEALTHY.processes


def probe_host(at: Moment) -> Host:
    assert at.wall is not None
    assert isinstance(HEALTHY.host, Host)
    return HEALTHY.host


def probe_own(at: Moment) -> Own:
    assert at.wall is not None
    assert isinstance(HEALTHY.own, Own)
    return HEALTHY.own


def sources(folder: Folder | None = None) -> Sources:
    """Return sources that all answer at once."""
    folder = Folder() if folder is None else folder
    return Sources(
        tracker=folder, opportunities=Index(folder), processes=probe_processes,
        host=probe_host, own=probe_own,
    )  # fmt: skip


@dataclass
class Hang:
    """Hangs until let go, and counts how often it was started."""

    gate: threading.Event = field(default_factory=threading.Event)
    started: int = 0

    def __call__(self) -> None:
        self.started += 1
        assert self.gate.wait(PATIENCE_S)


async def over(lane: Lane[Any]) -> None:
    """Wait until the lane's work has ended."""
    await until(lambda: not lane.busy)  # the thread tells nobody when it ends


async def test_one_look_gathers_everything() -> None:
    """Each part arrives where it belongs, and the reader is told its time."""
    folder = Folder()
    facts = await Gatherer(sources(folder)).gather(HEALTHY.at)
    assert replace(facts, took_s=HEALTHY.took_s) == replace(HEALTHY, drift_s=None)
    assert 0 < facts.took_s < 4
    assert folder.deadlines == [3.0]


async def test_figures_are_counted_after_the_reading() -> None:
    """What is new is known only once the files are read."""
    folder = Folder()
    parts = sources(folder)
    await Gatherer(parts).gather(HEALTHY.at)
    assert isinstance(parts.opportunities, Index)
    assert parts.opportunities.asked_after == [1]


@dataclass
class Teacher:
    """Tells what is usual, and counts how often it was asked; can crash."""

    crashes: bool = False
    asked: int = 0

    def __call__(self, at: Moment) -> Habits:
        self.asked += 1
        if self.crashes:
            raise LookupError(at)
        return Habits(paid=self.asked)


async def test_what_is_usual_is_learned_once_an_hour() -> None:
    """An unchanged cycle costs nothing; an hour by the steady clock later it is learned anew."""
    teacher = Teacher()
    gatherer = Gatherer(replace(sources(), habits=teacher))
    seen = []
    for minutes in (0, 5, 59, 60, 65):
        at = replace(HEALTHY.at, logical_s=HEALTHY.at.logical_s + 60.0 * minutes)
        seen.append((await gatherer.gather(at)).habits)
    assert seen == [Habits(paid=n) for n in (1, 1, 1, 2, 2)]


async def test_learning_that_failed_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    """It costs only what is compared; the next look asks again."""
    teacher = Teacher(crashes=True)
    gatherer = Gatherer(replace(sources(), habits=teacher))
    facts = await gatherer.gather(HEALTHY.at)
    assert facts.habits == Unknown(Phrase("unknown.crashed", {"error": "LookupError"}))
    assert facts.business == HEALTHY.business
    assert "habits crashed" in caplog.text
    teacher.crashes = False
    assert (await gatherer.gather(HEALTHY.at)).habits == Habits(paid=2)


async def test_nothing_is_learned_of_data_half_read() -> None:
    """Days that are not yet read would count as empty, for an hour."""

    class Half(Folder):
        def read(self, *, now: datetime, deadline_s: float | None = None) -> Snapshot:
            return replace(super().read(now=now, deadline_s=deadline_s), complete=False, pending=3)

    teacher = Teacher()
    facts = await Gatherer(replace(sources(Half()), habits=teacher)).gather(HEALTHY.at)
    assert (facts.habits, teacher.asked) == (Habits(), 0)


async def test_a_hung_probe_costs_only_its_part_and_is_not_started_again() -> None:
    """No pile of threads: while it hangs it is not asked; once free, it is again."""
    hang = Hang()

    def host(at: Moment) -> Host:
        hang()
        return probe_host(at)

    gatherer = Gatherer(replace(sources(), host=host), budget=Budget(probe_s=0.5))
    first = await gatherer.gather(HEALTHY.at)
    assert first.host == Unknown(Phrase("unknown.timeout", {"limit_s": 0.5}))
    assert (first.data, first.own, first.processes) == (
        HEALTHY.data, HEALTHY.own, HEALTHY.processes,
    )  # fmt: skip
    again = await gatherer.gather(HEALTHY.at)
    assert isinstance(again.host, Unknown)
    assert again.host.reason.key == "unknown.hanging"
    assert hang.started == 1
    hang.gate.set()
    await over(gatherer._host)
    assert (await gatherer.gather(HEALTHY.at)).host == HEALTHY.host
    assert hang.started == 2


async def test_a_hung_reading_makes_the_figures_unknown() -> None:
    """The index is not asked behind a reader that may hold it; the rest is told in time."""
    folder = Folder(before=(hang := Hang()))
    parts = sources(folder)
    facts = await Gatherer(parts, budget=Budget(data_s=0.1)).gather(HEALTHY.at)
    hang.gate.set()
    assert facts.data == facts.business == Unknown(Phrase("unknown.timeout", {"limit_s": 0.1}))
    assert facts.host == HEALTHY.host
    assert facts.took_s < Budget().gather_s
    assert isinstance(parts.opportunities, Index)
    assert parts.opportunities.asked_after == []


async def test_a_crash_is_told_by_its_kind(caplog: pytest.LogCaptureFixture) -> None:
    """Neither path nor message reaches people; the log has the traceback."""

    def broken(at: Moment) -> Processes:
        raise PermissionError(13, "Permission denied", f"/secret/{at.logical_s}")

    facts = await Gatherer(replace(sources(), processes=broken)).gather(HEALTHY.at)
    assert facts.processes == Unknown(Phrase("unknown.crashed", {"error": "PermissionError"}))
    assert facts.host == HEALTHY.host
    assert "processes crashed" in caplog.text
    assert "/secret" in caplog.text


@pytest.mark.parametrize(
    ("wall", "logical_s", "drift_s"),
    [(300, 300.0, 0.0), (3900, 300.0, 3600.0), (-3300, 300.0, -3600.0)],
)
async def test_the_clocks_are_compared_between_looks(
    wall: int, logical_s: float, drift_s: float
) -> None:
    """The first look has nothing to compare with."""
    gatherer = Gatherer(sources())
    assert (await gatherer.gather(HEALTHY.at)).drift_s is None
    later = Moment(wall=NOON + timedelta(seconds=wall), logical_s=HEALTHY.at.logical_s + logical_s)
    facts: Facts = await gatherer.gather(later)
    assert facts.drift_s == pytest.approx(drift_s)


async def test_a_lane_outlives_a_cancelled_caller() -> None:
    """The work goes on, its lane stays taken, and nothing is logged when it ends."""
    lane: Lane[int] = Lane("test")
    hang = Hang()

    def work() -> int:
        hang()
        return 1

    waiting = asyncio.create_task(lane.run(work, within_s=PATIENCE_S))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert lane.busy
    hang.gate.set()
    await over(lane)
    assert await lane.run(lambda: 2, within_s=PATIENCE_S) == 2


def test_work_that_ends_after_its_loop_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """A hung probe that comes back after the program's loop is closed is silent."""
    lane: Lane[int] = Lane("test")
    hang = Hang()

    def work() -> int:
        hang()
        return 1

    assert isinstance(asyncio.run(lane.run(work, within_s=0.01)), Unknown)
    hang.gate.set()
    assert asyncio.run(over(lane)) is None
    assert caplog.text == ""


def test_a_crash_has_a_name() -> None:
    """The class is all that is said."""
    assert crashed(RecursionError("deep")).reason.values == {"error": "RecursionError"}
