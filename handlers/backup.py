"""/backup: how the backups stand; make one, list them, test one, send one, bring the data back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from handlers import backup_get
from handlers.access import Role
from handlers.backing import Backups
from handlers.call import Call
from handlers.live import Live, Show
from handlers.views import backup as view
from handlers.views import backup_list, backup_sure, backup_work, welcome
from handlers.views.i18n import Language
from handlers.views.message import Message
from handlers.views.text import fold
from jobs.backup_results import Made, Retrieved, UnderWay, Work
from storage.tracker import FolderState, Snapshot

T = TypeVar("T")

NOW, LIST, TEST, GET, RESTORE = "now", "list", "test", "get", "restore"
DATA = "data"
SEALED, MEANT = "bkyes", "bkgone"  # the verbs whose button is good once
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "": "",
        **dict.fromkeys(("now", "maintenant"), NOW),
        **dict.fromkeys(("list", "liste", "lister"), LIST),
        **dict.fromkeys(("test", "tester", "essai"), TEST),
        **dict.fromkeys(("get", "send", "envoyer", "recevoir"), GET),
        **dict.fromkeys(("restore", "restaurer"), RESTORE),
    }
)
CHANGING = frozenset(word for word, form in WORDS.items() if form not in {"", LIST})
LOST = {FolderState.MISSING: "missing", FolderState.EMPTY: "empty"}
ALARMED = {"data.folder.missing": "missing", "freshness.all.none": "empty"}


async def backup(call: Call) -> Message | Show:
    """Return what the word behind the command asks for; without one, the state at a glance."""
    form = WORDS.get(fold(call.args[0] if call.args else ""))
    if form is None or len(call.args) > 1:
        return welcome.note("backup.which", word=" ".join(call.args), language=call.language)
    return await FORMS[form](call)


async def overview(call: Call) -> Message:
    """Return how things stand, and what to do where the data folder is gone."""
    backups = call.services.backups
    seen = view.Seen(
        listing=await backups.listing(),
        under_way=backups.under_way,
        lost=lost(call),
        may_restore=call.role >= Role.ADMIN,
    )
    command = call.services.display.command
    return view.overview(seen, at=call.at, command=command, language=call.language)


async def listing(call: Call, page: int = 0) -> Message:
    """Return one page of what is kept."""
    found = await call.services.backups.listing()
    command = call.services.display.command
    return backup_list.listed(found, page, command=command, language=call.language)


async def now(call: Call) -> Message | Show:
    """Make a backup, and show how far it is."""
    return _work(call, Work.BACKUP, call.services.backups.run, _made)


async def test(call: Call) -> Message | Show:
    """Restore the newest backup into a temporary folder, and show how far it is."""
    return _work(call, Work.DRILL, call.services.backups.drill, _drilled)


async def get(call: Call) -> Message | Show:
    """Send the newest backup to the private chat of who asks."""
    return await backup_get.begin(call)


async def ask(call: Call) -> Message:
    """Return the question whether to replace the data folder; the state is none of the chat's."""
    if call.role < Role.ADMIN:
        role = call.language.plain("role.admin")
        return welcome.note("denied.role", role=role, language=call.language)
    found = await call.services.backups.listing()
    newest = found.newest_of(DATA)
    if newest is None and found.strangers:
        theirs = ", ".join(found.strangers)
        return welcome.note("backup.strangers", folders=theirs, language=call.language)
    if newest is None:
        return welcome.note("backup.get.none", language=call.language)
    seal = call.services.seals.make(call.chat_id, SEALED, newest.id, at=call.at)
    return backup_sure.confirm(newest, seal=seal, language=call.language)


async def ask_meant(call: Call) -> Message:
    """Return the question whether what was lost was to go."""
    found = await call.services.backups.listing()
    if not found.losses or found.newest is None:
        return welcome.note("backup.meant.none", language=call.language)
    seal = call.services.seals.make(call.chat_id, MEANT, found.newest.id, at=call.at)
    return backup_sure.meant(found, seal=seal, language=call.language)


async def meant(call: Call) -> Message | Show:
    """Make the backup that ends a loss, and show how far it is; it joins no other."""
    busy = call.services.backups.under_way
    if busy is not None:
        return _busy(busy, call)
    return _work(call, Work.BACKUP, partial(call.services.backups.run, meant=True), _made)


async def restore(call: Call, snapshot_id: str) -> Message | Show:
    """Put a backup's data folder back, and show how far it is; then look, so that alerts close."""

    async def begin() -> Retrieved:
        outcome = await call.services.backups.restore_data(snapshot_id)
        if outcome.whole:
            await call.services.watch.run()
        return outcome

    return _work(call, Work.RESTORE, begin, _restored)


FORMS: Mapping[str, Callable[[Call], Awaitable[Message | Show]]] = MappingProxyType(
    {"": overview, NOW: now, LIST: listing, TEST: test, GET: get, RESTORE: ask}
)


def lost(call: Call) -> str:
    """Return `missing` or `empty` where the data folder was last found so, else nothing.

    Where the last look could not tell (a slow disk), what is still alarmed counts.
    """
    last = call.services.watch.last
    data = None if last is None else last.facts.data
    if isinstance(data, Snapshot):
        return LOST.get(data.folder, "")
    alarmed = {one.fact.key for one in call.services.alerts.open()}
    return next((word for fact, word in ALARMED.items() if fact in alarmed), "")


def _work(
    call: Call,
    work: Work,
    begin: Callable[[], Awaitable[T]],
    told: Callable[[T, Language], Message],
) -> Message | Show:
    """Return a message that shows the work until its end; what is under way is joined."""
    backups = call.services.backups
    busy = backups.under_way
    if busy is not None and busy.work is not work:
        return _busy(busy, call)
    joined = busy is not None
    first = busy or UnderWay(work=work, since=call.at.wall)

    async def play(live: Live) -> None:
        task = asyncio.ensure_future(begin())
        await _watch(live, task, backups, lambda it: _step(it, joined=joined, call=call))
        if task.exception() is not None:
            await live.finish(backup_work.interrupted(work, language=call.language))
        language = call.language.at(call.services.clock().wall)
        await live.finish(told(task.result(), language))

    return Show(first=_step(first, joined=joined, call=call), play=play, what=work.value)


async def _watch(
    live: Live,
    task: "asyncio.Future[T]",
    backups: Backups,
    picture: Callable[[UnderWay], Message],
) -> None:
    """Show how far the work is, until it is done."""
    while not (await asyncio.wait({task}, timeout=live.every_s))[0]:
        under_way = backups.under_way
        if under_way is not None:
            await live.show(picture(under_way))


def _step(under_way: UnderWay, *, joined: bool, call: Call) -> Message:
    return backup_work.progress(under_way, joined=joined, language=call.language)


def _busy(busy: UnderWay, call: Call) -> Message:
    html = call.language.say(f"backup.busy.{busy.work}", since_at=busy.since)
    return Message(html=html)


def _made(outcome: Made, language: Language) -> Message:
    return backup_work.made(outcome, language=language)


def _drilled(outcome: Retrieved, language: Language) -> Message:
    return backup_work.retrieved(Work.DRILL, outcome, language=language)


def _restored(outcome: Retrieved, language: Language) -> Message:
    return backup_work.retrieved(Work.RESTORE, outcome, language=language)
