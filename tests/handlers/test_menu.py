"""The command menu of each chat holds what its people may use, in their language."""

from handlers.menu import publish
from handlers.registry import COMMANDS
from tests.handlers.chat import ADA, TEAM, World


async def test_menus_differ_by_role_and_language(world: World) -> None:
    """Strangers see one command, the group reads, the operator acts; French names in French."""
    await publish(world.app.bot, world.services)
    shown = world.api.menus.shown

    def names(chat: int, user: int, code: str) -> set[str]:
        return {each["command"] for each in shown(chat, user, code)}

    assert names(666, 666, "en") == {"whoami"}
    assert "mute" in names(ADA, ADA, "en")
    assert "silence" in names(ADA, ADA, "fr")
    assert "health" in names(ADA, ADA, "de")
    assert "mute" not in names(TEAM, 8, "en")
    assert "health" in names(TEAM, 8, "en")


async def test_menus_are_pushed_only_when_they_differ(world: World) -> None:
    """A second start asks, and sets nothing."""
    assert await publish(world.app.bot, world.services) == 9
    assert await publish(world.app.bot, world.services) == 0


async def test_an_unknown_chat_does_not_stop_the_others(world: World) -> None:
    """Somebody listed who never started the bot has no menu, the rest have theirs."""
    del world.api.world.chats[ADA]
    assert await publish(world.app.bot, world.services) == 6


def test_names_are_what_telegram_takes() -> None:
    """ASCII, lower case, no name twice."""
    names = [name for each in COMMANDS for name in each.names]
    assert len(names) == len(set(names))
    assert all(name.isascii() and name.islower() and name.isalnum() for name in names)
