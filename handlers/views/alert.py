"""An incident as a message: the living card, what a delivery says, and several in one."""

from collections.abc import Sequence
from datetime import timedelta

from handlers.views.blocks import Builder, listing, quote
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import Markup, escape
from storage.records import Delivery, Incident, Kind, Moment, Mute, Phrase, Severity, TimelineEntry

LATE_S = 60.0
EVIDENCE, TIMELINE, HINT, EFFECT = 9, 8, 7, 6
DIGEST_LINES = 10
DIGEST_UNITS = 3400
GLYPHS = {
    Severity.OK: "🟢",
    Severity.INFO: "🔵",
    Severity.WARNING: "🟡",
    Severity.ERROR: "🟠",
    Severity.CRITICAL: "🔴",
}


def level_word(level: Severity, language: Language) -> Markup:
    """Return the level's name in the reader's language."""
    return language.say(f"level.{level.name.lower()}")


def state_line(incident: Incident, language: Language, mute: Mute | None = None) -> Markup:
    """Return where the incident stands: closed, muted, taken by somebody, or open."""
    if incident.closed is not None:
        return language.say("incident.closed")
    if mute is not None:
        return language.say("incident.muted", until_at=mute.until)
    if incident.ack_by:
        return language.say("incident.taken", who=incident.ack_by)
    return language.say("incident.open")


def card(
    incident: Incident, *, at: Moment, language: Language, mute: Mute | None = None
) -> Message:
    """Return the incident's own message as it stands now, for sending and for every edit."""
    language = language.at(at.wall)
    builder = Builder()
    if incident.closed is None:
        _open(builder, incident, language)
    else:
        _fixed(builder, incident, language)
    builder.gap().add(_footer(incident, language, mute))
    return Message(
        html=builder.build(),
        buttons=buttons(incident, language, muted=mute is not None),
        silent=_silent(incident.level) or incident.closed is not None,
    )


def _open(builder: Builder, incident: Incident, language: Language) -> None:
    fact = _fact(incident.fact, language)
    title = language.say("alert.title", level=level_word(incident.level, language), fact=fact)
    builder.add(f"{GLYPHS[incident.level]} <b>{title}</b>")
    latest = _fact(incident.latest, language)
    if latest != fact:
        builder.add(language.say("alert.now", fact=latest))
    builder.gap().add(language.say("alert.since", since_at=incident.since))
    _advice(builder, incident.fact, language)
    builder.gap().add(_evidence(incident, language), weight=EVIDENCE)


def _advice(builder: Builder, fact: Phrase, language: Language) -> None:
    for part, weight in (("effect", EFFECT), ("try", HINT)):
        key = f"{fact.key}.{part}"
        if language.has(key):
            text = language.say(Phrase(key, fact.values))
            builder.add(language.say(f"alert.{part}", text=text), weight=weight)


def _fixed(builder: Builder, incident: Incident, language: Language) -> None:
    closed = incident.closed or incident.opened
    title = language.say("alert.fixed", fact=_fact(incident.latest, language))
    builder.add(f"{GLYPHS[Severity.OK]} <b>{title}</b>")
    builder.add(f"<s>{_fact(incident.fact, language)}</s>")
    builder.gap().add(_lasted(incident, language))
    if incident.ack_at is not None:
        took_s = (incident.ack_at - incident.opened).total_seconds()
        builder.add(language.say("alert.acked", who=incident.ack_by, after_s=took_s))
    builder.gap().add(_timeline(incident, language), weight=TIMELINE)
    _ = closed


def _lasted(incident: Incident, language: Language) -> Markup:
    closed = incident.closed or incident.opened
    lasted_s = (closed - incident.since).total_seconds()
    return language.say(
        "alert.lasted", lasted_s=lasted_s, since_at=incident.since, closed_at=closed
    )


def _timeline(incident: Incident, language: Language) -> Markup:
    lines = [timeline_line(entry, language) for entry in incident.timeline]
    body = listing(lines, limit=1200, more=lambda n: language.say("list.more", n=n))
    return quote(language.say("alert.timeline"), body)


def timeline_line(entry: TimelineEntry, language: Language) -> Markup:
    """Return one line of an incident's story, with its local time."""
    what = language.say(
        f"timeline.{entry.kind.value}", who=entry.who, level=level_word(entry.level, language)
    )
    clock = language.catalogue.formats.moment(entry.at, language.timezone, "t")
    return Markup(f"{clock} {what}")


def _evidence(incident: Incident, language: Language) -> Markup:
    lines = [f"<code>{language.say(phrase)}</code>" for phrase in incident.evidence]
    more = lambda n: language.say("list.more", n=n)  # noqa: E731
    body = listing(lines, limit=1200, more=more, per_line=1)
    return quote(language.say("alert.evidence"), body)


def _footer(incident: Incident, language: Language, mute: Mute | None = None) -> Markup:
    state = state_line(incident, language, mute)
    return Markup(f"<code>#{incident.number}</code> · {escape(incident.key)} · {state}")


def _fact(fact: Phrase, language: Language) -> Markup:
    return Markup(language.say(fact).removesuffix("."))


def _silent(level: Severity) -> bool:
    return level <= Severity.WARNING


def buttons(
    incident: Incident, language: Language, *, muted: bool = False
) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons of the incident's state: open, taken or fixed."""
    number = incident.number
    details = Button(label=language.plain("button.details"), data=f"v1:details:{number}")
    copy = Button(label=language.plain("button.copy"), copy=f"#{number}")
    if incident.closed is not None:
        return ((details, copy),)
    if incident.ack_by:
        first = Button(label=language.plain("button.release"), data=f"v1:release:{number}")
    else:
        first = Button(
            label=language.plain("button.ack"), data=f"v1:ack:{number}", style=Style.PRIMARY
        )
    hour = Button(label=language.plain("button.mute_1h"), data=f"v1:mute:{number}:3600")
    return ((first,) if muted else (first, hour), (details, copy))


def render(delivery: Delivery, incident: Incident, *, at: Moment, language: Language) -> Message:
    """Return what this delivery sends, with how late it is and whether it may be a repeat."""
    language = language.at(at.wall)
    if delivery.kind in {Kind.RESOLVED, Kind.BRIEF}:
        message = _closing(delivery, incident, language)
    elif delivery.kind == Kind.REPEAT:
        message = _reminder(incident, at=at, language=language)
    else:
        message = card(incident, at=at, language=language)
    notes = _notes(delivery, at=at, language=language)
    html = Markup(f"{message.html}\n{notes}" if notes else message.html)
    return Message(html=html, buttons=message.buttons, silent=message.silent)


def _notes(delivery: Delivery, *, at: Moment, language: Language) -> str:
    late_s = at.logical_s - delivery.created_s
    notes = [language.say("alert.delayed", late_s=late_s)] if late_s > LATE_S else []
    if delivery.maybe_dup:
        notes.append(language.say("alert.maybe_repeat"))
    return "\n".join(notes)


def _closing(delivery: Delivery, incident: Incident, language: Language) -> Message:
    brief = delivery.kind == Kind.BRIEF
    fact = _fact(incident.fact if brief else incident.latest, language)
    title = language.say("alert.brief" if brief else "alert.fixed", fact=fact)
    lines = [f"{GLYPHS[Severity.OK]} <b>{title}</b>"]
    if not brief:
        was = level_word(incident.peak, language)
        lines.append(language.say("alert.was", level=was, fact=_fact(incident.fact, language)))
    lines += [_lasted(incident, language), _footer(incident, language)]
    return Message(html=Markup("\n".join(lines)), silent=True)


def _reminder(incident: Incident, *, at: Moment, language: Language) -> Message:
    open_for = max(at.wall - incident.opened, timedelta(0))
    level = level_word(incident.level, language)
    title = language.say("alert.reminder", level=level, fact=_fact(incident.latest, language))
    builder = Builder().add(f"{GLYPHS[incident.level]} <b>{title}</b>")
    builder.add(language.say("alert.open_for", open_s=open_for.total_seconds()))
    builder.add(_footer(incident, language))
    return Message(
        html=builder.build(), buttons=buttons(incident, language), silent=_silent(incident.level)
    )


def digest(
    rows: Sequence[tuple[Delivery, Incident]], *, at: Moment, language: Language
) -> Message:
    """Return several deliveries as one message: counts by level, the worst ten, the rest counted.

    Sound follows the worst level told; each listed open incident has its button.
    """
    language = language.at(at.wall)
    ranked = sorted(rows, key=lambda row: (-_shown(*row), row[1].number))
    worst = max((_shown(*row) for row in rows), default=Severity.OK)
    builder = Builder()
    title = language.say("digest.title", n=len(rows))
    builder.add(f"{GLYPHS[worst]} <b>{title}</b>").add(_counts(ranked, language)).gap()
    lines = [_digest_line(*row, language) for row in ranked]
    shown = lines[:DIGEST_LINES]
    body = listing(shown, limit=DIGEST_UNITS, more=lambda n: language.say("list.more", n=n))
    builder.add(body)
    if len(lines) > len(shown):
        builder.add(language.say("digest.rest", n=len(lines) - len(shown)))
    late = max((at.logical_s - delivery.created_s for delivery, _ in rows), default=0.0)
    if late > LATE_S:
        builder.add(language.say("alert.delayed", late_s=late))
    return Message(
        html=builder.build(), buttons=_digest_buttons(ranked[:DIGEST_LINES], language),
        silent=_silent(worst),
    )


def _shown(delivery: Delivery, incident: Incident) -> Severity:
    closing = delivery.kind in {Kind.RESOLVED, Kind.BRIEF} or incident.closed is not None
    return Severity.OK if closing else incident.level


def _counts(rows: Sequence[tuple[Delivery, Incident]], language: Language) -> str:
    levels = [_shown(*row) for row in rows]
    seen = sorted(set(levels), reverse=True)
    return " · ".join(
        f"{GLYPHS[level]} {levels.count(level)} {_digest_word(level, language)}" for level in seen
    )


def _digest_word(level: Severity, language: Language) -> str:
    word = "digest.fixed" if level == Severity.OK else f"level.{level.name.lower()}"
    return language.say(word).lower()


def _digest_line(delivery: Delivery, incident: Incident, language: Language) -> str:
    level = _shown(delivery, incident)
    fixed = level == Severity.OK
    fact = _fact(incident.latest if fixed else incident.fact, language)
    return f"{GLYPHS[level]} <code>#{incident.number}</code> {fact}"


def _digest_buttons(
    rows: Sequence[tuple[Delivery, Incident]], language: Language
) -> tuple[tuple[Button, ...], ...]:
    _ = language
    row = [
        Button(label=f"🔎 #{incident.number}", data=f"v1:details:{incident.number}")
        for _delivery, incident in rows
    ]
    return tuple(tuple(row[i : i + 5]) for i in range(0, len(row), 5))
