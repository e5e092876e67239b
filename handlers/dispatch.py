"""From a Telegram update to a command and back: age, role, the call, the answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from telegram import Message as Posted
from telegram import Update
from telegram.constants import ChatAction
from telegram.error import BadRequest, RetryAfter, TelegramError

from handlers import help as manual
from handlers.access import Role
from handlers.call import Call, Command, blocking, call, thread_of
from handlers.context import Context, services
from handlers.live import Live, Show, wait_s
from handlers.sending import send
from handlers.views import welcome
from handlers.views.message import Message
from storage.unfinished import NOT_YET, Unfinished

log = logging.getLogger(__name__)

EXPIRES = timedelta(seconds=120)
LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs one command of the table for PTB."""

    command: Command
    commands: tuple[Command, ...]

    async def __call__(self, update: Update, context: Context) -> None:
        """Answer the command where it was asked."""
        asked = call(update, context, tuple(context.args or ()), self.commands)
        message: Message | Show | None = self.refusal(asked, update.message)
        if message is None:
            if self.command.slow:
                await _busy(asked, context)
            message = await self.command.handler(asked)
        await tell(update, context, message)

    def refusal(self, asked: Call, posted: Posted | None) -> Message | None:
        """Return why the command is not run: the role is too low, or it is too old."""
        if asked.role < self.command.role:
            role = asked.language.plain(f"role.{self.command.role.name.lower()}")
            return welcome.note("denied.role", role=role, language=asked.language)
        late = posted is not None and asked.at.wall - posted.date > EXPIRES
        if late and self.command.would_change(asked.args):
            return welcome.note("denied.expired", language=asked.language)
        return None


@dataclass(frozen=True, slots=True)
class Fallback:
    """Answers what is no command: in groups only when it was addressed to this bot."""

    commands: tuple[Command, ...]

    async def __call__(self, update: Update, context: Context) -> None:
        """Suggest the command that was probably meant."""
        words = ((update.message.text if update.message else None) or "").split()
        name, _, to = (words[0] if words else "").partition("@")
        asked = call(update, context, (name, *words[1:]), self.commands)
        addressed = to.lower() == (context.bot.username or "").lower()
        if not addressed and (to or not asked.private):
            return
        if asked.role == Role.STRANGER:
            return
        handler = manual.unknown if name.startswith("/") else manual.small_talk
        await tell(update, context, await handler(asked))


async def _busy(asked: Call, context: Context) -> None:
    """Show that something is under way; that it cannot be shown is no reason to stop."""
    try:
        await context.bot.send_chat_action(
            asked.chat_id, ChatAction.TYPING, message_thread_id=asked.thread_id
        )
    except TelegramError as error:
        log.debug("no chat action: %s", type(error).__name__)


async def tell(update: Update, context: Context, message: Message | Show) -> None:
    """Send it as `answer` does; where it goes on changing, let it run its course."""
    if isinstance(message, Message):
        await answer(update, context, message)
        return
    asked, parts = call(update, context), services(context)
    intent = Unfinished(
        chat_id=asked.chat_id, message_id=NOT_YET, what=message.what,
        language=asked.language.code, since=asked.at.wall,
    )  # fmt: skip
    await blocking(parts.unfinished.begin, intent)
    row = intent
    try:
        posted = await answer(update, context, message.first)
        if posted is not None:
            row = replace(intent, message_id=posted.message_id)
            await blocking(parts.unfinished.begin, row, instead_of=intent)
            pace_s = parts.display.edit_every_s
            live = Live(context.bot, posted, asked.thread_id, pace_s, message.first)
            await message.play(live)
    except asyncio.CancelledError:  # Vigie stops: what is on screen is settled at the next start
        raise
    except TelegramError:
        if row is intent:  # nothing is on a screen; else the next start settles it
            await blocking(parts.unfinished.end, row)
        raise
    except BaseException:
        await blocking(parts.unfinished.end, row)
        raise
    await blocking(parts.unfinished.end, row)


async def answer(update: Update, context: Context, message: Message) -> Posted | None:
    """Send it to the chat and topic of the update, and return it; in groups as a reply."""
    chat, posted = update.effective_chat, update.effective_message
    if chat is None:
        return None
    own = update.callback_query is None and chat.id < 0 and posted is not None
    reply_to = posted.message_id if own and posted is not None else None

    async def post(wanted: Message) -> Posted:
        return await send(context.bot, chat.id, thread_of(posted), wanted, reply_to)

    try:
        return await _patiently(lambda: post(message))
    except BadRequest:
        if message.photo is None:
            raise
        log.warning("a picture was refused; its text goes alone")
        return await post(replace(message, photo=None))


async def _patiently(work: Callable[[], Awaitable[Posted]]) -> Posted:
    """Do it; where Telegram asks to wait a moment first, wait and do it once more."""
    try:
        return await work()
    except RetryAfter as error:
        pause_s = wait_s(error)
        if pause_s > LONGEST_WAIT_S:
            raise
        await asyncio.sleep(pause_s)
        return await work()
