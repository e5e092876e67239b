"""Whether a delivery may go now: everything that suppresses, looked up once for many rows."""

from jobs.alerts import inhibition, silences
from jobs.alerts.rules import Rules
from jobs.alerts.silences import Hold
from storage.alerts import Alerts
from storage.incidents import Delivery
from storage.mutes import Mutes
from storage.records import Moment


class Holding:
    """Made anew for each look at the outbox, so that suppression is that of the moment."""

    def __init__(self, alerts: Alerts, mutes: Mutes, *, rules: Rules, at: Moment) -> None:
        self._alerts = alerts
        self._rules = rules
        self._at = at
        self._causes = inhibition.causes(alerts.open())
        self.mutes = mutes.all()

    def hold(self, row: Delivery) -> Hold | None:
        """Return what holds the row back now, None where it may go."""
        incident = self._alerts.incident(row.incident)
        if incident is not None:
            cause = self._causes.of(incident.key)
            if inhibition.holds(row, incident, cause):
                return silences.CONSEQUENCE
        alert = self._alerts.state(row.key)
        return silences.held(row, alert, self.mutes, at=self._at, min_gap_s=self._rules.min_gap_s)
