"""What to hold back and for how long, asked with buttons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from handlers.views.callback import FIXED, NIGHT, pack
from handlers.views.card import GLYPHS
from handlers.views.i18n import Language
from handlers.views.message import Button, Message
from handlers.views.text import Markup, clean, clip
from storage.incidents import Incident
from storage.records import Phrase, Severity

EVERYTHING = "all"
INCIDENTS, SOURCES = 6, 9
LENGTHS_S = (3600, 7200, 28_800)
LENGTHS_CRITICAL_S = (1800, 3600, 14_400)
DAY_S = 86_400
LABEL_UNITS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be muted: the word of /mute for it, what people call it, up to which level.

    `night` is when the night is over; `open`: there is something to wait for until it is fixed.
    """

    word: str
    shown: str
    level: Severity
    night: time
    open: bool


def what(incidents: Sequence[Incident], sources: Sequence[str], *, language: Language) -> Message:
    """Return what there is to hold back: what is open now, each source, everything."""
    ranked = sorted(incidents, key=lambda each: (-each.level, each.number))[:INCIDENTS]
    rows: list[tuple[Button, ...]] = [
        (_choice(_titled(each, language), f"#{each.number}"),) for each in ranked
    ]
    named = [_choice(_short(name) or "?", f'"{name}"') for name in sources[:SOURCES]]
    rows += [tuple(named[i : i + 3]) for i in range(0, len(named), 3)]
    rows.append((_choice(language.plain("button.everything"), EVERYTHING),))
    title, usage = language.say("mute.what"), language.say("mute.usage")
    return Message(html=Markup(f"🔕 <b>{title}</b>\n{usage}"), buttons=tuple(rows))


def _titled(incident: Incident, language: Language) -> str:
    fact = _short(language.plain(incident.latest).removesuffix("."))
    return f"{GLYPHS[incident.level]} #{incident.number} {fact}"


def _short(name: str) -> str:
    return clip(clean(name), LABEL_UNITS)


def _choice(label: str, word: str) -> Button:
    return Button(label=label, data=pack("howlong", int(Severity.OK), word))


def how_long(asked: Asked, *, sorry: Phrase | None = None, language: Language) -> Message:
    """Return the question how long to hold this back; first why it is asked, if it was said."""
    lengths = LENGTHS_S if asked.level < Severity.CRITICAL else LENGTHS_CRITICAL_S
    rows = [tuple(_length(language.value("for_s", s), s, asked) for s in lengths)]
    if asked.level < Severity.CRITICAL:
        night = language.plain("button.until", clock=f"{asked.night:%H:%M}")
        day = _length(language.value("for_s", DAY_S), DAY_S, asked)
        rows.append((day, _length(night, NIGHT, asked)))
    if asked.open:
        rows.append((_length(language.plain("button.until_fixed"), FIXED, asked),))
    rows.append((Button(label=language.plain("button.back"), data="v1:mutewhat"),))
    first = "" if sorry is None else f"{language.say(sorry)}\n\n"
    html = Markup(f"{first}🔕 {language.say('mute.how_long', glob=asked.shown)}")
    return Message(html=html, buttons=tuple(rows))


def _length(label: str, length: int | str, asked: Asked) -> Button:
    return Button(label=label, data=pack("hush", length, int(asked.level), asked.word))
