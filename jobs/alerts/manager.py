"""Runs observations through the policy and commits states, incidents and deliveries together."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from storage.database import Database
from storage.records import Clock, Incident, Moment, Mute, Observation, Severity


class AlertManager:
    """The only writer of alert states, incidents and mutes; safe to call from any thread."""

    def __init__(
        self,
        *,
        database: Database,
        channels: Callable[[], Sequence[str]] | Sequence[str],
        clock: Clock,
        rules: object = None,
    ) -> None:
        raise NotImplementedError

    def observe(
        self,
        observations: Sequence[Observation],
        *,
        at: Moment,
        complete: frozenset[str] = frozenset(),
    ) -> None:
        """Take note of one cycle in one commit; blocking.

        A known alert under a `complete` prefix that was not observed counts as ok.
        """
        raise NotImplementedError

    def open(self) -> list[Incident]:
        """Return the open incidents, worst first, then oldest."""
        raise NotImplementedError

    def incident(self, number: int) -> Incident | None:
        """Return one incident, open or closed not long ago."""
        raise NotImplementedError

    def ack(self, number: int, *, by: str, at: Moment) -> bool:
        """Take an open incident, which stops its reminders; False where there is nothing to take."""
        raise NotImplementedError

    def release(self, number: int, *, by: str, at: Moment) -> bool:
        """Give an incident back; False where nobody had it."""
        raise NotImplementedError

    def mute(
        self,
        *,
        glob: str,
        for_: timedelta | None,
        by: str,
        at: Moment,
        reason: str = "",
        max_level: Severity = Severity.ERROR,
    ) -> Mute:
        """Hold back deliveries whose key matches, for 1 h unless said, 7 d at most."""
        raise NotImplementedError

    def unmute(self, mute_id: int, *, at: Moment) -> bool:
        """End a mute; False where there was none."""
        raise NotImplementedError

    def mutes(self, *, at: Moment) -> list[Mute]:
        """Return the mutes in force, the next to end first."""
        raise NotImplementedError
