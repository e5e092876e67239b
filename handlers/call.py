"""What a command or a button gets: who asks, where, in which language, with which words."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ParamSpec, TypeAlias, TypeVar

from telegram import Chat, Update, User
from telegram import Message as Posted

from handlers.access import Role
from handlers.context import Context, Services, services
from handlers.live import Show
from handlers.views.i18n import Language, language
from handlers.views.message import Message
from handlers.views.text import clean, clip
from storage.records import Moment, Value

P = ParamSpec("P")
R = TypeVar("R")

NAME_UNITS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One question: the words after the command, or the arguments of a button."""

    services: Services
    language: Language
    at: Moment
    role: Role
    who: str
    user_id: int
    chat_id: int
    thread_id: int | None
    args: tuple[str, ...] = ()
    commands: "tuple[Command, ...]" = ()
    sees_all: bool = False

    @property
    def private(self) -> bool:
        """Return whether nobody else reads this chat."""
        return self.chat_id == self.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a press does: a toast, the pressed message anew, and a message below it.

    `show` is one below that goes on changing.

    `values` is what the toast has to say beside who pressed.
    """

    toast: str = ""
    values: Mapping[str, Value | datetime] = field(default_factory=dict)
    edit: Message | None = None
    reply: Message | None = None
    show: Show | None = None


Handler: TypeAlias = Callable[[Call], Awaitable[Message | Show]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: its English name, its other names (the French one first), who may use it.

    `changes` marks a command that changes something: it is refused when it is older than two
    minutes; where only some of its words do so, `changing` lists them. `slow` ones show that they
    work and do not hold up the commands behind them.
    """

    name: str
    handler: Handler
    role: Role = Role.VIEWER
    aliases: tuple[str, ...] = ()
    changes: bool = False
    changing: frozenset[str] = frozenset()
    slow: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name this command answers to, the English one first."""
        return (self.name, *self.aliases)

    def would_change(self, args: tuple[str, ...]) -> bool:
        """Return whether it changes something when it is asked with these words."""
        return self.changes or any(word.casefold() in self.changing for word in args)

    def shown(self, code: str) -> str:
        """Return the name that readers of this language see."""
        return self.aliases[0] if code == "fr" and self.aliases else self.name


async def blocking(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return what `work` returns, done in a thread: commits and SQLite block.

    What `AlertManager` reads is in memory and never waits: ask it directly.
    """
    return await asyncio.to_thread(work, *args, **kwargs)


def display_name(user: User) -> str:
    """Return the name others see in a chat, on one harmless line."""
    return clip(clean(user.full_name), NAME_UNITS) or str(user.id)


def thread_of(message: Posted | None) -> int | None:
    """Return the topic a message stands in, None outside topics."""
    return message.message_thread_id if message is not None and message.is_topic_message else None


def call(
    update: Update,
    context: Context,
    args: tuple[str, ...] = (),
    commands: tuple[Command, ...] = (),
) -> Call:
    """Return the question of an update that passed the gate."""
    user, chat = update.effective_user, update.effective_chat
    if user is None or chat is None:
        message = "the gate lets nothing pass that has no sender"
        raise TypeError(message)
    parts, at = services(context), services(context).clock()
    return Call(
        services=parts,
        language=_language(parts, user, chat, at),
        at=at,
        role=parts.role(user.id, chat.id),
        who=display_name(user),
        user_id=user.id,
        chat_id=chat.id,
        thread_id=thread_of(update.effective_message),
        args=args,
        commands=commands,
        sees_all=bool(context.bot.bot.can_read_all_group_messages),
    )


def _language(parts: Services, user: User, chat: Chat, at: Moment) -> Language:
    own = user.language_code or "" if chat.id == user.id else ""
    code = parts.chats.language(chat.id, own) or parts.display.language
    return language(code, parts.display.timezone, at.wall)
