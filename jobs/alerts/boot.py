"""The moments after a restart, and after any time without a look: look first, then speak."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from storage.alerts import Alerts
from storage.incidents import Delivery, Kind
from storage.records import Moment, Observation, Outcome, Phrase

GRACE_S = 60.0  # a first cycle that hangs must not silence what is known
AWAY_S = 300.0
NEWS = frozenset({Kind.FIRED, Kind.WORSE, Kind.REPEAT, Kind.ESCALATED, Kind.REPORT})


class Gap(StrEnum):
    """Why nobody looked for a while."""

    RESTART = "restart"
    REBOOT = "reboot"
    SLEEP = "sleep"


KEYS = {
    Gap.RESTART: ("boot.back", "boot.quiet"),
    Gap.REBOOT: ("boot.rebooted", "boot.rebooted_quiet"),
    Gap.SLEEP: ("boot.resumed", "boot.resumed_quiet"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """Nobody looked for `away_s`, and why; None: as long as what was saved says."""

    why: Gap
    away_s: float | None = None


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

    def ended(self, resumed: Resumed | None, *, at: Moment) -> Resumed | None:
        """End it; return the absence before this whole cycle if there is one worth telling."""
        first, self._over, self._seen = not self._over, True, set()
        if resumed is not None and resumed.away_s is not None:
            return resumed if resumed.away_s > AWAY_S else None
        if not first or self._last is None or self._rhythm is None:
            return None
        missed_s = at.logical_s - self._rhythm.last_s - self._rhythm.every_s
        if missed_s <= AWAY_S:
            return None
        why = Gap.RESTART if resumed is None else resumed.why
        return Resumed(why=why, away_s=at.logical_s - self._last.logical_s)


def said(absence: Resumed, *, n: int) -> Phrase:
    """Return the line that tells of an absence, after which `n` alerts still fire."""
    loud, quiet = KEYS[absence.why]
    return Phrase(loud if n else quiet, {"away_s": absence.away_s, "n": n})
