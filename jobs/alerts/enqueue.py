"""From something to tell to one row per channel: what it replaces, what it becomes there. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from jobs.alerts.policy import Tell
from storage.incidents import Delivery, Incident, Kind, Status
from storage.records import Severity

NEWS = frozenset({Kind.FIRED, Kind.WORSE})
CLOSING = frozenset({Kind.RESOLVED, Kind.BRIEF})
REMINDING = frozenset({Kind.REPEAT, Kind.ESCALATED})
OWN_WORDS = frozenset({Kind.NOTE, Kind.REPORT})  # of no incident
SOUNDLESS = frozenset({Kind.UPDATE, Kind.FULL})  # never takes the place of what is said
BRIEF_FOR_S = {Severity.INFO: 3600.0, Severity.WARNING: 6 * 3600.0}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a tell means to one channel: rows that it makes pointless, and the kinds to add."""

    superseded: tuple[Delivery, ...] = ()
    kinds: tuple[Kind, ...] = ()


def plan(tell: Tell, incident: Incident, *, channel: str, live: Sequence[Delivery]) -> Plan:
    """Return the plan; `live` are the incident's rows of this channel that are not done."""
    queued = [row for row in live if row.status is Status.QUEUED]
    told = channel in incident.told or any(row.status is Status.SENDING for row in live)
    card = channel in incident.messages
    if incident.closed is not None:
        edit = tell.kind is Kind.UPDATE
        superseded = tuple(row for row in queued if not (edit and row.kind in CLOSING))
        return Plan(superseded, _ending(tell, incident, told=told, card=card))
    if tell.kind is Kind.WORSE:
        return Plan(tuple(queued), (Kind.UPDATE, Kind.WORSE) if card else (Kind.WORSE,))
    over = tuple(row for row in queued if row.kind in CLOSING)  # it was reopened meanwhile
    if tell.kind is Kind.FIRED:
        return Plan(over, (Kind.FIRED,))
    edit = card and tell.kind is Kind.UPDATE
    if any(row.kind in NEWS for row in live) and not edit:  # rendered when sent: it says this too
        return Plan(over)
    if tell.kind is Kind.UPDATE:
        same = tuple(row for row in queued if row.kind is Kind.UPDATE)
        return Plan((*over, *same), (Kind.UPDATE,) if card else ())
    return _reminding(tell, live, told=told)


def relayed(tell: Tell, incident: Incident, *, channel: str, live: Sequence[Delivery]) -> Plan:
    """Return the plan for a relay: it hears of a beginning and of its end, nothing between."""
    if incident.closed is None or (tell.kind is Kind.UPDATE and incident.stripped):
        return Plan()
    queued = tuple(row for row in live if row.status is Status.QUEUED)
    told = channel in incident.told or any(row.status is Status.SENDING for row in live)
    return Plan(queued, (Kind.RESOLVED,) if told else ())


def _reminding(tell: Tell, live: Sequence[Delivery], *, told: bool) -> Plan:
    """Return the plan for what asks somebody to act; a call to the admins replaces a reminder."""
    waiting = tuple(row for row in live if row.kind in REMINDING and row.status is Status.QUEUED)
    if tell.kind is Kind.ESCALATED:
        return Plan(waiting, (Kind.ESCALATED,))
    if any(row.kind is Kind.ESCALATED for row in live):
        return Plan()
    return Plan(waiting, (Kind.REPEAT if told else Kind.FIRED,))


def corrected(row: Delivery, incident: Incident) -> Delivery:
    """Return a queued closing row as what it is now: RESOLVED only where something was told."""
    if row.kind is Kind.RESOLVED and row.channel not in incident.told:
        return replace(row, kind=Kind.BRIEF)
    return row


def too_old(row: Delivery, incident: Incident, *, age_s: float) -> bool:
    """Return whether what came and went unseen was too long ago to be worth telling.

    What still fires is news at any age: it is told as it stands now.
    """
    return row.kind is Kind.BRIEF and age_s > BRIEF_FOR_S.get(incident.peak, math.inf)


def outdated(row: Delivery, incident: Incident | None, others: Iterable[Delivery]) -> bool:
    """Return whether the row has nothing left to say: closed or reopened meanwhile, or said anew.

    A closing under way when somebody says "not fixed" is not tried again should it fail.
    """
    if row.kind in OWN_WORDS:
        return False
    newer = [other for other in others if other.id > row.id and other.status is Status.QUEUED]
    if row.kind in CLOSING:
        reopened = incident is not None and incident.closed is None
        return reopened or any(other.kind in CLOSING for other in newer)
    if incident is None or (incident.closed is not None and row.kind is not Kind.UPDATE):
        return True
    if row.kind is Kind.UPDATE:
        return any(other.kind is Kind.UPDATE for other in newer)
    return any(other.kind in NEWS for other in newer)


def _ending(tell: Tell, incident: Incident, *, told: bool, card: bool) -> tuple[Kind, ...]:
    """Return what the end of an incident becomes: an edit without a word while its key flaps."""
    edit = (Kind.UPDATE,) if card else ()
    if tell.kind is Kind.UPDATE:
        return edit
    if not told:  # the cause of a consequence has told the story
        return () if incident.held else (Kind.BRIEF,)
    return edit if tell.level <= Severity.INFO else (*edit, Kind.RESOLVED)
