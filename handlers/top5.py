"""/top5: the best opportunities by return."""

from datetime import timedelta

from handlers import pictures
from handlers.call import Call, blocking
from handlers.views import top as view
from handlers.views import welcome
from handlers.views.message import Message
from handlers.views.top import LARGEST_PAGE, PERIODS_S, Page, Query

PERIOD_WORDS = {name: name for name in PERIODS_S} | {
    "1d": "24h", "day": "24h", "jour": "24h", "24": "24h", "7j": "7d", "week": "7d",
    "semaine": "7d",    "30j": "30d", "month": "30d", "mois": "30d", "tout": "all", "ever": "all",
}  # fmt: skip
WORDS = 12


async def top5(call: Call) -> Message:
    """Return the list asked for, with its chart."""
    sources = await blocking(call.services.opportunities.sources)
    query = parse(call.args, sources)
    if isinstance(query, str):
        names = ", ".join(sources[:WORDS])
        return welcome.note("top.which", word=query, names=names, language=call.language)
    return await show(call, query)


async def show(call: Call, query: Query) -> Message:
    """Return the page of a query."""
    page = await blocking(_look, call, query)
    photo = await pictures.top(call, page)
    return view.render(page, language=call.language, photo=photo)


def _look(call: Call, query: Query) -> Page:
    index, span_s = call.services.opportunities, PERIODS_S[query.period]
    since = None if span_s is None else call.at.wall - timedelta(seconds=span_s)
    source = query.source or None
    last = call.services.watch.last
    data = last.facts.data if last is not None else None
    return Page(
        query=query,
        rows=index.top(n=query.n, source=source, since=since, offset=query.offset),
        counts=index.count(source=source, since=since),
        sources=index.sources(),
        newest=getattr(data, "newest", None),
    )


def parse(words: tuple[str, ...], sources: list[str]) -> Query | str:
    """Return the query of `[n] [source] [period]` in any order, or the word not understood."""
    n, source, period = 5, "", "24h"
    rest = []
    for word in words:
        if word.lower() in PERIOD_WORDS:
            period = PERIOD_WORDS[word.lower()]
        elif word.isascii() and word.isdigit():
            n = min(max(int(word[:4]), 1), LARGEST_PAGE)
        else:
            rest.append(word)
    wanted = " ".join(rest).lower()
    if wanted:
        exact = [name for name in sources if name.lower() == wanted]
        alike = exact or [name for name in sources if name.lower().startswith(wanted)]
        if not alike:
            return " ".join(rest)
        source = alike[0]
    return Query(n=n, source=source, period=period)
