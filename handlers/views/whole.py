"""Everything known of an incident as a text file, for what no message has room for."""

from handlers.views.card import ALONE, Around, card, evidence, timeline
from handlers.views.i18n import Language
from handlers.views.message import Document, Message
from handlers.views.text import WORD_JOINER, Markup, visible
from storage.incidents import Incident
from storage.records import Moment


def attached(
    incident: Incident, *, at: Moment, language: Language, around: Around = ALONE
) -> Message:
    """Return the file with a line above it; silent, as its alert has made the sound."""
    language = language.at(at.wall)
    line = f"<code>#{incident.number}</code> {language.say('details.attached')}"
    document = Document(
        name=f"incident-{incident.number}.txt",
        content=text(incident, at=at, language=language, around=around).encode("utf-8", "replace"),
    )
    return Message(html=Markup(line), document=document, silent=True)


def text(incident: Incident, *, at: Moment, language: Language, around: Around = ALONE) -> str:
    """Return the card without markup, then every line of evidence and of the story."""
    shown = card(incident, at=at, language=language, around=around, folded=False)
    parts = [visible(shown.html)]
    for title, lines in (
        ("alert.evidence", evidence(incident, language)),
        ("alert.timeline", timeline(incident, language)),
    ):
        if lines:
            parts += ["", language.plain(title), *map(visible, lines)]
    return "\n".join(parts).replace(WORD_JOINER, "") + "\n"  # no client makes links of a file
