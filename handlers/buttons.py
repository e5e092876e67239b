"""Buttons: one verb each; stale or forged data gets a toast, never silence or an error."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from telegram import CallbackQuery, InaccessibleMessage, Update
from telegram.error import BadRequest

from handlers import (
    backup,
    backup_press,
    drawing,
    hushing,
    picking,
    report,
    report_picks,
    sources,
    verbs,
)
from handlers.access import Role
from handlers.call import Call, Effect, call
from handlers.context import Context
from handlers.dispatch import answer, tell
from handlers.live import Show
from handlers.pressed import is_beside, number, pressed_id
from handlers.sending import edit, strip
from handlers.views import callback
from handlers.views.message import Message
from handlers.views.query import PERIODS_S
from handlers.views.reading import PERIODS
from handlers.views.text import TOAST_UNITS, clip
from storage.records import Value

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """What a button does; `wait` is the toast shown before work that takes a while.

    `living`: it changes an incident, whose card is the one message that shows how it stands.
    """

    run: Callable[[Call], Awaitable[Effect]]
    args: int
    role: Role = Role.VIEWER
    wait: str = ""
    living: bool = False


def _below(form: Callable[[Call], Awaitable[Message | Show]], role: Role = Role.OPERATOR) -> Verb:
    """Return the verb that puts a form of /backup below."""
    return Verb(run=backup_press.below(form), args=0, role=role, wait="toast.below")


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "health": Verb(run=verbs.refresh_health, args=0, wait="toast.checking"),
        "newhealth": Verb(run=verbs.new_health, args=0, wait="toast.below"),
        "family": Verb(run=verbs.family, args=1, wait="toast.below"),
        "newtop": Verb(run=picking.new_top, args=0, wait="toast.below"),
        "newpicks": Verb(run=picking.new_picks, args=0, wait="toast.below"),
        "top": Verb(run=picking.top, args=4, wait="toast.list"),
        "best": Verb(run=picking.best, args=5, wait="toast.list"),
        "menu": Verb(run=picking.best, args=5, wait="toast.menu"),
        "done": Verb(run=picking.done, args=6, role=Role.OPERATOR),
        "hide": Verb(run=picking.hide, args=6, role=Role.OPERATOR),
        "undo": Verb(run=picking.undo, args=6, role=Role.OPERATOR),
        "away": Verb(run=picking.away, args=1),
        "back": Verb(run=picking.back, args=2, role=Role.OPERATOR),
        "chart": Verb(run=drawing.of_incident, args=1, wait="toast.below"),
        "plot": Verb(run=drawing.plot, args=2, wait="toast.period"),
        "plots": Verb(run=drawing.plots, args=0),
        "report": Verb(run=report.press, args=2, wait="toast.below"),
        "reppick": Verb(run=report_picks.turn, args=2, wait="toast.menu"),
        "repdone": Verb(run=report_picks.done, args=2, role=Role.OPERATOR),
        "rephide": Verb(run=report_picks.hide, args=2, role=Role.OPERATOR),
        "repundo": Verb(run=report_picks.undo, args=2, role=Role.OPERATOR),
        "sources": Verb(run=sources.turn, args=2, wait="toast.period"),
        "source": Verb(run=sources.one, args=1, wait="toast.below"),
        "alerts": Verb(run=verbs.alerts, args=0),
        "bkoverview": Verb(run=backup_press.show, args=0, role=Role.OPERATOR, wait="toast.fresh"),
        "bknewoverview": _below(backup.overview),
        "bknow": _below(backup.now),
        "bkagain": _below(backup.now),
        "bktest": _below(backup.test),
        "bkget": _below(backup.get),
        "bknewlist": _below(backup.listing),
        "bklist": Verb(run=backup_press.turn, args=1, role=Role.OPERATOR, wait="toast.fresh"),
        "bksend": Verb(run=backup_press.send, args=1, role=Role.OPERATOR, wait="toast.below"),
        "bkrestore": _below(backup.ask, role=Role.ADMIN),
        "bkmeant": _below(backup.ask_meant, role=Role.ADMIN),
        "bkgone": Verb(run=backup_press.meant, args=2, role=Role.ADMIN),
        "bkyes": Verb(run=backup_press.restore, args=2, role=Role.ADMIN),
        "newalerts": Verb(run=verbs.new_alerts, args=0),
        "details": Verb(run=verbs.details, args=1),
        "ack": Verb(run=verbs.ack, args=2, role=Role.OPERATOR, living=True),
        "release": Verb(run=verbs.release, args=2, role=Role.OPERATOR, living=True),
        "reopen": Verb(run=verbs.reopen, args=1, role=Role.OPERATOR, living=True),
        "mute": Verb(run=hushing.mute_incident, args=3, role=Role.OPERATOR, living=True),
        "muteone": Verb(run=hushing.ask_incident, args=1, role=Role.OPERATOR),
        "sound": Verb(run=hushing.sound, args=2, role=Role.OPERATOR, living=True),
        "quiet": Verb(run=hushing.quiet, args=3, role=Role.OPERATOR),
        "hush": Verb(run=hushing.hush, args=3, role=Role.OPERATOR),
        "mutewhat": Verb(run=hushing.mute_what, args=0, role=Role.OPERATOR),
        "howlong": Verb(run=hushing.how_long, args=2, role=Role.OPERATOR),
        "unmute": Verb(run=hushing.unmute, args=1, role=Role.OPERATOR),
        "longer": Verb(run=hushing.longer, args=2, role=Role.OPERATOR),
    }
)
OPTIONAL = frozenset({"ack", "release", "mute", "sound"})


async def press(update: Update, context: Context) -> None:
    """Answer a press with a toast that names the new state, then show it."""
    query = update.callback_query
    if query is None:
        return None
    data = query.data or ""
    name = callback.verb(data)
    verb = VERBS.get(name)
    asked = call(update, context)
    if verb is None:
        return await _toast(query, asked, "button.stale")
    words = callback.unpack(data, verb.args)
    if len(words) < verb.args - (name in OPTIONAL) or not all(words):
        return await _toast(query, asked, "button.stale")
    if asked.role < verb.role:
        why = "button.denied_admin" if verb.role == Role.ADMIN else "button.denied"
        return await _toast(query, asked, why)
    asked = call(update, context, words)
    if verb.wait:
        await _toast(query, asked, verb.wait)
    effect = await verb.run(asked)
    if not verb.wait:
        await _toast(query, asked, effect.toast, effect.values)
    if verb.living and is_beside(asked, pressed_id(update)):
        return await strip(context.bot, asked.chat_id, pressed_id(update))
    return await _show(update, context, effect)


async def _toast(
    query: CallbackQuery,
    asked: Call,
    key: str,
    values: Mapping[str, Value | datetime] | None = None,
) -> None:
    """Show a toast; that the press is too old for one changes nothing."""
    said = {"who": asked.who, **_list_shown(asked), **(values or {})}
    text = asked.language.plain(key, **said) if key else None
    try:
        await query.answer(clip(text, TOAST_UNITS) if text else None)
    except BadRequest as error:
        log.debug("no toast: %s", error.message)


def _list_shown(asked: Call) -> dict[str, str | int]:
    """Return the period and first rank that a list's button asks for, as far as it says."""
    if not asked.args or asked.args[0] not in {*PERIODS_S, *PERIODS}:
        return {"period": "?", "first": "?"}
    turned = len(asked.args) >= VERBS["top"].args
    first = (number(asked.args[2]) or 0) + 1 if turned else 1
    return {"period": asked.language.plain(f"period.{asked.args[0]}"), "first": first}


async def _show(update: Update, context: Context, effect: Effect) -> None:
    if effect.edit is not None:
        await _edit(update, context, effect.edit)
    if effect.reply is not None:
        await answer(update, context, effect.reply)
    if effect.show is not None:
        await tell(update, context, effect.show)


async def _edit(update: Update, context: Context, message: Message) -> None:
    """Edit the pressed message; below it instead where an old picture would stay or it is gone."""
    query = update.callback_query
    pressed = query.message if query is not None else None
    if pressed is None or isinstance(pressed, InaccessibleMessage):
        await answer(update, context, message)
        return
    captioned = bool(pressed.photo or pressed.document)  # type: ignore[attr-defined]
    if captioned and message.photo is None and message.document is None:
        await answer(update, context, message)
        return
    try:
        await edit(context.bot, pressed.chat.id, pressed.message_id, message, captioned=captioned)
    except BadRequest as error:
        log.info("a pressed message could not be edited: %s", error.message)
        await answer(update, context, message)
