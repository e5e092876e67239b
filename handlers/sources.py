"""/sources: what each source brought, and how it was, hour by hour."""

from handlers import strips
from handlers.call import Call, Effect, blocking
from handlers.health import latest
from handlers.views import callback, welcome
from handlers.views import sources as view
from handlers.views.message import Message
from handlers.views.sources import PAGE, Look, Page
from handlers.views.text import fold
from jobs.facts import Unknown

MOST = 10_000


async def sources(call: Call) -> Message:
    """Return every source, the worst first, with the last 24 h of each as a strip; or one by name.

    A name that is none gets all of them, too: they say what there is.
    """
    wanted = fold(" ".join(call.args))
    if wanted:
        found = await _looks(call)
        alike = [look for look in found if fold(look.day.name).startswith(wanted)]
        exact = [look for look in alike if fold(look.day.name) == wanted]
        if one_meant := (exact or alike)[:1]:
            return view.details(one_meant[0], language=call.language)
    return await show(call, "24h", 0)


async def show(call: Call, period: str, offset: int) -> Message:
    """Return a page of the sources, with their strips over a period."""
    cycle = await latest(call)
    data = cycle.facts.data
    if isinstance(data, Unknown):
        return view.nothing("sources.unknown", call.language, call.language.say(data.reason))
    found = await _looks(call)
    if not found:
        return view.nothing("sources.none", call.language)
    offset = min(offset, (len(found) - 1) // PAGE * PAGE)
    shown = found[offset : offset + PAGE]
    page = Page(
        looks=await blocking(strips.drawn, call, shown, period),
        total=len(found),
        late=sum(map(strips.wrong, found)),
        unknown=strips.unknown(found),
        since=call.at.wall - strips.SPANS[period],
        until=call.at.wall,
        period=period,
        offset=offset,
        pending=0 if data.complete else data.pending,
    )
    spec = view.chart(page, zone=str(call.services.display.timezone), language=call.language)
    return view.render(page, language=call.language, photo=await call.services.charts.draw(spec))


async def turn(asked: Call) -> Effect:
    """Show another period or page, in place."""
    period, word = asked.args
    good = period in strips.SPANS and word.isascii() and word.isdigit()
    if not good or len(word) > len(str(MOST)):
        return _stale(asked)
    return Effect(edit=await show(asked, period, int(word)))


async def one(asked: Call) -> Effect:
    """Put everything about one source below."""
    found = {look.day.name: look for look in await _looks(asked)}
    name = callback.named(asked.args[0], found)
    if name is None or name not in found:
        return _stale(asked)
    return Effect(reply=view.details(found[name], language=asked.language))


async def _looks(call: Call) -> list[Look]:
    report = await call.services.reports.report(None, chat_id=call.chat_id, at=call.at)
    found = strips.looks(report, await latest(call), call.services.alerts.open())
    return strips.together(found, await blocking(strips.judged, call))


def _stale(asked: Call) -> Effect:
    return Effect(reply=welcome.note("button.stale", language=asked.language))
