"""`restore`: bring a backup back, in place or into a folder; what was there is kept beside it."""

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol, cast

from bot.keeping import STATE, bench, nobody_in
from bot.settings import Settings
from bot.terminal import (
    FAILED,
    GOOD,
    NOTED,
    REFUSED,
    Bar,
    faults,
    files,
    say,
    size,
    warn,
    why,
)
from storage.archives.errors import BackupError
from storage.archives.findings import Preview, Restored
from storage.archives.kin import latest
from storage.archives.manifest import AFTER_LOSS, Note
from storage.archives.results import Listed
from storage.archives.store import BackupStore
from storage.files import LockedError
from storage.offsite.trouble import OffsiteError

MOST_NAMED = 5
LATEST = "latest"


class DeclinedError(Exception):
    """Nothing was done; the text says why, and what to do."""


def main(found: Settings, arguments: argparse.Namespace) -> int:
    """Do it; 0 all of it, 1 what could be salvaged, 2 refused, 3 not done."""
    bar = Bar()
    store = bench(found).store(bar)
    try:
        _fetch(found)
        _tell_whose(found, store, arguments)
        with _state_free(found, store, arguments):
            if not arguments.dry_run and arguments.to is None and not arguments.yes:
                _ask(store, arguments, bar, _answer)
            restored = _restore(store, arguments, dry_run=arguments.dry_run)
    except DeclinedError as refusal:
        bar.end()
        warn(str(refusal))
        return REFUSED
    except (BackupError, OSError) as error:
        bar.end()
        return why(error)
    except OffsiteError as error:
        warn(f"Failed: {error}")
        return FAILED
    bar.end()
    return _tell(restored)


class _Homecoming(Protocol):
    """The module that knows the copies off this machine; without any, nobody pays for it."""

    def fetch(self, found: Settings) -> str: ...


def _fetch(found: Settings) -> None:
    """Bring the newest copy back where BACKUP_DIR has none."""
    if found.backup_offsite:
        module = cast(_Homecoming, importlib.import_module("bot.homecoming"))
        fetched = module.fetch(found)
        if fetched:
            say(f"Brought {fetched} back from the copy at BACKUP_OFFSITE")


@contextmanager
def _state_free(
    found: Settings, store: BackupStore, arguments: argparse.Namespace
) -> Iterator[None]:
    """Hold the state's lock while its folder is replaced; DeclinedError where the bot has it."""
    in_place = arguments.to is None and not arguments.dry_run
    if not in_place or STATE not in store.touched(arguments.id, only=arguments.only):
        yield
        return
    with ExitStack() as held:
        try:
            held.enter_context(nobody_in(found.state_dir))
        except LockedError as error:
            msg = (
                f"Vigie runs (process {error.pid or '?'}) and would write its state over what is "
                "restored. Stop it first, or restore the data alone: --only 'data/*'"
            )
            raise DeclinedError(msg) from error
        yield


def _tell_whose(found: Settings, store: BackupStore, arguments: argparse.Namespace) -> None:
    """Say which one is meant, where that may surprise, before anything is done."""
    known = store.snapshots()
    picked = next((each for each in known if each.id == arguments.id), None)
    if arguments.id == LATEST:
        picked = latest(known)
        _passed_over(known, picked)
    if picked is not None and picked.made_of and not picked.strangers and arguments.to is None:
        say(f"{picked.id} was made from {', '.join(picked.made_of)};")
        say(f"  it goes to {found.data_dir}, {found.state_dir}.")
    if picked is not None and picked.manifest is not None:
        _odd(picked.id, picked.manifest.notes)


def _odd(snapshot_id: str, notes: Sequence[Note]) -> None:
    """Say what was odd when it was made: that is restored as it was then, or is not in it."""
    if notes:
        say(f"{snapshot_id} was made with notes; it brings back what was there then:")
    for note in notes[:MOST_NAMED]:
        say(f"  {note.flag}: {note.path}{f' ({note.detail})' if note.detail else ''}")
    if len(notes) > MOST_NAMED:
        say(f"  … and {len(notes) - MOST_NAMED:,} more")


def _passed_over(known: tuple[Listed, ...], picked: Listed | None) -> None:
    """Say where the latest is not the newest: that is another Vigie's, or of after a loss."""
    newer = [each for each in known if picked and each.id > picked.id and not each.broken]
    newest = newer[-1] if newer else None
    if newest is None or newest.manifest is None:
        return
    if newest.strangers:
        say(f"{newest.id} is newer, but another Vigie's, of {', '.join(newest.strangers)}:")
        say("  give that one a BACKUP_DIR of its own.")
        return
    lost = {note.path for note in newest.manifest.notes if note.flag in AFTER_LOSS}
    say(f"{newest.id} is newer, but was made after {', '.join(sorted(lost))} lost its files;")
    say(f"  `restore {newest.id}` takes that one all the same.")


def _restore(store: BackupStore, arguments: argparse.Namespace, *, dry_run: bool) -> Restored:
    return store.restore(
        arguments.id,
        arguments.to,
        only=arguments.only,
        dry_run=dry_run,
        salvage=arguments.salvage,
    )


def _answer() -> str:
    return sys.stdin.readline()


def _ask(
    store: BackupStore, arguments: argparse.Namespace, bar: Bar, answer: Callable[[], str]
) -> None:
    """Show what would change and ask; raise DeclinedError for anything but a yes."""
    if not sys.stdin.isatty():
        msg = "This replaces the folders in place: add --yes, or --to DIR, or --dry-run"
        raise DeclinedError(msg)
    seen = _restore(store, arguments, dry_run=True)
    bar.end()
    if seen.preview is not None:
        _changes(seen.id, seen.preview)
    sys.stdout.write("What is there now is kept beside it. Go on? [y/N] ")
    sys.stdout.flush()
    if answer().strip().lower() not in {"y", "yes", "o", "oui"}:
        msg = "Nothing was changed."
        raise DeclinedError(msg)


def _changes(snapshot_id: str, preview: Preview) -> None:
    say(f"Restoring {snapshot_id} would bring back {files(len(preview.new))},")
    say(f"  change {len(preview.changed):,}, leave {len(preview.same):,} as they are,")
    say(f"  and take away {len(preview.removed):,} that it does not hold.")
    for word, names in (("change", preview.changed), ("take away", preview.removed)):
        for name in names[:MOST_NAMED]:
            say(f"  {word}: {name}")
        if len(names) > MOST_NAMED:
            say(f"  {word}: … and {len(names) - MOST_NAMED:,} more")


def _tell(restored: Restored) -> int:
    if restored.preview is not None:
        _changes(restored.id, restored.preview)
        faults(restored.bad)
        return GOOD if restored.complete else FAILED
    faults(restored.bad)
    if not restored.placed:
        warn("Nothing was put in place: not every file is good. --salvage brings back the others.")
        return FAILED
    say(
        f"Restored {restored.id}: {files(restored.files)}, {size(restored.bytes)}, "
        f"every one compared, in {restored.seconds:.1f} s"
    )
    for place in restored.placed:
        kept = "" if place.kept is None else f"; what was there: {_short(place.kept)}"
        say(f"  {place.root}: {_short(place.path)}{kept}")
    return GOOD if restored.complete else NOTED


def _short(path: Path) -> str:
    """Return the path as seen from here, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
