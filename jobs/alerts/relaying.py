"""Hands incidents nobody could be told of to the relays, inside the caller's transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobs.alerts import fallback, rows
from jobs.alerts.boot import Boot
from jobs.alerts.fallback import Watched
from jobs.alerts.holding import Holding
from jobs.alerts.policy import Tell
from jobs.alerts.tally import Tally
from storage.alerts import Alerts
from storage.database import Database
from storage.incidents import Delivery, Incident, Kind
from storage.outbox import Outbox
from storage.records import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What relaying asks of the rest: which chats can be told, and what holds a row back."""

    reachable: Callable[[], Sequence[str]]
    holding: Callable[[Moment], Holding]
    boot: Boot
    factor: float = 1.0


class Relaying:
    """`look` says what is to change, `step` changes it; without relays there is nothing."""

    def __init__(
        self, database: Database, *, relays: Sequence[str], around: Surroundings, tally: Tally
    ) -> None:
        self._alerts = Alerts(database)
        self._outbox = Outbox(database)
        self._relays = tuple(relays)
        self._around = around
        self._tally = tally
        self._open_s: float | None = None

    def look(self, *, at: Moment) -> list[Watched]:
        """Return what time did to each open incident that concerns the relays, or did.

        Nothing before the first whole cycle after a restart.
        """
        if not self._relays or self._around.boot.lasts(at=at):
            return []
        if self._open_s is None:
            self._open_s = at.logical_s
        found = self._alerts.open()
        concerned = [one for one in found if fallback.concerns(one) and not one.reached]
        eased = [one for one in found if not fallback.concerns(one) and fallback.touched(one)]
        watched = [Watched(fallback.eased(one)) for one in eased]
        return watched + (self._watched(concerned, at=at) if concerned else [])

    def step(self, *, at: Moment) -> None:
        """Note what the look says, and queue a row a relay for what is due."""
        for seen in self.look(at=at):
            self._alerts.put_incident(seen.incident)
            if seen.due:
                for relay in self._relays:
                    self._tally.created += 1
                    self._outbox.add(_row(seen.incident, relay, at=at))

    def stands(self, seen: Watched) -> bool:
        """Return whether there is nothing to write down about it."""
        return not seen.due and self._alerts.incident(seen.incident.number) == seen.incident

    def _watched(self, concerned: Sequence[Incident], *, at: Moment) -> list[Watched]:
        holding, queued = self._around.holding(at), self._outbox.all()
        reachable = bool(self._around.reachable())
        from_s = (self._open_s or 0.0) + fallback.SETTLE_S * self._around.factor
        return [
            fallback.watched(
                one,
                waits=fallback.unheard(one, queued, reachable=reachable, at=at)
                and holding.hold(_row(one, self._relays[0], at=at)) is None,
                at=at,
                from_s=from_s,
                factor=self._around.factor,
            )
            for one in concerned
        ]


def _row(incident: Incident, relay: str, *, at: Moment) -> Delivery:
    return rows.of(incident, Tell(Kind.FIRED, incident.level), relay, at=at)
