"""What may be forgotten, so that the state file stays small. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

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
UNCOPIED_KEPT = 1000  # while history cannot be written: incidents, deliveries, dead letters


class Copies(Protocol):
    """What history has a copy of (`jobs.archive.Archive`); `stuck`: it cannot be written."""

    stuck: bool

    def has(self, incident: Incident) -> bool:
        """Return whether a closed incident may be forgotten."""
        ...

    def told(self, row: Delivery) -> bool:
        """Return whether a finished delivery may be forgotten."""
        ...


@dataclass(slots=True)
class NoCopies:
    """Nobody copies anything: nothing waits for that."""

    stuck: bool = False

    def has(self, incident: Incident) -> bool:  # noqa: ARG002 (as `Copies`)
        """Return that it may be forgotten."""
        return True

    def told(self, row: Delivery) -> bool:  # noqa: ARG002 (as `Copies`)
        """Return that it may be forgotten."""
        return True


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
    incidents: Sequence[Incident],
    live: Iterable[Delivery],
    *,
    at: Moment,
    copies: Copies | None = None,
) -> list[Incident]:
    """Return the closed incidents to forget: old or too many, and with nothing left to tell.

    What history has no copy of stays, unless there is far too much of it.
    """
    copies = NoCopies() if copies is None else copies
    waiting = {row.incident for row in live}
    closed = [i for i in incidents if i.closed is not None and i.number not in waiting]
    excess, beyond = max(0, len(closed) - CLOSED_KEPT), _uncopied(closed, copies)
    longest_s = [
        CLOSED_AT_LEAST_S if place < excess else CLOSED_FOR_S for place in range(len(closed))
    ]
    return [
        incident
        for place, (incident, kept_s) in enumerate(zip(closed, longest_s, strict=True))
        if story.closed_for_s(incident, at=at) > kept_s and (place < beyond or copies.has(incident))
    ]


def old_rows(
    rows: Sequence[Delivery], *, at: Moment, copies: Copies | None = None
) -> list[Delivery]:
    """Return the finished deliveries to forget, oldest first: dead ones are kept for 7 days.

    What history has no copy of stays, unless there is far too much of it.
    """
    copies = NoCopies() if copies is None else copies
    done = [row for row in rows if row.status in {Status.SENT, Status.SUPERSEDED}]
    dead = [row for row in rows if row.status is Status.DEAD]
    return [
        *_old_rows(done, DONE_FOR_S, at=at, copies=copies),
        *_old_rows(dead, DEAD_FOR_S, at=at, copies=copies),
    ]


def _old_rows(
    rows: Sequence[Delivery], longest_s: float, *, at: Moment, copies: Copies
) -> list[Delivery]:
    excess, beyond = max(0, len(rows) - DONE_KEPT), _uncopied(rows, copies)
    return [
        row
        for place, row in enumerate(rows)
        if (place < excess or at.logical_s - row.created_s > longest_s)
        and (place < beyond or copies.told(row))
    ]


def _uncopied(rows: Sequence[object], copies: Copies) -> int:
    """Return how many of the oldest go even without a copy."""
    return max(0, len(rows) - UNCOPIED_KEPT) if copies.stuck else 0
