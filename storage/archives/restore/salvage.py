"""The same content from elsewhere, where the archive it should come from is bad."""

import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from storage.archives.disk import READ_BYTES, sha256
from storage.archives.manifest import Manifest, Member
from storage.archives.read.doubts import doubts
from storage.archives.read.passes import Pass, Shelf
from storage.archives.read.scan import Taker, scan
from storage.archives.restore.staging import Stage, below, root_of


def salvage(
    shelf: Shelf,
    stage: Stage,
    missing: Sequence[Member],
    *,
    others: Iterable[Manifest],
    targets: Mapping[str, Path],
) -> set[str]:
    """Stage what another archive, or the folder itself, still holds; return these paths.

    Content is taken by its SHA-256 alone, so it is what the manifest says or not taken at all.
    """
    found = {member.path for member in missing if _from_place(shelf, stage, member, targets)}
    left = [member for member in missing if member.path not in found]
    for other in others:
        if not left:
            break
        found |= _from_archives(shelf, stage, left, other)
        left = [member for member in left if member.path not in found]
    return found


def _from_place(shelf: Shelf, stage: Stage, member: Member, targets: Mapping[str, Path]) -> bool:
    """Copy the file that is to be replaced, where it is the very same."""
    disk, path = shelf.disk, targets[root_of(member)] / below(member)
    try:
        facts = disk.look(path)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size != member.size:
            return False
        if sha256(disk, path) != member.sha256:
            return False
    except OSError:
        return False
    taker = stage.take(member)
    if taker is None:
        return True
    handle = disk.open(path)
    good = False
    try:
        while piece := disk.read(handle, READ_BYTES):
            taker.write(memoryview(piece))
        good = True
    finally:
        disk.close(handle)
        taker.close(good=good)
    stage.wait()
    if sha256(disk, stage.path(member)) == member.sha256:
        return True
    disk.remove(stage.path(member))
    return False


def _from_archives(
    shelf: Shelf, stage: Stage, missing: Sequence[Member], other: Manifest
) -> set[str]:
    if doubts(other):
        return set()
    held = {(member.sha256, member.size): member for member in other.members}
    found: set[str] = set()
    for archive in other.archives:
        one = Pass(archive)
        wishes: dict[str, Member] = {}
        for member in missing:
            source = held.get((member.sha256, member.size))
            if source is not None and source.archive == archive.name:
                one.wanted[source.path] = source
                wishes[source.path] = member

        def take(source: Member, wishes: Mapping[str, Member] = wishes) -> Taker | None:
            return stage.take(wishes[source.path])

        if wishes:
            good = scan(shelf.disk, shelf.find(archive), archive, one.wanted, take).good
            stage.wait()
            found |= {wishes[path].path for path in good}
    return found
