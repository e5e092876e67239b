"""The journals a restore begins with: those that this very restore left, or new ones."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from storage.archives.disk import Disk
from storage.archives.restore import journal as journals
from storage.archives.restore.journal import PREFIX, Journal
from storage.archives.restore.swapping import discard, free_name, is_folder, make_folders


class Plan(msgspec.Struct, frozen=True):
    """What is to be done with one root: from which snapshot, how, of which files, and when."""

    id: str
    way: Literal["swap", "files"]
    only: tuple[str, ...]
    stamp: str


def agree(
    disk: Disk, targets: Mapping[str, Path], plan: Callable[[str], Plan]
) -> dict[str, Journal]:
    """Return each root's journal, not yet written down; what another restore staged is deleted.

    All share a new token. The folder a root lies in is made where it is missing.
    """
    token = os.urandom(8).hex()
    agreed = {}
    for root, target in targets.items():
        make_folders(disk, target.parent)
        journal = _new(disk, root, target, plan(root), token)
        staging = target.with_name(journal.staging)
        old = journals.load(disk, root, target)
        if old is not None and _same(old, journal) and is_folder(disk, staging):
            journal = msgspec.structs.replace(old, token=token)
        else:
            discard(disk, staging)
        agreed[root] = journal
    return agreed


def _new(disk: Disk, root: str, target: Path, plan: Plan, token: str) -> Journal:
    kept = target.with_name(f"{target.name}.before-restore-{plan.stamp}")
    return Journal(
        token=token,
        id=plan.id,
        root=root,
        target=target.name,
        staging=f"{PREFIX}{root}.staging",
        kept=free_name(disk, kept).name,
        way=plan.way,
        only=plan.only,
    )


def _same(old: Journal, new: Journal) -> bool:
    return (old.id, old.only, old.way) == (new.id, new.only, new.way)
