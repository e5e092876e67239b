"""/chart and an alert's picture: the caption, and the buttons to other times and series."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.views.blocks import Builder, caption
from handlers.views.callback import pack
from handlers.views.card import GLYPHS, sentence
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.reading import PERIODS, Reading, figures, spelled, title
from handlers.views.series import METRICS, metric
from handlers.views.text import Markup, clean, clip, escape
from storage.incidents import Incident

BAND, BEGINS, ALERTS = 9, 7, 5
NAMED = 8
SOURCES = 12
IN_A_ROW = 2
AGE, NEW = "🕒", "🆕"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """What could not be drawn: the `word` and what it may mean, or a figure of a `chain`."""

    word: str = ""
    guess: str | None = None
    chain: bool = False


def render(
    reading: Reading,
    period: str,
    *,
    language: Language,
    photo: bytes | None = None,
    longer: bool = False,
) -> Message:
    """Return the picture of a series with its figures; without a picture the figures alone.

    `longer`: more was asked for than the longest period.
    """
    builder = caption() if photo is not None else Builder()
    name, span = Markup(escape(title(reading.series, language))), language.say(f"period.{period}")
    builder.add(language.say("chart.title", title=name, period=span))
    builder.add(language.say("chart.longest") if longer else "")
    _figures(builder, reading, language)
    _alerts(builder, reading, language)
    return Message(
        html=builder.build(), photo=photo, buttons=_buttons(reading.series, period, language)
    )


def incident(
    reading: Reading, about: Incident, *, language: Language, photo: bytes | None = None
) -> Message:
    """Return the picture of an incident: the series around it, and how it looked meanwhile."""
    builder = caption() if photo is not None else Builder()
    name = Markup(escape(title(reading.series, language)))
    builder.add(language.say("chart.incident", number=about.number, title=name))
    glyph = GLYPHS[about.level]
    builder.add(f"{glyph} {sentence(about.fact, language)}" if about.closed is None else "")
    key = "chart.open" if about.closed is None else "chart.closed"
    builder.add(language.say(key, opened_at=about.opened, closed_at=about.closed or about.opened))
    _figures(builder, reading, language)
    return Message(
        html=builder.build(), photo=photo, buttons=_buttons(reading.series, "", language)
    )


def _figures(builder: Builder, reading: Reading, language: Language) -> None:
    def said(value: float) -> Markup:
        return Markup(escape(spelled(reading.series, value, language)))

    found = figures(reading)
    if found is None:
        builder.gap().add(language.say("chart.none"))
        return
    now = "" if reading.now is None else language.say("chart.now", now=said(reading.now))
    limit = reading.limit
    bound = "" if limit is None else language.say("chart.limit", limit=said(limit))
    line = " · ".join(part for part in (now, bound) if part)
    builder.gap().add(Markup(line[:1].upper() + line[1:]))
    values = {"low": said(found.low), "median": said(found.median), "high": said(found.high)}
    builder.add(language.say("chart.figures", **values))
    known = metric(reading.series)
    single = known is not None and known.single
    if reading.silent is not None:
        key = "chart.last" if single else "chart.silent"
        builder.add(language.say(key, last_at=reading.silent), weight=BEGINS)
    late = reading.gap + 2 * reading.step
    if not single and reading.first is not None and reading.first - reading.since > late:
        builder.add(language.say("chart.begins", since_at=reading.first), weight=BEGINS)
    if any(slot.low < slot.high for slot in reading.slots):
        key = "chart.bars" if single else "chart.band"
        builder.add(language.say(key, step_s=reading.step.total_seconds()), weight=BAND)


def _alerts(builder: Builder, reading: Reading, language: Language) -> None:
    numbers = [f"#{each.number}" for each in reading.incidents]
    if numbers:
        tail = ["…"] if len(numbers) > NAMED else []
        shown = Markup(" ".join([*numbers[-NAMED:], *tail]))
        builder.add(language.say("chart.alerts", n=len(numbers), numbers=shown), weight=ALERTS)


def _buttons(series: str, period: str, language: Language) -> tuple[tuple[Button, ...], ...]:
    periods = []
    for name in PERIODS:
        chosen = name == period
        label = language.plain(f"period.{name}.short") + (" ✓" if chosen else "")
        style = Style.PRIMARY if chosen else Style.PLAIN
        periods.append(Button(label=label, data=pack("plot", name, series), style=style))
    return (tuple(periods), (Button(label=language.plain("button.charts"), data="v1:plots"),))


def picker(sources: Sequence[str], *, language: Language, unmet: Unmet = Unmet()) -> Message:
    """Return what there is to draw as buttons; what was not understood, and likely meant, first."""
    builder = Builder()
    rows: list[tuple[Button, ...]] = []
    if unmet.word:
        builder.add(language.say("chart.unknown", word=clip(clean(unmet.word), 40)))
    builder.add(language.say("chart.chain") if unmet.chain else "")
    if unmet.guess is not None:
        meant = title(unmet.guess, language)
        builder.add(language.say("chart.guess", guess=meant))
        data = data_of(unmet.guess)
        rows.append((Button(label=f"📈 {clip(meant, 40)}", data=data, style=Style.PRIMARY),))
    builder.gap().add(language.say("chart.pick")).add(language.say("chart.how"))
    builder.add(language.say("chart.per_source", age=AGE, new=NEW) if sources else "")
    whole = [each.series for each in METRICS if not each.part]
    buttons = [Button(label=language.plain(f"metric.{name}"), data=data_of(name)) for name in whole]
    buttons += [
        Button(label=f"{glyph} {clip(clean(name), 16) or '?'}", data=data_of(f"{kind}:{name}"))
        for name in sources[:SOURCES]
        for glyph, kind in ((AGE, "source_age_s"), (NEW, "new_24h"))
    ]
    rows += [tuple(buttons[i : i + IN_A_ROW]) for i in range(0, len(buttons), IN_A_ROW)]
    return Message(html=builder.build(), buttons=tuple(rows))


def data_of(series: str) -> str:
    """Return the data of a button that draws the last day of a series."""
    return pack("plot", "24h", series)
