"""/mutes and /unmute: what is held back, and how to end it."""

from collections.abc import Sequence

from handlers import mute_scope as scopes
from handlers.call import Call, blocking
from handlers.mute import known
from handlers.views import mutes as view
from handlers.views import welcome
from handlers.views.message import Message
from handlers.views.text import fold
from storage.incidents import Mute


async def mutes(call: Call) -> Message:
    """Return the mutes in force."""
    return view.mutes(_current(call), language=call.language.at(call.at.wall))


async def unmute(call: Call) -> Message:
    """End the mute that was named, or the only one there is; else show them."""
    current = view.requests(_current(call))
    word = " ".join(call.args)
    chosen = [each for each in current if await _meant(call, each)] if word else []
    if not word and len(current) == 1:
        chosen = current
    if not chosen:
        return view.mutes(_current(call), missed=word, language=call.language.at(call.at.wall))
    for each in chosen:
        await end(call, each)
    return welcome.note("unmute.done", language=call.language, n=len(chosen))


async def _meant(call: Call, group: view.Request) -> bool:
    """Return whether the words of /unmute name this mute, the way /mute names what it mutes."""
    scope = scopes.read(call.args, await known(call))
    if scope is not None and scope.word == scopes.ALL:
        return True
    globs = {each.glob for each in group}
    said = fold(" ".join(call.args))
    named = said in {fold(view.names(group, call.language)), *map(fold, globs)}
    return named or (scope is not None and not globs.isdisjoint(scope.globs))


async def end(call: Call, group: Sequence[Mute]) -> bool:
    """End the mutes of one request, and return whether one was in force."""
    unmute_one = call.services.alerts.unmute
    ended = [await blocking(unmute_one, each.id, by=call.who, at=call.at) for each in group]
    return any(ended)


def _current(call: Call) -> list[Mute]:
    return call.services.alerts.mutes(at=call.at)
