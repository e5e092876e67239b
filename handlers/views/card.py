"""The living message of an incident: open, taken, muted, fixed."""

from dataclasses import dataclass

from handlers.views import series
from handlers.views.blocks import Builder
from handlers.views.callback import FIXED, pack
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import Markup, hostile
from storage.incidents import Incident, Mute, TimelineEntry
from storage.records import Moment, Phrase, Severity

FOLDED, HINT, EFFECT = 9, 7, 6
LOST = frozenset({"data.folder.missing", "freshness.all.none"})  # what a backup can bring back
KEY_UNITS = 200
GLYPHS = {
    Severity.OK: "🟢",
    Severity.INFO: "🔵",
    Severity.WARNING: "🟡",
    Severity.ERROR: "🟠",
    Severity.CRITICAL: "🔴",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else there is to say of an incident: what holds it back, and what it follows from.

    `call` has links to the people to be called, where a message calls somebody.
    """

    mute: Mute | None = None
    cause: Incident | None = None
    call: tuple[Markup, ...] = ()


ALONE = Around()


def level_word(level: Severity, language: Language) -> Markup:
    """Return the level's name in the reader's language."""
    return language.say(f"level.{level.name.lower()}")


def state_line(incident: Incident, language: Language, around: Around = ALONE) -> Markup:
    """Return where the incident stands: closed; open or taken, muted, a consequence."""
    if incident.closed is not None:
        return language.say("incident.closed")
    taken = language.say("incident.taken", who=incident.ack_by) if incident.ack_by else ""
    parts = [taken, held(around.mute, language), follows(around.cause, language)]
    if not any(parts[:2]):
        parts[0] = language.say("incident.open")
    return Markup(", ".join(part for part in parts if part))


def held(mute: Mute | None, language: Language) -> Markup:
    """Return until when something is muted; nothing where it is not."""
    if mute is None:
        return Markup("")
    key = "incident.muted_fixed" if mute.until_fixed else "incident.muted"
    return language.say(key, until=language.clock(mute.until))


def follows(cause: Incident | None, language: Language) -> Markup:
    """Return what something is only the consequence of; nothing for what stands alone."""
    return Markup("") if cause is None else language.say("incident.follows", number=cause.number)


def card(
    incident: Incident,
    *,
    at: Moment,
    language: Language,
    around: Around = ALONE,
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
        what = "alert.evidence" if incident.closed is None else "alert.timeline"
        lines = (evidence if incident.closed is None else timeline)(incident, language)
        more = lambda n: language.say("list.more", n=n)  # noqa: E731
        builder.gap().fold(language.say(what), lines, more=more, weight=FOLDED)
    builder.gap().add(footer(incident, language, around))
    return Message(
        html=builder.build(),
        buttons=buttons(incident, language, muted=around.mute is not None),
        silent=silent(incident.level) or incident.closed is not None,
        cut=builder.cut,
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
    advice(builder, incident.fact, language)


def advice(builder: Builder, fact: Phrase, language: Language) -> None:
    """Add what the fact means and what to do about it, as far as the catalogue says so."""
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


def timeline(incident: Incident, language: Language) -> list[str]:
    """Return the incident's story, a line each."""
    return [timeline_line(entry, language) for entry in incident.timeline]


def timeline_line(entry: TimelineEntry, language: Language) -> Markup:
    """Return one line of an incident's story, with its local time."""
    key = f"timeline.{entry.kind.value}"
    if not entry.who and language.has(f"{key}.over"):  # nobody did it: its time was up
        key = f"{key}.over"
    what = language.say(key, who=entry.who, level=level_word(entry.level, language))
    clock = language.catalogue.formats.moment(entry.at, language.timezone, "t")
    return Markup(f"{clock} {what}")


def evidence(incident: Incident, language: Language) -> list[str]:
    """Return what was seen of it, a line each, as code."""
    return [f"<code>{language.say(phrase)}</code>" for phrase in incident.evidence]


def footer(incident: Incident, language: Language, around: Around = ALONE) -> Markup:
    """Return the last line of a message that shows how it stands: number, key, state."""
    number, key = f"<code>#{incident.number}</code>", hostile(incident.key, KEY_UNITS)
    return Markup(f"{number} · {key} · {state_line(incident, language, around)}")


def sentence(fact: Phrase, language: Language) -> Markup:
    """Return a fact without its full stop, to stand in a title."""
    return Markup(language.say(fact).removesuffix("."))


def silent(level: Severity) -> bool:
    """Return whether this level makes no sound of its own."""
    return level <= Severity.WARNING


Rows = tuple[tuple[Button, ...], ...]


def buttons(incident: Incident, language: Language, *, muted: bool = False) -> Rows:
    """Return the buttons of the incident's state: open, taken, fixed; none once it is stripped."""
    if incident.stripped:
        return ()
    number = incident.number
    details = _button("details", language, data=pack("details", number))
    chart = (_button("chart", language, data=pack("chart", number)),)
    charts = chart if series.charted(incident.key) else ()
    if incident.closed is not None:
        reopen = _button("reopen", language, data=pack("reopen", number))
        return ((*charts, reopen),)
    loud = _button("unmute", language, data=pack("sound", number), style=Style.SUCCESS)
    if incident.ack_by:
        release = _button("release", language, data=pack("release", number))
        quiet = loud if muted else _button("mute", language, data=pack("muteone", number))
        return ((release, quiet), (details,), *_backups(incident, language))
    take = _button("ack", language, data=pack("ack", number), style=Style.PRIMARY)
    hour = _button("mute_1h", language, data=pack("mute", number, 3600))
    fixed = _button("until_fixed", language, data=pack("mute", number, FIXED))
    copy = Button(label=language.plain("button.copy"), copy=f"#{number}")
    last = (details, *charts, copy)
    quiet_row = (loud,) if muted else (hour, fixed)
    return ((take,), quiet_row, last, *_backups(incident, language))


def _backups(incident: Incident, language: Language) -> Rows:
    """Return the way to the backups where they are what is wrong, or what helps."""
    if not (incident.key.startswith("backup:") or incident.latest.key in LOST):
        return ()
    return ((_button("bk.newoverview", language, data=pack("bknewoverview")),),)


def _button(name: str, language: Language, *, data: str, style: Style = Style.PLAIN) -> Button:
    return Button(label=language.plain(f"button.{name}"), data=data, style=style)
