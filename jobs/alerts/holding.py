"""Whether a delivery may go now: everything that suppresses, looked up once for many rows."""

from dataclasses import dataclass

from jobs.alerts import inhibition, quiet, silences
from jobs.alerts.quiet import QuietHours
from jobs.alerts.rules import Rules
from jobs.alerts.silences import Hold, Why
from storage.alerts import Alerts
from storage.incidents import Delivery, Incident, Kind
from storage.mutes import Mutes
from storage.records import Moment

STALE = frozenset({Kind.FIRED, Kind.WORSE, Kind.REPEAT, Kind.ESCALATED})


@dataclass(frozen=True, slots=True)
class _Known:
    """An incident, and what explains it just now; `plain`: nothing in its story holds a row."""

    incident: Incident | None
    cause: Incident | None = None
    plain: bool = True


class Holding:
    """Made anew for each look at the outbox, so that suppression is that of the moment."""

    def __init__(
        self,
        alerts: Alerts,
        mutes: Mutes,
        *,
        rules: Rules,
        quiet_hours: QuietHours | None,
        at: Moment,
    ) -> None:
        self._alerts = alerts
        self._rules = rules
        self._at = at
        found = alerts.open()
        self._causes = inhibition.causes(found)
        self._known: dict[int, _Known] = {}
        self._told = {state.key: state.told_s for state in alerts.states() if state.told_s}
        self._quiet_s = 0.0 if quiet_hours is None else quiet_hours.left_s(at.wall)
        self.mutes = mutes.all()
        self._calm = not self.mutes and self._quiet_s <= 0
        self._loud = {channel for told in self._told.values() for channel in told}
        self._alone = not self._causes.found and not any(one.held for one in found)

    def free(self, channel: str) -> bool:
        """Return whether nothing holds any row of a channel: seen at once, as in most storms."""
        return self._calm and self._alone and channel not in self._loud

    def hold(self, row: Delivery) -> Hold | None:
        """Return what holds the row back now, None where it may go."""
        known = self._known.get(row.incident) or self._look_up(row.incident)
        if known.plain and self._calm:
            told = self._told.get(row.key)
            if told is None or row.channel not in told:
                return None
        return self._held(row, known)

    def _look_up(self, number: int) -> _Known:
        incident = self._alerts.incident(number)
        known = _Known(None)
        if incident is not None:
            cause = self._causes.of(incident.key)
            plain = cause is None and not incident.held and incident.closed is None
            known = _Known(incident, cause, plain)
        self._known[number] = known
        return known

    def _held(self, row: Delivery, known: _Known) -> Hold | None:
        incident = known.incident
        if incident is not None and incident.closed is not None and row.kind in STALE:
            return None  # it has nothing left to say: who claims it puts it aside
        if incident is not None and inhibition.holds(row, incident, known.cause):
            return silences.CONSEQUENCE
        if self._quiet_s > 0 and quiet.waits(row):
            return Hold(Why.QUIET, self._at.logical_s + self._quiet_s)
        alert = self._alerts.state(row.key)
        return silences.held(row, alert, self.mutes, at=self._at, min_gap_s=self._rules.min_gap_s)
