"""The one table of commands: the menu, /help, the docs, the roles and the tests read it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from telegram import Update

from handlers.access import Role
from handlers.context import Context

Handler: TypeAlias = Callable[[Update, Context], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: its English name, its French aliases, who may use it, and what it runs.

    `changes` marks a command that changes something: it is refused when it is older than two
    minutes. `slow` ones do not hold up the commands behind them.
    """

    name: str
    aliases: tuple[str, ...]
    role: Role
    handler: Handler
    changes: bool = False
    slow: bool = False


COMMANDS: tuple[Command, ...] = ()
