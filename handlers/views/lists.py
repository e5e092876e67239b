"""What is open, what is muted, and an incident's details."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from handlers.views.blocks import Builder, fits, listing
from handlers.views.callback import pack
from handlers.views.card import GLYPHS, card, level_word, timeline_line
from handlers.views.i18n import Language
from handlers.views.message import Button, Document, Message, Style
from handlers.views.text import TEXT_UNITS, Markup, clean, clip, escape, visible
from storage.incidents import Incident, Mute
from storage.records import Moment, Severity

ROOM = 3600
BUTTON_ROWS = 6
UNDO_BUTTONS = 20
NOTHING_HELD: Mapping[int, Mute | None] = MappingProxyType({})


def alerts(
    incidents: Sequence[Incident],
    held: Mapping[int, Mute | None] = NOTHING_HELD,
    *,
    at: Moment,
    language: Language,
) -> Message:
    """Return the open incidents, the worst and oldest first, each with its age and who has it.

    `held` has the mute that holds an incident back, by the incident's number.
    """
    ranked = sorted(incidents, key=lambda each: (-each.level, each.since, each.number))
    again = Button(label=language.plain("button.refresh"), data="v1:alerts")
    if not ranked:
        return Message(html=Markup(f"🟢 <b>{language.say('alerts.none')}</b>"), buttons=((again,),))
    glyph = GLYPHS[ranked[0].level]
    title = language.say("alerts.title", n=len(ranked))
    lines = [_alert(each, held.get(each.number), at, language) for each in ranked]
    body = listing(lines, limit=ROOM, more=lambda n: language.say("list.more", n=n), per_line=1)
    rows = [_row(each, language) for each in ranked[:BUTTON_ROWS]]
    return Message(html=Markup(f"{glyph} <b>{title}</b>\n\n{body}"), buttons=(*rows, (again,)))


def _alert(incident: Incident, mute: Mute | None, at: Moment, language: Language) -> str:
    age_s = max(at.wall - incident.since, timedelta(0)).total_seconds()
    fact = language.say(incident.latest).removesuffix(".")
    who = (
        language.say("alerts.taken", who=incident.ack_by)
        if incident.ack_by
        else language.say("alerts.untaken")
    )
    if mute is not None:
        who = Markup(f"{who}, {language.say('incident.muted', until_at=mute.until)}")
    line = language.say(
        "alerts.line",
        number=incident.number,
        level=level_word(incident.level, language),
        fact=Markup(fact),
        age_s=age_s,
        who=who,
    )
    return f"{GLYPHS[incident.level]} {line}"


def _row(incident: Incident, language: Language) -> tuple[Button, ...]:
    number = incident.number
    details = Button(label=f"🔎 #{number}", data=pack("details", number))
    mute = Button(label=f"🔕 #{number}", data=pack("mute", number, 3600, "l"))
    if incident.ack_by:
        label = f"{language.plain('button.release')} #{number}"
        return (Button(label=label, data=pack("release", number, "l")), mute, details)
    label = f"{language.plain('button.ack_short')} #{number}"
    return (Button(label=label, data=pack("ack", number, "l"), style=Style.PRIMARY), mute, details)


def details(
    incident: Incident, mute: Mute | None = None, *, at: Moment, language: Language
) -> Message:
    """Return everything known of one incident; a text file where a message cannot hold it."""
    language = language.at(at.wall)
    shown = card(incident, at=at, language=language, mute=mute, folded=False)
    builder = Builder(limit=10**9).add(shown.html)
    story = [str(timeline_line(entry, language)) for entry in incident.timeline]
    proof = [f"<code>{language.say(each)}</code>" for each in incident.evidence]
    for title, lines in (("alert.evidence", proof), ("alert.timeline", story)):
        if lines:
            builder.gap().add(f"<b>{language.say(title)}</b>").add("\n".join(lines))
    full = builder.build()
    if fits(full, TEXT_UNITS):
        return Message(html=full)
    head = f"<code>#{incident.number}</code> {language.say('details.attached')}"
    name = f"incident-{incident.number}.txt"
    document = Document(name=name, content=_plain(incident, language).encode("utf-8", "replace"))
    return Message(html=Markup(head), document=document)


def _plain(incident: Incident, language: Language) -> str:
    lines = [f"#{incident.number} {clean(incident.key)}", language.plain(incident.fact)]
    lines += ["", language.plain("alert.timeline")]
    lines += [visible(timeline_line(entry, language)) for entry in incident.timeline]
    lines += ["", language.plain("alert.evidence")]
    lines += [language.plain(each) for each in incident.evidence]
    return "\n".join(lines) + "\n"


def mutes(muted: Sequence[Mute], *, missed: str = "", language: Language) -> Message:
    """Return what is silenced, until when, by whom and why, each with its undo button.

    `missed` is what somebody asked for that is not among them.
    """
    if not muted:
        return Message(html=Markup(f"🔔 {language.say('mutes.none')}"))
    ranked = sorted(muted, key=lambda each: (each.until, each.id))
    lines = [mute_line(each, language) for each in ranked]
    body = listing(lines, limit=ROOM, more=lambda n: language.say("list.more", n=n), per_line=3)
    title = language.say("mutes.title", n=len(ranked))
    undo = [_undo(each, language) for each in ranked[:UNDO_BUTTONS]]
    sorry = f"{language.say('unmute.unknown', what=missed)}\n\n" if missed else ""
    html = Markup(f"{sorry}🔕 <b>{title}</b>\n\n{body}")
    return Message(html=html, buttons=tuple((b,) for b in undo))


def _undo(mute: Mute, language: Language) -> Button:
    label = language.plain(
        "button.unmute_one", glob=Markup(escape(clip(_what(mute, language), 30)))
    )
    return Button(label=label, data=pack("unmute", mute.id), style=Style.SUCCESS)


def _what(mute: Mute, language: Language) -> str:
    if mute.glob == "*":
        return language.plain("mute.everything")
    return clean(mute.glob.removeprefix("*:"))


def mute_line(mute: Mute, language: Language) -> str:
    """Return one mute: what, until when, by whom, why."""
    line = language.say("mutes.line", glob=_what(mute, language), until_at=mute.until, who=mute.by)
    if mute.max_level not in {Severity.ERROR, Severity.CRITICAL}:
        line = Markup(
            f"{line} {language.say('mutes.up_to', level=level_word(mute.max_level, language))}"
        )
    reason = clip(clean(mute.reason), 120)
    return f"{line}\n<i>{language.say('mute.reason', reason=reason)}</i>" if reason else line


def muted(made: Sequence[Mute], others: int, *, language: Language) -> Message:
    """Return the answer to /mute: what is held back now, and what still rings."""
    lines = "\n".join(mute_line(each, language) for each in made)
    level = max((each.max_level for each in made), default=Severity.ERROR)
    builder = Builder().add(f"🔕 <b>{language.say('mute.done')}</b>").add(lines).gap()
    if level < Severity.ERROR:
        builder.add(language.say("mute.held_level", level=level_word(level, language)))
    else:
        rings = level < Severity.CRITICAL
        builder.add(language.say("mute.held_critical" if rings else "mute.held"))
    builder.add(language.say("mute.others", n=others) if others else "")
    return Message(html=builder.build(), buttons=tuple((_undo(each, language),) for each in made))
