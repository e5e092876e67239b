"""What is open, and an incident's details."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from handlers.views import whole
from handlers.views.blocks import Builder, fits, listing
from handlers.views.callback import pack
from handlers.views.card import (
    ALONE,
    GLYPHS,
    Around,
    card,
    evidence,
    follows,
    held,
    level_word,
    timeline,
)
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import TEXT_UNITS, Markup
from storage.incidents import Incident
from storage.records import Moment

ROOM = 3600
BUTTON_ROWS = 6
ALL_ALONE: Mapping[int, Around] = MappingProxyType({})


def alerts(
    incidents: Sequence[Incident],
    arounds: Mapping[int, Around] = ALL_ALONE,
    *,
    at: Moment,
    language: Language,
) -> Message:
    """Return the open incidents, the worst and oldest first, each with its age and who has it.

    `arounds` has what holds an incident back and what it follows from, by its number.
    """
    language = language.at(at.wall)
    ranked = sorted(incidents, key=lambda each: (-each.level, each.since, each.number))
    again = Button(label=language.plain("button.refresh"), data="v1:alerts")
    if not ranked:
        return Message(html=Markup(f"🟢 <b>{language.say('alerts.none')}</b>"), buttons=((again,),))
    glyph = GLYPHS[ranked[0].level]
    title = language.say("alerts.title", n=len(ranked))
    lines = [_alert(each, arounds.get(each.number, ALONE), at, language) for each in ranked]
    body = listing(lines, limit=ROOM, more=lambda n: language.say("list.more", n=n), per_line=2)
    rows = [_row(each, arounds.get(each.number, ALONE), language) for each in ranked[:BUTTON_ROWS]]
    return Message(html=Markup(f"{glyph} <b>{title}</b>\n\n{body}"), buttons=(*rows, (again,)))


def _alert(incident: Incident, around: Around, at: Moment, language: Language) -> str:
    age_s = max(at.wall - incident.since, timedelta(0)).total_seconds()
    fact = language.say(incident.latest).removesuffix(".")
    who = (
        language.say("alerts.taken", who=incident.ack_by)
        if incident.ack_by
        else language.say("alerts.untaken")
    )
    parts = [who, held(around.mute, language), follows(around.cause, language)]
    line = language.say(
        "alerts.line",
        number=incident.number,
        level=level_word(incident.level, language),
        fact=Markup(fact),
        age_s=age_s,
        who=Markup(", ".join(part for part in parts if part)),
    )
    return f"{GLYPHS[incident.level]} {line}"


def _row(incident: Incident, around: Around, language: Language) -> tuple[Button, ...]:
    number = incident.number
    details = Button(label=f"🔎 #{number}", data=pack("details", number))
    sound = Button(label=f"🔕 #{number}", data=pack("mute", number, 3600, "l"))
    if around.mute is not None:
        sound = Button(label=f"🔔 #{number}", data=pack("sound", number, "l"), style=Style.SUCCESS)
    if incident.ack_by:
        label = f"{language.plain('button.release')} #{number}"
        return (Button(label=label, data=pack("release", number, "l")), sound, details)
    label = f"{language.plain('button.ack_short')} #{number}"
    return (Button(label=label, data=pack("ack", number, "l"), style=Style.PRIMARY), sound, details)


def details(
    incident: Incident, around: Around = ALONE, *, at: Moment, language: Language
) -> Message:
    """Return everything known of one incident; a text file where a message cannot hold it."""
    language = language.at(at.wall)
    shown = card(incident, at=at, language=language, around=around, folded=False)
    builder = Builder(limit=10**9).add(shown.html)
    for title, lines in (
        ("alert.evidence", evidence(incident, language)),
        ("alert.timeline", timeline(incident, language)),
    ):
        if lines:
            builder.gap().add(f"<b>{language.say(title)}</b>").add("\n".join(lines))
    full = builder.build()
    if fits(full, TEXT_UNITS):
        return Message(html=full)
    return replace(whole.attached(incident, at=at, language=language, around=around), silent=False)
