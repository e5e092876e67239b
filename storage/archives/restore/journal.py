"""What a restore was about to do, kept beside each root, so that a crash at any point is mended.

While the phase is `staging` nothing of the root was touched. Once any journal of a restore says
`placing`, all of its roots are put in place, however often that is interrupted.
"""

from pathlib import Path
from typing import Literal

import msgspec

from storage.archives import small
from storage.archives.disk import Disk

PREFIX = ".vigie-restore-"


class Journal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One root's part of one restore; all names are siblings of the root's folder.

    `token` is shared by all roots of the restore. `way`: the whole folder is swapped, or chosen
    files are put in place one by one.
    """

    format: Literal[1] = 1
    token: str
    id: str
    root: str
    target: str
    staging: str
    kept: str
    way: Literal["swap", "files"]
    only: tuple[str, ...] = ()
    phase: Literal["staging", "placing"] = "staging"


def path_of(root: str, target: Path) -> Path:
    """Return where the journal of a root lies."""
    return target.parent / f"{PREFIX}{root}.json"


def load(disk: Disk, root: str, target: Path) -> Journal | None:
    """Return the journal of an unfinished restore, None where there is none.

    One that Vigie cannot have written counts as none. Raises OSError.
    """
    content = small.get(disk, path_of(root, target))
    if content is None:
        return None
    try:
        found = msgspec.json.decode(content, type=Journal)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    plain = all(Path(name).name == name for name in (found.target, found.staging, found.kept))
    ours = found.staging.startswith(PREFIX) and found.target == target.name
    return found if plain and ours and found.root == root else None


def save(disk: Disk, target: Path, journal: Journal) -> None:
    """Write it down, durably. Raises OSError."""
    content = msgspec.json.format(msgspec.json.encode(journal))
    small.put(disk, path_of(journal.root, target), content)


def drop(disk: Disk, root: str, target: Path) -> None:
    """Forget it: the restore is finished, or given up. Raises OSError."""
    disk.remove(path_of(root, target))
    disk.sync_folder(target.parent)
