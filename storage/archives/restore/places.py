"""Where a root lies, and where its restore works: on the same disk, so that renaming is enough."""

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from storage.archives import names, small
from storage.archives.disk import Disk
from storage.archives.restore.folders import is_folder

PREFIX = f"{names.WORK}-"
MOUNTS = Path("/proc/self/mountinfo")
MOUNT_POINT = 4  # its place in a line
ESCAPED = re.compile(r"\\([0-7]{3})")


class Place(msgspec.Struct, frozen=True):
    """The folder of a root, and its depot: that of the journal, of what is staged, and kept.

    The depot is the folder the root lies in; or a hidden one inside the root, where that cannot
    be renamed.
    """

    root: str
    target: Path
    depot: Path

    @property
    def inside(self) -> bool:
        """Tell whether the depot lies in the root, which then stays where it is."""
        return self.depot.parent == self.target

    @property
    def ground(self) -> Path:
        """The folder that is there before a restore, on whose disk the depot is."""
        return self.target if self.inside else self.depot

    @property
    def journal(self) -> Path:
        """Where the journal of a restore lies."""
        return self.depot / f"{PREFIX}{self.root}.json"


def beside(root: str, target: Path) -> Place:
    """Return the place of a folder that can be renamed."""
    return Place(root, target, target.parent)


def within(root: str, target: Path) -> Place:
    """Return the place of a folder that cannot."""
    return Place(root, target, target / names.WORK)


def lying(disk: Disk, roots: Mapping[str, Path]) -> dict[str, Place]:
    """Return the places of the roots as they lie; links are resolved. Raises OSError."""
    mounted = mounts(disk)
    return {root: _lying(disk, root, path.resolve(), mounted) for root, path in roots.items()}


def _lying(disk: Disk, root: str, target: Path, mounted: Collection[Path]) -> Place:
    if not is_folder(disk, target):
        return beside(root, target)
    inside = within(root, target)
    if is_folder(disk, inside.depot) and disk.exists(inside.journal):  # begun there
        return inside
    fixed = target in mounted or os.path.ismount(target) or not os.access(target.parent, os.W_OK)
    return inside if fixed else beside(root, target)


def mounts(disk: Disk) -> set[Path]:
    """Return what is mounted, as Linux tells it: `ismount` misses folders bound elsewhere.

    Raises OSError: a folder taken for one that can be renamed would be staged on another disk.
    """
    content = small.get(disk, MOUNTS) or b""
    lines = (line.split(" ") for line in os.fsdecode(content).splitlines())
    points = (words[MOUNT_POINT] for words in lines if len(words) > MOUNT_POINT)
    return {Path(ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), point)) for point in points}
