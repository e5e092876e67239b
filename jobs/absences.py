"""Notices that nobody looked for a while: a sleeping machine, a stopped process, a clock. Pure."""

from datetime import timedelta

from jobs.facts import Absence, Why
from storage.clock import COUNTS_SLEEP
from storage.records import Moment

INTERVALS = 2
PATIENCE_S = 5.0  # what a cycle may take


class Absences:
    """Remembers the last look; `current` is the last absence, `None` while there was none.

    Asked once per look, before it. After a boot the scrapers have slept, too: that is an absence
    from the start on, however long the bot itself was away. `counts_sleep` tells whether the
    steady clock does: else a sleep looks like a wall clock that jumped.
    """

    def __init__(
        self,
        *,
        every: timedelta,
        booted: Moment | None = None,
        counts_sleep: bool = COUNTS_SLEEP,
    ) -> None:
        self.counts_sleep = counts_sleep
        self._limit_s = INTERVALS * every.total_seconds() + PATIENCE_S
        self._before: Moment | None = None
        self._slept = False
        self._booted = booted
        self.current: Absence | None = None

    def look(self, at: Moment) -> Absence | None:
        """Return the absence that this look ends, None where it follows the last one in time.

        Never two in a row: on a machine too slow for its rhythm, every other look would count.
        """
        before, self._before = self._before, at
        found = self._boot(at) if before is None else self._after(before, at)
        if found is not None and self._slept:
            found = None
        self._slept = found is not None and found.why is not Why.BOOTED
        if found is not None:
            self.current = found
        return found

    def _boot(self, at: Moment) -> Absence | None:
        if self._booted is None:
            return None
        for_s = max(0.0, at.logical_s - self._booted.logical_s)
        return Absence(why=Why.BOOTED, for_s=for_s, ended=at)

    def _after(self, before: Moment, at: Moment) -> Absence | None:
        steady_s = at.logical_s - before.logical_s
        if steady_s > self._limit_s:
            return Absence(why=Why.SLEPT, for_s=steady_s, ended=at)
        wall_s = (at.wall - before.wall).total_seconds()
        if wall_s <= self._limit_s or wall_s <= 2 * steady_s:
            return None
        why = Why.JUMPED if self.counts_sleep else Why.SLEPT
        return Absence(why=why, for_s=wall_s - steady_s, ended=at)
