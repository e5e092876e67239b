"""/alerts: what is open right now."""

from handlers.call import Call
from handlers.mute import around
from handlers.views import lists as view
from handlers.views.message import Message


async def alerts(call: Call) -> Message:
    """Return the open incidents."""
    return listing(call)


def listing(call: Call) -> Message:
    """Return the list as it is now: who has what, and what is held back."""
    incidents = call.services.alerts.open()
    arounds = {each.number: around(call, each) for each in incidents}
    return view.alerts(incidents, arounds, at=call.at, language=call.language)
