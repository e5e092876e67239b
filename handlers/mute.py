"""/mute: hold alerts back for a while."""

from collections.abc import Sequence
from datetime import timedelta

from handlers import mute_grammar as grammar
from handlers.call import Call, blocking
from handlers.views import lists as view
from handlers.views import silence, welcome
from handlers.views.message import Message
from handlers.views.text import clean, clip
from jobs.alerts.silences import matches
from storage.incidents import Incident, Mute
from storage.records import Phrase, Severity

REASON_UNITS = 120
TWICE = timedelta(minutes=1)


async def mute(call: Call) -> Message:
    """Mute what the words say, ask how long, or tell what was not understood."""
    now = call.at.wall.astimezone(call.services.display.timezone)
    asked = grammar.parse(call.args, await known(call), now=now)
    if isinstance(asked, Phrase) and asked.key == "mute.usage":
        return await choices(call)
    if isinstance(asked, Phrase):
        return welcome.note(asked.key, language=call.language, **asked.values)
    if asked.for_s is None:
        return ask_length(call, asked.word, asked.max_level)
    return await apply(call, asked)


async def choices(call: Call) -> Message:
    """Return what there is to mute, as buttons."""
    sources = await blocking(call.services.opportunities.sources)
    return silence.what(call.services.alerts.open(), sources, language=call.language)


def ask_length(call: Call, word: str, level: Severity) -> Message:
    """Return the question how long, naming what a word of /mute stands for."""
    number, shown = word.removeprefix("#"), word
    if word.lower() in grammar.EVERYTHING:
        shown = call.language.plain("mute.everything")
    elif number.isascii() and number.isdigit():
        incident = call.services.alerts.incident(int(number[:9]))
        shown = word if incident is None else f"#{incident.number} {incident.key}"
    return silence.how_long(word, shown, level=level, language=call.language)


async def apply(call: Call, asked: grammar.Request) -> Message:
    """Mute, and return what is held back now."""
    made = await hold(call, asked)
    others = len(call.services.alerts.mutes(at=call.at)) - len(made)
    return view.muted(made, max(others, 0), language=call.language)


async def hold(call: Call, asked: grammar.Request) -> Sequence[Mute]:
    """Make the mutes of a request and return them; one there is already is not made twice."""
    return [_same(call, asked, glob) or await _begin(call, asked, glob) for glob in asked.globs]


def _same(call: Call, asked: grammar.Request, glob: str) -> Mute | None:
    """Return the mute that an earlier press of the same button made, if it is about as long."""
    least = call.at.wall + timedelta(seconds=asked.for_s or 0) - TWICE
    for each in call.services.alerts.mutes(at=call.at):
        alike = (each.glob, each.max_level) == (glob, asked.max_level)
        if alike and not asked.reason and each.until >= least:
            return each
    return None


async def _begin(call: Call, asked: grammar.Request, glob: str) -> Mute:
    return await blocking(
        call.services.alerts.mute,
        glob=glob,
        for_=timedelta(seconds=asked.for_s or 0),
        by=call.who,
        reason=clip(clean(asked.reason), REASON_UNITS),
        max_level=asked.max_level,
        at=call.at,
    )


def covering(call: Call, incident: Incident) -> Mute | None:
    """Return the mute that holds an open incident back the longest, if one does."""
    found = [
        each
        for each in call.services.alerts.mutes(at=call.at)
        if matches(each, incident.key, incident.level)
    ]
    return max(found, key=lambda each: each.until_s, default=None)


async def known(call: Call) -> grammar.Known:
    """Return what there is to mute: keys of the last cycle, open incidents, sources."""
    incidents = call.services.alerts.open()
    last = call.services.watch.last
    keys = {seen.key for seen in last.observations} if last is not None else set()
    return grammar.Known(
        keys=frozenset(keys | {each.key for each in incidents}),
        sources=frozenset(await blocking(call.services.opportunities.sources)),
        incidents={each.number: each.key for each in incidents},
        critical=frozenset(each.number for each in incidents if each.level == Severity.CRITICAL),
    )
