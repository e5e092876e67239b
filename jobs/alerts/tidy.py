"""What may be forgotten, so that the state file stays small. Pure."""

from collections.abc import Iterable, Sequence

from jobs.alerts import story
from jobs.alerts.flapping import WITHIN_S
from jobs.alerts.rules import Rules
from storage.incidents import (
    AlertState,
    Delivery,
    Incident,
    Phase,
    Status,
)
from storage.records import Moment

CLOSED_FOR_S = 30 * 24 * 3600.0
CLOSED_KEPT = 100
CLOSED_AT_LEAST_S = 600.0  # a digest that still grows counts them
DONE_FOR_S = 24 * 3600.0
DEAD_FOR_S = 7 * 24 * 3600.0
DONE_KEPT = 200


def idle(alert: AlertState, *, rules: Rules, at: Moment) -> bool:
    """Return whether nothing is left to remember of a key that is well."""
    if alert.phase is not Phase.OK:
        return False
    if alert.flap_told_s is not None:
        return False
    fails = [at.logical_s - fail for fail in alert.window if fail is not None]
    changes = [at.logical_s - change for change in alert.flaps_s]
    if any(age < DONE_FOR_S for age in fails) or any(age < WITHIN_S for age in changes):
        return False
    return all(at.logical_s - told >= rules.min_gap_s for told in alert.told_s.values())


def old_incidents(
    incidents: Sequence[Incident], live: Iterable[Delivery], *, at: Moment
) -> list[Incident]:
    """Return the closed incidents to forget: old or too many, and with nothing left to tell."""
    waiting = {row.incident for row in live}
    closed = [i for i in incidents if i.closed is not None and i.number not in waiting]
    excess = max(0, len(closed) - CLOSED_KEPT)
    longest_s = [
        CLOSED_AT_LEAST_S if place < excess else CLOSED_FOR_S for place in range(len(closed))
    ]
    return [
        incident
        for incident, kept_s in zip(closed, longest_s, strict=True)
        if story.closed_for_s(incident, at=at) > kept_s
    ]


def old_rows(rows: Sequence[Delivery], *, at: Moment) -> list[Delivery]:
    """Return the finished deliveries to forget, oldest first: dead ones are kept for 7 days."""
    done = [row for row in rows if row.status in {Status.SENT, Status.SUPERSEDED}]
    dead = [row for row in rows if row.status is Status.DEAD]
    return _beyond(done, DONE_FOR_S, at=at) + _beyond(dead, DEAD_FOR_S, at=at)


def _beyond(rows: Sequence[Delivery], longest_s: float, *, at: Moment) -> list[Delivery]:
    excess = max(0, len(rows) - DONE_KEPT)
    return [
        row
        for place, row in enumerate(rows)
        if place < excess or at.logical_s - row.created_s > longest_s
    ]
