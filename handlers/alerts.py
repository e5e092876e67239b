"""/alerts: what is open right now."""

from handlers.call import Call
from handlers.views import lists as view
from handlers.views.message import Message


async def alerts(call: Call) -> Message:
    """Return the open incidents."""
    incidents = call.services.alerts.open()
    return view.alerts(incidents, at=call.at, language=call.language)
