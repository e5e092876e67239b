"""The morning report as a message: the verdict, what the day brought, what is worth doing."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from handlers.views import report_events as events
from handlers.views import report_lines as lines
from handlers.views.blocks import Builder, caption, listing, quote
from handlers.views.i18n import Language
from handlers.views.message import Message
from handlers.views.report_keys import FOLDED, Picking, buttons
from handlers.views.report_table import csv
from handlers.views.report_week import blank, chart, days
from handlers.views.text import visible
from jobs.report import Report

__all__ = ["blank", "chart", "csv", "days", "full", "line", "render", "text"]

# What goes first where a caption has no room for all of it.
BANDS, HELD, LEGEND, REST, WEEKLY, MESSAGES, BACKUP, SOURCES, BEST = 9, 8, 8, 7, 6, 5, 4, 3, 2
FIRST = 3  # of the best, which stay longest
HELD_UNITS, FOLD_UNITS = 300, 800


def render(
    report: Report,
    *,
    language: Language,
    picture: bytes | None = None,
    picking: Picking = FOLDED,
) -> Message:
    """Return the report: a caption of what matters under its picture, else all of it as text."""
    language = language.at(report.at)
    if picture is None:
        said = full(report, language=language)
        keys = buttons(report, said.html, language, whole=not said.cut, picking=picking)
        return replace(said, buttons=keys)
    for rich in (True, False):
        builder = _short(report, language, rich=rich)
        html = builder.build()
        if not builder.cut:
            break
    keys = buttons(report, html, language, whole=False, picking=picking)
    return Message(html=html, photo=picture, buttons=keys, cut=builder.cut)


def _short(report: Report, language: Language, *, rich: bool) -> Builder:
    """Return what fits under a picture; the best with all that is known of them if `rich`."""
    builder = caption()
    _head(builder, report, language)
    builder.gap()
    if lines.blind(report):
        return _unseen(builder, report, language)
    _figures(builder, report, language)
    builder.add(events.sources(report, language), weight=SOURCES)
    builder.add(events.late(report, language), weight=SOURCES)
    builder.add(events.alerts(report, language))
    builder.add(events.backup(report, language), weight=BACKUP)
    builder.add(events.lost(report, language), weight=MESSAGES)
    builder.gap()
    _best(builder, report, language, rich=rich)
    builder.gap()
    held = events.each_alert(report.held, report, language)
    body = listing(held, limit=HELD_UNITS, more=_more(language), per_line=2)
    builder.add(quote(events.held_title(report, language), body), weight=HELD)
    return builder


def _unseen(builder: Builder, report: Report, language: Language) -> Builder:
    """Say what is known of a day nobody saw; the verdict has said that there are no data."""
    builder.add(lines.weekly(report, language), weight=WEEKLY)
    if report.top:
        _best(builder, report, language, rich=False)
    if report.backup is not None or report.copies is not None:
        builder.add(events.backup(report, language), weight=BACKUP)
    if report.deliveries is not None:
        builder.add(events.messages(report, language), weight=MESSAGES)
    return builder


def _head(builder: Builder, report: Report, language: Language) -> None:
    builder.add(f"{lines.glyph(report)} <b>{lines.verdict(report, language)}</b>")
    builder.add(lines.title(report, language))
    builder.add(lines.covered(report, language))


def _figures(builder: Builder, report: Report, language: Language) -> None:
    builder.add(lines.new(report, language))
    builder.add(lines.roi(report, language))
    builder.add(lines.bands(report, language), weight=BANDS)
    builder.add(lines.weekly(report, language), weight=WEEKLY)


def _best(builder: Builder, report: Report, language: Language, *, rich: bool) -> None:
    builder.add(lines.best_title(report, language))
    for rank, row in enumerate(report.top, 1):
        said = lines.best(rank, row, language, rich=rich)
        builder.add(said, weight=BEST if rank <= FIRST else REST)


def full(report: Report, *, language: Language) -> Message:
    """Return everything there is to say, the long parts folded; at most one message."""
    language = language.at(report.at)
    builder = Builder()
    _head(builder, report, language)
    builder.gap()
    if lines.blind(report):
        _unseen(builder, report, language)
        return Message(html=builder.build(), cut=builder.cut)
    _figures(builder, report, language)
    builder.gap()
    _best(builder, report, language, rich=True)
    builder.add(lines.legend(report, language), weight=LEGEND)
    builder.gap()
    builder.add(events.sources(report, language), weight=SOURCES)
    builder.add(events.late(report, language), weight=SOURCES)
    _fold(builder, "report.each_source", events.each_source(report, language), language)
    builder.add(events.scrapers(report, language), weight=MESSAGES)
    builder.add(events.alerts(report, language))
    _fold(
        builder,
        "report.each_alert",
        events.each_alert(report.incidents, report, language),
        language,
    )
    builder.add(events.backup(report, language))
    builder.add(events.messages(report, language), weight=MESSAGES)
    held = events.held_title(report, language)
    _folded(builder, held, events.each_alert(report.held, report, language), language)
    return Message(html=builder.build(), cut=builder.cut)


def _fold(builder: Builder, key: str, said: Sequence[str], language: Language) -> None:
    _folded(builder, language.say(key), said, language)


def _folded(builder: Builder, title: str, said: Sequence[str], language: Language) -> None:
    body = listing(said, limit=FOLD_UNITS, more=_more(language), per_line=2)
    builder.cut = builder.cut or body != "\n".join(said)
    builder.add(quote(title, body), weight=HELD)


def _more(language: Language) -> Callable[[int], str]:
    return lambda n: language.say("list.more", n=n)


def text(report: Report, language: Language) -> str:
    """Return everything without markup, for a console or a mail."""
    return visible(full(report, language=language).html)


def line(report: Report, language: Language) -> str:
    """Return the report in one line, for a console or a log."""
    said = [lines.verdict(report, language), lines.new(report, language)]
    said += [lines.roi(report, language), events.alerts(report, language)]
    return " · ".join(" ".join(visible(each).split()) for each in said if each)
