"""`verify`: read backups back and compare every file; changes nothing but puts bad ones aside."""

import argparse

from bot.keeping import bench
from bot.settings import Settings
from bot.terminal import FAILED, GOOD, Bar, faults, files, of, say, size, warn, why
from storage.archives.errors import BackupError


def main(found: Settings, arguments: argparse.Namespace) -> int:
    """Verify it; 0 when everything is right, 3 when anything is not, 2 for an unknown id."""
    bar = Bar()
    store = bench(found).store(bar)
    try:
        verified = store.verify(arguments.id, deep=not arguments.quick)
    except (BackupError, OSError) as error:
        bar.end()
        return why(error)
    bar.end()
    what = f"{of(len(verified.snapshots), 'backup')} in {of(verified.archives, 'archive')}"
    read = f"{files(verified.members)}, {size(verified.bytes)} in {verified.seconds:.1f} s"
    say(f"{'Good' if verified.good else 'BAD'}: {what}, {read}")
    faults(verified.bad)
    for name in verified.quarantined:
        say(f"  put aside: {name}; the next backup begins a new base")
    if verified.note_failed:
        warn(f"checked.json could not be written: {verified.note_failed}")
    return GOOD if verified.good else FAILED
