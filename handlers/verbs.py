"""What each button does: everything in its data is looked up again, nothing in it is trusted."""

from dataclasses import replace

from handlers import health, mute, top5
from handlers.ack import take
from handlers.alerts import listing
from handlers.call import Call, Effect, blocking
from handlers.mute_grammar import Request, literal, longest_s, what
from handlers.views import callback, card, lists
from handlers.views.message import Message
from handlers.views.top import ANY, LARGEST_PAGE, PERIODS_S, Query
from storage.incidents import Incident
from storage.records import Severity

STALE = Effect(toast="button.stale")
LIST = "l"


def number(text: str, most: int = 10**9) -> int | None:
    """Return a whole number from 0 to `most`, or nothing."""
    good = text.isascii() and text.isdigit() and len(text) <= 10  # noqa: PLR2004
    return int(text) if good and int(text) <= most else None


async def refresh_health(asked: Call) -> Effect:
    """Run the checks now and replace the overview."""
    cycle = await asked.services.watch.run()
    return Effect(edit=await health.overview(asked, cycle))


async def new_health(asked: Call) -> Effect:
    """Put the overview below."""
    return Effect(reply=await health.overview(asked, await health.latest(asked)))


async def family(asked: Call) -> Effect:
    """Put one family of checks below."""
    return Effect(reply=health.family(asked, await health.latest(asked), asked.args[0]))


async def new_top(asked: Call) -> Effect:
    """Put the best opportunities below."""
    return Effect(reply=await top5.show(asked, Query()))


async def top(asked: Call) -> Effect:
    """Turn to another period, source or page."""
    period, n, offset = asked.args[0], number(asked.args[1], LARGEST_PAGE), number(asked.args[2])
    known = await blocking(asked.services.opportunities.sources)
    source = callback.named(asked.args[3], known)
    if period not in PERIODS_S or not n or offset is None or source is None:
        return Effect(reply=_note(asked, "button.stale"))
    query = Query(n=n, source="" if source == ANY else source, period=period, offset=offset)
    return Effect(edit=await top5.show(asked, query))


async def alerts(asked: Call) -> Effect:
    """Show the list of open incidents as it is now."""
    return Effect(toast="toast.fresh", edit=listing(asked))


async def details(asked: Call) -> Effect:
    """Put everything known of an incident below."""
    incident = _incident(asked)
    if incident is None:
        return STALE
    held = mute.covering(asked, incident)
    told = lists.details(incident, held, at=asked.at, language=asked.language)
    return Effect(toast="toast.below", reply=told)


async def ack(asked: Call) -> Effect:
    """Take an incident."""
    incident = _incident(asked)
    if incident is None:
        return STALE
    key = await take(asked, incident.number, by=asked.who)
    return Effect(toast=key, edit=_anew(asked))


async def release(asked: Call) -> Effect:
    """Give an incident back."""
    incident = _incident(asked)
    if incident is None:
        return STALE
    given = await blocking(
        asked.services.alerts.release, incident.number, by=asked.who, at=asked.at
    )
    return Effect(toast="toast.released" if given else "toast.nobody", edit=_anew(asked))


async def mute_incident(asked: Call) -> Effect:
    """Hold one incident's thing back for a while."""
    incident, for_s = _incident(asked), number(asked.args[1], 7 * 86_400)
    if incident is None or not for_s:
        return STALE
    if incident.closed is not None:
        return Effect(toast="ack.closed", edit=_anew(asked))
    most = max(Severity.ERROR, incident.level)
    request = Request(globs=(literal(incident.key),), for_s=for_s, max_level=most)
    await mute.hold(asked, request)
    return Effect(toast="toast.muted", edit=_anew(asked))


async def quiet(asked: Call) -> Effect:
    """Hold back what a word of /mute means, for as long as the button says; tell it below."""
    return await _quiet(asked, below=True)


async def hush(asked: Call) -> Effect:
    """Hold back the same way, telling it in place of the question."""
    return await _quiet(asked, below=False)


async def _quiet(asked: Call, *, below: bool) -> Effect:
    for_s, chosen = number(asked.args[0], 7 * 86_400), await _chosen(asked, *asked.args[1:])
    if not for_s or chosen is None:
        return STALE
    if for_s > longest_s(chosen.globs, chosen.max_level):
        return Effect(toast="toast.too_long")
    said = await mute.apply(asked, replace(chosen, for_s=for_s))
    return Effect(toast="toast.muted", reply=said if below else None, edit=None if below else said)


async def _chosen(asked: Call, level: str, word: str) -> Request | None:
    """Return what a button stands for, if there is still such a thing; its length is open."""
    known, most = await mute.known(asked), number(level, 4)
    name = callback.named(word, known.keys | known.sources)
    scope = what(name, known) if name else None
    if most is None or name is None or scope is None:
        return None
    reach = Severity.CRITICAL if most == Severity.CRITICAL else scope[1]
    return Request(globs=scope[0], for_s=None, word=name, max_level=reach)


async def mute_what(asked: Call) -> Effect:
    """Ask again what to hold back."""
    return Effect(edit=await mute.choices(asked))


async def how_long(asked: Call) -> Effect:
    """Ask how long to hold the chosen thing back."""
    chosen = await _chosen(asked, *asked.args)
    if chosen is None:
        return Effect(toast="button.stale", edit=await mute.choices(asked))
    return Effect(
        toast="toast.how_long", edit=mute.ask_length(asked, chosen.word, chosen.max_level)
    )


async def unmute(asked: Call) -> Effect:
    """End a mute."""
    mute_id = number(asked.args[0])
    ended = mute_id is not None and await blocking(
        asked.services.alerts.unmute, mute_id, at=asked.at
    )
    rest = asked.services.alerts.mutes(at=asked.at)
    shown = lists.mutes(rest, language=asked.language)
    return Effect(toast="toast.unmuted" if ended else "toast.no_mute", edit=shown)


def _incident(asked: Call) -> Incident | None:
    found = number(asked.args[0])
    return None if found is None else asked.services.alerts.incident(found)


def _anew(asked: Call) -> Message | None:
    """Return the pressed message as it reads now: the list it was, or the incident's card."""
    if asked.args[-1] == LIST:
        return listing(asked)
    incident = _incident(asked)
    if incident is None:
        return None
    held = mute.covering(asked, incident)
    return card.card(incident, at=asked.at, language=asked.language, mute=held)


def _note(asked: Call, key: str) -> Message:
    return Message(html=asked.language.say(key))
