"""What a manifest must not say before anything is restored by it. No I/O."""

import os
import re
from collections.abc import Iterator

from storage.archives import names
from storage.archives.findings import Bad, Fault
from storage.archives.manifest import ARCHIVE_NAME, FORMAT, Manifest, Member, manifest_name
from storage.archives.read.safety import safe

ROOT = re.compile(r"[a-z][a-z0-9_]{0,31}")
SHA256 = re.compile(r"[0-9a-f]{64}")


def doubts(manifest: Manifest, *, windows: bool = os.sep == "\\") -> tuple[Bad, ...]:
    """Return everything wrong with a manifest, by member where it is about one."""
    whole = [
        Bad(manifest_name(manifest.id), Fault.MANIFEST, detail=why) for why in _whole(manifest)
    ]
    return (*whole, *_members(manifest, windows=windows))


def _whole(manifest: Manifest) -> Iterator[str]:
    if manifest.format != FORMAT:
        yield f"format {manifest.format}: made by a later Vigie"
    for archive in manifest.archives:
        if not ARCHIVE_NAME.fullmatch(archive.name):
            yield "the name of an archive is none"
    for root in manifest.roots:
        if not ROOT.fullmatch(root):
            yield "the name of a root is none"


def _members(manifest: Manifest, *, windows: bool) -> Iterator[Bad]:
    archives = {archive.name for archive in manifest.archives}
    seen: set[str] = set()
    for member in manifest.members:
        if member.path in seen:
            yield Bad(member.path, Fault.DUPLICATE, member.archive)
        elif not _named(member.path, manifest.roots, windows=windows):
            yield Bad(member.path, Fault.NAME, member.archive)
        elif not _described(member) or member.archive not in archives:
            yield Bad(member.path, Fault.MANIFEST, member.archive)
        seen.add(member.path)


def _named(path: str, roots: dict[str, str], *, windows: bool) -> bool:
    """Tell whether a path is written the one way it can be, and lies below a root."""
    root, slash, _ = path.partition("/")
    try:
        raw = names.raw(path)
    except UnicodeEncodeError:
        return False
    one_way = names.encode(raw.decode("utf-8", "surrogateescape")) == path
    return bool(slash) and root in roots and one_way and safe(raw, windows=windows)


def _described(member: Member) -> bool:
    return member.size >= 0 and SHA256.fullmatch(member.sha256) is not None
