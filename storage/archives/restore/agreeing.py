"""The journals a restore begins with: those that this very restore left, or new ones."""

import os
from collections.abc import Callable, Mapping

import msgspec

from storage.archives.disk import Disk
from storage.archives.restore import journal as journals
from storage.archives.restore.folders import discard, free_name, is_folder, make_folders
from storage.archives.restore.journal import Journal, Way
from storage.archives.restore.places import PREFIX, Place


class Plan(msgspec.Struct, frozen=True):
    """What is to be done with one root: from which snapshot, how, of which files, and when."""

    id: str
    way: Way
    only: tuple[str, ...]
    stamp: str


def agree(
    disk: Disk, places: Mapping[str, Place], plan: Callable[[str], Plan]
) -> dict[str, Journal]:
    """Return each root's journal, not yet written down; what another restore staged is deleted.

    All share a new token. The folder a root lies in is made where it is missing.
    """
    token = os.urandom(8).hex()
    agreed = {}
    for root, place in places.items():
        make_folders(disk, place.ground)
        journal = _new(disk, place, plan(root), token)
        staging = place.depot / journal.staging
        old = journals.load(disk, place)
        if old is not None and _same(old, journal) and is_folder(disk, staging):
            journal = msgspec.structs.replace(old, token=token)
        else:
            discard(disk, staging)
        agreed[root] = journal
    return agreed


def _new(disk: Disk, place: Place, plan: Plan, token: str) -> Journal:
    kept = place.depot / f"{place.target.name}.before-restore-{plan.stamp}"
    return Journal(
        token=token,
        id=plan.id,
        root=place.root,
        target=place.target.name,
        staging=f"{PREFIX}{place.root}.staging",
        kept=free_name(disk, kept).name,
        way=plan.way,
        only=plan.only,
    )


def _same(old: Journal, new: Journal) -> bool:
    return (old.id, old.only, old.way) == (new.id, new.only, new.way)
