"""How the backups stand: the newest good one, what is kept, what is next, and a lost folder."""

from dataclasses import dataclass
from datetime import timedelta

from handlers.views import backup_copies
from handlers.views.backup_lines import (
    HEAVY,
    advice,
    button,
    doubts,
    kept,
    lost,
    size_bytes,
    upcoming,
)
from handlers.views.blocks import Builder
from handlers.views.callback import pack
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import Markup
from jobs.backup_results import Listing, UnderWay
from storage.archives.manifest import Head
from storage.archives.results import Listed
from storage.records import Moment

OLD = timedelta(hours=26)  # a day, and two hours for the job and the clocks
DATA = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known around the backups.

    `lost` says that the data folder is `missing` or `empty`, "" where it is neither or nobody
    looked; `may_restore`, that the reader is one who may put it back.
    """

    listing: Listing
    under_way: UnderWay | None = None
    lost: str = ""
    may_restore: bool = False


def restore_command(command: str, snapshot_id: str, *, data_only: bool = False) -> str:
    """Return what restores a snapshot on the console."""
    only = " --only 'data/*'" if data_only else ""
    return f"{command} restore {snapshot_id}{only}"


def overview(seen: Seen, *, at: Moment, command: str, language: Language) -> Message:
    """Return the state at a glance, and what can be done."""
    found, newest = seen.listing, seen.listing.newest
    builder = Builder()
    if seen.lost:
        builder.add(_lost(seen, command, language)).gap()
    elif found.losses:
        may = "how" if seen.may_restore else "ask"
        builder.add(Markup(f"🔴 {lost(found, language)}"))
        builder.add(language.say(f"backup.loss.{may}")).gap()
    builder.add(Markup(f"<b>{_title(found, at, language)}</b>"))
    if found.trouble is not None:
        builder.add(advice(found.trouble, language))
    if newest is not None and newest.manifest is not None:
        _newest(builder, newest, newest.manifest, language)
        builder.add(kept(found, language))
    if found.free_bytes is not None:
        builder.add(language.say("backup.free", free_bytes=found.free_bytes))
    builder.add(upcoming(found, language))
    builder.add(backup_copies.stand(found.copies, language))
    if seen.under_way is not None:
        work, since = seen.under_way.work, seen.under_way.since
        builder.gap().add(language.say(f"backup.now.{work}", since_at=since))
    if newest is not None and newest.manifest is not None:
        builder.gap().add(doubts(newest.manifest.notes, language), weight=HEAVY)
    return Message(html=builder.build(), buttons=_buttons(seen, language))


def _title(found: Listing, at: Moment, language: Language) -> str:
    """Return the verdict; what cannot be restored weighs more than what is old or in doubt."""
    newest = found.newest
    if newest is None or newest.manifest is None:
        broken = bool(found.snapshots)
        mark = "🔴" if broken or found.trouble else "💾"
        word = "broken" if broken else "unreadable" if found.trouble else "none"
        return f"{mark} {language.say(f'backup.title.{word}')}"
    age = at.wall - newest.manifest.started
    if found.snapshots[-1].broken:
        return f"🔴 {language.say('backup.title.newest_broken')}"
    if age > OLD and found.next_at is not None:
        return f"🟠 {language.say('backup.title.old', age_s=age.total_seconds())}"
    if not newest.manifest.clean:
        return f"🟡 {language.say('backup.title.doubt')}"
    return f"💾 {language.say('backup.title.ok')}"


def _newest(builder: Builder, newest: Listed, manifest: Head, language: Language) -> None:
    builder.add(
        language.say(
            "backup.newest",
            at_at=manifest.started,
            n=manifest.files,
            size_bytes=size_bytes(newest),
        )
    )
    builder.add(language.say("backup.read_back", at_at=newest.checked_at or manifest.verified))


def _lost(seen: Seen, command: str, language: Language) -> Markup:
    """Return what to do where the data folder is gone: the way back, word for word."""
    said = language.say(f"backup.lost.{seen.lost}")
    newest = seen.listing.newest_of(DATA)
    if newest is None or newest.manifest is None:
        return Markup(f"{said}\n{language.say('backup.lost.nothing')}")
    n = newest.manifest.figures[DATA].files
    typed = restore_command(command, newest.id, data_only=True)
    key = "backup.lost.how" if seen.may_restore else "backup.lost.ask"
    how = language.say(key, n=n, at_at=newest.manifest.started)
    console = language.say("backup.lost.console", command=Markup(_code(typed)))
    return Markup(f"{said}\n{how}\n{console}")


def _code(typed: str) -> str:
    """Return a command to be copied; it is ours, and holds nobody's words."""
    return typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _buttons(seen: Seen, language: Language) -> tuple[tuple[Button, ...], ...]:
    found, newest = seen.listing, seen.listing.newest
    lost_data = bool(seen.lost) or any(loss.root == DATA for loss in found.losses)
    back = lost_data and found.newest_of(DATA) is not None
    main = Style.PLAIN if back else Style.PRIMARY
    rows: list[tuple[Button, ...]] = []
    if back and seen.may_restore:
        rows.append((button("restore", language, style=Style.DANGER),))
    if found.losses and seen.may_restore:
        rows.append((button("meant", language),))
    test = (button("test", language),) if newest is not None else ()
    rows.append((button("now", language, style=main), *test))
    if found.snapshots:
        send = (button("get", language),) if newest is not None else ()
        rows.append((list_button(found, language), *send))
    return tuple(rows)


def list_button(found: Listing, language: Language) -> Button:
    """Return the button that lists every backup, and says how many there are."""
    label = language.plain("button.bk.list", n=len(found.snapshots))
    return Button(label=label, data=pack("bknewlist"))
