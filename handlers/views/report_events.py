"""The report's lines on sources, alerts, messages and backups; none and unknown are words."""

from collections import Counter
from collections.abc import Sequence

from handlers.views.card import GLYPHS, sentence
from handlers.views.i18n import Language
from handlers.views.report_lines import NAME, WHOLE, against, counted, pct
from handlers.views.text import Markup, hostile
from jobs.report import Report, SourceDay, Uptime
from storage.past import PastIncident

NAMED, LATEST = 6, 3
DOUBT = 0.1


def sources(report: Report, language: Language) -> Markup:
    """Return what each source brought, the most first."""
    if all(each.new.today is None for each in report.by_source):
        return language.say("report.sources.none")
    ranked = by_new(report.by_source)
    said = [_brought(each, language) for each in ranked[:NAMED]]
    left = len(ranked) - len(said)
    body = ", ".join([*said, *([language.say("report.sources.more", n=left)] if left else [])])
    return language.say("report.sources", list=Markup(body))


def by_new(found: Sequence[SourceDay]) -> list[SourceDay]:
    """Return the sources, those that brought most first, the unknown last."""
    return sorted(
        found, key=lambda each: (-(-1 if each.new.today is None else each.new.today), each.name)
    )


def _brought(source: SourceDay, language: Language) -> Markup:
    return Markup(f"{_name(source.name, language)} {counted(source.new.today, language)}")


def _name(name: str, language: Language) -> Markup:
    return hostile(name, NAME) or language.say("word.unnamed")


def each_source(report: Report, language: Language) -> list[Markup]:
    """Return one line for each source: runs, new, gaps, and how long it was up to date."""
    return [_source(each, language) for each in by_new(report.by_source)]


def _source(source: SourceDay, language: Language) -> Markup:
    parts = [Markup(f"<b>{_name(source.name, language)}</b>")]
    if source.runs is not None:
        key = "report.runs" if source.runs else "report.runs.none"
        parts.append(language.say(key, n=source.runs))
    new = language.say("report.source.new", count=counted(source.new.today, language))
    known = source.new.usual is not None
    parts.append(Markup(new + (against(source.new, language) if known else "")))
    if source.median_gap_s is not None:
        usual = source.usual_gap_s
        key = "report.gap" if usual is None else "report.gap.usual"
        parts.append(language.say(key, gap_s=source.median_gap_s, usual_s=usual))
    parts.append(uptime(source.uptime, language))
    return Markup(" · ".join(parts))


def uptime(seen: Uptime, language: Language, *, ran: bool = False) -> Markup:
    """Return for how long something was up to date, or `ran`, of the time that was looked at."""
    if seen.up is None:
        return language.say("report.up.unknown")
    whole = _whole(seen)
    if ran:
        key = "report.ran" if whole else "report.ran.seen"
    else:
        key = "report.up" if whole else "report.up.seen"
    return language.say(key, up_pct=pct(seen.up), unknown_pct=pct(seen.unknown))


def _whole(seen: Uptime) -> bool:
    """Return whether nearly all of the window was looked at."""
    return seen.unknown <= 1.0 - WHOLE


def scrapers(report: Report, language: Language) -> Markup:
    """Return how long each scraper's process ran; nothing where none is watched."""
    if not report.scrapers:
        return Markup("")
    said = [
        f"{_name(each.name, language)} {uptime(each.uptime, language, ran=True)}"
        for each in report.scrapers[:NAMED]
    ]
    return language.say("report.scrapers", list=Markup(" · ".join(said)))


def late(report: Report, language: Language) -> Markup:
    """Return which sources were not up to date all the time, the worst first."""
    ups = [
        (each.uptime.up, each.name, _whole(each.uptime))
        for each in report.by_source
        if each.uptime.up is not None
    ]
    bad = sorted(one for one in ups if one[0] < WHOLE)
    if not ups:
        return Markup("")
    if not bad:
        return language.say("report.late.none") if _sure(report) else Markup("")
    said = [
        language.say(
            "report.late.source" if whole else "report.late.source.seen",
            source=_name(name, language),
            late_pct=pct(1.0 - up),
        )
        for up, name, whole in bad[:LATEST]
    ]
    left = len(bad) - len(said)
    more = [language.say("report.sources.more", n=left)] if left else []
    return language.say("report.late", list=Markup(", ".join([*said, *more])))


def _sure(report: Report) -> bool:
    """Return whether nearly all of every source was seen, so that none was late can be said."""
    return all(
        each.uptime.up is not None and each.uptime.unknown <= DOUBT for each in report.by_source
    )


def alerts(report: Report, language: Language) -> Markup:
    """Return how many alerts there were, how long, how soon somebody took them."""
    if not report.incidents:
        known = bool(report.covered)
        return language.say("report.alerts.none" if known else "report.alerts.unknown")
    levels = Counter(each.peak for each in report.incidents)
    said = [
        language.say(f"report.count.{level.name.lower()}", n=levels[level])
        for level in sorted(levels, reverse=True)
        if level
    ]
    parts = [language.say("report.alerts", list=Markup(", ".join(said)))]
    if report.longest_s is not None:
        parts.append(language.say("report.longest", longest_s=report.longest_s))
    if report.ack_median_s is not None:
        parts.append(language.say("report.acked", after_s=report.ack_median_s))
    if report.open:
        parts.append(language.say("report.open", n=report.open))
    return Markup(" · ".join(parts))


def _incident(each: PastIncident, report: Report, language: Language) -> Markup:
    begun = each.opened
    when = language.say("report.from", opened_at=begun) if begun >= report.since else (
        language.say("report.from_before", opened_at=begun)
    )  # fmt: skip
    end = (
        language.say("report.still")
        if each.closed is None
        else language.say("report.over", lasted_s=(each.closed - begun).total_seconds())
    )
    fact = sentence(each.fact, language)
    return Markup(f"{GLYPHS[each.peak]} {when} {fact} · {end} <code>#{each.number}</code>")


def backup(report: Report, language: Language) -> Markup:
    """Return what is known of the last verified backup, and of the copies off this machine."""
    if report.backup is None:
        said = language.say("report.backup.unknown")
    else:
        said = language.say("report.backup", fact=sentence(report.backup, language))
    if report.copies is None:
        return said
    return Markup(f"{said} · {language.say(report.copies)}")


def lost(report: Report, language: Language) -> Markup:
    """Return how many messages were lost; nothing where none was."""
    dead = 0 if report.deliveries is None else report.deliveries.dead
    return language.say("report.lost", n=dead) if dead else Markup("")


def messages(report: Report, language: Language) -> Markup:
    """Return how many messages went out, how fast, how many were lost."""
    told = report.deliveries
    if told is None:
        return language.say("report.messages.unknown")
    if not told.sent and not told.dead:
        return language.say("report.messages.none")
    key = "report.messages" if told.sent else "report.messages.unsent"
    parts = [language.say(key, n=told.sent)]
    if told.p95_s:
        parts.append(language.say("report.p95", p95_s=max(told.p95_s.values())))
    parts.append(
        language.say("report.dead", n=told.dead) if told.dead else language.say("report.dead.none")
    )
    return Markup(" · ".join(parts))


def held_title(report: Report, language: Language) -> Markup:
    """Return the heading over what quiet hours held back."""
    return language.say("report.held", n=len(report.held))


def each_alert(found: Sequence[PastIncident], report: Report, language: Language) -> list[Markup]:
    """Return one line for each of these: how bad, when, what, and whether it is over."""
    return [_incident(each, report, language) for each in found]
