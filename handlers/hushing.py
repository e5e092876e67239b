"""What the buttons of mutes do: on cards, in lists, and where it is asked what and how long."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from handlers import mute
from handlers import mute_scope as scopes
from handlers.call import Call, Effect
from handlers.mute_grammar import Request, longest_s
from handlers.mute_time import next_s
from handlers.mutes import end
from handlers.pressed import STALE, anew, gone, incident, number
from handlers.views import mutes as view
from handlers.views.callback import FIXED, NIGHT, named
from handlers.views.i18n import Language
from storage.incidents import Incident, Mute
from storage.records import Severity

LONGEST_S = 7 * 86_400


async def mute_incident(asked: Call) -> Effect:
    """Hold one incident's thing back for a while, or until it is fixed."""
    found = incident(asked)
    if found is None:
        return gone(asked)
    if found.closed is not None:
        return Effect(toast="ack.closed", edit=anew(asked))
    request = _timed(asked, _about(found), asked.args[1])
    if request is None:
        return STALE
    made = await mute.hold(asked, request)
    return _muted(asked, made, Effect(edit=anew(asked)))


def _about(found: Incident) -> Request:
    """Return the request for one incident's thing: what is CRITICAL already was seen, too."""
    most = max(Severity.ERROR, found.level)
    globs, word = (scopes.literal(found.key),), f"#{found.number}"
    return Request(globs=globs, for_s=None, word=word, max_level=most)


def _timed(asked: Call, request: Request, length: str) -> Request | None:
    """Return the request with the length a button says, None where it says none."""
    longest = longest_s(request.globs, request.max_level)
    if length == FIXED:
        return replace(request, for_s=longest, fixed=True)
    today = mute.today(asked)
    for_s = next_s(today.now, today.morning) if length == NIGHT else number(length, LONGEST_S)
    return replace(request, for_s=for_s) if for_s else None


def _muted(asked: Call, made: Sequence[Mute], effect: Effect) -> Effect:
    """Return the effect with a toast that says until when it is quiet now."""
    until = _language(asked).clock(made[0].until)
    toast = "toast.muted_fixed" if made[0].until_fixed else "toast.muted"
    return replace(effect, toast=toast, values={"until": until})


def _language(asked: Call) -> Language:
    return asked.language.at(asked.at.wall)


async def ask_incident(asked: Call) -> Effect:
    """Ask below how long to hold an incident's thing back."""
    found = incident(asked)
    if found is None:
        return gone(asked)
    if found.closed is not None:
        return Effect(toast="ack.closed", edit=anew(asked))
    return Effect(toast="toast.how_long", reply=mute.ask_length(asked, _about(found)))


async def sound(asked: Call) -> Effect:
    """End every mute that holds an incident back, and say what rings again."""
    found = incident(asked)
    if found is None:
        return gone(asked)
    ended: list[Mute] = []
    while (holding := mute.around(asked, found).mute) is not None:
        group = view.together(asked.services.alerts.mutes(at=asked.at), holding.id)
        if not await end(asked, group or (holding,)):
            break
        ended += group
    if not ended:
        return Effect(toast="toast.not_muted", edit=anew(asked))
    what = view.names(tuple(ended), asked.language)
    return Effect(toast="toast.unmuted", values={"glob": what}, edit=anew(asked))


async def quiet(asked: Call) -> Effect:
    """Hold back what a word of /mute means, for as long as the button says; tell it below."""
    return await _quiet(asked, below=True)


async def hush(asked: Call) -> Effect:
    """Hold back the same way, telling it in place of the question."""
    return await _quiet(asked, below=False)


async def _quiet(asked: Call, *, below: bool) -> Effect:
    chosen = await _chosen(asked, *asked.args[1:])
    request = None if chosen is None else _timed(asked, chosen, asked.args[0])
    return await _applied(asked, request, below=below)


async def _applied(asked: Call, request: Request | None, *, below: bool) -> Effect:
    """Mute what a button asked for, within what is allowed, and tell it."""
    if request is None or request.for_s is None:
        return STALE
    if request.for_s > longest_s(request.globs, request.max_level):
        return Effect(toast="toast.too_long")
    if request.fixed and not mute.afflicted(asked, request):
        return Effect(toast="toast.nothing_open")
    said = await mute.apply(asked, request)
    made = [m for m in asked.services.alerts.mutes(at=asked.at) if m.glob in request.globs]
    return _muted(asked, made, Effect(reply=said) if below else Effect(edit=said))


async def _chosen(asked: Call, level: str, word: str) -> Request | None:
    """Return what a button stands for, if there is still such a thing; its length is open."""
    known, most = await mute.known(asked), number(level, int(Severity.CRITICAL))
    name = named(word, map(scopes.quote, known.keys | known.sources))
    scope = scopes.read([name], known) if name else None
    if most is None or name is None or scope is None:
        return None
    reach = Severity(most) if most else scope.level
    return Request(globs=scope.globs, for_s=None, word=scope.word, max_level=reach)


async def mute_what(asked: Call) -> Effect:
    """Ask again what to hold back."""
    return Effect(toast="toast.what", edit=await mute.choices(asked))


async def how_long(asked: Call) -> Effect:
    """Ask how long to hold the chosen thing back."""
    chosen = await _chosen(asked, *asked.args)
    if chosen is None:
        return Effect(toast="button.stale", edit=await mute.choices(asked))
    return Effect(toast="toast.how_long", edit=mute.ask_length(asked, chosen))


async def unmute(asked: Call) -> Effect:
    """End a mute, with what was muted together with it."""
    found = number(asked.args[0])
    before = asked.services.alerts.mutes(at=asked.at)
    group = () if found is None else view.together(before, found)
    ended = bool(group) and await end(asked, group)
    rest = asked.services.alerts.mutes(at=asked.at)
    shown = view.mutes(rest, language=_language(asked))
    if not ended:
        return Effect(toast="toast.no_mute", edit=shown)
    what = view.names(group, asked.language)
    return Effect(toast="toast.unmuted", values={"glob": what}, edit=shown)


async def longer(asked: Call) -> Effect:
    """Let a mute last an hour more, or until the night is over."""
    found, more = number(asked.args[0]), asked.args[1]
    muted = asked.services.alerts.mutes(at=asked.at)
    group = () if found is None else view.together(muted, found)
    if not group:
        return Effect(toast="toast.no_mute", edit=view.mutes(muted, language=_language(asked)))
    first = group[0]
    request = Request(
        globs=tuple(each.glob for each in group),
        for_s=None,
        max_level=first.max_level,
        reason=first.reason,
    )
    return await _applied(asked, _longer(asked, request, first, more), below=False)


def _longer(asked: Call, request: Request, first: Mute, more: str) -> Request | None:
    timed = _timed(asked, request, more)
    if timed is None or timed.for_s is None or more == NIGHT:
        return timed
    left = first.until - asked.at.wall + timedelta(seconds=timed.for_s)
    return replace(timed, for_s=int(left.total_seconds()))
