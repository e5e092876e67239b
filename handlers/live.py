"""Answers that go on changing: one message, edited in place while something is under way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from telegram import Bot
from telegram import Message as Posted
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from handlers import sending
from handlers.views.message import Message

log = logging.getLogger(__name__)

GROUP_FACTOR = 2.0  # a group takes twenty messages a minute, edits among them
PAUSES = (1, 2, 5, 10, 20, 40)  # before the last word is tried again, times the pace
LONGEST_WAIT_S = 300.0  # a part of something larger; the last word waits as long as it must


def wait_s(error: RetryAfter) -> float:
    """Return how long Telegram asks to wait."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


@dataclass(slots=True)
class Live:
    """The message on screen. A step that cannot be shown is passed over, the last word is not."""

    bot: Bot
    posted: Posted
    thread_id: int | None
    every_s: float
    shown: Message
    _gone: bool = field(default=False, init=False)
    _next_s: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        """Count the pace from the first message on; a group's is slower."""
        if self.posted.chat.id < 0:
            self.every_s *= GROUP_FACTOR
        self._wait(self.every_s)

    async def show(self, message: Message) -> None:
        """Edit it in place unless it reads so already; waits until it is time for an edit."""
        if message == self.shown or self._gone:
            return
        await asyncio.sleep(max(0.0, self._next_s - asyncio.get_running_loop().time()))
        self._wait(self.every_s)
        try:
            await self._edit(message)
        except RetryAfter as error:
            self._wait(max(wait_s(error), self.every_s))
        except TelegramError as error:
            log.debug("a step was not shown: %s", type(error).__name__)

    async def finish(self, message: Message) -> None:
        """Edit the last word in place, trying for a minute or two; anew where it is gone."""
        for pause in PAUSES:
            delay_s = pause * self.every_s
            try:
                return await self._say(message)
            except RetryAfter as error:
                delay_s = wait_s(error)
            except BadRequest:
                raise
            except NetworkError as error:
                log.info("Telegram did not take the last word yet: %s", type(error).__name__)
            await asyncio.sleep(delay_s)
        return await self._say(message)

    async def post(self, message: Message) -> Posted:
        """Send a message of its own below; PTB's errors pass through."""
        return await sending.send(self.bot, self.posted.chat.id, self.thread_id, message)

    async def _say(self, message: Message) -> None:
        if not self._gone and message != self.shown:
            await self._edit(message)
        if self._gone:
            self.posted = await self.post(message)

    async def _edit(self, message: Message) -> None:
        try:
            await sending.edit(self.bot, self.posted.chat.id, self.posted.message_id, message)
        except BadRequest as error:
            log.info("a message under way could not be edited: %s", error.message)
            self._gone = True
        else:
            self.shown = message

    def _wait(self, seconds: float) -> None:
        self._next_s = asyncio.get_running_loop().time() + seconds


Play: TypeAlias = Callable[[Live], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """An answer that goes on changing: what it says at first, and what it does from then on.

    `what` names the work, for the message's last word should Vigie be stopped before its end.
    """

    first: Message
    play: Play
    what: str
