"""`backup`: make one now, as at BACKUP_AT; it may run beside the bot."""

import argparse
import importlib
from typing import Any, Protocol, cast

from bot.keeping import STATE_FILE, bench, policy
from bot.settings import Settings
from bot.terminal import FAILED, GOOD, NOTED, REFUSED, Bar, files, local, say, size, warn, why
from jobs import backup_work
from jobs.backup_results import Made
from jobs.backup_work import Push
from storage.archives.errors import BackupError
from storage.archives.keep.retention import Policy
from storage.archives.results import Created
from storage.offsite.trouble import OffsiteError

MOST_NOTES = 20


def main(found: Settings, arguments: argparse.Namespace) -> int:
    """Make it; 0 when all is well, 1 with anything odd, 2 while another is made, 3 for none."""
    bar = Bar()
    try:
        push = _push(found)
    except OffsiteError as error:
        warn(f"No backup was made: {error}")
        return REFUSED
    except BackupError as error:  # another program is at work on the backups
        return why(error)
    made = backup_work.make(bench(found), bar, push=push, meant=arguments.meant)
    bar.end()
    if made.created is None:
        return _failed(made)
    _tell(made.created, made, found)
    return NOTED if made.trouble is not None or not made.created.manifest.clean else GOOD


class _Copies(Protocol):
    """The module that knows the copies off this machine; without any, nobody pays for it."""

    def copies(self, found: Settings) -> Any: ...  # noqa: ANN401 - only handed on
    def pushing(self, made: Any, policy: Policy) -> Push: ...  # noqa: ANN401 - only handed on


class _Homecoming(Protocol):
    """The module that brings copies back to an empty machine; without any, nobody pays for it."""

    def come_home(self, found: Settings) -> None: ...


def _push(found: Settings) -> Push | None:
    if not found.backup_offsite:
        return None
    if not (found.state_dir / STATE_FILE).exists():  # an empty machine: else what lies there
        home = cast(_Homecoming, importlib.import_module("bot.homecoming"))  # would be pushed out
        home.come_home(found)
    module = cast(_Copies, importlib.import_module("bot.copies"))
    return module.pushing(module.copies(found), policy(found))


def _failed(made: Made) -> int:
    trouble = made.trouble
    warn(f"No backup was made: {'' if trouble is None else backup_work.said(trouble)}")
    locked = trouble is not None and trouble.key == "backups.run.locked"
    return REFUSED if locked else FAILED


def _tell(created: Created, made: Made, found: Settings) -> None:
    manifest = created.manifest
    kind = "a new base" if created.base else f"the changes since {manifest.base.name}"
    say(f"Backup {created.id} made and read back: {local(manifest.started, found.timezone)}")
    say(
        f"  {files(manifest.files)}, {size(manifest.bytes)}; "
        f"packed {size(created.packed_bytes)} ({kind}) in {made.seconds:.1f} s"
    )
    for note in manifest.notes[:MOST_NOTES]:
        say(f"  {note.flag}: {note.path}{f' ({note.detail})' if note.detail else ''}")
    if len(manifest.notes) > MOST_NOTES:
        say(f"  … and {len(manifest.notes) - MOST_NOTES} more")
    for loss in manifest.losses:
        say(f"  {loss.root} had {files(loss.files)} in {loss.id}, which stays until they are back;")
        say("  or, if they were to go: `backup --meant`")
    kept = len(made.listing.snapshots)
    gone = f", deleted {', '.join(made.deleted)}" if made.deleted else ""
    say(f"  {kept} kept in {found.backup_dir}{gone}")
    if created.note_failed:
        warn(f"RESTORE.txt could not be written: {created.note_failed}")
    if made.trouble is not None:
        warn(f"The backup is good, but: {backup_work.said(made.trouble)}")
