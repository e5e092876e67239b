"""What a delivery says of an incident, and several deliveries in one message."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from handlers.views import whole
from handlers.views.blocks import Builder, listing
from handlers.views.card import (
    ALONE,
    GLYPHS,
    Around,
    advice,
    buttons,
    card,
    footer,
    lasted,
    level_word,
    sentence,
    silent,
)
from handlers.views.health import family_name
from handlers.views.i18n import Language
from handlers.views.message import Button, Message
from handlers.views.mutes import name
from handlers.views.text import Markup, hostile
from storage.incidents import Delivery, Incident, Kind
from storage.records import Moment, Phrase, Severity

__all__ = ["card", "digest", "render"]

LATE_S = 60.0
DIGEST_LINES = 10
DIGEST_UNITS = 3400


def render(
    delivery: Delivery,
    incident: Incident,
    *,
    at: Moment,
    language: Language,
    around: Around = ALONE,
) -> Message:
    """Return what this delivery sends, with how late it is and whether it may be a repeat.

    An update is the card as it stands, for the edit in place.
    """
    language = language.at(at.wall)
    if delivery.note is not None:
        message = note(delivery.note, language)
    elif delivery.kind in {Kind.RESOLVED, Kind.BRIEF}:
        message = _closing(delivery, incident, language)
    elif delivery.kind in {Kind.REPEAT, Kind.ESCALATED} or _rises(delivery, incident):
        message = _again(delivery, incident, at=at, language=language, around=around)
    elif delivery.kind is Kind.FULL:
        message = whole.attached(incident, at=at, language=language, around=around)
    else:
        message = card(incident, at=at, language=language, around=around)
    return marked(message, delivery, at=at, language=language)


def note(phrase: Phrase, language: Language) -> Message:
    """Return a line that belongs to no incident, with what it means and what to do; silent."""
    glob = phrase.values.get("glob")
    if isinstance(glob, str):
        phrase = Phrase(phrase.key, {**phrase.values, "glob": name(glob, language)})
    builder = Builder().add(language.say(phrase))
    advice(builder, phrase, language)
    return Message(html=builder.build(), silent=True)


def marked(message: Message, delivery: Delivery, *, at: Moment, language: Language) -> Message:
    """Return the message with how late it is, and that it may be a repeat; an edit is neither."""
    if delivery.kind == Kind.UPDATE:
        return message
    late_s = at.logical_s - delivery.created_s
    notes = [language.say("alert.delayed", late_s=late_s)] if late_s > LATE_S else []
    if delivery.maybe_dup:
        notes.append(language.say("alert.maybe_repeat"))
    return replace(message, html=Markup("\n".join([message.html, *notes])))


def _rises(delivery: Delivery, incident: Incident) -> bool:
    """Return whether it says that an incident got worse, below the card that was edited."""
    return delivery.kind is Kind.WORSE and delivery.channel in incident.messages


def _closing(delivery: Delivery, incident: Incident, language: Language) -> Message:
    brief = delivery.kind == Kind.BRIEF
    fact = sentence(incident.fact if brief else incident.latest, language)
    title = language.say("alert.brief" if brief else "alert.fixed", fact=fact)
    lines = [f"{GLYPHS[Severity.OK]} <b>{title}</b>"]
    if not brief:
        was = level_word(incident.peak, language)
        lines.append(language.say("alert.was", level=was, fact=sentence(incident.fact, language)))
    lines += [lasted(incident, language), footer(incident, language)]
    return Message(html=Markup("\n".join(lines)), silent=True)


def _again(
    delivery: Delivery, incident: Incident, *, at: Moment, language: Language, around: Around
) -> Message:
    """Return a reminder, that it got worse, or the call for somebody where nobody has taken it."""
    called = delivery.kind == Kind.ESCALATED
    builder = Builder()
    if called:
        _call(builder, incident, at=at, language=language)
    elif delivery.kind is Kind.WORSE:
        _worse(builder, incident, language)
    else:
        _reminder(builder, incident, at=at, language=language)
    if called and around.call:
        builder.add(language.say("alert.calling", names=Markup(", ".join(around.call))))
    builder.add(_named(incident, language))  # how it stands is on its card, which is edited
    return Message(
        html=builder.build(),
        buttons=buttons(incident, language, muted=around.mute is not None),
        silent=silent(incident.level),
    )


def _named(incident: Incident, language: Language) -> Markup:
    """Return the number and what kind of check it is, in words; the card has the key."""
    family = hostile(family_name(incident.check, language))
    return Markup(f"<code>#{incident.number}</code> · {family}")


def _worse(builder: Builder, incident: Incident, language: Language) -> None:
    level = level_word(incident.level, language)
    title = language.say("alert.worse", level=level, fact=sentence(incident.latest, language))
    builder.add(f"{GLYPHS[incident.level]} <b>{title}</b>")
    advice(builder, incident.fact, language)


def _reminder(builder: Builder, incident: Incident, *, at: Moment, language: Language) -> None:
    level = level_word(incident.level, language)
    title = language.say("alert.reminder", level=level, fact=sentence(incident.latest, language))
    builder.add(f"{GLYPHS[incident.level]} <b>{title}</b>")
    key = "alert.open_for_taken" if incident.ack_by else "alert.open_for"
    open_s = max(at.wall - incident.opened, timedelta(0)).total_seconds()
    builder.add(language.say(key, open_s=open_s, who=incident.ack_by))


def _call(builder: Builder, incident: Incident, *, at: Moment, language: Language) -> None:
    since_s = incident.opened_s if incident.critical_s is None else incident.critical_s
    level = level_word(incident.level, language)
    title = language.say(
        "alert.escalated",
        level=level,
        number=incident.number,
        waited_s=max(0.0, at.logical_s - since_s),
    )
    builder.add(f"{GLYPHS[incident.level]} <b>{title}</b>")
    builder.add(sentence(incident.latest, language)).gap()
    builder.add(language.say("alert.since", since_at=incident.since))
    advice(builder, incident.fact, language)


def digest(rows: Sequence[tuple[Delivery, Incident]], *, at: Moment, language: Language) -> Message:
    """Return several deliveries as one message: counts by level, the worst ten, the rest counted.

    Sound follows the worst level told; each listed open incident has its button.
    """
    language = language.at(at.wall)
    ranked = sorted(rows, key=lambda row: (-_shown(*row), row[1].number))
    worst = max((_shown(*row) for row in rows), default=Severity.OK)
    builder = Builder()
    title = language.say("digest.title", n=len(rows))
    builder.add(f"{GLYPHS[worst]} <b>{title}</b>").add(_counts(ranked, language)).gap()
    shown = [_digest_line(*row, language) for row in ranked[:DIGEST_LINES]]
    body = listing(shown, limit=DIGEST_UNITS, more=lambda n: language.say("list.more", n=n))
    builder.add(body)
    if len(ranked) > len(shown):
        builder.add(language.say("digest.rest", n=len(ranked) - len(shown)))
    late = max((at.logical_s - delivery.created_s for delivery, _ in rows), default=0.0)
    if late > LATE_S:
        builder.add(language.say("alert.delayed", late_s=late))
    if any(delivery.maybe_dup for delivery, _ in rows):
        builder.add(language.say("alert.maybe_repeat"))
    return Message(
        html=builder.build(),
        buttons=_digest_buttons(ranked[:DIGEST_LINES]),
        silent=silent(worst),
    )


def _shown(delivery: Delivery, incident: Incident) -> Severity:
    closing = delivery.kind in {Kind.RESOLVED, Kind.BRIEF} or incident.closed is not None
    return Severity.OK if closing else incident.level


def _counts(rows: Sequence[tuple[Delivery, Incident]], language: Language) -> str:
    levels = [_shown(*row) for row in rows]
    seen = sorted(set(levels), reverse=True)
    return " · ".join(
        f"{GLYPHS[level]} {_counted(level, levels.count(level), language)}" for level in seen
    )


def _counted(level: Severity, n: int, language: Language) -> str:
    fixed = level == Severity.OK
    return language.say("digest.fixed" if fixed else f"report.count.{level.name.lower()}", n=n)


def _digest_line(delivery: Delivery, incident: Incident, language: Language) -> str:
    level = _shown(delivery, incident)
    fixed = level == Severity.OK
    fact = sentence(incident.latest if fixed else incident.fact, language)
    return f"{GLYPHS[level]} <code>#{incident.number}</code> {fact}"


def _digest_buttons(
    rows: Sequence[tuple[Delivery, Incident]],
) -> tuple[tuple[Button, ...], ...]:
    row = [
        Button(label=f"🔎 #{incident.number}", data=f"v1:details:{incident.number}")
        for _delivery, incident in rows
    ]
    return tuple(tuple(row[i : i + 3]) for i in range(0, len(row), 3))
