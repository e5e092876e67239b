"""How Vigie introduces itself, what it can be asked, and who is asking."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.views.blocks import Builder, quote
from handlers.views.health import verdict
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import Markup, hostile
from jobs.watch import Cycle


@dataclass(frozen=True, slots=True)
class Entry:
    """One command as help shows it: the name to type, and the catalogue's name for it."""

    name: str
    key: str


def start(
    entries: Sequence[Entry], cycle: Cycle | None, role: str, zone: str, *, language: Language
) -> Message:
    """Return the greeting: what is so right now, the reader's role, what can be asked."""
    builder = (
        Builder().add(language.say("start.hello")).gap().add(language.say("start.about")).gap()
    )
    if cycle is None:
        builder.add(language.say("start.no_cycle"))
    else:
        now = verdict(cycle, language)
        builder.add(language.say("start.now", verdict=now, at_at=cycle.at.wall))
    builder.add(language.say("start.role", role=language.say(f"role.{role}"), zone=zone)).gap()
    builder.add(quote(language.say("help.title"), "\n".join(_line(e, language) for e in entries)))
    buttons = (
        Button(label=language.plain("button.health"), data="v1:newhealth", style=Style.PRIMARY),
        Button(label=language.plain("button.top"), data="v1:newtop"),
    )
    return Message(html=builder.build(), buttons=(buttons,))


def _line(entry: Entry, language: Language) -> str:
    return f"/{entry.name} – {language.say(f'help.{entry.key}')}"


def commands(entries: Sequence[Entry], *, language: Language) -> Message:
    """Return the list of what this reader may ask."""
    body = "\n".join(_line(each, language) for each in entries)
    return Message(
        html=Markup(f"<b>{language.say('help.title')}</b>\n{body}\n\n{language.say('help.more')}")
    )


def command(entry: Entry, names: Sequence[str], *, language: Language) -> Message:
    """Return one command in full: its words, what they mean, its other names."""
    builder = Builder().add(f"<b>/{entry.name}</b> – {language.say(f'help.{entry.key}')}")
    builder.gap().add(language.say(f"usage.{entry.key}"))
    others = " ".join(f"/{name}" for name in names if name != entry.name)
    builder.gap().add(language.say("help.also", names=Markup(others)) if others else "")
    return Message(html=builder.build())


def unknown(word: str, guess: str | None, *, language: Language) -> Message:
    """Return the answer to a command there is none of, with the one that was likely meant."""
    if guess:
        return Message(html=language.say("help.did_you_mean", word=word, guess=Markup(f"/{guess}")))
    return Message(html=language.say("help.unknown", word=word))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What /whoami shows; `known` tells whether the chat is listed."""

    name: str
    user_id: int
    chat_id: int
    thread_id: int | None
    role: str
    known: bool
    sees_all: bool


def whoami(person: Person, *, language: Language) -> Message:
    """Return the ids and the role, and for a stranger how to get in."""
    builder = Builder().add(f"<b>{hostile(person.name, 40)}</b>")
    builder.add(language.say("whoami.user", id=Markup(person.user_id)))
    if person.chat_id != person.user_id:
        builder.add(language.say("whoami.chat", id=Markup(person.chat_id)))
    if person.thread_id is not None:
        builder.add(language.say("whoami.topic", id=Markup(f"{person.chat_id}:{person.thread_id}")))
    builder.add(language.say("whoami.role", role=language.say(f"role.{person.role}")))
    if not person.known:
        builder.gap().add(language.say("whoami.how", id=Markup(person.chat_id)))
    elif person.sees_all:
        builder.gap().add(language.say("whoami.sees_all"))
    return Message(html=builder.build())


def note(key: str, *, language: Language, **values: str | int | float | None) -> Message:
    """Return one sentence as a message."""
    return Message(html=language.say(key, **values))
