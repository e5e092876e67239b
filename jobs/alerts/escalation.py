"""What is CRITICAL and nobody takes: the admins are called, once. Pure."""

from dataclasses import dataclass, replace

from jobs.alerts import policy
from storage.incidents import Incident
from storage.records import Moment, Severity

AFTER_S = 30 * 60.0


@dataclass(frozen=True, slots=True)
class Watched:
    """An incident as it is remembered now, and whether the admins are to be called."""

    incident: Incident
    due: bool = False


def watched(
    incident: Incident, *, fails: bool, unheard: bool, at: Moment, factor: float = 1.0
) -> Watched:
    """Return what time did to an open incident; it is due while it `fails` only.

    The half hour is one in which somebody could have taken it: it counts from when it was
    CRITICAL and told (`unheard`: its news still waits in every chat), and anew when it is given
    back. A consequence calls nobody, its cause does. What was less for a while may call again.
    """
    if incident.level is not Severity.CRITICAL:
        return Watched(replace(incident, critical_s=None, escalated=False))
    untaken = not policy.acked(incident, at=at)
    goes_on = incident.critical_s is not None and untaken and not unheard
    since_s = incident.critical_s if goes_on else None
    since_s = at.logical_s if since_s is None else since_s
    incident = replace(incident, critical_s=since_s)
    said = incident.held or incident.escalated or not fails
    if said or at.logical_s - since_s < AFTER_S * factor:
        return Watched(incident)
    return Watched(replace(incident, escalated=True), due=True)
