"""The moments after a restart: nothing is announced before each key was looked at again."""

import math
from collections.abc import Iterable

from storage.alerts import Alerts
from storage.incidents import Delivery, Kind
from storage.records import Moment, Observation, Outcome

GRACE_S = 60.0  # a first cycle that hangs must not silence what is known
AWAY_S = 300.0
NEWS = frozenset({Kind.FIRED, Kind.WORSE, Kind.REPEAT})


class Boot:
    """Lasts until the first whole cycle, 60 s at most; a state never used before needs none."""

    def __init__(self, alerts: Alerts) -> None:
        self._last = alerts.moment()
        self._rhythm = alerts.rhythm()
        self._over = self._last is None
        self._seen: set[str] = set()
        self._until_s = math.inf

    def until_s(self, row: Delivery, *, at: Moment) -> float:
        """Return until when (logical seconds) the row waits, at most; the past where it may go."""
        waits = self.lasts(at=at) and row.kind in NEWS and row.key not in self._seen
        return self._until_s if waits else -math.inf

    def lasts(self, *, at: Moment) -> bool:
        """Return whether the first whole cycle is still to come, and is waited for."""
        if self._until_s == math.inf:
            self._until_s = at.logical_s + GRACE_S
        return not self._over and at.logical_s < self._until_s

    def saw(self, observations: Iterable[Observation]) -> None:
        """Free what was looked at; a check that gave no answer did not look."""
        if not self._over:
            self._seen |= {seen.key for seen in observations if seen.outcome is not Outcome.UNKNOWN}

    def ended(self, *, at: Moment) -> float | None:
        """End it; return the seconds without a look if it was more than a restart, once."""
        first, self._over, self._seen = not self._over, True, set()
        if not first or self._last is None or self._rhythm is None:
            return None
        away_s = at.logical_s - self._last.logical_s
        missed_s = at.logical_s - self._rhythm.last_s - self._rhythm.every_s
        return away_s if missed_s > AWAY_S else None
