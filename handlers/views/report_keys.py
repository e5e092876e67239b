"""The buttons under a report: what it can show besides, and what puts away what it lists."""

from dataclasses import dataclass

from handlers.views.callback import pack
from handlers.views.i18n import Language
from handlers.views.message import Button, Style
from handlers.views.text import clean, clip
from handlers.views.top_keys import OPEN, SHUT, TITLE_UNITS
from jobs.report import Report
from storage.records import Opportunity

NOW = "now"
Row = tuple[Button, ...]
Rows = tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picking:
    """Whether the choices are unfolded; `undo` is what was put away just now, if it was."""

    unfolded: bool = False
    undo: Opportunity | None = None


FOLDED, UNFOLDED = Picking(), Picking(unfolded=True)


def buttons(
    report: Report, html: str, language: Language, *, whole: bool, picking: Picking = FOLDED
) -> Rows:
    """Return the buttons under `html`; `whole` says that everything stands there already.

    What had no room there is not offered to be put away.
    """
    day = NOW if report.rolling else report.day.isoformat()

    def about(what: str) -> Button:
        label = language.plain(f"button.report.{what}")
        return Button(label=label, data=pack("report", what, day))

    top = Button(label=language.plain("button.top"), data=pack("newtop"), style=Style.PRIMARY)
    rows = [_undo(picking, day, language), (top, *_switch(report, day, picking, language))]
    if picking.unfolded:
        rows += _each(report, html, day, language)
    rows.append(tuple(map(about, ("days", "csv") if whole else ("full", "days", "csv"))))
    if report.open:
        label = language.plain("button.report.alerts", n=report.open)
        rows.append((Button(label=label, data=pack("newalerts")),))
    return tuple(row for row in rows if row)


def _undo(picking: Picking, day: str, language: Language) -> Row:
    if picking.undo is None:
        return ()
    title = clip(clean(picking.undo.title), TITLE_UNITS) or language.plain("top.untitled")
    data = pack("repundo", picking.undo.key, day)
    return (Button(label=language.plain("button.undo", title=title), data=data),)


def _switch(report: Report, day: str, picking: Picking, language: Language) -> Row:
    if not report.top:
        return ()
    sign, wanted = (OPEN, "-") if picking.unfolded else (SHUT, "p")
    label = f"{language.plain('button.picks')} {sign}"
    return (Button(label=label, data=pack("reppick", wanted, day)),)


def _each(report: Report, html: str, day: str, language: Language) -> list[Row]:
    return [
        tuple(
            Button(
                label=language.plain(f"button.{verb}_one", rank=rank),
                data=pack(f"rep{verb}", row.key, day),
            )
            for verb in ("done", "hide")
        )
        for rank, row in enumerate(report.top, 1)
        if f"<b>{rank}. " in html
    ]
