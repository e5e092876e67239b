"""Backups without archives: what the chat asks of them, done as the real ones do, by hand."""

import asyncio
import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from jobs.backup_results import Listing, Made, Retrieved, UnderWay, Work
from storage.archives.findings import Placed, Restored
from storage.archives.keep.retention import Reason
from storage.archives.manifest import Archive, Flag, Manifest, Member, Note, manifest_name, stamp
from storage.archives.results import Created, Listed, Step
from storage.records import Clock, Phrase

DAY = timedelta(days=1)


def member(path: str, archive: str, *, size: int = 200_000) -> Member:
    """Return a file of a snapshot."""
    return Member(
        path=path, size=size, sha256="0" * 64, mtime_ns=1, ctime_ns=1, inode=1, mode=0o644,
        archive=archive, checked=path.endswith(".json"),
    )  # fmt: skip


def snapshot(  # noqa: PLR0913 (each is one thing about it)
    at: datetime,
    *,
    files: int = 12,
    notes: tuple[Note, ...] = (),
    base: Archive | None = None,
    broken: str = "",
    archive: Archive | None = None,
) -> Listed:
    """Return a snapshot as the store lists it; with `base` a differential on it."""
    name = stamp(at)
    own = archive or Archive(
        name=f"{'diff' if base else 'base'}-{name}.tar.zst", size=18_400_000, sha256="5f2c" * 16
    )
    members = tuple(member(f"data/opportunities_{n}.json", own.name) for n in range(files))
    manifest = Manifest(
        tool="vigie", id=name, started=at, verified=at + timedelta(seconds=3),
        roots={"data": "data", "state": "var"}, base=base or own, diff=own if base else None,
        members=(*members, member("state/state.json", own.name)), notes=notes,
    )  # fmt: skip
    return Listed(
        id=name, manifest=manifest, broken=broken, checked_at=at + timedelta(seconds=3),
        size_bytes=own.size, sizes={one.name: one.size for one in manifest.archives},
    )  # fmt: skip


@dataclass(slots=True)
class Vault:
    """Keeps snapshots in memory and, for `get`, files in a folder; `gate` holds work up."""

    folder: Path
    clock: Clock
    snapshots: list[Listed] = field(default_factory=list)
    under_way: UnderWay | None = None
    trouble: Phrase | None = None
    outcome: Retrieved | None = None
    notes: tuple[Note, ...] = ()
    steps: tuple[Step, ...] = ()
    next_in: timedelta | None = timedelta(hours=17)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    restored: str = ""
    meant: int = 0
    done: list[Work] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let work through until somebody holds it up."""
        self.gate.set()

    def keep(self, days: int, *, files: bool = False) -> None:
        """Have a base and then a differential of each night since, the newest last."""
        now = self.clock().wall
        base = None
        for ago in range(days, 0, -1):
            at = now - ago * DAY + timedelta(hours=7)
            archive = self._file(at, base=base is not None) if files else None
            made = snapshot(at, base=base, archive=archive)
            self.snapshots.append(made)
            assert made.manifest is not None
            base = made.manifest.base
            if files:
                (self.folder / manifest_name(made.id)).write_bytes(
                    b"manifest of " + made.id.encode()
                )
        if files:
            (self.folder / "RESTORE.txt").write_text("how to\n", encoding="utf-8")

    def _file(self, at: datetime, *, base: bool) -> Archive:
        name = f"{'diff' if base else 'base'}-{stamp(at)}.tar.zst"
        content = name.encode() * 100
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)
        return Archive(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())

    async def listing(self) -> Listing:
        """Return what is kept."""
        now = self.clock().wall
        reasons = dict.fromkeys((each.id for each in self.snapshots), Reason.DAILY)
        if self.snapshots:
            reasons[self.snapshots[-1].id] = Reason.NEWEST
        return Listing(
            snapshots=tuple(self.snapshots), reasons=reasons, most=7,
            next_at=None if self.next_in is None else now + self.next_in,
            free_bytes=41_000_000_000,
        )  # fmt: skip

    async def run(self, *, meant: bool = False) -> Made:
        """Make one, as far as `trouble` lets it."""
        self.meant += meant
        await self._work(Work.BACKUP)
        if self.trouble is not None:
            return Made(trouble=self.trouble, listing=await self.listing())
        made = snapshot(self.clock().wall, notes=self.notes)
        self.snapshots.append(made)
        assert isinstance(made.manifest, Manifest)
        created = Created(
            manifest=made.manifest, base=True, read=13, bytes_read=2_600_000,
            packed_bytes=18_400_000, seconds=3.1,
        )  # fmt: skip
        gone = ("20260807T000000Z",) if len(self.snapshots) > 7 else ()
        return Made(created=created, deleted=gone, listing=await self.listing(), seconds=3.1)

    async def drill(self) -> Retrieved:
        """Restore the newest into nothing."""
        await self._work(Work.DRILL)
        return self.outcome or self._whole(())

    async def restore_data(self, snapshot_id: str) -> Retrieved:
        """Put it back."""
        self.restored = snapshot_id
        await self._work(Work.RESTORE)
        aside = Placed(root="data", path=Path("data"), kept=Path("data.before-1"))
        return self.outcome or self._whole((aside,))

    def _whole(self, placed: tuple[Placed, ...]) -> Retrieved:
        return Retrieved(
            restored=Restored(
                id=self.snapshots[-1].id, placed=placed, files=12, bytes=2_400_000, reused=0,
                seconds=0.8, complete=True,
            )
        )  # fmt: skip

    async def _work(self, work: Work) -> None:
        self.under_way = UnderWay(work=work, since=self.clock().wall)
        for step in self.steps:
            self.under_way = replace(self.under_way, step=step)
            await asyncio.sleep(0.02)
        await self.gate.wait()
        self.under_way = None
        self.done.append(work)


ODD = (
    Note(path="data/<b>opportunities</b>_9.json", flag=Flag.INVALID_JSON),
    Note(path="data/galxe.json", flag=Flag.UNSTABLE, detail="changed thrice"),
)
