"""/health and /check: is everything working?"""

from datetime import timedelta

from handlers import pictures
from handlers.call import Call
from handlers.views import family as family_view
from handlers.views import health as view
from handlers.views import welcome
from handlers.views.message import Message
from handlers.views.text import fold
from jobs.watch import Cycle

FRESH = timedelta(seconds=60)
SHORTEST_S = 60.0  # of shorter rhythms the next check is over before it is read


async def health(call: Call) -> Message:
    """Return the overview with its chart, or one family in full."""
    cycle = await latest(call)
    if not call.args:
        return await overview(call, cycle)
    return family(call, cycle, call.args[0])


async def check(call: Call) -> Message:
    """Run the checks now and return the overview."""
    return await overview(call, await call.services.watch.run())


async def latest(call: Call) -> Cycle:
    """Return the last cycle if it is younger than a minute, else a new one."""
    last = call.services.watch.last
    if last is not None and timedelta(0) <= call.at.wall - last.at.wall < FRESH:
        return last
    return await call.services.watch.run()


async def overview(call: Call, cycle: Cycle) -> Message:
    """Return the cycle as a message, with the last 24 h as a picture."""
    every_s = call.services.display.health_every_s
    next_at = cycle.at.wall + timedelta(seconds=every_s)
    later = next_at if every_s >= SHORTEST_S and next_at > call.at.wall else None
    photo = await pictures.health(call)
    return view.render(cycle, language=call.language, next_at=later, photo=photo)


def family(call: Call, cycle: Cycle, word: str) -> Message:
    """Return the family a word means, in either language; which ones there are otherwise."""
    for name in view.families(cycle):
        if fold(word) in {name, fold(view.family_name(name, call.language))}:
            return family_view.render(name, cycle, language=call.language)
    names = ", ".join(view.family_name(name, call.language) for name in view.families(cycle))
    return welcome.note("health.which", word=word, names=names, language=call.language)
