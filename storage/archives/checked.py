"""When archives were last read back, and whether they were right: a disposable note beside them."""

from datetime import datetime
from pathlib import Path

import msgspec

from storage.archives import small
from storage.archives.disk import Disk

NAME = "checked.json"


class Check(msgspec.Struct, frozen=True):
    """How one archive was found; it counts only for a file of this SHA-256."""

    sha256: str
    at: datetime
    ok: bool


def load(disk: Disk, folder: Path) -> dict[str, Check]:
    """Return the last check of each archive by name; none where the note is lost or damaged."""
    try:
        content = small.get(disk, folder / NAME)
        return {} if content is None else msgspec.json.decode(content, type=dict[str, Check])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def save(disk: Disk, folder: Path, checks: dict[str, Check]) -> None:
    """Replace the note at once. Raises OSError."""
    small.put(disk, folder / NAME, msgspec.json.format(msgspec.json.encode(checks)))
