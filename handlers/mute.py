"""/mute: hold alerts back for a while."""

from collections.abc import Sequence
from datetime import timedelta
from fnmatch import fnmatchcase

from handlers import mute_grammar as grammar
from handlers import mute_scope as scopes
from handlers.call import Call, blocking
from handlers.mute_grammar import Refusal, Request
from handlers.mute_scope import ALL, Known
from handlers.mute_time import MORNING, Today
from handlers.views import mutes as view
from handlers.views import silence, welcome
from handlers.views.card import Around
from handlers.views.message import Message
from handlers.views.silence import Asked
from handlers.views.text import clean, clip
from storage.incidents import Incident, Mute
from storage.records import Phrase, Severity

REASON_UNITS = 120
FRESH = "fresh:"


async def mute(call: Call) -> Message:
    """Mute what the words say, ask how long, or tell what was not understood."""
    asked = grammar.parse(call.args, await known(call), today=today(call))
    if isinstance(asked, Refusal):
        return await _refused(call, asked)
    if asked.fixed and not afflicted(call, asked):
        return ask_length(call, asked, sorry=Phrase("mute.nothing_open"))
    if asked.for_s is None:
        return ask_length(call, asked)
    return await apply(call, asked)


async def _refused(call: Call, refusal: Refusal) -> Message:
    if refusal.why.key == "mute.usage":
        return await choices(call)
    if refusal.asked is not None:
        return ask_length(call, refusal.asked, sorry=refusal.why)
    return welcome.note(refusal.why.key, language=call.language, **refusal.why.values)


def today(call: Call) -> Today:
    """Return the time where the owner lives, and when the night ends there."""
    display = call.services.display
    quiet = display.quiet_hours
    now = call.at.wall.astimezone(display.timezone)
    return Today(now=now, morning=MORNING if quiet is None else quiet.end)


async def choices(call: Call) -> Message:
    """Return what there is to mute, as buttons."""
    sources = await blocking(call.services.opportunities.sources)
    return silence.what(call.services.alerts.open(), sources, language=call.language)


def ask_length(call: Call, asked: Request, *, sorry: Phrase | None = None) -> Message:
    """Return the question how long, naming what it is for; first what `sorry` has to say."""
    question = Asked(
        word=asked.word,
        shown=_shown(call, asked),
        level=asked.max_level,
        night=today(call).morning,
        open=afflicted(call, asked),
    )
    return silence.how_long(question, sorry=sorry, language=call.language)


def _shown(call: Call, asked: Request) -> str:
    if asked.word == ALL:
        return call.language.plain("mute.everything")
    number = asked.word.removeprefix("#")
    if number != asked.word and number.isdigit():
        incident = call.services.alerts.incident(int(number))
        return asked.word if incident is None else f"#{incident.number} {incident.key}"
    return scopes.name_of(asked.word)


def afflicted(call: Call, asked: Request) -> bool:
    """Return whether something that the request is about is open."""
    highest = Severity.CRITICAL if asked.max_level == Severity.ERROR else asked.max_level
    return any(
        fnmatchcase(each.key, glob) and each.level <= highest
        for each in call.services.alerts.open()
        for glob in asked.globs
    )


async def apply(call: Call, asked: Request) -> Message:
    """Mute, and return what is held back now."""
    made = await hold(call, asked)
    others = len(view.requests(call.services.alerts.mutes(at=call.at))) - 1
    language, night = call.language.at(call.at.wall), today(call).morning
    return view.muted(made, max(others, 0), night=night, language=language)


async def hold(call: Call, asked: Request) -> Sequence[Mute]:
    """Make the mutes of a request and return them; the same again renews what there is."""
    return [await _begin(call, asked, glob) for glob in asked.globs]


async def _begin(call: Call, asked: Request, glob: str) -> Mute:
    return await blocking(
        call.services.alerts.mute,
        glob=glob,
        for_=timedelta(seconds=asked.for_s or 0),
        by=call.who,
        reason=clip(clean(asked.reason), REASON_UNITS),
        max_level=asked.max_level,
        until_fixed=asked.fixed,
        at=call.at,
    )


def around(call: Call, incident: Incident) -> Around:
    """Return what holds an open incident back now, and what it follows from."""
    if incident.closed is not None:
        return Around()
    alerts = call.services.alerts
    return Around(mute=alerts.covering(incident, at=call.at), cause=alerts.cause(incident))


async def known(call: Call) -> Known:
    """Return what there is to mute: keys of the last cycle, open incidents, sources.

    A source that is expected counts before it brought anything: its freshness is watched.
    """
    incidents = call.services.alerts.open()
    last = call.services.watch.last
    keys = {seen.key for seen in last.observations} if last is not None else set()
    keys |= {each.key for each in incidents}
    sources = {key.removeprefix(FRESH) for key in keys if key.startswith(FRESH)} - {scopes.ALL}
    return Known(
        keys=frozenset(keys),
        sources=frozenset({*sources, *await blocking(call.services.opportunities.sources)}),
        incidents={each.number: each.key for each in incidents},
        critical=frozenset(each.number for each in incidents if each.level == Severity.CRITICAL),
    )
