"""A small tracker with its backups: a settable clock, edits, and a judge who trusts nobody."""

import hashlib
import io
import os
import shutil
import tarfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage.archives import names, zst
from storage.archives.disk import Disk
from storage.archives.keep.retention import Policy
from storage.archives.manifest import Manifest
from storage.archives.results import Created, Listed
from storage.archives.store import BackupStore
from storage.archives.sums import GONE

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
NIGHT = timedelta(days=1)
LIMIT = 1 << 30


@dataclass
class Tracker:
    """Folders `data` and `state` below one, and backups of them beside."""

    top: Path
    now: datetime = START
    disk: Disk = field(default_factory=Disk)
    exclude: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)

    def __post_init__(self) -> None:
        for folder in (self.data, self.state):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def data(self) -> Path:
        """The tracker's own folder."""
        return self.top / "data"

    @property
    def state(self) -> Path:
        """Vigie's own folder."""
        return self.top / "state"

    @property
    def backups(self) -> Path:
        """Where the archives are."""
        return self.top / "backups"

    @property
    def store(self) -> BackupStore:
        """The backups, as a process that was just started sees them."""
        return BackupStore(
            self.backups,
            {"data": self.data, "state": self.state},
            clock=lambda: self.now,
            policy=self.policy,
            exclude=self.exclude,
            disk=self.disk,
        )

    def write(self, name: str, content: bytes | str) -> Path:
        """Write a file (`data/a.json`)."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def create(self, later: timedelta = NIGHT) -> Created:
        """Make a snapshot, the given time after the last one."""
        self.now += later
        return self.store.create()

    def listed(self) -> tuple[Listed, ...]:
        """Every snapshot, oldest first."""
        return self.store.snapshots()

    def newest(self) -> Listed:
        """The last one."""
        return self.listed()[-1]

    def contents(self) -> dict[str, bytes]:
        """Every regular file there now, by the path a manifest gives it."""
        return read(self.top, ("data", "state"))

    def restored(self, manifest: Manifest) -> dict[str, bytes]:
        """What comes out of its archives, by Python's own tar; checked by the manifest's sums."""
        return restored(self.backups, manifest)

    def copy(self, top: Path) -> "Tracker":
        """The same, elsewhere; times and all."""
        shutil.copytree(self.top, top, symlinks=True)
        return Tracker(top, self.now, exclude=self.exclude, policy=self.policy)


def read(top: Path, roots: tuple[str, ...]) -> dict[str, bytes]:
    """Every regular file below these folders, by the path a manifest gives it."""
    found = {}
    for root in roots:
        for folder, _, files in os.walk(top / root):
            for name in files:
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    relative = path.relative_to(top).as_posix()
                    found[names.encode(relative)] = path.read_bytes()
    return found


def restored(folder: Path, manifest: Manifest) -> dict[str, bytes]:
    """What the archives of a snapshot hold, as base, differential and deletions make it."""
    found: dict[str, bytes] = {}
    gone: list[str] = []
    for archive in manifest.archives:
        packed = (folder / archive.name).read_bytes()
        assert len(packed) == archive.size
        assert hashlib.sha256(packed).hexdigest() == archive.sha256
        stream = io.BytesIO(zst.unpacked([packed], limit=LIMIT))
        with tarfile.open(fileobj=stream, mode="r:", errors="surrogateescape") as file:
            for info in file:
                content = file.extractfile(info)
                assert content is not None, f"{info.name} is no regular file"
                if info.name == GONE:
                    gone = os.fsdecode(content.read()).split("\0")[:-1]
                elif not info.name.startswith(".vigie/"):
                    found[names.encode(info.name)] = content.read()
    for path in gone:
        found.pop(names.encode(path), None)
    assert found.keys() == {member.path for member in manifest.members}
    for member in manifest.members:
        assert hashlib.sha256(found[member.path]).hexdigest() == member.sha256
        assert len(found[member.path]) == member.size
    return found


def leftovers(folder: Path) -> list[str]:
    """Names of temporary files in the backups' folder."""
    return sorted(path.name for path in folder.iterdir() if ".tmp" in path.name)
