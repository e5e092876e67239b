"""What is remembered here of the off-site copies, so that a check need not ask the network."""

from datetime import datetime
from pathlib import Path

import msgspec

from storage.files import write_atomic
from storage.offsite.trouble import OffsiteError, Trouble

RECORD_NAME = "offsite.json"


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """Why something did not come about there, and when: an OffsiteError to be told later."""

    at: datetime
    trouble: Trouble
    name: str = ""
    said: str = ""

    def error(self, where: str) -> OffsiteError:
        """Return the error again."""
        return OffsiteError(self.trouble, where, name=self.name, said=self.said)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The last copy that went well and the last re-reading, of one destination. Times are UTC.

    `copies` is how many whole snapshots were there after the last copy, None where nobody
    counted. `push_failed` and `check_failed` say why the last one did not come about, None where
    it did. `owed`: this machine began empty although copies may lie there. Disposable: without it
    the next run copies, and checks, what it would have anyway.
    """

    where: str
    pushed: str = ""
    pushed_at: datetime | None = None
    copies: int | None = None
    push_failed: Failed | None = None
    checked: str = ""
    checked_at: datetime | None = None
    check_failed: Failed | None = None
    damaged: int = 0
    owed: bool = False


def load(folder: Path, where: str) -> Record:
    """Return what is remembered of that destination, an empty record where nothing is."""
    try:
        record = msgspec.json.decode((folder / RECORD_NAME).read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError):
        return Record(where=where)
    return record if record.where == where else Record(where=where)


def save(folder: Path, record: Record) -> None:
    """Remember it. Raises OSError."""
    write_atomic(folder / RECORD_NAME, msgspec.json.encode(record))
