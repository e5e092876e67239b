"""`list`: the backups there are, how good each is, and why it is kept."""

import argparse
import sys
from typing import Any

import msgspec

from bot.keeping import bench
from bot.settings import Settings
from bot.terminal import FAILED, GOOD, NOTED, files, local, say, size, warn
from jobs import backup_work
from jobs.backup_results import Listing
from storage.archives.results import Listed


def main(found: Settings, arguments: argparse.Namespace) -> int:
    """Print them; 0, 1 where any is broken, 3 where the folder cannot be read."""
    listing = backup_work.listing(bench(found))
    if listing.trouble is not None:
        warn(f"{found.backup_dir} cannot be read: {backup_work.said(listing.trouble)}")
        return FAILED
    if arguments.json:
        rows = [_row(each, listing) for each in listing.snapshots]
        document = {"folder": str(found.backup_dir), "free_bytes": listing.free_bytes}
        content = msgspec.json.encode({**document, "backups": rows})
        sys.stdout.write(f"{msgspec.json.format(content).decode()}\n")
    else:
        _table(found, listing)
    return NOTED if len(listing.good) < len(listing.snapshots) else GOOD


def _table(found: Settings, listing: Listing) -> None:
    if not listing.snapshots:
        say(f"No backup in {found.backup_dir} yet: python -m bot backup")
        return
    for each in listing.snapshots:
        if each.manifest is None:
            say(f"{each.id}  BROKEN: {each.broken}")
            continue
        at = local(each.manifest.started, found.timezone)
        held = files(each.manifest.files)
        reason = listing.reasons.get(each.id, "")
        say(f"{each.id}  {at}  {held:>14}  {size(each.size_bytes):>9}  {_state(each)}  {reason}")
    free = "" if listing.free_bytes is None else f", {size(listing.free_bytes)} free"
    say(f"{len(listing.snapshots)} in {found.backup_dir}{free}")


def _state(each: Listed) -> str:
    if each.broken or each.manifest is None:
        return f"BROKEN: {each.broken}"
    if each.strangers:
        return f"another Vigie's, of {', '.join(each.strangers)}"
    if each.manifest.partial:
        return "verified, partial"
    return "verified" if each.manifest.clean else "verified, with bad JSON"


def _row(each: Listed, listing: Listing) -> dict[str, Any]:
    """Return one backup as JSON has it; times are ISO 8601 in UTC, sizes bytes."""
    manifest = each.manifest
    row: dict[str, Any] = {
        "id": each.id, "broken": each.broken, "size_bytes": each.size_bytes,
        "reason": listing.reasons.get(each.id),
    }  # fmt: skip
    if manifest is None:
        return row
    return row | {
        "started": manifest.started,
        "verified": each.checked_at or manifest.verified,
        "files": manifest.files,
        "clean": manifest.clean,
        "partial": manifest.partial,
        "strangers": each.strangers,
        "archives": [archive.name for archive in manifest.archives],
        "notes": manifest.notes,
    }
