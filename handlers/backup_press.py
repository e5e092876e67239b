"""The buttons of /backup; what replaces the data folder is asked first, and sealed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from handlers import backup
from handlers.backup_get import begin
from handlers.call import Call, Effect
from handlers.live import Show
from handlers.pressed import number
from handlers.views import backup_sure, welcome
from handlers.views.message import Message

LAST_PAGE = 10_000


def below(form: Callable[[Call], Awaitable[Message | Show]]) -> Callable[[Call], Awaitable[Effect]]:
    """Return the verb that puts what a form of the command says below."""

    async def press(asked: Call) -> Effect:
        return _below(await form(asked))

    return press


async def show(asked: Call) -> Effect:
    """Show how things stand, in place."""
    return Effect(edit=await backup.overview(asked))


async def turn(asked: Call) -> Effect:
    """Show another page of the list, in place."""
    page = number(asked.args[0], LAST_PAGE)
    if page is None:
        return Effect(reply=_stale(asked))
    return Effect(edit=await backup.listing(asked, page))


async def send(asked: Call) -> Effect:
    """Send what was asked about, large as it is."""
    return _below(await begin(asked, confirmed=asked.args[0]))


async def restore(asked: Call) -> Effect:
    """Put the data folder back, if this very thing was asked a moment ago."""
    snapshot_id, seal = asked.args
    seals = asked.services.seals
    if not seals.break_(seal, asked.chat_id, backup.SEALED, snapshot_id, at=asked.at):
        return Effect(toast="button.expired")
    newest = (await asked.services.backups.listing()).newest_of(backup.DATA)
    if newest is None or newest.id != snapshot_id:
        return Effect(toast="toast.bk.newer")
    answered = backup_sure.confirm(newest, seal="", language=asked.language)
    return replace(_below(await backup.restore(asked, snapshot_id)), edit=answered)


async def meant(asked: Call) -> Effect:
    """Take what was lost as meant, if this very thing was asked a moment ago."""
    snapshot_id, seal = asked.args
    seals = asked.services.seals
    if not seals.break_(seal, asked.chat_id, backup.MEANT, snapshot_id, at=asked.at):
        return Effect(toast="button.expired")
    found = await asked.services.backups.listing()
    if found.newest is None or found.newest.id != snapshot_id:
        return Effect(toast="toast.bk.newer")
    answered = backup_sure.meant(found, seal="", language=asked.language)
    return replace(_below(await backup.meant(asked)), edit=answered)


def _below(answer: Message | Show) -> Effect:
    if isinstance(answer, Message):
        return Effect(reply=answer)
    return Effect(show=answer)


def _stale(asked: Call) -> Message:
    return welcome.note("button.stale", language=asked.language)
