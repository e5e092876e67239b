"""Which snapshots there are, by their manifests and the sizes of their archives alone."""

import contextlib
import re
from collections.abc import Generator, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.json import Decoder, encode

from storage.archives import checked, zst
from storage.archives.checked import Check
from storage.archives.disk import Disk
from storage.archives.manifest import (
    ARCHIVE_NAME,
    BAD_END,
    FORMAT,
    MANIFEST_NAME,
    Archive,
    Head,
    Manifest,
    manifest_name,
)
from storage.archives.results import Listed

LARGEST_MANIFEST_BYTES = 1 << 28  # of half a million files
READ_BYTES = 1 << 20
BATCH = 1000  # members that are written at once
STAMPED = re.compile(r"(?:snap|base|diff)-(\d{8}T\d{6}Z)\..*")
_H = TypeVar("_H", bound=Head)


class _Passed(msgspec.Struct, frozen=True, gc=False):
    """A member that is only passed over."""


class _Passing(Head, frozen=True, kw_only=True):
    """A manifest whose members are only passed over."""

    members: tuple[_Passed, ...]


_decoder = Decoder(Manifest)
_passing_decoder = Decoder(_Passing)


class DamagedError(ValueError):
    """A manifest that cannot be read as one; the text says why, in a few words."""


def names(disk: Disk, folder: Path) -> frozenset[str]:
    """Return the names of everything in the folder; none where there is no folder yet."""
    try:
        return frozenset(entry.name for entry in disk.entries(folder))
    except FileNotFoundError:
        return frozenset()


def ids(present: frozenset[str]) -> list[str]:
    """Return the ids of all manifests, newest first."""
    found = (MANIFEST_NAME.fullmatch(name) for name in present)
    return sorted((match[1] for match in found if match), reverse=True)


def newest_stamp(present: frozenset[str]) -> str:
    """Return the greatest id that any file there was ever made for, "" for none."""
    found = (STAMPED.fullmatch(name) for name in present)
    return max((match[1] for match in found if match), default="")


def load(disk: Disk, folder: Path, snapshot_id: str) -> Manifest:
    """Return a manifest. Raises DamagedError for a damaged one, OSError as the system does."""
    return _load(_decoder, disk, folder, snapshot_id)


def head(disk: Disk, folder: Path, snapshot_id: str) -> Head:
    """Return a manifest but for its files, which are passed over. Raises as `load` does."""
    found: Head = _load(_passing_decoder, disk, folder, snapshot_id)
    if not found.figures:  # an earlier Vigie made it, and counted nothing
        found = load(disk, folder, snapshot_id)
    return _bare(found)


def written(manifest: Manifest) -> Iterator[bytes]:
    """Give a manifest as its file holds it, piece by piece: of many files it is large."""
    yield encode(_bare(manifest))[:-1] + b',"members":['
    for at in range(0, len(manifest.members), BATCH):
        batch = encode(manifest.members[at : at + BATCH])[1:-1]
        yield b"," + batch if at else batch
    yield b'],"gone":' + encode(manifest.gone) + b"}"


def _bare(found: Head) -> Head:
    return Head(**{name: getattr(found, name) for name in Head.__struct_fields__})


def _load(decoder: Decoder[_H], disk: Disk, folder: Path, snapshot_id: str) -> _H:
    try:
        with contextlib.closing(_pieces(disk, folder / manifest_name(snapshot_id))) as packed:
            manifest = decoder.decode(zst.unpacked(packed, limit=LARGEST_MANIFEST_BYTES))
    except (zst.ZstdError, EOFError, ValueError, RecursionError) as error:
        reason = f"damaged manifest: {error}"
        raise DamagedError(reason) from error
    if manifest.format > FORMAT:
        reason = f"format {manifest.format}: made by a later Vigie"
        raise DamagedError(reason)
    if manifest.id != snapshot_id:
        reason = f"the manifest is that of {manifest.id}"
        raise DamagedError(reason)
    return manifest


def read(disk: Disk, path: Path) -> bytes:
    """Return a file's content."""
    return b"".join(_pieces(disk, path))


def _pieces(disk: Disk, path: Path) -> Generator[bytes]:
    handle = disk.open(path)
    try:
        while part := disk.read(handle, READ_BYTES):
            yield part
    finally:
        disk.close(handle)


def listed(disk: Disk, folder: Path) -> tuple[Listed, ...]:
    """Return every snapshot, oldest first; one whose manifest is damaged is listed as broken."""
    return tuple(each(disk, folder))[::-1]


def each(disk: Disk, folder: Path) -> Iterator[Listed]:
    """Give every snapshot, newest first, each read when it is asked for."""
    present = names(disk, folder)
    checks = checked.load(disk, folder) if checked.NAME in present else {}
    for snapshot_id in ids(present):
        with contextlib.suppress(FileNotFoundError):  # thinned out since the folder was listed
            yield _listed(disk, folder, snapshot_id, checks)


def _listed(disk: Disk, folder: Path, snapshot_id: str, checks: Mapping[str, Check]) -> Listed:
    own = _size(disk, folder / manifest_name(snapshot_id)) or 0
    try:
        manifest = head(disk, folder, snapshot_id)
    except FileNotFoundError:
        raise
    except (DamagedError, OSError) as error:
        return Listed(
            id=snapshot_id,
            manifest=None,
            broken=why(error),
            checked_at=None,
            size_bytes=own,
            sizes={},
        )
    sizes = {each.name: _size(disk, folder / each.name) for each in manifest.archives}
    return Listed(
        id=snapshot_id,
        manifest=manifest,
        broken=_broken(disk, folder, manifest, sizes, checks),
        checked_at=_checked_at(manifest, checks),
        size_bytes=own + sum(sizes[name] or 0 for name in sizes if _stamp(name) == snapshot_id),
        sizes={name: size for name, size in sizes.items() if size is not None},
    )


def _broken(
    disk: Disk,
    folder: Path,
    manifest: Head,
    sizes: Mapping[str, int | None],
    checks: Mapping[str, Check],
) -> str:
    for archive in manifest.archives:
        size = sizes[archive.name]
        if size is None:
            bad = _size(disk, folder / f"{archive.name}{BAD_END}") is not None
            return f"{archive.name} was read back wrong" if bad else f"{archive.name} is missing"
        if size != archive.size:
            return f"{archive.name} has {size} bytes instead of {archive.size}"
        check = _check(archive, checks)
        if check is not None and not check.ok:
            return f"{archive.name} was read back wrong"
    return ""


def _checked_at(manifest: Head, checks: Mapping[str, Check]) -> datetime:
    """Return when the last look at the archive that was looked at longest ago was."""
    found = (_check(archive, checks) for archive in manifest.archives)
    return min(
        max(check.at, manifest.verified) if check and check.ok else manifest.verified
        for check in found
    )


def _check(archive: Archive, checks: Mapping[str, Check]) -> Check | None:
    check = checks.get(archive.name)
    return check if check is not None and check.sha256 == archive.sha256 else None


def _size(disk: Disk, path: Path) -> int | None:
    try:
        return disk.look(path).st_size
    except OSError:
        return None


def _stamp(name: str) -> str:
    match = ARCHIVE_NAME.fullmatch(name)
    return match[1] if match else ""


def why(error: DamagedError | OSError) -> str:
    """Return why a manifest could not be read, in a few words."""
    if isinstance(error, DamagedError):
        return str(error)
    return f"manifest: {error.strerror or type(error).__name__}"
