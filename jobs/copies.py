"""What is known here of the copies off this machine, without asking the network."""

from dataclasses import dataclass
from datetime import datetime

from storage.archives.manifest import when
from storage.offsite.record import Failed, Record
from storage.offsite.trouble import OffsiteError
from storage.records import Phrase, Value


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that was begun and did not come about: when, and why."""

    at: datetime
    fact: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """The copies off this machine, as the last copy and the last re-reading left them.

    `count` is how many there are, None where nobody counted; `newest_at` when the backup was made
    whose copy went there last, `pushed_at` when that was. `failed` and `check_failed` say why the
    last copy, or re-reading, did not come about. `damaged` files were bad when it was re-read.
    `owed`: this machine began empty, and could not bring home what lies there.
    """

    place: str
    count: int | None = None
    newest_at: datetime | None = None
    pushed_at: datetime | None = None
    failed: Failure | None = None
    checked_at: datetime | None = None
    check_failed: Failure | None = None
    damaged: int = 0
    owed: bool = False


def remembered(record: Record | None) -> Copies | None:
    """Return what the record says, None without one: nothing leaves this machine."""
    if record is None:
        return None
    return Copies(
        place=record.where,
        count=record.copies,
        newest_at=_made(record.pushed),
        pushed_at=record.pushed_at,
        failed=_failure(record.push_failed, record.where),
        checked_at=record.checked_at,
        check_failed=_failure(record.check_failed, record.where),
        damaged=record.damaged,
        owed=record.owed,
    )


def told(copies: Copies, until: datetime) -> Phrase | None:
    """Return in a few words how they stood by then; None where nobody knows."""
    wrong = _wrong(copies, until)
    if wrong is not None:
        return wrong
    if copies.pushed_at is None or copies.newest_at is None:
        return Phrase("backups.copies.none")
    if copies.pushed_at > until:
        return None
    values: dict[str, Value] = {"newest_at": copies.newest_at.timestamp()}
    if copies.count is None:
        return Phrase("backups.copies.uncounted", values)
    return Phrase("backups.copies", values | {"n": copies.count})


def _wrong(copies: Copies, until: datetime) -> Phrase | None:
    """Return the worst of what was wrong by then."""
    failed, checked_at = copies.failed, copies.checked_at
    if copies.owed:
        return Phrase("backups.copies.owed")
    if failed is not None and failed.at <= until:
        return Phrase("backups.copies.failed", {"failed_at": failed.at.timestamp()})
    if copies.damaged and checked_at is not None and checked_at <= until:
        return Phrase("backups.copies.damaged", {"n": copies.damaged})
    return None


def phrase(error: OffsiteError) -> Phrase:
    """Return the trouble as the chat says it; `error` is how the console does."""
    values = {
        "place": error.where, "file": error.name or "?", "said": error.said or "?",
        "error": str(error),
    }  # fmt: skip
    return Phrase(f"offsite.{error.trouble}", values)


def _failure(failed: Failed | None, where: str) -> Failure | None:
    return None if failed is None else Failure(failed.at, phrase(failed.error(where)))


def _made(snapshot_id: str) -> datetime | None:
    try:
        return when(snapshot_id)
    except ValueError:  # none was copied yet
        return None
