"""Whether a delivery may go now: everything that suppresses, looked up once for many rows."""

from jobs.alerts import inhibition, quiet, silences
from jobs.alerts.quiet import QuietHours
from jobs.alerts.rules import Rules
from jobs.alerts.silences import Hold, Why
from storage.alerts import Alerts
from storage.incidents import Delivery, Incident, Kind
from storage.mutes import Mutes
from storage.records import Moment

STALE = frozenset({Kind.FIRED, Kind.WORSE, Kind.REPEAT})


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
        self._causes = inhibition.causes(alerts.open())
        self._known: dict[int, tuple[Incident, Incident | None] | None] = {}
        self._quiet_s = 0.0 if quiet_hours is None else quiet_hours.left_s(at.wall)
        self.mutes = mutes.all()

    def hold(self, row: Delivery) -> Hold | None:
        """Return what holds the row back now, None where it may go."""
        if row.incident not in self._known:
            incident = self._alerts.incident(row.incident)
            pair = None if incident is None else (incident, self._causes.of(incident.key))
            self._known[row.incident] = pair
        known = self._known[row.incident]
        if known is not None and known[0].closed is not None and row.kind in STALE:
            return None  # it has nothing left to say: who claims it puts it aside
        if known is not None and inhibition.holds(row, *known):
            return silences.CONSEQUENCE
        if self._quiet_s > 0 and quiet.waits(row):
            return Hold(Why.QUIET, self._at.logical_s + self._quiet_s)
        alert = self._alerts.state(row.key)
        return silences.held(row, alert, self.mutes, at=self._at, min_gap_s=self._rules.min_gap_s)
