"""A person says "not fixed": the incident that closed goes on under its number. Pure."""

from dataclasses import dataclass, replace

from jobs.alerts import policy, story
from jobs.alerts.rules import Rule
from storage.incidents import AlertState, Incident, Phase, TimelineKind
from storage.records import Moment

WITHIN_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Again:
    """An incident that is open again, and its alert, which fires."""

    alert: AlertState
    incident: Incident


def reopened(
    alert: AlertState, incident: Incident, *, by: str, at: Moment, rule: Rule
) -> Again | None:
    """Return the incident open again and taken by `by`, and its alert firing.

    None where it is open, closed for more than a day, or where its key has another one open. It
    closes again by the same passes as ever: who saw more than the check has that long to act.
    """
    over = story.closed_for_s(incident, at=at) > WITHIN_S * rule.rules.factor
    if incident.closed is None or alert.incident is not None or over:
        return None
    again = replace(
        incident, closed=None, closed_s=None, stripped=False, critical_s=None, escalated=False
    )
    again = story.told(again, TimelineKind.REOPENED, at=at, who=by)
    alert = replace(
        policy.quiet(alert),
        phase=Phase.FIRING,
        level=again.level,
        incident=again.number,
        since=again.since,
        since_s=again.opened_s,
        window=(),
    )
    alert = policy.rescheduled(alert, at=at, rule=rule)
    return Again(alert, policy.ack(again, by=by, at=at, rule=rule))
