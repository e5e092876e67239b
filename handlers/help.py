"""/start and /help: what Vigie is, and what it can be asked."""

import difflib

from handlers.access import Role
from handlers.call import Call, Command, blocking
from handlers.views import welcome as view
from handlers.views.message import Message

LIKELY = 0.6


async def start(call: Call) -> Message:
    """Return the greeting; from now on this chat is told in the language of who greets."""
    if call.private:
        await blocking(call.services.chats.remember, call.chat_id, call.language.code)
        await blocking(call.services.chats.meet, call.chat_id, call.who)
    return view.start(
        entries(call),
        call.services.watch.last,
        call.role.name.lower(),
        str(call.services.display.timezone),
        language=call.language,
    )


async def help_(call: Call) -> Message:
    """Return the commands this reader may use, or one of them in full."""
    if not call.args:
        return view.commands(entries(call), language=call.language)
    word = call.args[0].removeprefix("/").lower()
    for each in _allowed(call):
        if word in each.names:
            return view.command(_entry(each, call), each.names, language=call.language)
    return view.unknown(word, likely(word, call), language=call.language)


async def unknown(call: Call) -> Message:
    """Return the answer to a command there is none of."""
    word = call.args[0].removeprefix("/").partition("@")[0].lower() if call.args else ""
    return view.unknown(word, likely(word, call), language=call.language)


async def small_talk(call: Call) -> Message:
    """Return the hint that Vigie listens to commands."""
    return view.note("help.small_talk", language=call.language)


def likely(word: str, call: Call) -> str | None:
    """Return the command that was probably meant, among those the reader may use."""
    names = [name for each in _allowed(call) for name in each.names]
    return next(iter(difflib.get_close_matches(word, names, n=1, cutoff=LIKELY)), None)


def entries(call: Call) -> list[view.Entry]:
    """Return the reader's commands by the names of the reader's language."""
    return [_entry(each, call) for each in _allowed(call)]


def _allowed(call: Call) -> list[Command]:
    return [each for each in call.commands if each.role <= max(call.role, Role.STRANGER)]


def _entry(command: Command, call: Call) -> view.Entry:
    return view.Entry(command.shown(call.language.code), command.name)
