"""Buttons that nobody needs any more: a day after its end, a card is edited once more. Pure."""

from collections.abc import Iterable

from jobs.alerts import story
from storage.incidents import Incident
from storage.records import Moment

AFTER_S = 24 * 3600.0
A_CYCLE = 5  # edits take their place among the chat's messages


def due(incidents: Iterable[Incident], *, at: Moment, factor: float = 1.0) -> list[Incident]:
    """Return the closed incidents whose cards lose their buttons now, a few at a time."""
    return [
        incident
        for incident in incidents
        if incident.closed is not None
        and incident.messages
        and not incident.stripped
        and story.closed_for_s(incident, at=at) > AFTER_S * factor
    ][:A_CYCLE]
