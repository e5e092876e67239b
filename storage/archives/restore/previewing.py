"""What a restore would change, told without writing anything."""

import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from storage.archives import names
from storage.archives.disk import Disk, sha256
from storage.archives.findings import Preview
from storage.archives.manifest import Member
from storage.archives.restore.folders import files_below
from storage.archives.restore.staging import below, root_of


def preview(
    disk: Disk,
    targets: Mapping[str, Path],
    members: Iterable[Member],
    *,
    whole: Collection[str],
    kept: Callable[[str], bool],
) -> Preview:
    """Compare the folders as they are with these members, by SHA-256 where sizes agree.

    Of the roots in `whole`, what is no member goes; `kept` tells which files stay nevertheless.
    Raises OSError for a file that cannot be read.
    """
    sorts: dict[str, list[str]] = {"new": [], "changed": [], "same": []}
    listed = {member.path: member for member in members}
    for member in listed.values():
        sorts[_compare(disk, targets[root_of(member)] / below(member), member)].append(member.path)
    swapped = {root: target for root, target in targets.items() if root in whole}
    return Preview(
        new=tuple(sorts["new"]),
        changed=tuple(sorts["changed"]),
        same=tuple(sorts["same"]),
        removed=tuple(_removed(disk, swapped, listed, kept)),
    )


def _compare(disk: Disk, path: Path, member: Member) -> str:
    if not disk.exists(path):
        return "new"
    facts = disk.look(path)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size != member.size:
        return "changed"
    return "same" if sha256(disk, path) == member.sha256 else "changed"


def _removed(
    disk: Disk,
    targets: Mapping[str, Path],
    listed: Mapping[str, Member],
    kept: Callable[[str], bool],
) -> list[str]:
    gone = []
    for root, target in targets.items():
        if not disk.exists(target):
            continue
        for relative in files_below(disk, target):
            path = f"{root}/{relative.as_posix()}"
            written = names.encode(path)
            if written not in listed and not kept(path):
                gone.append(written)
    return gone
