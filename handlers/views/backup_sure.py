"""The questions before the data folder is replaced, and before a loss is taken as meant.

The seal in a question makes its yes valid once; without one it has been answered.
"""

from handlers.views.backup_lines import lost
from handlers.views.callback import pack
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import Markup
from jobs.backup_results import Listing
from storage.archives.manifest import Figures
from storage.archives.results import Listed


def confirm(newest: Listed, *, seal: str, language: Language) -> Message:
    """Return the question before the data folder is replaced."""
    manifest = newest.manifest
    mine = Figures() if manifest is None else manifest.figures.get("data", Figures())
    html = language.say(
        "backup.sure",
        at_at=manifest.started if manifest else None,
        n=mine.files,
        data_bytes=mine.bytes,
    )
    if newest.made_of:
        made_of = language.say("backup.sure.made_of", folders=", ".join(newest.made_of))
        html = Markup(f"{html}\n{made_of}")
    if not seal:
        return Message(html=Markup(f"♻️ {html}"))
    yes = Button(
        label=language.plain("button.bk.yes"),
        data=pack("bkyes", newest.id, seal),
        style=Style.DANGER,
    )
    no = Button(label=language.plain("button.bk.no"), data=pack("bkoverview"))
    return Message(html=Markup(f"♻️ {html}"), buttons=((yes, no),))


def meant(found: Listing, *, seal: str, language: Language) -> Message:
    """Return the question before a loss is taken as meant."""
    lines = [language.say("backup.meant.sure"), lost(found, language)]
    html = Markup("\n".join((*lines, language.say("backup.meant.then"))))
    if not seal or found.newest is None:
        return Message(html=html)
    yes = Button(
        label=language.plain("button.bk.gone"),
        data=pack("bkgone", found.newest.id, seal),
        style=Style.DANGER,
    )
    no = Button(label=language.plain("button.bk.no"), data=pack("bkoverview"))
    return Message(html=html, buttons=((yes, no),))
