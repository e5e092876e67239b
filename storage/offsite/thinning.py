"""Which off-site files no kept snapshot needs, in the order they are deleted in. Pure."""

from collections.abc import Collection, Iterable, Mapping

from storage.archives.manifest import ARCHIVE_NAME, MANIFEST_NAME, when
from storage.offsite.results import Remote
from storage.offsite.sums import SUMS_NAME, Sums, plain_name


def remotes(names: Mapping[str, int], lists: Mapping[str, Sums | None]) -> tuple[Remote, ...]:
    """Return the snapshots there are, oldest first: each manifest, or list, is one."""
    return tuple(_remote(one, names, lists.get(one)) for one in ids(names))


def ids(names: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the snapshots that have anything of their own there, oldest first."""
    own = map(plain_name, names)
    found = [MANIFEST_NAME.fullmatch(name) or SUMS_NAME.fullmatch(name) for name in own]
    return tuple(sorted({match[1] for match in found if match and _is_a_time(match[1])}))


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
    needed = {item.stored_name for one in kept if (sums := lists.get(one)) for item in sums.items}
    blind = any(lists.get(one) is None for one in kept)
    manifests = [
        name
        for name in sorted(names)
        if (match := MANIFEST_NAME.fullmatch(plain_name(name)))
        and (match[1] not in kept or (name not in needed and lists.get(match[1])))
    ]
    gone = [
        name
        for name in sorted(names)
        if (match := SUMS_NAME.fullmatch(name)) and match[1] not in kept
    ]
    archives = [
        name
        for name in sorted(names)
        if (match := ARCHIVE_NAME.fullmatch(plain_name(name)))
        and not blind
        and name not in needed
        and match[1] < newest
    ]
    return (*manifests, *gone, *archives)


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
    )


def _is_a_time(snapshot_id: str) -> bool:
    try:
        when(snapshot_id)
    except ValueError:  # "20261399…": nothing we wrote
        return False
    return True
