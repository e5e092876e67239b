"""Looks at the bot itself: memory, the event loop's lag, and whether its state can be kept."""

import asyncio
import math
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import psutil

from jobs.facts import JobStanding, Own, Shelf
from storage.history import History
from storage.records import Moment

PROBE_BYTES = 4096
TOLD_FOR_S = 3600.0
LOG = "-wal"  # what SQLite puts beside its file


class LoopLag:
    """Measures how late the event loop wakes; the caller keeps the task of `run()`."""

    def __init__(self, *, every_s: float = 0.5, keep: int = 2_400) -> None:
        self._every_s = every_s
        self._late_s: deque[float] = deque(maxlen=keep)

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            due_s = time.monotonic() + self._every_s
            await asyncio.sleep(self._every_s)
            self._late_s.append(max(0.0, time.monotonic() - due_s))

    def take_p95_s(self) -> float | None:
        """Return the 95th percentile since the last call, None without a measurement."""
        taken = []
        while self._late_s:  # one by one: the loop may add meanwhile, from its own thread
            taken.append(self._late_s.popleft())
        taken.sort()
        return taken[math.ceil(0.95 * len(taken)) - 1] if taken else None


class OwnProbe:
    """Call it for the bot's own state.

    `state_error` is asked first and may name a failure the stores know of; then a small file
    is really written to `folder` and removed. `damaged` names files that were set aside.
    `jobs` tells how the calendar jobs stand, once there is a calendar,
    `outbox_s` how long the oldest alert waits, once there are any, and `shelf` what history takes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        lag: LoopLag | None = None,
        state_error: Callable[[], str] = str,
        damaged: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._folder = folder
        self._lag = lag
        self._state_error = state_error
        self._damaged = damaged
        self._process = psutil.Process()
        self.jobs: Callable[[Moment], tuple[JobStanding, ...]] = lambda _: ()
        self.outbox_s: Callable[[Moment], float | None] = lambda _: None
        self.shelf: Callable[[Moment], Shelf | None] = lambda _: None

    def __call__(self, at: Moment) -> Own:
        """Return the bot's state. Blocking."""
        return Own(
            rss_bytes=self._process.memory_info().rss,
            loop_lag_p95_s=None if self._lag is None else self._lag.take_p95_s(),
            state_error=self._state_error() or write_error(self._folder),
            damaged=self._damaged(),
            jobs=self.jobs(at),
            outbox_s=self.outbox_s(at),
            shelf=self.shelf(at),
        )


class ShelfProbe:
    """Call it for what history takes on disk. That a file was damaged it tells for an hour.

    `untold` names one that was set aside before, by a program that could tell nobody.
    """

    def __init__(
        self, history: History, *, untold: str = "", told_for_s: float = TOLD_FOR_S
    ) -> None:
        self._history = history
        self._untold = untold
        self._told_for_s = told_for_s
        self._damaged = ""
        self._since_s = 0.0

    def __call__(self, at: Moment) -> Shelf:
        """Return its size, its log included, and whether it was lost just now. Blocking."""
        path = self._history.path
        damaged = self._history.damaged or self._untold
        if damaged != self._damaged:
            self._damaged, self._since_s = damaged, at.logical_s
        return Shelf(
            size_bytes=sum(_size_bytes(path.with_name(path.name + end)) for end in ("", LOG)),
            days=self._history.kept_days,
            lost=bool(self._damaged) and at.logical_s - self._since_s < self._told_for_s,
            replaced=not self._history.read_only,
        )


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # not there (any more)


def write_error(folder: Path) -> str:
    """Return why a file cannot be written to `folder`, "" if it can; never a path."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        probe.write_bytes(bytes(PROBE_BYTES))
        probe.unlink()
    except OSError as error:
        probe_left(probe)
        return error.strerror or type(error).__name__
    return ""


def probe_left(probe: Path) -> None:
    """Remove what a failed attempt left behind, if that is possible."""
    try:
        probe.unlink(missing_ok=True)
    except OSError:
        return
