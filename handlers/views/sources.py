"""Every source with what it brought and when."""

from handlers.views.blocks import listing
from handlers.views.i18n import Language
from handlers.views.message import Button, Message
from handlers.views.text import Markup, clean, clip, hostile
from handlers.views.top import Query, data_of
from jobs.facts import Unknown
from jobs.watch import Cycle
from storage.tracker import SourceReport

ROOM = 3400
BUTTONS = 12


def render(cycle: Cycle, *, language: Language) -> Message:
    """Return the sources, the freshest first; what could not be read is said."""
    data, business = cycle.facts.data, cycle.facts.business
    if isinstance(data, Unknown):
        return Message(html=language.say("sources.unknown", reason=language.say(data.reason)))
    if not data.sources:
        return Message(html=language.say("sources.none"))
    new = {} if isinstance(business, Unknown) else business.by_source
    never = cycle.at.wall.timestamp() + 1
    ranked = sorted(
        data.sources.values(),
        key=lambda each: (never - (each.newest.timestamp() if each.newest else 0), each.source),
    )
    lines = [_line(each, new.get(each.source, 0), language) for each in ranked]
    body = listing(lines, limit=ROOM, more=lambda n: language.say("list.more", n=n), per_line=2)
    title = language.say("sources.title", n=len(ranked))
    notes = "" if data.complete else f"\n\n{language.say('sources.partial', n=data.pending)}"
    buttons = [
        Button(
            label=f"🏆 {clip(clean(each.source), 20) or '?'}",
            data=data_of(Query(source=each.source)),
        )
        for each in ranked[:BUTTONS]
    ]
    rows = tuple(tuple(buttons[i : i + 3]) for i in range(0, len(buttons), 3))
    return Message(html=Markup(f"📡 <b>{title}</b>\n\n{body}{notes}"), buttons=rows)


def _line(report: SourceReport, new: int, language: Language) -> str:
    name = hostile(report.source, 40) or language.say("word.unnamed")
    if report.newest is None:
        return language.say("sources.line.none", source=name)
    key = "sources.line.stub" if report.stub else "sources.line"
    return language.say(key, source=name, n=new, last=report.last_count, newest_at=report.newest)
