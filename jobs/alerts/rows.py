"""New rows of the outbox, before they have an id. Pure."""

from jobs.alerts.policy import Tell
from storage.incidents import Delivery, Incident, Kind
from storage.records import Moment, Phrase, Severity


def of(incident: Incident, tell: Tell, channel: str, *, at: Moment) -> Delivery:
    """Return the row that tells a channel something of an incident."""
    return Delivery(
        id=0,
        incident=incident.number,
        key=incident.key,
        kind=tell.kind,
        seq=incident.reminders,
        channel=channel,
        level=tell.level,
        created=at.wall,
        created_s=at.logical_s,
    )


def note(key: str, phrase: Phrase, channel: str, *, level: Severity, at: Moment) -> Delivery:
    """Return the row that says a line which belongs to no incident."""
    return Delivery(
        id=0,
        incident=0,
        key=key,
        kind=Kind.NOTE,
        seq=0,
        channel=channel,
        level=level,
        created=at.wall,
        created_s=at.logical_s,
        note=phrase,
    )
