"""An incident's story: what happened to it, when, and by whom. Pure."""

from dataclasses import replace
from datetime import datetime

from storage.incidents import Incident, Kind, TimelineEntry, TimelineKind
from storage.records import Moment

HEAD, TAIL = 10, 40
HEARD = {Kind.REPEAT: TimelineKind.REMINDED, Kind.ESCALATED: TimelineKind.ESCALATED}


def told(incident: Incident, kind: TimelineKind, *, at: Moment, who: str = "") -> Incident:
    """Return the incident with one more line; of a long story the middle is forgotten."""
    entry = TimelineEntry(at=at.wall, kind=kind, level=incident.level, who=who)
    timeline = (*incident.timeline, entry)
    if len(timeline) > HEAD + TAIL:
        timeline = timeline[:HEAD] + timeline[-TAIL:]
    return replace(incident, timeline=timeline)


def heard(incident: Incident, kind: TimelineKind, *, since: datetime, at: Moment) -> Incident:
    """Return the incident with one more line, unless another chat heard it `since`.

    A reminder is part of the story when it was told: one that a mute held back is none.
    """
    last = next((entry for entry in reversed(incident.timeline) if entry.kind is kind), None)
    known = last is not None and last.at >= since
    return incident if known else told(incident, kind, at=at)


def closed_for_s(incident: Incident, *, at: Moment) -> float:
    """Return the seconds since it closed; by the wall where no other time was kept."""
    if incident.closed_s is not None:
        return at.logical_s - incident.closed_s
    return 0.0 if incident.closed is None else (at.wall - incident.closed).total_seconds()
