"""The buttons of /top5: turn it, filter it, put away what is done or not wanted, take it back."""

from dataclasses import replace

from handlers import shelf, top5
from handlers.call import Call, Effect, blocking
from handlers.pressed import STALE, number
from handlers.views import callback
from handlers.views.message import Message
from handlers.views.query import ANY, LARGEST_PAGE, LAST_OFFSET, Menu, Query, read
from storage.picks import Verdict


async def new_top(asked: Call) -> Effect:
    """Put the best opportunities below."""
    return Effect(reply=await top5.show(asked, Query()))


async def new_picks(asked: Call) -> Effect:
    """Put the best opportunities below, ready to be put away one by one."""
    return Effect(reply=await top5.show(asked, Query(menu=Menu.PICKS)))


async def top(asked: Call) -> Effect:
    """Turn a list to another period, source or page; its buttons are of an older version."""
    return await best(replace(asked, args=(*asked.args[:3], Menu.NONE, *asked.args[3:])))


async def best(asked: Call) -> Effect:
    """Show another list in place."""
    query = await _query(asked, asked.args)
    if query is None:
        return Effect(reply=_stale(asked))
    return Effect(edit=await top5.show(asked, query))


async def done(asked: Call) -> Effect:
    """Put an opportunity away as done."""
    return await _put_away(asked, Verdict.DONE)


async def hide(asked: Call) -> Effect:
    """Put an opportunity away as not wanted."""
    return await _put_away(asked, Verdict.HIDDEN)


async def undo(asked: Call) -> Effect:
    """List again what was put away, in the list it came from."""
    query = await _query(asked, asked.args[1:])
    if query is None:
        return STALE
    taken = await shelf.take_back(asked, asked.args[0])
    return replace(taken, edit=await top5.show(asked, query))


async def back(asked: Call) -> Effect:
    """List again what was put away; the list of such things stays."""
    taken = await shelf.take_back(asked, asked.args[0])
    return replace(taken, edit=top5.away(asked, number(asked.args[1]) or 0))


async def away(asked: Call) -> Effect:
    """Show what this chat put away."""
    return Effect(edit=top5.away(asked, number(asked.args[0]) or 0))


async def _put_away(asked: Call, verdict: Verdict) -> Effect:
    query = await _query(asked, asked.args[1:])
    found = None if query is None else await shelf.put_away(asked, asked.args[0], verdict)
    if query is None or found is None:
        return STALE
    edit = await top5.show(asked, query, undo=found)
    return replace(shelf.said(found, verdict), edit=edit)


async def _query(asked: Call, words: tuple[str, ...]) -> Query | None:
    """Return the query in a button's words; nothing where they make none, or its source is gone."""
    period, n, offset, state, named = words
    query = read(period, number(n, LARGEST_PAGE), number(offset, LAST_OFFSET), state)
    known = await blocking(asked.services.opportunities.sources)
    source = callback.named(named, known)
    if query is None or source is None:
        return None
    return replace(query, source="" if source == ANY else source)


def _stale(asked: Call) -> Message:
    return Message(html=asked.language.say("button.stale"))
