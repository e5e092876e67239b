"""A folder of backups as the off-site copy finds it: archives and manifests, made by hand."""

import hashlib
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from storage.archives import zst
from storage.archives.manifest import (
    Archive,
    Flag,
    Manifest,
    Member,
    Note,
    manifest_name,
    stamp,
)

START = datetime(2026, 3, 1, 2, tzinfo=UTC)


class Backups:
    """Makes snapshots whose archives are noise: off-site nobody looks inside."""

    def __init__(self, folder: Path, *, seed: int = 1) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.made: list[Manifest] = []
        self._random = random.Random(seed)  # noqa: S311
        self._base: Archive | None = None

    def add(  # noqa: PLR0913 (each has a default)
        self, *, base: bool = False, size: int = 20_000, day: int | None = None,
        at: datetime | None = None, started: datetime | None = None, clean: bool = True,
        notes: tuple[Note, ...] = (),
    ) -> Manifest:  # fmt: skip
        """Return a new snapshot, of a new base or of a differential on the last one."""
        at = at or START + timedelta(days=len(self.made) if day is None else day)
        fresh = base or self._base is None
        archive = self._archive(f"{'base' if fresh else 'diff'}-{stamp(at)}.tar.zst", size)
        if fresh:
            self._base = archive
        assert self._base is not None
        flags = notes if clean else (*notes, Note("data/a.json", Flag.UNSTABLE))
        manifest = Manifest(
            tool="test",
            id=stamp(at),
            started=started or at,
            verified=started or at,
            roots={"data": "data"},
            base=self._base,
            diff=None if fresh else archive,
            members=(member(archive.name),),
            notes=flags,
        )
        content = zst.packed(msgspec.json.encode(manifest))
        (self.folder / manifest_name(manifest.id)).write_bytes(content)
        self.made.append(manifest)
        return manifest

    def _archive(self, name: str, size: int) -> Archive:
        content = self._random.randbytes(size)
        (self.folder / name).write_bytes(content)
        return Archive(name, size, hashlib.sha256(content).hexdigest())


def member(archive: str) -> Member:
    """Return one file of a snapshot; its name is private."""
    return Member(
        path="data/secret-plans.json",
        size=10,
        sha256="0" * 64,
        mtime_ns=1,
        ctime_ns=1,
        inode=1,
        mode=0o600,
        archive=archive,
    )


def files_of(manifest: Manifest) -> set[str]:
    """Return the names of the files that make up a snapshot."""
    return {archive.name for archive in manifest.archives} | {manifest_name(manifest.id)}


def content(folder: Path) -> dict[str, bytes]:
    """Return every visible file of a folder of backups, our own notes about it aside."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and path.name != "offsite.json"
    }
