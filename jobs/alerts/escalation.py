"""What is CRITICAL and nobody has taken goes once to every admin, privately. Pure."""

from dataclasses import dataclass, replace

from jobs.alerts import policy
from storage.incidents import Incident
from storage.records import Moment, Severity

AFTER_S = 30 * 60.0


@dataclass(frozen=True, slots=True)
class Watched:
    """An incident as it is remembered now, and whether the admins are to be told."""

    incident: Incident
    due: bool = False


def watched(incident: Incident, *, at: Moment, factor: float = 1.0) -> Watched:
    """Return what time did to an open incident; the half hour counts from when it was CRITICAL.

    A consequence does not escalate, its cause does.
    """
    if incident.level is not Severity.CRITICAL:
        return Watched(replace(incident, critical_s=None))
    since_s = at.logical_s if incident.critical_s is None else incident.critical_s
    incident = replace(incident, critical_s=since_s)
    alone = not (policy.acked(incident, at=at) or incident.held or incident.escalated)
    if not alone or at.logical_s - since_s < AFTER_S * factor:
        return Watched(incident)
    return Watched(replace(incident, escalated=True), due=True)
