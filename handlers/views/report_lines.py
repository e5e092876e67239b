"""The report's lines on the day and its opportunities; none and unknown are words."""

from handlers.views.blocks import quote
from handlers.views.card import GLYPHS, level_word
from handlers.views.deadlines import deadline, spell_day
from handlers.views.i18n import Language, Spoken
from handlers.views.text import Markup, escape, hostile, link
from handlers.views.top import ELSEWHERE, MARKS
from jobs.report import FULL_WEEK, Count, Report, Week
from storage.records import Opportunity, Provenance, Severity

UNKNOWN = "⚪"
AS_USUAL_PCT, LARGEST_PCT = 1.0, 999.0  # below and above, the change is not worth a figure
WHOLE, LEAST = 0.995, 0.01
DAY_S = 86_400.0
ROUNDED = 10  # and larger ones have no decimals
TITLE, TITLE_RICH, NAME = 40, 56, 24


def glyph(report: Report) -> str:
    """Return the sign of the verdict."""
    if blind(report) or (report.verdict is Severity.INFO and not report.open):
        return UNKNOWN
    return GLYPHS[report.verdict]


def blind(report: Report) -> bool:
    """Return whether nothing is known of the window."""
    return report.covered is None and report.new.today is None and not report.incidents


def verdict(report: Report, language: Language) -> Markup:
    """Return in a few words whether everything is alright."""
    level = level_word(report.verdict, language)
    if blind(report):
        return language.say("report.verdict.blind")
    if report.open:
        return language.say("report.verdict.open", n=report.open, level=level)
    if report.verdict > Severity.INFO:
        return language.say("report.verdict.over", n=len(report.incidents))
    if report.verdict is Severity.INFO:
        return language.say("report.verdict.partly" if report.covered else "report.verdict.unseen")
    key = "report.verdict.after" if report.incidents else "report.verdict.ok"
    return language.say(key, n=len(report.incidents))


def title(report: Report, language: Language) -> Markup:
    """Return which day it is about; its length where that is none of 24 hours."""
    length_s = report.length.total_seconds()
    if report.rolling:
        return language.say("report.rolling", length_s=length_s, until_at=report.until)
    said = language.say("report.title", date=spell_day(report.day, language))
    if length_s == DAY_S:
        return said
    return Markup(f"{said} · {language.say('report.length', length_s=length_s)}")


def covered(report: Report, language: Language) -> Markup:
    """Return for how much of the day the rest of the report stands, where that is not all."""
    if report.covered is None or report.covered >= WHOLE:
        return Markup("")
    if report.covered < LEAST:
        return language.say("report.covered.hardly" if report.covered else "report.covered.files")
    return language.say("report.covered", covered_pct=pct(report.covered))


def pct(share: float) -> float:
    """Return a share as a percentage; what is not quite all, or nothing, does not read so."""
    whole = round(100.0 * share)
    if 0.0 < share < 1.0:
        return float(min(max(whole, 1), 99))
    return float(whole)


def new(report: Report, language: Language) -> Markup:
    """Return how many opportunities were new, against what is usual."""
    said = language.say("report.new", count=counted(report.new.today, language))
    return Markup(said + against(report.new, language))


def counted(n: int | None, language: Language) -> Markup:
    """Return a count; none and unknown in words."""
    if n is None:
        return language.say("word.no_data")
    return escape(language.value("count", n)) if n else language.say("report.none")


def against(count: Count, language: Language) -> Markup:
    """Return how a count compares with the usual one, in brackets; nothing without a count."""
    usual = count.usual
    if count.today is None:
        return Markup("")
    if usual is None:
        return language.say("report.usual.unknown")
    change_pct = 100.0 * (count.today - usual) / usual if usual > 0 else 0.0
    if usual > 0 and (not count.today or change_pct > LARGEST_PCT):
        return language.say("report.usual.plain", usual=_usual(usual, language))
    if abs(change_pct) < AS_USUAL_PCT:
        same = usual > 0 or not count.today
        return language.say("report.usual.same" if same else "report.usual.none")
    values: dict[str, Spoken] = {
        "sign": Markup("▲" if change_pct > 0 else "▼"),
        "change_pct": round(abs(change_pct)),
        "usual": _usual(usual, language),
    }
    if count.days_known < FULL_WEEK:
        return language.say("report.usual.young", n=count.days_known, **values)
    return language.say("report.usual", **values)


def _usual(usual: float, language: Language) -> Markup:
    """Return a mean count: small ones with a decimal, unless it is whole."""
    digits = 0 if usual >= ROUNDED or round(usual, 1) == round(usual) else 1
    return escape(language.catalogue.formats.number(usual, digits))


def roi(report: Report, language: Language) -> Markup:
    """Return what the new ones pay: the median, the usual one, the mean."""
    if report.median_roi is None:
        known = report.new.today is not None
        return language.say("report.roi.none" if known else "report.roi.unknown")
    parts = [language.say("report.roi", median_usd_min=report.median_roi)]
    if report.usual_roi is not None:
        parts.append(language.say("report.roi.usual", usual_usd_min=report.usual_roi))
    if report.mean_roi is not None:
        parts.append(language.say("report.roi.mean", mean_usd_min=report.mean_roi))
    return Markup("".join(parts))


def bands(report: Report, language: Language) -> Markup:
    """Return how many pay well, fairly, little, and of how many nobody knows."""
    total = report.high + report.medium + report.low + report.unknown
    if not total:
        return Markup("")
    parts = [
        language.say(f"report.band.{name}", n=n)
        for name, n in (("high", report.high), ("medium", report.medium), ("low", report.low))
        if n
    ]
    if report.unknown:
        share_pct = pct(report.unknown / total)
        parts.append(language.say("report.band.unknown", n=report.unknown, share_pct=share_pct))
    return Markup(" · ".join(parts))


def weekly(report: Report, language: Language) -> Markup:
    """Return the week against the one before, where the report has one."""
    week = report.weekly
    if week is None:
        return Markup("")
    if week.new.today is None:
        return language.say("report.weekly.unknown")
    key = "report.weekly" if week.new.today else "report.weekly.none"
    parts = [language.say(key, n=week.new.today) + _before(week, language)]
    if week.median_roi is not None:
        before = week.median_roi_before
        told = (
            ""
            if before is None
            else language.say("report.weekly.roi.before", before_usd_min=before)
        )
        parts.append(language.say("report.weekly.roi", median_usd_min=week.median_roi) + told)
    if week.incidents is not None:
        key = "report.weekly.alerts" if week.incidents else "report.weekly.calm"
        parts.append(language.say(key, n=week.incidents))
    if week.best is not None:
        name = hostile(week.best.title, TITLE) or language.say("top.untitled")
        best = language.say("report.weekly.best", title=name, roi_usd_min=week.best.roi)
        parts.append(best)
    return Markup(" · ".join(parts))


def _before(week: Week, language: Language) -> str:
    if week.new.usual is None:
        return ""
    count = counted(round(week.new.usual), language)
    return language.say("report.weekly.before", count=count)


def best_title(report: Report, language: Language) -> Markup:
    """Return the heading over what is worth doing, or that there is nothing."""
    if report.top:
        said = language.say("report.best")
    else:
        known = report.new.today is not None
        said = language.say("report.best.none" if known else "report.best.unknown")
    ended = language.say("report.best.ended", n=report.ended) if report.ended else ""
    return Markup(" · ".join(part for part in (said, ended) if part))


def best(rank: int, row: Opportunity, language: Language, *, rich: bool) -> Markup:
    """Return one opportunity: what it pays, where, until when; reward and minutes if `rich`."""
    name = hostile(row.title, TITLE_RICH if rich else TITLE) or language.say("top.untitled")
    paid = language.say("top.roi", roi_usd_min=row.roi, mark=Markup(MARKS[row.provenance]))
    parts = [f"<b>{rank}. {name}</b>", paid]
    if rich and row.reward.strip():
        parts.append(hostile(row.reward, 20))
    if rich and row.minutes is not None:
        parts.append(escape(language.catalogue.formats.work(row.minutes)))
    place = link(row.url, hostile(row.source, NAME) or language.say("top.link"))
    parts.append(Markup(place + (_also(row, language) if rich else "")))
    if row.deadline.strip():
        parts.append(deadline(row.deadline, language))
    return Markup(" · ".join(parts))


def _also(row: Opportunity, language: Language) -> Markup:
    """Return who else lists it; nothing where nobody does."""
    if not row.also:
        return Markup("")
    names = [hostile(each.source, NAME) or language.say("top.link") for each in row.also]
    places = Markup(", ".join(names[:ELSEWHERE]))
    return language.say("top.also", places=places, n=len(names))


def legend(report: Report, language: Language) -> Markup:
    """Return what the signs that are used behind the returns mean, and what is counted."""
    used = {row.provenance for row in report.top}
    marks = [
        f"{MARKS[each]} {language.say(f'provenance.{each.value}')}"
        for each in Provenance
        if each in used and MARKS[each]
    ]
    said = [" · ".join(marks)] if marks else []
    if report.new.today:
        said.append(language.say("report.counting"))
    return quote("", "\n".join(said))
