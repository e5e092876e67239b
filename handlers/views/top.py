"""The best opportunities as a message: a ranked list with its provenance, and its switches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from handlers.views.blocks import Builder, caption, quote
from handlers.views.callback import pack
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import Markup, clean, clip, hostile, link
from storage.opportunities import Counts
from storage.records import Opportunity, Provenance

PERIODS_S = {"24h": 86_400.0, "7d": 604_800.0, "30d": 2_592_000.0, "all": None}
MARKS = {
    Provenance.GIVEN: "●",
    Provenance.COMPUTED: "◐",
    Provenance.ESTIMATED: "○",
    Provenance.UNKNOWN: "",
}
LARGEST_PAGE = 10
SOURCE_BUTTONS = 8
ANY = "*"
LEGEND, AGE, LINE = 9, 8, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to list; an empty source means all of them."""

    n: int = 5
    source: str = ""
    period: str = "24h"
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the index answered to a query."""

    query: Query
    rows: Sequence[Opportunity]
    counts: Counts
    sources: Sequence[str]
    newest: datetime | None = None


def render(page: Page, *, language: Language, photo: bytes | None = None) -> Message:
    """Return the list; with nothing to list it says so and how wide it looked."""
    builder = caption() if photo is not None else Builder()
    builder.add(_title(page, language)).gap()
    if not page.rows:
        builder.add(_nothing(page, language))
    room = 64 if len(page.rows) <= 5 else 38  # noqa: PLR2004
    for rank, row in enumerate(page.rows, page.query.offset + 1):
        builder.add(
            _line(rank, row, room, language), weight=LINE if rank > page.query.offset + 3 else 0
        )
    builder.gap().add(_legend(page, language), weight=LEGEND)
    if page.newest is not None:
        builder.add(language.say("top.newest", newest_at=page.newest), weight=AGE)
    return Message(html=builder.build(), photo=photo, buttons=_buttons(page, language))


def _title(page: Page, language: Language) -> Markup:
    query = page.query
    period = language.say(f"period.{query.period}")
    source = hostile(query.source, 40) if query.source else language.say("top.all_sources")
    first = query.offset + 1
    title = (
        language.say("top.title", n=len(page.rows))
        if not query.offset
        else language.say("top.title_page", first=first, last=query.offset + len(page.rows))
    )
    items = language.say("top.items", n=page.counts.total)
    return Markup(f"🏆 <b>{title}</b>\n{items} · {source} · {period}")


def _nothing(page: Page, language: Language) -> Markup:
    if page.query.offset:
        return language.say("top.no_more")
    if page.counts.total:
        return language.say("top.none_ranked", n=page.counts.unknown)
    return language.say("top.no_data")


def _line(rank: int, row: Opportunity, room: int, language: Language) -> Markup:
    title = hostile(row.title, room) or language.say("top.untitled")
    roi = language.say("top.roi", roi_usd_min=row.roi, mark=Markup(MARKS[row.provenance]))
    source = hostile(row.source, 24) or language.say("top.link")
    return Markup(f"<b>{rank}. {title}</b> · {roi} · {link(row.url, source)}")


def _legend(page: Page, language: Language) -> Markup:
    used = {row.provenance for row in page.rows}
    marks = [
        f"{MARKS[each]} {language.say(f'provenance.{each.value}')}"
        for each in Provenance
        if each in used and MARKS[each]
    ]
    lines = [" · ".join(marks)] if marks else []
    if page.counts.unknown and page.rows:
        lines.append(language.say("top.left_out", n=page.counts.unknown))
    lines.append(language.say("top.disclaimer"))
    return quote("", "\n".join(lines)) if page.rows else Markup("")


def data_of(query: Query) -> str:
    """Return the button data that asks this query."""
    return pack("top", query.period, query.n, query.offset, query.source or ANY)


def _buttons(page: Page, language: Language) -> tuple[tuple[Button, ...], ...]:
    query = page.query
    periods = tuple(
        _switch(
            language.plain(f"period.{name}.short"), replace(query, period=name, offset=0), query
        )
        for name in PERIODS_S
    )
    choices = [
        _switch(language.plain("button.all_sources"), replace(query, source="", offset=0), query)
    ]
    choices += [
        _switch(clip(clean(name), 20) or "?", replace(query, source=name, offset=0), query)
        for name in page.sources[:SOURCE_BUTTONS]
    ]
    rows = [periods, *(tuple(choices[i : i + 3]) for i in range(0, len(choices), 3))]
    turn = _turns(page)
    return tuple([*rows, turn] if turn else rows)


def _switch(label: str, wanted: Query, now: Query) -> Button:
    chosen = (wanted.period, wanted.source) == (now.period, now.source)
    mark, style = (" ✓", Style.PRIMARY) if chosen else ("", Style.PLAIN)
    return Button(label=label + mark, data=data_of(wanted), style=style)


def _turns(page: Page) -> tuple[Button, ...]:
    query, turns = page.query, []
    if query.offset:
        first = max(0, query.offset - query.n)
        label = f"◀ {_ranks(first + 1, first + query.n)}"
        turns.append(Button(label=label, data=data_of(replace(query, offset=first))))
    after = query.offset + query.n
    if after < page.counts.ranked:
        label = f"▶ {_ranks(after + 1, min(after + query.n, page.counts.ranked))}"
        turns.append(Button(label=label, data=data_of(replace(query, offset=after))))
    return tuple(turns)


def _ranks(first: int, last: int) -> str:
    return f"{first}–{last}" if last > first else f"{first}"
