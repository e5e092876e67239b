"""Which off-site files no kept snapshot needs, in the order they are deleted in. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping

from storage.archives.keep.retention import Candidate, Health
from storage.archives.manifest import ARCHIVE_NAME, MANIFEST_NAME, stamp, when
from storage.offsite.results import Remote
from storage.offsite.sums import SUMS_NAME, Sums, plain_name


def remotes(names: Mapping[str, int], lists: Mapping[str, Sums | None]) -> tuple[Remote, ...]:
    """Return the snapshots there are, oldest first: each manifest, or list, is one."""
    return tuple(_remote(one, names, lists.get(one)) for one in ids(names))


def ids(names: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the snapshots that have anything of their own there, oldest first."""
    found = {_id(MANIFEST_NAME, name) or _id(SUMS_NAME, name) for name in names}
    return tuple(sorted(found - {""}))


def candidate(remote: Remote) -> Candidate:
    """Return what the plan must know of a snapshot there."""
    sound = Health.CLEAN if remote.clean else Health.SOUND
    return Candidate(
        id=remote.id,
        health=sound if remote.complete else Health.BROKEN,
        archives=remote.archives,
        empty=remote.empty,
        whole=remote.whole,
        started=remote.started,
    )


def doomed(
    names: Mapping[str, int], lists: Mapping[str, Sums | None], *, keep: Collection[str]
) -> tuple[str, ...]:
    """Return what may go: manifests first, so that none is ever without its archives.

    Never the newest complete snapshot, nor an archive that is younger: somebody may be at work
    on it. Where the list of a kept snapshot is unreadable no archive goes at all.
    """
    found = remotes(names, lists)
    newest = max((one.id for one in found if one.complete), default="")
    kept = {one.id for one in found if one.id in keep or one.id >= newest}
    known = [sums for one in kept if (sums := lists.get(one)) is not None]
    needed = {item.stored_name for sums in known for item in sums.items}
    listed = {sums.id for sums in known}
    loose = [name for name in sorted(names) if name not in needed]
    manifests = [
        name
        for name in loose
        if (own := _id(MANIFEST_NAME, name)) and (own not in kept or own in listed)
    ]
    stale = [name for name in loose if (own := _id(SUMS_NAME, name)) and own not in kept]
    archives = [name for name in loose if "" < _id(ARCHIVE_NAME, name) < newest]
    return (*manifests, *stale, *(archives if len(listed) == len(kept) else ()))


def _id(pattern: re.Pattern[str], name: str) -> str:
    """Return the time in a name of ours, "" where it is none."""
    found = pattern.fullmatch(plain_name(name))
    try:
        return "" if found is None else stamp(when(found[1]))
    except ValueError:  # "20261399…": nothing we wrote
        return ""


def _remote(snapshot_id: str, names: Mapping[str, int], sums: Sums | None) -> Remote:
    if sums is None:
        return Remote(
            id=snapshot_id, clean=False, complete=False, archives=None, missing=(), size_bytes=0
        )
    missing = tuple(
        item.stored_name for item in sums.items if names.get(item.stored_name) != item.stored_bytes
    )
    return Remote(
        id=snapshot_id,
        clean=sums.clean,
        complete=not missing,
        archives=tuple(item.name for item in sums.archives),
        missing=missing,
        size_bytes=sum(names.get(item.stored_name, 0) for item in sums.items),
        started=sums.started,
        empty=sums.empty,
        whole=sums.whole,
    )
