"""The living message of an incident: open, taken, fixed."""

from handlers.views.blocks import Builder, listing, quote
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import Markup, escape
from storage.incidents import Incident, Mute, TimelineEntry
from storage.records import Moment, Phrase, Severity

FOLDED, HINT, EFFECT = 9, 7, 6
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
    """Return where the incident stands: closed, open, taken by somebody, muted."""
    if incident.closed is not None:
        return language.say("incident.closed")
    if mute is None and not incident.ack_by:
        return language.say("incident.open")
    taken = language.say("incident.taken", who=incident.ack_by) if incident.ack_by else ""
    held = "" if mute is None else language.say("incident.muted", until_at=mute.until)
    return Markup(", ".join(part for part in (taken, held) if part))


def card(
    incident: Incident,
    *,
    at: Moment,
    language: Language,
    mute: Mute | None = None,
    folded: bool = True,
) -> Message:
    """Return the incident's own message as it stands now, for sending and for every edit.

    Without `folded`, evidence and timeline are left to whoever shows them in full.
    """
    language = language.at(at.wall)
    builder = Builder()
    if incident.closed is None:
        _open(builder, incident, language)
    else:
        _fixed(builder, incident, language)
    if folded:
        proof = incident.closed is None
        builder.gap().add(
            _evidence(incident, language) if proof else _timeline(incident, language),
            weight=FOLDED,
        )
    builder.gap().add(footer(incident, language, mute))
    return Message(
        html=builder.build(),
        buttons=buttons(incident, language, muted=mute is not None),
        silent=silent(incident.level) or incident.closed is not None,
    )


def _open(builder: Builder, incident: Incident, language: Language) -> None:
    told, eased = incident.fact, incident.level < incident.peak
    if eased and incident.latest.key == told.key:
        told = incident.latest  # the worse fact would name figures and a limit of another level
    fact, latest = sentence(told, language), sentence(incident.latest, language)
    title = language.say("alert.title", level=level_word(incident.level, language), fact=fact)
    builder.add(f"{GLYPHS[incident.level]} <b>{title}</b>")
    if latest != fact:
        builder.add(language.say("alert.now", fact=latest))
    if eased:
        builder.add(language.say("alert.eased", level=level_word(incident.peak, language)))
    builder.gap().add(language.say("alert.since", since_at=incident.since))
    _advice(builder, incident.fact, language)


def _advice(builder: Builder, fact: Phrase, language: Language) -> None:
    for part, weight in (("effect", EFFECT), ("try", HINT)):
        key = f"{fact.key}.{part}"
        if language.has(key):
            text = language.say(Phrase(key, fact.values))
            builder.add(language.say(f"alert.{part}", text=text), weight=weight)


def _fixed(builder: Builder, incident: Incident, language: Language) -> None:
    title = language.say("alert.fixed", fact=sentence(incident.latest, language))
    builder.add(f"{GLYPHS[Severity.OK]} <b>{title}</b>")
    builder.add(f"<s>{sentence(incident.fact, language)}</s>")
    builder.gap().add(lasted(incident, language))
    if incident.ack_at is not None:
        took_s = (incident.ack_at - incident.opened).total_seconds()
        builder.add(language.say("alert.acked", who=incident.ack_by, after_s=took_s))


def lasted(incident: Incident, language: Language) -> Markup:
    """Return from when to when it lasted."""
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
    key = f"timeline.{entry.kind.value}"
    if not entry.who and language.has(f"{key}.over"):  # nobody did it: its time was up
        key = f"{key}.over"
    what = language.say(key, who=entry.who, level=level_word(entry.level, language))
    clock = language.catalogue.formats.moment(entry.at, language.timezone, "t")
    return Markup(f"{clock} {what}")


def _evidence(incident: Incident, language: Language) -> Markup:
    lines = [f"<code>{language.say(phrase)}</code>" for phrase in incident.evidence]
    more = lambda n: language.say("list.more", n=n)  # noqa: E731
    body = listing(lines, limit=1200, more=more, per_line=1)
    return quote(language.say("alert.evidence"), body)


def footer(incident: Incident, language: Language, mute: Mute | None = None) -> Markup:
    """Return the last line: number, key, state."""
    state = state_line(incident, language, mute)
    return Markup(f"<code>#{incident.number}</code> · {escape(incident.key)} · {state}")


def sentence(fact: Phrase, language: Language) -> Markup:
    """Return a fact without its full stop, to stand in a title."""
    return Markup(language.say(fact).removesuffix("."))


def silent(level: Severity) -> bool:
    """Return whether this level makes no sound of its own."""
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
