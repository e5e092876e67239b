"""The gate: every update passes here first, and what nobody let in goes no further."""

import asyncio
import logging
from dataclasses import dataclass, field

from telegram import Message, Update
from telegram.ext import ApplicationHandlerStop

from handlers.access import Role
from handlers.context import Context, services

log = logging.getLogger(__name__)

HOUR_S = 3600.0
STRANGERS_AN_HOUR = 100


@dataclass(slots=True)
class Doorbell:
    """Lets each stranger ask one thing an hour, and a hundred of them at most."""

    rung_s: dict[int, float] = field(default_factory=dict)

    def ring(self, user_id: int, *, now_s: float) -> bool:
        """Return whether this stranger may be answered now."""
        for known in [u for u, at_s in self.rung_s.items() if now_s - at_s >= HOUR_S]:
            del self.rung_s[known]
        if user_id in self.rung_s or len(self.rung_s) >= STRANGERS_AN_HOUR:
            return False
        self.rung_s[user_id] = now_s
        return True


@dataclass(frozen=True, slots=True)
class Gate:
    """Registered in group -1 for every kind of update; stops all that it does not know."""

    doorbell: Doorbell = field(default_factory=Doorbell)

    async def __call__(self, update: Update, context: Context) -> None:
        """Return for a known person's own message or press, else stop the update."""
        why = refusal(update) or self._unknown(update, context)
        if why:
            log.debug("update %s refused: %s", update.update_id, why)
            raise ApplicationHandlerStop
        chat, chats = update.effective_chat, services(context).chats
        if chat is not None and chats.get(chat.id).disabled:
            await asyncio.to_thread(chats.heard_from, chat.id)

    def _unknown(self, update: Update, context: Context) -> str:
        user, chat = update.effective_user, update.effective_chat
        if user is None or chat is None:
            return "no sender"
        parts = services(context)
        if parts.role(user.id, chat.id) > Role.STRANGER:
            return ""
        known = parts.access.person(user.id) > Role.STRANGER
        if not (chat.id == user.id or known) or not _asks_who(update.message, context):
            return "stranger"
        rung = self.doorbell.ring(user.id, now_s=parts.clock().logical_s)
        return "" if rung else "stranger, again within the hour"


def refusal(update: Update) -> str:
    """Return why this update is nobody's own fresh message or press; empty when it is."""
    if update.callback_query is not None:
        bot = update.callback_query.from_user.is_bot
        return "from a bot" if bot else ""
    message = update.message
    if message is None:
        return "neither a message nor a press"
    reasons = {
        "from a bot": message.from_user is None or message.from_user.is_bot,
        "in the name of a chat": message.sender_chat is not None,
        "forwarded": message.forward_origin is not None or bool(message.is_automatic_forward),
        "via a bot": message.via_bot is not None,
        "edited": message.edit_date is not None,
    }
    return next((why for why, true in reasons.items() if true), "")


def _asks_who(message: Message | None, context: Context) -> bool:
    word = ((message.text if message else None) or "").split(maxsplit=1)
    name, _, at = word[0].lower().partition("@") if word else ("", "", "")
    return name == "/whoami" and at in {"", (context.bot.username or "").lower()}
