"""The command menus of Telegram's clients: what each chat may use, in each language."""

import logging
from collections.abc import Sequence

from telegram import Bot, BotCommand, BotCommandScope, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import BadRequest, Forbidden

from handlers.access import Access, Role
from handlers.call import Command
from handlers.context import Services
from handlers.registry import COMMANDS
from handlers.views.i18n import LANGUAGES, language

log = logging.getLogger(__name__)


async def publish(bot: Bot, services: Services) -> int:
    """Push every menu that differs from what Telegram has; return how many did."""
    pushed = 0
    for scope, role in scopes(services.access):
        for code in ("", *LANGUAGES):
            wanted = menu(role, code or services.display.language, services)
            try:
                pushed += await _push(bot, scope, code, wanted)
            except (BadRequest, Forbidden) as error:
                log.info("a command menu was refused: %s", error.message)
                break
    return pushed


async def _push(bot: Bot, scope: BotCommandScope, code: str, wanted: Sequence[BotCommand]) -> int:
    current = await bot.get_my_commands(scope=scope, language_code=code or None)
    if tuple(current) == tuple(wanted):
        return 0
    await bot.set_my_commands(wanted, scope=scope, language_code=code or None)
    return 1


def scopes(access: Access) -> list[tuple[BotCommandScope, Role]]:
    """Return each listed chat with the role its people have there, strangers first."""
    listed: list[tuple[BotCommandScope, Role]] = [(BotCommandScopeDefault(), Role.STRANGER)]
    for chat_id in sorted(access.chat_ids | access.admin_ids):
        role = access.role(chat_id, chat_id) if chat_id > 0 else Role.VIEWER
        listed.append((BotCommandScopeChat(chat_id), role))
    return listed


def menu(role: Role, code: str, services: Services) -> list[BotCommand]:
    """Return the commands of a role, named and explained in a language."""
    words = language(code, services.display.timezone)
    return [
        BotCommand(each.shown(words.code), words.plain(f"help.{each.name}"))
        for each in COMMANDS
        if _listed(each, role)
    ]


def _listed(command: Command, role: Role) -> bool:
    return command.role <= role
