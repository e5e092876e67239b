"""Delivery's calls to the Bot API, and what each of its errors means."""

import html
import re
from collections.abc import Awaitable
from dataclasses import replace

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.delivery.outcome import Failed, Fault, Outcome, Sent
from handlers import sending
from handlers.views.message import Message
from storage.chats import Chats, parts

TAG = re.compile(r"<[^>]*>")
MARKUP = ("can't parse", "can't find end", "unsupported start tag", "unclosed")
GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "need administrator rights",
    "have no rights to send",
    "not enough rights to send",
    "chat_write_forbidden",
    "group chat was deleted",
)
ONE_KIND = ("to send documents", "to send photos")  # a chat that takes text is not lost
VANISHED = ("message to edit not found", "message can't be edited", "message_id_invalid")
TRANSPORT = ("httpx.", "Unknown error in HTTP implementation")
NEVER_CONNECTED = "Connect"
NO_TOPIC = ("message thread not found", "topic_deleted", "topic_closed")


class TelegramSender:
    """A `Sender` over PTB's bot. A topic that is gone falls back to the chat itself."""

    def __init__(self, bot: Bot, chats: Chats) -> None:
        self._bot = bot
        self._chats = chats

    async def send(self, channel: str, message: Message, *, reply_to: int | None = None) -> Outcome:
        """Post a message; a reply to one that is gone goes without."""
        chat_id, topic = self._target(channel)
        outcome = await self._send(chat_id, topic, message, reply_to)
        if topic is not None and _lacks_topic(outcome):
            outcome = await self._send(chat_id, None, message, reply_to)
        return outcome

    async def edit(self, channel: str, message_id: int, message: Message) -> Outcome:
        """Edit a message; one that reads so already is a success."""
        chat_id, _ = self._target(channel)
        call = sending.edit(self._bot, chat_id, message_id, message)
        return await _outcome(_no_id(call))

    async def probe(self, channel: str) -> Outcome:
        """Show the bot as typing: that fails wherever a message would."""
        chat_id, _ = self._target(channel)
        return await _outcome(_no_id(self._bot.send_chat_action(chat_id, ChatAction.TYPING)))

    def _target(self, channel: str) -> tuple[int, int | None]:
        chat_id, topic = parts(channel)
        return self._chats.current(chat_id), topic

    async def _send(
        self, chat_id: int, topic: int | None, message: Message, reply_to: int | None
    ) -> Outcome:
        async def call() -> Sent:
            posted = await sending.send(self._bot, chat_id, topic, message, reply_to)
            return Sent(posted.message_id)

        return await _outcome(call())


def plain(message: Message) -> Message:
    """Return the message without its markup, in a form that always parses."""
    bare = html.escape(html.unescape(TAG.sub("", message.html)), quote=False)
    return replace(message, html=bare)


async def _outcome(call: Awaitable[Sent]) -> Outcome:
    try:
        return await call
    except TelegramError as error:
        return classify(error)


async def _no_id(call: Awaitable[object]) -> Sent:
    await call
    return Sent()


def classify(error: TelegramError) -> Failed:
    """Return what an error means for the message it was about.

    The order matters: in PTB's tree TimedOut and BadRequest are NetworkErrors.
    """
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        wait_s = wait if isinstance(wait, int | float) else wait.total_seconds()
        return Failed(fault=Fault.PAUSED, text="too many requests", retry_after_s=wait_s)
    if isinstance(error, ChatMigrated):
        return Failed(fault=Fault.MIGRATED, text="chat migrated", chat_id=error.new_chat_id)
    return Failed(fault=_fault(error), text=_text(error))


def _fault(error: TelegramError) -> Fault:
    if isinstance(error, InvalidToken):
        return Fault.TOKEN
    if isinstance(error, Forbidden):
        return Fault.GONE
    if isinstance(error, BadRequest):
        return _refusal(error.message.lower())
    if isinstance(error, TimedOut):
        return Fault.UNSURE
    if isinstance(error, NetworkError):
        return Fault.PASSING if _never_left(error) else Fault.UNSURE
    return Fault.UNSURE


def _refusal(message: str) -> Fault:
    if any(words in message for words in MARKUP):
        return Fault.MARKUP
    if any(words in message for words in ONE_KIND):
        return Fault.REJECTED
    if any(words in message for words in GONE):
        return Fault.GONE
    if any(words in message for words in VANISHED):
        return Fault.VANISHED
    return Fault.REJECTED


def _never_left(error: NetworkError) -> bool:
    """Return whether the message is surely not there: refused by an answer, or never connected."""
    transport = error.message.startswith(TRANSPORT)
    return not transport or NEVER_CONNECTED in error.message


def _lacks_topic(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) and any(words in outcome.text for words in NO_TOPIC)


def _text(error: TelegramError) -> str:
    """Return the error in a few words, of transport errors only the kind: they quote addresses."""
    if isinstance(error, Forbidden | BadRequest):
        return error.message.lower()[:200]
    return type(error.__cause__ or error).__name__
