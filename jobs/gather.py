"""Gathers, in one pass off the event loop, everything the checks judge."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from jobs.facts import Facts, Host, Own, Processes, Unknown
from jobs.lane import Lane
from jobs.snapshots import Backups
from storage.habits import Habits
from storage.opportunities import Statistics
from storage.records import Moment
from storage.tracker import Snapshot

# One part after the other, unless one is slow: threads that compete for the interpreter's lock
# make a reading, with its thousands of small calls, cost half as much again.
HEAD_START_S = 0.01
LEARN_EVERY_S = 3600.0  # what four weeks tell is no other after five minutes
T = TypeVar("T")


class Reader(Protocol):
    """What reads the tracker's folder (`storage.tracker.Tracker`)."""

    def read(self, *, now: datetime, deadline_s: float | None = None) -> Snapshot:
        """Return what the folder holds; blocking, within about `deadline_s`."""
        ...


class Counter(Protocol):
    """What counts distinct opportunities (`storage.opportunities.Opportunities`)."""

    def statistics(self, *, now: datetime) -> Statistics:
        """Return the figures of the last 24 h."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the parts of the facts come from; every one blocks and runs in a thread.

    Without `habits` nothing is usual, and nothing compared with it; without `backups` none are
    known of.
    """

    tracker: Reader
    opportunities: Counter
    processes: Callable[[Moment], Processes]
    host: Callable[[Moment], Host]
    own: Callable[[Moment], Own]
    habits: Callable[[Moment], Habits] | None = None
    backups: Callable[[Moment], Backups] = lambda _: Backups()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How long things may take; the reading stops by itself at `read_s`, or is left at `data_s`.

    What `cycle_s` leaves after gathering is for judging and for writing the outcome down.
    """

    cycle_s: float = 5.0
    gather_s: float = 4.0
    data_s: float = 3.5
    read_s: float = 3.0
    probe_s: float = 2.0


class Gatherer:
    """Looks once at everything, each part in its own thread and within its time."""

    def __init__(self, sources: Sources, *, budget: Budget | None = None) -> None:
        self.budget = Budget() if budget is None else budget
        self._sources = sources
        self._before: Moment | None = None
        self._data: Lane[Snapshot] = Lane("tracker")
        self._business: Lane[Statistics] = Lane("statistics")
        self._processes: Lane[Processes] = Lane("processes")
        self._host: Lane[Host] = Lane("host")
        self._own: Lane[Own] = Lane("own")
        self._backups: Lane[Backups] = Lane("backups")
        self._learning: Lane[Habits] = Lane("habits")
        self._habits: Habits | Unknown = Habits()
        self._learn_s = float("-inf")  # when, on the steady clock, habits are learned anew

    async def gather(self, at: Moment) -> Facts:
        """Return the facts; a part that crashed or took too long is `Unknown`."""
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        source, probe_s = self._sources, self.budget.probe_s
        processes = await _start(
            self._processes.run(partial(source.processes, at), within_s=probe_s)
        )
        host = await _start(self._host.run(partial(source.host, at), within_s=probe_s))
        own = await _start(self._own.run(partial(source.own, at), within_s=probe_s))
        backups = await _start(self._backups.run(partial(source.backups, at), within_s=probe_s))
        until_s = started_s + self.budget.gather_s
        data, business = await self._tracker(at, until_s=until_s)
        await self._learn(at, data, until_s=until_s)
        drift_s = None if self._before is None else _drift_s(self._before, at)
        self._before = at
        return Facts(
            at=at, data=data, business=business, processes=await processes, host=await host,
            own=await own, took_s=loop.time() - started_s, drift_s=drift_s,
            habits=self._habits, backups=await backups,
        )  # fmt: skip

    async def _tracker(
        self, at: Moment, *, until_s: float
    ) -> tuple[Snapshot | Unknown, Statistics | Unknown]:
        """Read first, count then: what is new is known only after the reading."""
        read = partial(self._sources.tracker.read, now=at.wall, deadline_s=self.budget.read_s)
        data = await self._data.run(read, within_s=self.budget.data_s)
        if isinstance(data, Unknown):  # a hung reading may hold the index: do not queue behind it
            return data, data
        left_s = until_s - asyncio.get_running_loop().time()
        count = partial(self._sources.opportunities.statistics, now=at.wall)
        return data, await self._business.run(count, within_s=min(self.budget.probe_s, left_s))

    async def _learn(self, at: Moment, data: Snapshot | Unknown, *, until_s: float) -> None:
        """Learn what is usual, of data that were read to the end, once an hour."""
        learn = self._sources.habits
        early = at.logical_s < self._learn_s
        if learn is None or early or isinstance(data, Unknown) or not data.complete:
            return
        left_s = until_s - asyncio.get_running_loop().time()
        within_s = min(self.budget.probe_s, left_s)
        self._habits = await self._learning.run(partial(learn, at), within_s=within_s)
        if not isinstance(self._habits, Unknown):
            self._learn_s = at.logical_s + LEARN_EVERY_S


async def _start(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start a part, and give it a moment to end before the next is started."""
    task = asyncio.create_task(work)
    await asyncio.wait({task}, timeout=HEAD_START_S)
    return task


def _drift_s(before: Moment, at: Moment) -> float:
    """Return how much further the wall clock went than the steady one."""
    return (at.wall - before.wall).total_seconds() - (at.logical_s - before.logical_s)
