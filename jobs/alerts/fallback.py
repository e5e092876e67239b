"""Who hears of it when Telegram is away: what is CRITICAL goes another way after 5 min. Pure.

A relay (mail, a webhook) is told that an incident began and that it ended: no reminders, no
edits, nothing below CRITICAL. What concerns delivery itself, which Telegram cannot be told,
goes to the relays only, and at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jobs.alerts import enqueue, policy
from storage.chats import is_relay
from storage.incidents import Delivery, Incident, Kind, Status
from storage.outbox import LIVE
from storage.records import Moment, Severity

AFTER_S = 5 * 60.0
SETTLE_S = 30.0  # after a restart, chats are tried first for this long
OUTBOX, TOKEN = "bot:outbox", "bot:token"
OWN = frozenset({OUTBOX, TOKEN})
HEARD = frozenset({Kind.FIRED, Kind.WORSE, Kind.REPEAT, Kind.ESCALATED})
UNHEARD = LIVE | {Status.DEAD}


@dataclass(frozen=True, slots=True)
class Watched:
    """An incident as it is remembered now; whether relays are told now, and when it is time."""

    incident: Incident
    due: bool = False
    at_s: float | None = None


def own(key: str) -> bool:
    """Return whether the alert is about delivery itself."""
    return key in OWN


def concerns(incident: Incident) -> bool:
    """Return whether relays may have to hear of the incident."""
    return incident.closed is None and (incident.level is Severity.CRITICAL or own(incident.key))


def hears(row: Delivery) -> bool:
    """Return whether somebody who accepts the row knows that it is CRITICAL."""
    return row.kind in HEARD and (row.level is Severity.CRITICAL or own(row.key))


def unheard(incident: Incident, rows: Iterable[Delivery], *, reachable: bool, at: Moment) -> bool:
    """Return whether nobody took the news: it waits, was refused, or there is no chat to tell.

    What was never queued (its key flaps) is not news. `reachable`: some chat can be told.
    """
    if incident.reached or policy.acked(incident, at=at):
        return False
    news = (row for row in rows if row.incident == incident.number and not is_relay(row.channel))
    queued = any(row.kind in enqueue.NEWS and row.level is Severity.CRITICAL
                 and row.status in UNHEARD for row in news)  # fmt: skip
    return queued or not reachable or own(incident.key)


def watched(
    incident: Incident, *, waits: bool, at: Moment, from_s: float, factor: float = 1.0
) -> Watched:
    """Return what time did to an incident that concerns relays.

    `waits`: nobody took its news and nothing holds it back; `from_s`: relays are told no sooner.
    """
    if not waits:
        return Watched(replace(incident, untold_s=None))
    since_s = at.logical_s if incident.untold_s is None else incident.untold_s
    patience_s = 0.0 if own(incident.key) else AFTER_S * factor
    due_s = max(since_s + patience_s, from_s)
    if at.logical_s < due_s:
        return Watched(replace(incident, untold_s=since_s), at_s=due_s)
    return Watched(replace(incident, untold_s=None, reached=True), due=True)


def touched(incident: Incident) -> bool:
    """Return whether relays had to do with the open incident."""
    return incident.reached or incident.untold_s is not None


def eased(incident: Incident) -> Incident:
    """Return an incident that does not concern relays: should it get worse, it does again."""
    return replace(incident, untold_s=None, reached=False)


def informed(incident: Incident) -> list[str]:
    """Return the relays that were, or may have been, told of the incident."""
    return [channel for channel in incident.told if is_relay(channel)]
