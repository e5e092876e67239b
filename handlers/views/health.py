"""A health cycle as a message: the verdict, one line per family, what to look at."""

from collections.abc import Callable, Sequence
from datetime import datetime

from handlers.views.blocks import Builder, caption, listing, quote
from handlers.views.callback import pack
from handlers.views.card import GLYPHS
from handlers.views.columns import table
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import Markup, clean, clip, escape, hostile
from jobs.facts import Facts, Unknown
from jobs.watch import Cycle
from storage.records import Observation, Outcome, Severity
from storage.tracker import FileState

FAMILIES = ("scrapers", "freshness", "integrity", "metrics", "machine", "backup", "bot")
WIDTHS = (10, 6, 16)
UNKNOWN = "⚪"
LOOK_LINES = 3
MUTE_S = 7200
SOURCES, LOOK, NEXT, MUST = 9, 5, 7, 0


def render(
    cycle: Cycle, *, language: Language, next_at: datetime | None, photo: bytes | None = None
) -> Message:
    """Return the overview; with a picture its text is a caption and may leave blocks out."""
    builder = caption() if photo is not None else Builder()
    builder.add(verdict(cycle, language))
    n = len({seen.check for seen in cycle.observations})
    builder.add(language.say("health.took", n=n, took_s=cycle.took_s, at_at=cycle.at.wall))
    builder.gap().add(table([_row(name, cycle, language) for name in families(cycle)], WIDTHS))
    for rank, line in enumerate(look_at(cycle.observations, language)):
        builder.add(line, weight=LOOK + (rank > 0))
    builder.gap().add(_sources(cycle.facts, language), weight=SOURCES)
    if next_at is not None:
        builder.add(language.say("health.next", next_at=next_at), weight=NEXT)
    return Message(html=builder.build(), photo=photo, buttons=_buttons(cycle, language))


def families(cycle: Cycle) -> list[str]:
    """Return the families this cycle judged, in the house's order, others behind."""
    seen = {each.check: None for each in cycle.observations}
    return [f for f in FAMILIES if f in seen] + [f for f in seen if f not in FAMILIES]


def verdict(cycle: Cycle, language: Language) -> Markup:
    """Return the first line: the glyph of the worst level, and how many things have it."""
    level, seen = cycle.level, cycle.observations
    unknown = sum(each.outcome == Outcome.UNKNOWN and not each.waits for each in seen)
    waiting = sum(each.waits for each in seen)
    if level > Severity.INFO:
        n = sum(each.level == level for each in seen)
        text = language.say(f"health.verdict.{level.name.lower()}", n=n)
    elif unknown:
        return Markup(f"{UNKNOWN} <b>{language.say('health.verdict.unknown', n=unknown)}</b>")
    elif waiting:
        return Markup(f"{UNKNOWN} <b>{language.say('health.verdict.waits', n=waiting)}</b>")
    else:
        text = language.say("health.verdict.ok")
    return Markup(f"{GLYPHS[level if level > Severity.INFO else Severity.OK]} <b>{text}</b>")


def status(seen: Sequence[Observation]) -> str:
    """Return the word for the worst of some observations: a level, or `unknown`."""
    worst = max((each.level for each in seen), default=Severity.OK)
    if worst <= Severity.INFO and any(each.outcome == Outcome.UNKNOWN for each in seen):
        return "unknown"
    return worst.name.lower()


def _row(family: str, cycle: Cycle, language: Language) -> tuple[str, str, str]:
    seen = [each for each in cycle.observations if each.check == family]
    summary = SUMMARIES.get(family, _nothing)(cycle.facts, seen, language)
    return (family_name(family, language), language.plain(f"status.{status(seen)}"), summary)


def family_name(family: str, language: Language) -> str:
    """Return the family's name for people."""
    key = f"family.{family}"
    return language.plain(key) if language.has(key) else clip(family, 20)


def look_at(seen: Sequence[Observation], language: Language) -> list[Markup]:
    """Return the facts that fail, the worst first, then the unanswered; the rest as a number.

    What is only waited for says why, once.
    """
    bad = [each for each in seen if each.level > Severity.INFO]
    bad.sort(key=lambda each: (-each.level, each.key))
    bad += [each for each in seen if each.outcome == Outcome.UNKNOWN]
    lines = [language.say("health.look", fact=language.say(each.fact)) for each in bad[:1]]
    lines += [Markup(f"• {language.say(each.fact)}") for each in bad[1:LOOK_LINES]]
    if len(bad) > LOOK_LINES:
        lines.append(language.say("health.look.more", n=len(bad) - LOOK_LINES))
    waited_for = [each.evidence[-1] for each in bad if each.waits and each.evidence]
    return lines + [Markup(f"⏳ {language.say(reason)}") for reason in waited_for[:1]]


def _sources(facts: Facts, language: Language) -> Markup:
    if isinstance(facts.data, Unknown):
        return Markup("")
    new = {} if isinstance(facts.business, Unknown) else facts.business.by_source
    lines = [
        language.say("health.source", source=hostile(name, 30), n=new.get(name, 0), last_at=at)
        if (at := report.newest) is not None
        else language.say("health.source.none", source=hostile(name, 30))
        for name, report in sorted(facts.data.sources.items())
    ]
    body = listing(lines, limit=500, more=lambda n: language.say("list.more", n=n))
    return quote(language.say("health.sources"), body)


def _buttons(cycle: Cycle, language: Language) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = [
        (Button(label=language.plain("button.again"), data="v1:health", style=Style.PRIMARY),)
    ]
    names = [
        Button(label=family_name(name, language).capitalize(), data=pack("family", name))
        for name in families(cycle)
    ]
    rows += [tuple(names[i : i + 3]) for i in range(0, len(names), 3)]
    bad = [each for each in cycle.observations if each.level > Severity.INFO]
    if bad:
        worst = max(bad, key=lambda each: each.level)
        key = escape(clip(clean(worst.key), 24))
        label = language.plain("button.mute_key", key=key, for_s=MUTE_S)
        rows.append((Button(label=label, data=pack("quiet", MUTE_S, 0, f'"{worst.key}"')),))
    return tuple(rows)


def _nothing(facts: Facts, seen: Sequence[Observation], language: Language) -> str:
    del facts, seen, language
    return ""


def _scrapers(facts: Facts, seen: Sequence[Observation], language: Language) -> str:
    del seen
    if isinstance(facts.processes, Unknown):
        return language.plain("health.no_answer")
    commands = facts.processes.scrapers
    if not commands:
        return language.plain("health.unwatched")
    alive = sum(each.trees > 0 for each in commands)
    return language.plain("health.alive", alive=alive, n=len(commands))


def _freshness(facts: Facts, seen: Sequence[Observation], language: Language) -> str:
    late = [each for each in seen if each.level > Severity.INFO and each.value is not None]
    if late:
        worst = max(late, key=lambda each: (each.level, each.value or 0.0))
        name = worst.key.partition(":")[2]
        name = language.plain("word.all") if name == "all" else name
        return f"{name} {language.value('age_s', worst.value)}"
    if isinstance(facts.data, Unknown):
        return language.plain("health.no_answer")
    if facts.data.newest is None:
        return language.plain("word.no_data")
    age_s = max(0.0, (facts.at.wall - facts.data.newest).total_seconds())
    return language.plain("health.newest", age_s=age_s)


def _integrity(facts: Facts, seen: Sequence[Observation], language: Language) -> str:
    del seen
    if isinstance(facts.data, Unknown):
        return language.plain("health.no_answer")
    files = facts.data.files
    well = {FileState.OK, FileState.UNKNOWN_SHAPE}
    bad = sum(each.state not in well for each in files)
    if bad:
        return language.plain("health.files.bad", bad=bad, n=len(files))
    return language.plain("health.files", n=len(files))


def _metrics(facts: Facts, seen: Sequence[Observation], language: Language) -> str:
    del seen
    if isinstance(facts.business, Unknown):
        return language.plain("health.no_answer")
    new, median = facts.business.new, facts.business.median_roi
    if median is None:
        return language.plain("health.new", n=new)
    return language.plain("health.roi", n=new, median=language.catalogue.formats.number(median, 1))


def _machine(facts: Facts, seen: Sequence[Observation], language: Language) -> str:
    del seen
    if isinstance(facts.host, Unknown):
        return language.plain("health.no_answer")
    disk = max((each.used_pct for each in facts.host.disks), default=None)
    shares = (facts.host.cpu_pct, facts.host.memory.used_pct, disk)
    return "/".join("–" if each is None else f"{each:.0f}" for each in shares) + " %"


def _backup(facts: Facts, seen: Sequence[Observation], language: Language) -> str:
    """Return when the last one that can be restored was made, and what it takes."""
    del seen
    if isinstance(facts.backups, Unknown) or facts.backups.error:
        return language.plain("health.no_answer")
    newest = facts.backups.newest
    if newest is None:
        return language.plain("health.backup.none")
    return language.plain(
        "health.backup", at_at=newest.at.timestamp(), size_bytes=newest.size_bytes
    )


def _bot(facts: Facts, seen: Sequence[Observation], language: Language) -> str:
    del seen
    if isinstance(facts.own, Unknown):
        return language.plain("health.no_answer")
    return language.value("rss_bytes", facts.own.rss_bytes)


SUMMARIES: dict[str, Callable[[Facts, Sequence[Observation], Language], str]] = {
    "scrapers": _scrapers,
    "freshness": _freshness,
    "integrity": _integrity,
    "metrics": _metrics,
    "machine": _machine,
    "backup": _backup,
    "bot": _bot,
}
