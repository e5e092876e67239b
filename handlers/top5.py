"""/top5: the best opportunities by return, and what this chat put away of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers import pictures, top_grammar
from handlers.call import Call, blocking
from handlers.top_grammar import Misread
from handlers.views import away as away_view
from handlers.views import top as view
from handlers.views import welcome
from handlers.views.message import Message
from handlers.views.query import PERIODS_S, Query
from handlers.views.top_keys import Page
from storage.opportunities import Counts
from storage.ranking import Within
from storage.records import Opportunity

WORDS = 12


async def top5(call: Call) -> Message:
    """Return the list asked for, with its chart; or what was put away."""
    if top_grammar.away(call.args):
        return away(call)
    sources = await blocking(call.services.opportunities.sources)
    query = top_grammar.parse(call.args, sources)
    if isinstance(query, Misread):
        return _misread(call, query, sources)
    return await show(call, query)


async def show(call: Call, query: Query, *, undo: Opportunity | None = None) -> Message:
    """Return the page of a query; `undo` is what was put away just now."""
    page = replace(await blocking(_look, call, query), undo=undo)
    photo = await pictures.top(call, page)
    return view.render(page, language=call.language, photo=photo)


def away(call: Call, offset: int = 0) -> Message:
    """Return what this chat put away."""
    picks = call.services.picks.of(homes(call))
    return away_view.render(picks, offset=offset, language=call.language.at(call.at.wall))


def homes(call: Call) -> tuple[int, ...]:
    """Return the ids this chat has and had: a group that moved keeps what it put away."""
    return call.services.chats.homes(call.chat_id)


def _look(call: Call, query: Query) -> Page:
    picks = call.services.picks.of(homes(call))
    within = Within(
        min_roi=query.min_roi,
        max_minutes=query.max_minutes,
        without=[pick.key for pick in picks],
        ended=call.services.opportunities.ended(
            since=_since(call, query), now=call.at.wall, zone=call.services.display.timezone
        ),
    )
    counts, query = _counted(call, query, within)
    last = call.services.watch.last
    data = last.facts.data if last is not None else None
    return Page(
        query=query,
        rows=_rows(call, query, within),
        counts=counts,
        sources=call.services.opportunities.sources(),
        newest=getattr(data, "newest", None),
        away=len(picks),
    )


def _counted(call: Call, query: Query, within: Within) -> tuple[Counts, Query]:
    """Return how many there are, and the query on the last page where its own lies behind it."""
    index = call.services.opportunities
    counts = index.count(source=query.source or None, since=_since(call, query), within=within)
    last = max(0, counts.ranked - 1) // query.n * query.n
    return counts, replace(query, offset=min(query.offset, last))


def _rows(call: Call, query: Query, within: Within) -> Sequence[Opportunity]:
    return call.services.opportunities.top(
        n=query.n,
        source=query.source or None,
        since=_since(call, query),
        offset=query.offset,
        within=within,
    )


def _since(call: Call, query: Query) -> datetime | None:
    span_s = PERIODS_S[query.period]
    return None if span_s is None else call.at.wall - timedelta(seconds=span_s)


def _misread(call: Call, read: Misread, sources: Sequence[str]) -> Message:
    if read.filters:
        return welcome.note("top.which_filter", word=read.word, language=call.language)
    names = ", ".join(sources[:WORDS])
    return welcome.note("top.which", word=read.word, names=names, language=call.language)
