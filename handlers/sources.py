"""/sources: what each source brought, and when."""

from handlers.call import Call
from handlers.health import latest
from handlers.views import sources as view
from handlers.views.message import Message


async def sources(call: Call) -> Message:
    """Return every source of the last cycle."""
    return view.render(await latest(call), language=call.language)
