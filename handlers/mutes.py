"""/mutes and /unmute: what is held back, and how to end it."""

from handlers.call import Call, blocking
from handlers.views import lists as view
from handlers.views import welcome
from handlers.views.message import Message
from storage.incidents import Mute


async def mutes(call: Call) -> Message:
    """Return the mutes in force."""
    return view.mutes(_current(call), language=call.language)


async def unmute(call: Call) -> Message:
    """End the mute that was named, or the only one there is; else show them."""
    current = _current(call)
    word = call.args[0].lower() if call.args else ""
    everything = word in {"all", "tout"}
    if not word:
        chosen = current if len(current) == 1 else []
    else:
        chosen = [
            m for m in current if everything or word in {m.glob.lower(), str(m.id), f"#{m.id}"}
        ]
    if not chosen:
        return view.mutes(current, missed=word, language=call.language)
    for each in chosen:
        await blocking(call.services.alerts.unmute, each.id, at=call.at)
    return welcome.note("unmute.done", language=call.language, n=len(chosen))


def _current(call: Call) -> list[Mute]:
    return call.services.alerts.mutes(at=call.at)
