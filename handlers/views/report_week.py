"""The seven days up to a report: what its picture shows, and the same in words."""

import math
from collections import Counter
from collections.abc import Sequence

from handlers.views.blocks import Builder
from handlers.views.deadlines import spell_day
from handlers.views.i18n import Language
from handlers.views.message import Message
from handlers.views.plots import Cell, Legend, Stack, Strip, WeekChart
from handlers.views.reading import words
from handlers.views.report_lines import WHOLE, pct, weekly
from handlers.views.text import Markup, clean
from jobs.report import Day, Report

LAYERS, STRIPS = 6, 8
LARGE, LONG, LEAST = 1e5, 1e3, 0.01  # spelled shorter, without decimals, not at all
NOBODY = Cell(0.0, 0.0)


def blank(report: Report) -> bool:
    """Return whether the picture would show nothing at all."""
    return all(day.new is None and not day.up for day in report.week)


def chart(report: Report, language: Language) -> WeekChart:
    """Return what to draw: the six sources that brought most, the rest as one; the worst strips."""
    week, formats = report.week, language.catalogue.formats
    line = tuple(day.median_roi for day in week)
    up = _strips(report, language)
    left = len(up) - STRIPS
    return WeekChart(
        days=tuple(formats.weekdays[day.day.weekday()] for day in week),
        stacks=_stacks(week, language),
        line=line,
        line_texts=tuple(_rate(value, language) for value in line),
        strips=tuple(up[:STRIPS]),
        titles=(
            language.plain("report.chart.new"),
            language.plain("report.chart.roi", unit=clean(formats.roi.format(x=""))),
            language.plain("report.chart.up"),
        ),
        words=words(language),
        legend=legend(language),
        more=language.plain("list.more", n=left) if left > 0 else "",
    )


def legend(language: Language) -> Legend:
    """Return what the looks of a strip mean."""
    up, late, unknown = (
        language.plain(f"report.chart.{key}") for key in ("fresh", "late", "blind")
    )
    return Legend(up, late, unknown)


def _rate(value: float | None, language: Language) -> str:
    """Return a median in a few signs; nothing where there is none."""
    if value is None or not math.isfinite(value):
        return ""
    size = abs(value)
    if size >= LARGE:
        digit, _, power = f"{value:.0e}".partition("e")
        return f"{digit}e{int(power)}"
    if 0 < size < LEAST:
        return f"<{language.catalogue.formats.number(LEAST, 2)}"
    digits = 0 if size >= LONG else 2 if 0 < size < 1 else 1
    return language.catalogue.formats.number(value, digits)


def _stacks(week: tuple[Day, ...], language: Language) -> tuple[Stack, ...]:
    """Return a layer for each of the sources that brought most in the week, and for the rest."""
    total: Counter[str] = Counter()
    for day in week:
        total.update(day.new or {})
    names = sorted(total, key=lambda name: (-total[name], name))
    alone = names if len(names) <= LAYERS + 1 else names[:LAYERS]
    stacks = [_stack(name, [name], week, language) for name in alone]
    if rest := names[len(alone) :]:
        label = language.plain("report.chart.others", n=len(rest))
        stacks.append(_stack(label, rest, week, language))
    return tuple(stacks) or (_stack("", [], week, language),)


def _stack(label: str, names: list[str], week: tuple[Day, ...], language: Language) -> Stack:
    values = tuple(
        None if day.new is None else float(sum(day.new.get(name, 0) for name in names))
        for day in week
    )
    bare = language.plain("word.unnamed") if names else ""
    return Stack(label=clean(label) or bare, values=values)


def _strips(report: Report, language: Language) -> list[Strip]:
    """Return a strip for each source, the worst first; of equals those that brought most."""
    new: Counter[str] = Counter()
    for day in report.week:
        new.update(day.new or {})
    judged = {name for day in report.week for name in day.up}
    names = judged or {each.name for each in report.by_source}

    def rank(name: str) -> tuple[float, int, str]:
        return (sum(day.up.get(name, 1.0) for day in report.week), -new[name], name)

    return [
        Strip(
            label=clean(name) or language.plain("word.unnamed"),
            cells=tuple(_cell(day, name) for day in report.week),
        )
        for name in sorted(names, key=rank)
    ]


def _cell(day: Day, name: str) -> Cell:
    share, known = day.up.get(name), 1.0 - day.unknown.get(name, 0.0)
    if share is None or not math.isfinite(share):
        return NOBODY
    up = min(max(share, 0.0), 1.0)
    return Cell(known * up, known * (1.0 - up)) if known < WHOLE else Cell(up, 1.0 - up)


def days(report: Report, *, language: Language) -> Message:
    """Return the seven days in words, the latest first."""
    builder = Builder().add(language.say("report.days")).gap()
    for said in each_day(report.week, language):
        builder.add(said, weight=1)
    builder.gap().add(weekly(report, language))
    return Message(html=builder.build())


def each_day(week: Sequence[Day], language: Language) -> list[Markup]:
    """Return a line for each day, the latest first; that there is none in words."""
    if not week:
        return [language.say("report.days.none")]
    return [_day(day, language) for day in reversed(week)]


def _day(day: Day, language: Language) -> Markup:
    parts = []
    if day.new is None:
        parts.append(language.say("word.no_data"))
    else:
        n = sum(day.new.values())
        parts.append(language.say("report.day.new" if n else "report.day.none", n=n))
    if day.median_roi is not None:
        parts.append(language.say("report.day.roi", median_usd_min=day.median_roi))
    shares = [share for share in day.up.values() if math.isfinite(share)]
    if shares:
        key = "report.day.up.seen" if _gappy(day) else "report.day.up"
        parts.append(language.say(key, up_pct=pct(sum(shares) / len(shares))))
    date = spell_day(day.day, language)
    return Markup(f"<b>{date}</b>  {' · '.join(parts)}")


def _gappy(day: Day) -> bool:
    """Return whether part of that day nobody looked at some source."""
    return any(1.0 - day.unknown.get(name, 0.0) < WHOLE for name in day.up)
