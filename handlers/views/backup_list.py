"""Every backup that is kept: when, how large, read back when, why it stays, how to restore it."""

from collections.abc import Sequence
from datetime import datetime

from handlers.views import backup_copies
from handlers.views.backup import restore_command
from handlers.views.backup_lines import advice, button
from handlers.views.blocks import Builder
from handlers.views.callback import pack
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import Markup, code, hostile
from jobs.backup_results import Listing
from storage.archives.manifest import when
from storage.archives.results import Listed

PAGE = 10
COPY_COLUMNS = 2
COPY_UNITS = 256
GOOD, DOUBT, BROKEN = "✓", "◐", "✗"


def pages(found: Listing) -> int:
    """Return how many pages the list has, one at least."""
    return max(1, -(-len(found.snapshots) // PAGE))


def listed(found: Listing, page: int, *, command: str, language: Language) -> Message:
    """Return one page of the list, the newest first; a page there is none of is the last one."""
    page = min(page, pages(found) - 1)
    newest_first = tuple(reversed(found.snapshots))
    shown = newest_first[page * PAGE : (page + 1) * PAGE]
    title = language.say("backup.list.title", n=len(found.snapshots))
    builder = Builder().add(f"🗂 <b>{title}</b>")
    if found.trouble is not None:
        builder.add(advice(found.trouble, language))
    for each in shown:
        builder.gap().add(_entry(each, found, language))
    builder.gap().add(backup_copies.stand(found.copies, language))
    if shown:
        builder.gap().add(language.say("backup.list.legend", good=GOOD, doubt=DOUBT, broken=BROKEN))
        typed = code(restore_command(command, shown[0].id), COPY_UNITS)
        builder.add(language.say("backup.list.how", command=typed))
    rows = _copies(shown, command, language)
    turn = _turn(page, pages(found), language)
    back = (button("overview", language), button("now", language, style=Style.PRIMARY))
    return Message(html=builder.build(), buttons=(*rows, *((turn,) if turn else ()), back))


def _entry(each: Listed, found: Listing, language: Language) -> Markup:
    """Return the two or three lines of one snapshot."""
    head = language.say("backup.list.head", mark=_mark(each), at_at=_at(each))
    manifest = each.manifest
    if manifest is None:
        state = language.say("backup.list.broken", error=hostile(each.broken))
        return Markup(f"{head} · {code(each.id)}\n{state}")
    kind = language.say("backup.list.base" if manifest.diff is None else "backup.list.diff")
    n = manifest.files
    facts = language.say("backup.list.facts", n=n, size_bytes=each.size_bytes)
    reason = found.reasons.get(each.id)
    why = f" · {language.say(f'backup.reason.{reason}')}" if reason is not None else ""
    if each.broken:
        state = language.say("backup.list.broken", error=hostile(each.broken))
    else:
        state = language.say("backup.list.read", at_at=each.checked_at or manifest.verified)
        if manifest.partial:
            state = Markup(f"{language.say('backup.list.partial')} · {state}")
    return Markup(f"{head} · {kind} · {facts}\n{code(each.id)}{why}\n{state}")


def _mark(each: Listed) -> str:
    if each.broken or each.manifest is None:
        return BROKEN
    return GOOD if each.manifest.clean else DOUBT


def _at(each: Listed) -> datetime | None:
    """Return when it was made: its manifest says so, else its name."""
    if each.manifest is not None:
        return each.manifest.started
    try:
        return when(each.id)
    except ValueError:
        return None


def _copies(
    shown: Sequence[Listed], command: str, language: Language
) -> tuple[tuple[Button, ...], ...]:
    """Return a button for each snapshot that can be restored: it copies the command."""
    copies = []
    for each in shown:
        typed = restore_command(command, each.id)
        if each.manifest is None or len(typed) > COPY_UNITS:
            continue
        label = language.plain("button.bk.copy", at_at=each.manifest.started)
        copies.append(Button(label=label, copy=typed))
    return tuple(tuple(copies[i : i + COPY_COLUMNS]) for i in range(0, len(copies), COPY_COLUMNS))


def _turn(page: int, last: int, language: Language) -> tuple[Button, ...]:
    newer = Button(label=language.plain("button.bk.newer"), data=pack("bklist", page - 1))
    older = Button(label=language.plain("button.bk.older"), data=pack("bklist", page + 1))
    return (*((newer,) if page else ()), *((older,) if page + 1 < last else ()))
