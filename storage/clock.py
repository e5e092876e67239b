"""The logical clock: monotonic within a process, carried on over restarts."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.records import Moment

LONGEST_GAP_S = 7 * 86_400.0
COUNTS_SLEEP = hasattr(time, "CLOCK_BOOTTIME")


def wall_now() -> datetime:
    """Return the wall clock, aware, in UTC."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Return seconds that also pass while the machine sleeps, where the system has them."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalClock:
    """Call it for the `Moment`: a saved moment goes on by what the steady clock measured since."""

    start: Moment
    wall: Callable[[], datetime] = wall_now
    steady_s: Callable[[], float] = monotonic_s
    steady_start_s: float = 0.0

    def __call__(self) -> Moment:
        """Return now, by both clocks."""
        passed_s = max(0.0, self.steady_s() - self.steady_start_s)
        return Moment(wall=self.wall(), logical_s=self.start.logical_s + passed_s)


def resume(
    saved: Moment | None,
    *,
    wall: Callable[[], datetime] = wall_now,
    steady_s: Callable[[], float] = monotonic_s,
) -> LogicalClock:
    """Return a clock that goes on from `saved`.

    The downtime counts by the wall clock, between 0 and 7 days: a stepped clock can neither
    turn deadlines back nor fire them all at once.
    """
    now = wall()
    gap_s = 0.0 if saved is None else (now - saved.wall).total_seconds()
    before_s = 0.0 if saved is None else saved.logical_s
    start = Moment(wall=now, logical_s=before_s + min(max(gap_s, 0.0), LONGEST_GAP_S))
    return LogicalClock(start=start, wall=wall, steady_s=steady_s, steady_start_s=steady_s())
