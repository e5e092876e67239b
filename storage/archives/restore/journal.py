"""What a restore was about to do, kept where it works, so that a crash at any point is mended.

While the phase is `staging` nothing of the root was touched. Once any journal of a restore says
`placing`, all of its roots are put in place, however often that is interrupted.
"""

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from storage.archives import small
from storage.archives.disk import Disk
from storage.archives.restore.folders import make_folders
from storage.archives.restore.places import PREFIX, Place

Way: TypeAlias = Literal["swap", "files", "refill"]


class Journal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One root's part of one restore; `staging` and `kept` are names in its depot.

    `token` is shared by all roots of the restore. `way`: the whole folder is swapped, or chosen
    files are put in place one by one, or, to refill it, all files once the others are aside.
    """

    format: Literal[1] = 1
    token: str
    id: str
    root: str
    target: str
    staging: str
    kept: str
    way: Way
    only: tuple[str, ...] = ()
    phase: Literal["staging", "placing"] = "staging"


def load(disk: Disk, place: Place) -> Journal | None:
    """Return the journal of an unfinished restore, None where there is none.

    One that Vigie cannot have written counts as none. Raises OSError.
    """
    content = small.get(disk, place.journal)
    if content is None:
        return None
    try:
        found = msgspec.json.decode(content, type=Journal)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    plain = all(Path(name).name == name for name in (found.target, found.staging, found.kept))
    ours = found.staging.startswith(PREFIX) and found.target == place.target.name
    fits = place.inside == (found.way == "refill") or found.way == "files"
    return found if plain and ours and fits and found.root == place.root else None


def save(disk: Disk, place: Place, journal: Journal) -> None:
    """Write it down, durably. Raises OSError."""
    content = msgspec.json.format(msgspec.json.encode(journal))
    make_folders(disk, place.depot)
    small.put(disk, place.journal, content)


def drop(disk: Disk, place: Place) -> None:
    """Forget it: the restore is finished, or given up. Raises OSError."""
    disk.remove(place.journal)
    if place.inside and not disk.entries(place.depot):
        disk.remove_folder(place.depot)
    else:
        disk.sync_folder(place.depot)
