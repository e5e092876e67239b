"""Lines that several of the messages about backups share."""

from collections.abc import Sequence

from handlers.views.blocks import FOLD_UNITS, listing, quote
from handlers.views.callback import pack
from handlers.views.i18n import Language
from handlers.views.message import Button, Style
from handlers.views.text import Markup, hostile
from jobs.backup_results import Listing
from storage.archives.findings import Bad
from storage.archives.manifest import Flag, Note
from storage.archives.results import Listed
from storage.records import Phrase

HEAVY = 5  # lines that go first when a message is too long
NAMES = 12
PATH_UNITS = 80
ODD = tuple(flag for flag in Flag if flag is not Flag.SPECIAL)


def button(name: str, language: Language, *, style: Style = Style.PLAIN, n: int = 0) -> Button:
    """Return the button of one verb about backups: `bk<name>`."""
    return Button(
        label=language.plain(f"button.bk.{name}", n=n), data=pack(f"bk{name}"), style=style
    )


def advice(trouble: Phrase, language: Language) -> Markup:
    """Return what went wrong and, on a line below, what to try."""
    said = language.say(trouble)
    hint = f"{trouble.key}.try"
    if not language.has(hint):
        return said
    return Markup(f"{said}\n{language.say('alert.try', text=language.say(hint))}")


def kept(found: Listing, language: Language) -> Markup:
    """Return how many days have a good backup, since when, and what all take on disk."""
    days = {each.manifest.started.astimezone(language.timezone).date()
            for each in found.good if each.manifest}  # fmt: skip
    if not days or found.good[0].manifest is None:
        return Markup("")
    return language.say(
        "backup.kept" if len(days) <= found.most else "backup.kept.more",
        n=len(days),
        most=found.most,
        oldest_at=found.good[0].manifest.started,
        total_bytes=sum(each.size_bytes for each in found.snapshots),
    )


def lost(found: Listing, language: Language) -> Markup:
    """Return what was lost and is not back, a line for each folder, and its last good backup."""
    lines = [
        language.say("backup.loss", root=one.root, n=one.files, found_at=one.found, good_at=one.at)
        for one in found.losses
    ]
    return Markup("\n".join(lines))


def upcoming(found: Listing, language: Language) -> Markup:
    """Return when the next one is due."""
    if found.next_at is None:
        return language.say("backup.next.asked")
    return language.say("backup.next", next_at=found.next_at)


def size_bytes(each: Listed) -> int:
    """Return what it takes to restore it, on disk."""
    return sum(one.size for one in each.manifest.archives) if each.manifest else each.size_bytes


def doubts(notes: Sequence[Note], language: Language) -> Markup:
    """Return everything odd in a snapshot, folded, the worst first; links left out are not."""
    found = sorted(
        (one for one in notes if one.flag in ODD), key=lambda one: (one.flag.value, one.path)
    )
    lines = [
        language.say(f"backup.odd.{one.flag}", file=hostile(one.path, PATH_UNITS))
        for one in found[:NAMES]
    ]
    return _folded(language.say("backup.odd", n=len(found)), lines, len(found), language)


def faults(bad: Sequence[Bad], language: Language) -> Markup:
    """Return every file that did not come back, folded, as far as there is room."""
    lines = [
        language.say(f"backup.fault.{one.fault}", file=hostile(one.path, PATH_UNITS))
        for one in bad[:NAMES]
    ]
    return _folded(language.say("backup.bad", n=len(bad)), lines, len(bad), language)


def _folded(title: Markup, lines: Sequence[str], total: int, language: Language) -> Markup:
    unnamed = total - len(lines)
    body = listing(lines, limit=FOLD_UNITS, more=lambda n: language.say("list.more", n=n + unnamed))
    if unnamed and len(body.split("\n")) == len(lines):
        body = Markup(f"{body}\n{language.say('list.more', n=unnamed)}")
    return quote(title, body)
