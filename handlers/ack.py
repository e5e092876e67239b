"""/ack: somebody takes an incident."""

from handlers.alerts import listing
from handlers.call import Call, blocking
from handlers.views import welcome
from handlers.views.message import Message
from handlers.views.text import clean, clip

NOTE_UNITS = 80


async def ack(call: Call) -> Message:
    """Take the incident by its number; the words behind it are a note for the others.

    Without a number the list answers: its buttons take.
    """
    if not call.args:
        return listing(call)
    number = call.args[0].removeprefix("#")
    if not (number.isascii() and number.isdigit()):
        return welcome.note("ack.usage", language=call.language)
    note = clip(clean(" ".join(call.args[1:])), NOTE_UNITS)
    by = f"{call.who} ({note})" if note else call.who
    key = await take(call, int(number[:9]), by=by)
    return welcome.note(key, language=call.language, number=int(number[:9]), who=call.who)


async def take(call: Call, number: int, *, by: str) -> str:
    """Acknowledge and return the catalogue key of what came of it."""
    manager = call.services.alerts
    incident = manager.incident(number)
    if incident is None:
        return "ack.unknown"
    if incident.closed is not None:
        return "ack.closed"
    if incident.ack_by == by:
        return "ack.taken"
    taken = await blocking(manager.ack, number, by=by, at=call.at)
    return "ack.done" if taken else "ack.taken"
