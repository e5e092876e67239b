"""The buttons under a list of opportunities: its switches, what they unfold, and its pages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from handlers.views.callback import pack
from handlers.views.i18n import Language
from handlers.views.message import Button, Style
from handlers.views.query import PERIODS_S, Menu, Query, data_of
from handlers.views.text import clean, clip
from storage.opportunities import Counts
from storage.records import Opportunity

Rows = tuple[tuple[Button, ...], ...]

SOURCE_BUTTONS = 11
USD_MIN = (2.0, 5.0, 10.0)
MINUTES = (5, 10)
TITLE_UNITS = 22
OPEN, SHUT = "▴", "▾"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the index answered to a query.

    `away` is how many this chat put away; `undo` the one it put away just now, if it did.
    """

    query: Query
    rows: Sequence[Opportunity]
    counts: Counts
    sources: Sequence[str]
    newest: datetime | None = None
    away: int = 0
    undo: Opportunity | None = None


def buttons(page: Page, language: Language) -> Rows:
    """Return the keyboard; its menus unfold under their switches."""
    query = page.query
    start = replace(query, offset=0)
    periods = tuple(
        _choice(
            language.plain(f"period.{name}.short"),
            replace(start, period=name),
            chosen=query.period == name,
        )
        for name in PERIODS_S
    )
    unfolded = {
        Menu.NONE: _nothing,
        Menu.SOURCES: _sources,
        Menu.FILTERS: _filters,
        Menu.PICKS: _picks,
    }[query.menu]
    rows = (_undo(page, language), periods, _switches(page, language))
    menu = unfolded(page, language)
    # What is chosen again and again stands right under the list, beside what it changes.
    low = (_put_away(page, language), _turns(page))
    both = (*rows, *menu, *low) if query.menu is not Menu.PICKS else (*rows, low[0], *menu, low[1])
    return tuple(row for row in both if row)


def _undo(page: Page, language: Language) -> tuple[Button, ...]:
    if page.undo is None:
        return ()
    title = clip(clean(page.undo.title), TITLE_UNITS) or language.plain("top.untitled")
    data = data_of(page.query, "undo", page.undo.key)
    return (Button(label=language.plain("button.undo", title=title), data=data),)


def _switches(page: Page, language: Language) -> tuple[Button, ...]:
    query = page.query
    source = clip(clean(query.source), 16) or language.plain("button.all_sources")
    said = limits(query, language) if query.limited else language.plain("button.filters")
    return (
        _switch(source, query, Menu.SOURCES),
        _switch(said, query, Menu.FILTERS),
    )


def limits(query: Query, language: Language) -> str:
    """Return what limits the list, in a few signs."""
    said = []
    if query.min_roi is not None:
        said.append(language.plain("filter.roi", roi_usd_min=query.min_roi))
    if query.max_minutes is not None:
        said.append(language.plain("filter.minutes", limit_s=60 * query.max_minutes))
    return " · ".join(said)


def _switch(label: str, query: Query, menu: Menu) -> Button:
    """Return what unfolds a menu, and folds it again."""
    shown = query.menu is menu
    wanted = replace(query, menu=Menu.NONE if shown else menu)
    return Button(label=f"{label} {OPEN if shown else SHUT}", data=data_of(wanted, "menu"))


def _choice(label: str, wanted: Query, *, chosen: bool) -> Button:
    mark, style = (" ✓", Style.PRIMARY) if chosen else ("", Style.PLAIN)
    return Button(label=label + mark, data=data_of(wanted), style=style)


def _nothing(_: Page, __: Language) -> Rows:
    return ()


def _sources(page: Page, language: Language) -> Rows:
    start = replace(page.query, offset=0, menu=Menu.NONE)
    labels = {"": language.plain("button.all_sources")}
    labels |= {name: clip(clean(name), 16) or "?" for name in page.sources[:SOURCE_BUTTONS]}
    choices = [
        _choice(label, replace(start, source=name), chosen=name == page.query.source)
        for name, label in labels.items()
    ]
    return _in_rows(choices, 3)


def _filters(page: Page, language: Language) -> Rows:
    query = page.query
    start = replace(query, offset=0)
    usd = sorted({*USD_MIN, *([query.min_roi] if query.min_roi else [])})
    minutes = sorted({*MINUTES, *([query.max_minutes] if query.max_minutes else [])})
    roi = [
        _choice(
            language.plain("filter.any_usd" if least is None else "filter.usd", x=least),
            replace(start, min_roi=least),
            chosen=query.min_roi == least,
        )
        for least in (None, *usd)
    ]
    short = [
        _choice(
            language.plain("filter.any_time" if most is None else "filter.least", x=most),
            replace(start, max_minutes=most),
            chosen=query.max_minutes == most,
        )
        for most in (None, *minutes)
    ]
    return (tuple(roi), tuple(short))


def _picks(page: Page, language: Language) -> Rows:
    return tuple(
        tuple(
            Button(
                label=language.plain(f"button.{verb}_one", rank=rank),
                data=data_of(page.query, verb, row.key),
            )
            for verb in ("done", "hide")
        )
        for rank, row in enumerate(page.rows, page.query.offset + 1)
    )


def _put_away(page: Page, language: Language) -> tuple[Button, ...]:
    found = []
    if page.rows:
        found.append(_switch(language.plain("button.picks"), page.query, Menu.PICKS))
    if page.away:
        label = language.plain("button.away", n=page.away)
        found.append(Button(label=label, data=pack("away", 0)))
    return tuple(found)


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


def _in_rows(choices: Sequence[Button], wide: int) -> Rows:
    return tuple(tuple(choices[i : i + wide]) for i in range(0, len(choices), wide))
