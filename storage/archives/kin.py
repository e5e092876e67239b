"""Whose a snapshot is: of the folders that are backed up here, or of another Vigie's."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from storage.archives import listing, names
from storage.archives.disk import Disk
from storage.archives.losses import behind
from storage.archives.manifest import Head, Loss
from storage.archives.results import Listed
from storage.archives.tree import Place


class Kin(msgspec.Struct, frozen=True):
    """Which folders a snapshot is of, where they are not these; and where they are another's."""

    made_of: tuple[str, ...]
    strangers: tuple[str, ...]


def made_of(disk: Disk, manifest: Head, roots: Mapping[str, Path]) -> tuple[str, ...]:
    """Return the folders a snapshot was made of where none of them is of `roots`, else none."""
    theirs = tuple(map(names.decode, manifest.roots.values()))
    ours = {str(path.absolute()) for path in roots.values()}
    places = {_place(disk, path) for path in theirs} - {None}
    if ours & set(theirs) or places & {_place(disk, path) for path in roots.values()}:
        return ()
    return theirs


def elsewhere(disk: Disk, manifest: Head, roots: Mapping[str, Path]) -> tuple[str, ...]:
    """Return the folders a snapshot was made of where all still are, and none is of `roots`."""
    theirs = made_of(disk, manifest, roots)
    return () if any(_place(disk, path) is None for path in theirs) else theirs


def strangers(
    disk: Disk, folder: Path, manifest: Head, roots: Mapping[str, Path]
) -> tuple[str, ...]:
    """Return the folders a snapshot was made of where they are another Vigie's, else none.

    Another Vigie's are folders that are still there, backed up to this very `folder`. On a new
    machine the old ones are not there; and who copied or moved everything has another `folder`.
    """
    here = _place(disk, folder)
    if here is None or not manifest.kept_in:
        return ()
    if _place(disk, names.decode(manifest.kept_in)) != here:
        return ()
    return elsewhere(disk, manifest, roots)


def listed(disk: Disk, folder: Path, roots: Mapping[str, Path]) -> tuple[Listed, ...]:
    """Return every snapshot, oldest first, and of each whose it is.

    One of folders that are gone belongs to whoever went on after it: another Vigie, which was
    moved, or this one.
    """
    known: dict[frozenset[str], Kin] = {}
    found = []
    heirs: tuple[str, ...] = ()
    for each in reversed(listing.listed(disk, folder)):
        if each.manifest is None:
            found.append(each)
            continue
        made = frozenset({each.manifest.kept_in, *each.manifest.roots.values()})
        if made not in known:
            known[made] = Kin(
                made_of(disk, each.manifest, roots), strangers(disk, folder, each.manifest, roots)
            )
        kin = known[made]
        if kin.strangers or not kin.made_of:
            heirs = kin.strangers
        found.append(msgspec.structs.replace(each, made_of=kin.made_of, strangers=heirs))
    return tuple(found[::-1])


def latest(found: Sequence[Listed]) -> Listed | None:
    """Return what `latest` means, None where no manifest can be read.

    That is the newest that is neither another Vigie's, nor broken, nor made after a root was
    lost; where there is none, what comes nearest to it.
    """
    known = [each for each in found if each.manifest is not None]
    ours = [each.manifest for each in known if each.manifest and not each.strangers]
    losses = ours[-1].losses if ours else ()
    return max(known, key=partial(_worth, losses), default=None)


def _worth(losses: Sequence[Loss], each: Listed) -> tuple[bool, bool, bool, str]:
    lost = each.manifest is not None and behind(each.manifest, losses)
    return not each.strangers, not each.broken, not lost, each.id


def _place(disk: Disk, path: str | Path) -> Place | None:
    try:
        facts = disk.look(os.path.realpath(path))
    except (OSError, ValueError):
        return None
    return facts.st_dev, facts.st_ino
