"""`list`: the backups there are, how good each is, and why it is kept."""

import argparse
import sys
from datetime import datetime
from typing import Any

import msgspec

from bot.keeping import bench
from bot.settings import Settings
from bot.terminal import FAILED, GOOD, NOTED, files, local, of, say, size, warn
from jobs import backup_work
from jobs.backup_results import Listing
from jobs.copies import Copies
from storage.archives.results import Listed
from storage.clock import wall_now
from storage.offsite.trouble import ADVICE, Trouble

AGE_IN_DAYS = 48


def main(found: Settings, arguments: argparse.Namespace) -> int:
    """Print them; 0, 1 where any is broken, 3 where the folder cannot be read."""
    listing = backup_work.listing(bench(found))
    if listing.trouble is not None:
        warn(f"{found.backup_dir} cannot be read: {backup_work.said(listing.trouble)}")
        return FAILED
    if arguments.json:
        rows = [_row(each, listing) for each in listing.snapshots]
        document = {
            "folder": str(found.backup_dir),
            "free_bytes": listing.free_bytes,
            "offsite": listing.copies and _remembered(listing.copies),
        }
        content = msgspec.json.encode({**document, "backups": rows})
        sys.stdout.write(f"{msgspec.json.format(content).decode()}\n")
    else:
        _table(found, listing)
    return NOTED if len(listing.good) < len(listing.snapshots) else GOOD


def _table(found: Settings, listing: Listing) -> None:
    if not listing.snapshots:
        say(f"No backup in {found.backup_dir} yet: python -m bot backup")
        if found.backup_offsite:
            say(
                "  A new or wiped machine? `python -m bot restore --dry-run` brings the newest copy"
            )
            say("  back from BACKUP_OFFSITE, where there is one, and says what it would restore.")
    for each in listing.snapshots:
        if each.manifest is None:
            say(f"{each.id}  BROKEN: {each.broken}")
            continue
        at = local(each.manifest.started, found.timezone)
        held = files(each.manifest.files)
        reason = listing.reasons.get(each.id, "")
        say(f"{each.id}  {at}  {held:>14}  {size(each.size_bytes):>9}  {_state(each)}  {reason}")
    if listing.snapshots:
        free = "" if listing.free_bytes is None else f", {size(listing.free_bytes)} free"
        say(f"{len(listing.snapshots)} in {found.backup_dir}{free}")
    _away(listing.copies, found)


def _away(copies: Copies | None, found: Settings) -> None:
    """Print what is remembered of the copies off this machine, and from when; asks nobody."""
    if copies is None:
        say("Off-site: no copy, BACKUP_OFFSITE is empty")
        return
    if copies.newest_at is None or copies.pushed_at is None:
        copied = "no copy known yet"
    else:
        many = "an unknown number" if copies.count is None else f"{copies.count:,}"
        newest, pushed = (_ago(at, found) for at in (copies.newest_at, copies.pushed_at))
        copied = f"copies: {many}, the latest of the backup of {newest}, copied {pushed}"
    read = "not read back yet"
    if copies.checked_at is not None:
        good = f"{files(copies.damaged)} damaged or missing" if copies.damaged else "intact"
        read = f"read back {_ago(copies.checked_at, found)}: {good}"
    say(f"Off-site, as remembered here: {copies.place}")
    say(f"  {copied}; {read}")
    if copies.owed:
        say(f"  owed: {ADVICE[Trouble.OWED]}")
    for what, failed in (("copy", copies.failed), ("reading back", copies.check_failed)):
        if failed is not None and not copies.owed:
            when = _ago(failed.at, found)
            say(f"  the last {what} failed {when}: {backup_work.said(failed.fact)}")


def _ago(at: datetime, found: Settings) -> str:
    """Return a time, and how long ago that is."""
    hours = max(0, round((wall_now() - at).total_seconds() / 3600))
    age = of(hours, "hour") if hours < AGE_IN_DAYS else of(hours // 24, "day")
    return f"{local(at, found.timezone)} ({age} ago)"


def _remembered(copies: Copies) -> dict[str, Any]:
    """Return the same as JSON has it."""
    return {
        "place": copies.place,
        "copies": copies.count,
        "newest": copies.newest_at,
        "pushed": copies.pushed_at,
        "checked": copies.checked_at,
        "damaged": copies.damaged,
        "owed": copies.owed,
        "push_failed": copies.failed and backup_work.said(copies.failed.fact),
        "check_failed": copies.check_failed and backup_work.said(copies.check_failed.fact),
    }


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
