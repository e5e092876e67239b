"""Every source on a line with a strip of its last hours or days; one of them in full."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.views.blocks import Builder, caption
from handlers.views.callback import pack
from handlers.views.card import GLYPHS, sentence
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.plots import Cell, Strip, StripChart
from handlers.views.query import Query, data_of
from handlers.views.reading import words
from handlers.views.report_events import uptime
from handlers.views.report_lines import UNKNOWN, against, counted
from handlers.views.report_week import each_day, legend
from handlers.views.text import Markup, clean, clip, hostile
from jobs.report import Day, SourceDay
from storage.incidents import Incident
from storage.records import Severity
from storage.tracker import SourceReport

PERIODS = ("24h", "7d")
PAGE = 8
UNJUDGED = "▫️"
LINE, NOTE = 5, 6
NAME, OTHER, OTHERS = 40, 16, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One source: its last day, its files, and how it was, stretch by stretch.

    `level` is the worst that is wrong with it now, None where it is not judged; `known` is False
    where it should be but could not. `incidents` about it are open. `shared` are the others that
    are judged together with it: the strip, and how long it was up, are of them all.
    """

    day: SourceDay
    report: SourceReport | None = None
    level: Severity | None = None
    known: bool = True
    cells: Sequence[Cell] = ()
    shared: Sequence[str] = ()
    week: Sequence[Day] = ()
    incidents: Sequence[Incident] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of the sources, from the `offset`th on.

    Of all `total`, `late` have something wrong, and of `unknown` ones nobody could tell; where
    nobody judges any, all are unknown.
    """

    looks: Sequence[Look]
    total: int
    late: int
    unknown: int
    since: datetime
    until: datetime
    period: str = "24h"
    offset: int = 0
    pending: int = 0


def render(page: Page, *, language: Language, photo: bytes | None = None) -> Message:
    """Return the page; the picture's text says the same without the strips."""
    builder = caption() if photo is not None else Builder()
    title = language.say("sources.title", n=page.total)
    builder.add(f"📡 <b>{title} · {_state(page, language)}</b>")
    builder.add(language.say("sources.heads"), weight=NOTE).gap()
    for rank, look in enumerate(page.looks):
        builder.add(_line(look, language), weight=LINE if rank else 0)
    if page.pending:
        builder.gap().add(language.say("sources.partial", n=page.pending), weight=NOTE)
    return Message(html=builder.build(), photo=photo, buttons=_buttons(page, language))


def _state(page: Page, language: Language) -> Markup:
    if page.late:
        return language.say("sources.late", n=page.late)
    if page.unknown:
        return language.say("sources.unknown.some", n=page.unknown)
    return language.say("sources.well")


def nothing(key: str, language: Language, reason: str = "") -> Message:
    """Return why there is nothing to list."""
    return Message(html=language.say(key, reason=Markup(reason)))


def chart(page: Page, *, zone: str, language: Language) -> StripChart:
    """Return what to draw: a strip for each source of the page."""
    return StripChart(
        strips=tuple(
            Strip(label=_label(each, language), cells=tuple(each.cells), text=_told(each, language))
            for each in page.looks
        ),
        since_s=page.since.timestamp(),
        until_s=page.until.timestamp(),
        zone=zone,
        words=words(language),
        legend=legend(language),
    )


def _name(look: Look) -> str:
    return clean(look.day.name) or "?"


def _label(look: Look, language: Language) -> str:
    """Return the name, and with whom the strip is shared: one is named, more are counted."""
    if not look.shared:
        return _name(look)
    other = clip(clean(look.shared[0]) or "?", OTHER)
    key = "sources.shared" if len(look.shared) == 1 else "sources.shared.more"
    return language.plain(key, name=clip(_name(look), OTHER), n=len(look.shared), other=other)


def _told(look: Look, language: Language) -> str:
    """Return in short the newest item and what was new; the usual, where a name leaves room."""
    newest, count = look.day.newest, look.day.new
    if newest is None and count.today is None:
        return language.plain("word.no_data")
    parts = [] if newest is None else [_ago(newest, language)]
    if count.today is not None:
        key = "sources.short" if count.today else "sources.short.none"
        parts.append(language.plain(key, n=count.today))
    said = " · ".join(parts)
    if count.usual is None or count.today is None or look.shared:
        return said
    return f"{said} ({language.plain('sources.short.usual', usual=round(count.usual))})"


def _ago(at: datetime, language: Language) -> str:
    return language.plain("sources.ago", newest_at=at)


def glyph(look: Look) -> str:
    """Return the sign of how a source is."""
    if not look.known:
        return UNKNOWN
    return UNJUDGED if look.level is None else GLYPHS[look.level]


def _line(look: Look, language: Language) -> Markup:
    name = hostile(look.day.name, NAME) or language.say("word.unnamed")
    newest = look.day.newest
    parts = [f"{glyph(look)} <b>{name}</b>"]
    if newest is None:
        parts.append(language.say("word.no_data"))
    else:
        parts += [language.say("sources.ago", newest_at=newest), _new(look, language)]
    if look.report is not None and look.report.stub:
        parts.append(language.say("sources.stub"))
    return Markup(" · ".join(parts))


def _new(look: Look, language: Language) -> Markup:
    count = look.day.new
    if count.today is None:
        return language.say("word.no_data")
    key = "report.day.new" if count.today else "report.day.none"
    usual = "" if count.usual is None else against(count, language)
    return Markup(language.say(key, n=count.today) + usual)


def details(look: Look, *, language: Language) -> Message:
    """Return everything known of one source."""
    builder, day = Builder(), look.day
    builder.add(_line(look, language)).gap()
    if look.report is not None and look.report.newest is not None:
        last = counted(look.report.last_count, language)
        builder.add(language.say("sources.last", newest_at=look.report.newest, count=last))
    builder.add(language.say("sources.day", day=Markup(" · ".join(_day(day, language)))))
    if look.shared:
        names = ", ".join(clip(clean(name) or "?", OTHER) for name in look.shared[:OTHERS])
        builder.add(language.say("sources.together", names=names, n=len(look.shared)))
    for each in look.incidents:
        fact = sentence(each.fact, language)
        builder.add(f"{GLYPHS[each.level]} {fact} <code>#{each.number}</code>", weight=NOTE)
    builder.gap().add(language.say("report.days"))
    for said in each_day(look.week, language):
        builder.add(said, weight=LINE)
    return Message(html=builder.build(), buttons=_about(look, language), cut=builder.cut)


def _day(day: SourceDay, language: Language) -> list[Markup]:
    """Return how often it ran and how long it was up to date in the last 24 h."""
    said = []
    if day.runs is not None:
        key = "report.runs" if day.runs else "report.runs.none"
        said.append(Markup(language.say(key, n=day.runs) + _gap(day, language)))
    return [*said, uptime(day.uptime, language)]


def _gap(day: SourceDay, language: Language) -> Markup:
    if day.median_gap_s is None:
        return Markup("")
    key = "report.gap" if day.usual_gap_s is None else "report.gap.usual"
    said = language.say(key, gap_s=day.median_gap_s, usual_s=day.usual_gap_s)
    return Markup(f", {said}")


def _about(look: Look, language: Language) -> tuple[tuple[Button, ...], ...]:
    name = look.day.name
    best = Button(label=language.plain("button.source.best"), data=data_of(Query(source=name)))
    age = Button(
        label=language.plain("button.source.age"), data=pack("plot", "7d", f"source_age_s:{name}")
    )
    new = Button(
        label=language.plain("button.source.new"), data=pack("plot", "30d", f"new_24h:{name}")
    )
    return ((best,), (age, new))


def _buttons(page: Page, language: Language) -> tuple[tuple[Button, ...], ...]:
    rows = [tuple(_switch(name, page, language) for name in PERIODS)]
    each = [
        Button(label=f"{glyph(look)} {clip(_name(look), 20)}", data=pack("source", look.day.name))
        for look in page.looks
    ]
    rows += [tuple(each[i : i + 2]) for i in range(0, len(each), 2)]
    if turns := _turns(page):
        rows.append(turns)
    return tuple(rows)


def _switch(name: str, page: Page, language: Language) -> Button:
    chosen = name == page.period
    label = language.plain(f"period.{name}.short") + (" ✓" if chosen else "")
    data = pack("sources", name, page.offset)
    return Button(label=label, data=data, style=Style.PRIMARY if chosen else Style.PLAIN)


def _turns(page: Page) -> tuple[Button, ...]:
    turns = []
    before, after = max(0, page.offset - PAGE), page.offset + PAGE
    if page.offset:
        label = f"◀ {before + 1}–{before + PAGE}"
        turns.append(Button(label=label, data=pack("sources", page.period, before)))
    if after < page.total:
        label = f"▶ {after + 1}–{min(after + PAGE, page.total)}"
        turns.append(Button(label=label, data=pack("sources", page.period, after)))
    return tuple(turns)
