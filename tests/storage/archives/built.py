"""Snapshots made by hand, from Python's own tar, so that anything may be wrong with them."""

import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from storage.archives import names, zst
from storage.archives.manifest import Archive, Manifest, Member, manifest_name

AT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
MTIME_NS = 1_700_000_000_123_456_789


@dataclass
class Entry:
    """One member: `kind`, `link` and `pax` as tarfile has them."""

    name: str
    content: bytes = b""
    kind: bytes = tarfile.REGTYPE
    link: str = ""


def tar(entries: Iterable[Entry], *, form: int = tarfile.GNU_FORMAT) -> bytes:
    """Return a tar stream of these."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, errors="surrogateescape") as file:
        for entry in entries:
            info = tarfile.TarInfo(entry.name)
            info.type = entry.kind
            info.linkname = entry.link
            info.size = len(entry.content)
            file.addfile(info, io.BytesIO(entry.content))
    return out.getvalue()


def packed(stream: bytes) -> bytes:
    """Return the stream as an archive's file."""
    compressor = zst.compressor()
    return compressor.compress(stream) + compressor.flush()


def archive(folder: Path, name: str, stream: bytes) -> Archive:
    """Write an archive, and say what it is."""
    content = packed(stream)
    (folder / name).write_bytes(content)
    return Archive(name, len(content), hashlib.sha256(content).hexdigest())


def member(path: str, content: bytes, of: str, *, mode: int = 0o644) -> Member:
    """Return what a manifest says of a file; `path` as the system has it."""
    return Member(
        path=names.encode(path),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        mtime_ns=MTIME_NS,
        ctime_ns=MTIME_NS,
        inode=1,
        mode=mode,
        archive=of,
    )


def manifest(
    base: Archive,
    members: Sequence[Member],
    *,
    diff: Archive | None = None,
    roots: Sequence[str] = ("data",),
) -> Manifest:
    """Return a snapshot's manifest."""
    stamp = (diff or base).name.removesuffix(".tar.zst").partition("-")[2]
    return Manifest(
        tool="vigie test",
        id=stamp,
        started=AT,
        verified=AT,
        roots={root: f"somewhere/{root}" for root in roots},
        base=base,
        diff=diff,
        members=tuple(members),
    )


def publish(folder: Path, what: Manifest) -> Manifest:
    """Write the manifest."""
    content = zst.packed(msgspec.json.encode(what))
    (folder / manifest_name(what.id)).write_bytes(content)
    return what


def snapshot(folder: Path, content: Mapping[str, bytes], *, modes: int = 0o644) -> Manifest:
    """Write a base of these files, by path, and its manifest."""
    name = "base-20260301T020000Z.tar.zst"
    folder.mkdir(exist_ok=True)
    made = archive(folder, name, tar(Entry(path, data) for path, data in sorted(content.items())))
    roots = sorted({path.partition("/")[0] for path in content})
    members = [member(path, data, name, mode=modes) for path, data in sorted(content.items())]
    return publish(folder, manifest(made, members, roots=roots))
