"""New rows of the outbox, before they have an id. Pure."""

from datetime import date

from jobs.alerts.policy import Tell
from storage.incidents import Delivery, Incident, Kind
from storage.records import Moment, Phrase, Severity

REPORT = "report:"


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


def report(day: date, channel: str, *, at: Moment) -> Delivery:
    """Return the row that is the report of a local date."""
    return Delivery(
        id=0,
        incident=0,
        key=f"{REPORT}{day.isoformat()}",
        kind=Kind.REPORT,
        seq=0,
        channel=channel,
        level=Severity.INFO,
        created=at.wall,
        created_s=at.logical_s,
    )


def report_day(row: Delivery) -> date:
    """Return the local date whose report the row is."""
    return date.fromisoformat(row.key.removeprefix(REPORT))
