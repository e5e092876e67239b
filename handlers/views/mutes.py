"""What is muted: until when, by whom and why, and what it takes to hear it again."""

from collections.abc import Sequence
from datetime import time

from handlers.views.blocks import Builder, listing
from handlers.views.callback import NIGHT, pack
from handlers.views.card import level_word
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import Markup, clean, clip, escape
from storage.incidents import Mute
from storage.records import Severity

ROOM = 3600
UNDO_BUTTONS = 20
HOUR_S = 3600
LABEL_UNITS = 30
EVERYTHING = frozenset({"*", "all"})
Request = tuple[Mute, ...]


def requests(muted: Sequence[Mute]) -> list[Request]:
    """Return the mutes as people asked for them, the first to end first: a family is one."""
    found: dict[tuple[object, ...], list[Mute]] = {}
    for each in sorted(muted, key=lambda mute: (mute.until, mute.id)):
        alike = (each.created, each.by, each.until, each.max_level, each.until_fixed, each.reason)
        found.setdefault(alike, []).append(each)
    return [tuple(group) for group in found.values()]


def together(muted: Sequence[Mute], number: int) -> Request:
    """Return the mutes that were asked for with this one, itself among them."""
    groups = requests(muted)
    return next((group for group in groups if any(m.id == number for m in group)), ())


def mutes(muted: Sequence[Mute], *, missed: str = "", language: Language) -> Message:
    """Return what is silenced, each with its undo button.

    `missed` is what somebody asked for that is not among them.
    """
    sorry = f"{language.say('unmute.unknown', what=missed)}\n\n" if missed else ""
    if not muted:
        return Message(html=Markup(f"{sorry}🔔 {language.say('mutes.none')}"))
    groups = requests(muted)
    lines = [line(each, language) for each in groups]
    body = listing(lines, limit=ROOM, more=lambda n: language.say("list.more", n=n), per_line=4)
    title = language.say("mutes.title", n=len(groups))
    undo = tuple((_undo(each, language),) for each in groups[:UNDO_BUTTONS])
    return Message(html=Markup(f"{sorry}🔕 <b>{title}</b>\n\n{body}"), buttons=undo)


def line(group: Request, language: Language) -> str:
    """Return one request: what, until when, by whom, why."""
    mute = group[0]
    key = "mutes.line_fixed" if mute.until_fixed else "mutes.line"
    until = language.clock(mute.until)
    said = language.say(
        key, glob=names(group, language), until=until, until_at=mute.until, who=mute.by
    )
    if mute.max_level != Severity.ERROR:
        level = level_word(mute.max_level, language)
        word = "mutes.critical" if mute.max_level == Severity.CRITICAL else "mutes.up_to"
        said = Markup(f"{said} {language.say(word, level=level)}")
    reason = clip(clean(mute.reason), 120)
    return f"{said}\n<i>{language.say('mute.reason', reason=reason)}</i>" if reason else said


def names(group: Request, language: Language) -> str:
    """Return what is muted, as people call it."""
    return ", ".join(dict.fromkeys(name(each.glob, language) for each in group))


def name(glob: str, language: Language) -> str:
    """Return what a pattern is about, as people call it."""
    if glob in EVERYTHING:
        return language.plain("mute.everything")
    source = glob.removeprefix("*:")
    return clean(glob if source == glob else source.removesuffix(":*"))


def _undo(group: Request, language: Language) -> Button:
    glob = Markup(escape(clip(names(group, language), LABEL_UNITS)))
    label = language.plain("button.unmute_one", glob=glob)
    return Button(label=label, data=pack("unmute", group[0].id), style=Style.SUCCESS)


def muted(made: Sequence[Mute], others: int, *, night: time, language: Language) -> Message:
    """Return the answer to /mute: what is held back now, what still rings, how to change it.

    `night` is when the night is over, for the button that lets it last so long.
    """
    group = tuple(made)
    mute = group[0]
    builder = Builder().add(f"🔕 <b>{language.say('mute.done')}</b>").add(line(group, language))
    builder.gap()
    if mute.max_level < Severity.ERROR:
        level = level_word(mute.max_level, language)
        builder.add(language.say("mute.held_level", level=level))
    else:
        rings = mute.max_level < Severity.CRITICAL
        builder.add(language.say("mute.held_critical" if rings else "mute.held"))
    builder.add(language.say("mute.ends_fixed" if mute.until_fixed else "mute.ends"))
    builder.add(language.say("mute.others", n=others) if others else "")
    return Message(html=builder.build(), buttons=_changes(group, night, language))


def _changes(group: Request, night: time, language: Language) -> tuple[tuple[Button, ...], ...]:
    number = group[0].id
    hour = Button(label=language.plain("button.longer"), data=pack("longer", number, HOUR_S))
    until = language.plain("button.until", clock=f"{night:%H:%M}")
    morning = Button(label=until, data=pack("longer", number, NIGHT))
    end = Button(
        label=language.plain("button.unmute"), data=pack("unmute", number), style=Style.SUCCESS
    )
    return ((end,),) if group[0].until_fixed else ((hour, morning), (end,))
