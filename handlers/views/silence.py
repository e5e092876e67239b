"""What to hold back and for how long, asked with buttons."""

from collections.abc import Sequence

from handlers.views.callback import pack
from handlers.views.card import GLYPHS
from handlers.views.i18n import Language
from handlers.views.message import Button, Message
from handlers.views.text import Markup, clean, clip
from storage.incidents import Incident
from storage.records import Severity

EVERYTHING = "all"
INCIDENTS, SOURCES = 6, 9
LENGTHS_S = (3600, 7200, 28_800, 86_400)
LENGTHS_CRITICAL_S = (1800, 3600, 14_400)
LABEL_UNITS = 40


def what(incidents: Sequence[Incident], sources: Sequence[str], *, language: Language) -> Message:
    """Return what there is to hold back: what is open now, each source, everything."""
    ranked = sorted(incidents, key=lambda each: (-each.level, each.number))[:INCIDENTS]
    rows: list[tuple[Button, ...]] = [
        (_choice(f"{GLYPHS[each.level]} #{each.number} {_short(each.key)}", f"#{each.number}"),)
        for each in ranked
    ]
    named = [_choice(_short(name) or "?", name) for name in sources[:SOURCES]]
    rows += [tuple(named[i : i + 3]) for i in range(0, len(named), 3)]
    rows.append((_choice(language.plain("button.everything"), EVERYTHING),))
    title, usage = language.say("mute.what"), language.say("mute.usage")
    return Message(html=Markup(f"🔕 <b>{title}</b>\n{usage}"), buttons=tuple(rows))


def _short(name: str) -> str:
    return clip(clean(name), LABEL_UNITS)


def _choice(label: str, word: str) -> Button:
    return Button(label=label, data=pack("howlong", int(Severity.OK), word))


def how_long(word: str, shown: str, *, level: Severity, language: Language) -> Message:
    """Return the question how long to hold this back; `shown` says what it is."""
    lengths = LENGTHS_S if level < Severity.CRITICAL else LENGTHS_CRITICAL_S
    row = tuple(
        Button(label=language.value("for_s", length), data=pack("hush", length, int(level), word))
        for length in lengths
    )
    back = Button(label=language.plain("button.back"), data="v1:mutewhat")
    html = Markup(f"🔕 {language.say('mute.how_long', glob=shown)}")
    return Message(html=html, buttons=(row, (back,)))
