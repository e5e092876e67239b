"""Making a snapshot: look, pack, read back, publish."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from storage.archives import listing, names
from storage.archives.create import before, free
from storage.archives.create.before import Before
from storage.archives.create.packing import Packing
from storage.archives.create.publishing import explain, explain_newest, publish
from storage.archives.create.scene import Scene, compose
from storage.archives.create.writing import Writing
from storage.archives.disk import Disk
from storage.archives.errors import EmptyError, OthersError
from storage.archives.losses import Look, counts, look
from storage.archives.manifest import (
    ARCHIVE_END,
    BASE,
    DIFF,
    Archive,
    Manifest,
    Member,
    Night,
    Note,
    figures,
    stamp,
    when,
)
from storage.archives.results import Created, Phase, Progress, Step
from storage.archives.sums import GONE, SUMS, gone, sums
from storage.archives.tree import Walk
from storage.archives.workshop import LOCK, Workshop

TOOL = "Vigie 0.1.0"
SECOND = timedelta(seconds=1)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What to back up, where to, and by whose clock and rules.

    `meant`: what was lost by the last one was to go.
    """

    folder: Path
    roots: Mapping[str, Path]
    clock: Callable[[], datetime]
    base_days: int
    exclude: Sequence[str]
    disk: Disk
    progress: Progress
    meant: bool = False


def create(task: Task) -> Created:
    """Return the snapshot that was made. Raises a BackupError where none was published."""
    began = time.monotonic()
    with Workshop(task.disk, task.folder) as shop, shop.minding(task.folder.name):
        return _Making(task, shop).run(began)


class _Making:
    """One snapshot in the making."""

    def __init__(self, task: Task, shop: Workshop) -> None:
        self._task = task
        self._shop = shop
        self._started = task.clock().astimezone(UTC)
        present = listing.names(task.disk, task.folder)
        locked_ns = task.disk.look(task.folder / LOCK).st_mtime_ns
        self._id = _unused(self._started, listing.newest_stamp(present))
        self._now_ns = min(locked_ns, int(self._started.timestamp() * 1e9))

    def run(self, began: float) -> Created:
        """Make it."""
        scene = self._look()
        kind = DIFF if scene.base else BASE
        with Writing(self._shop, f"{kind}{self._id}{ARCHIVE_END}") as writing:
            packing = self._pack(scene, writing)
            members = tuple(sorted(packing.members.values(), key=_path))
            missed = _gone(scene, packing.members)
            archive = self._seal(writing, members, missed)
        manifest = self._manifest(scene, packing, archive, members, missed)
        self._tell("publish", 0, 1)
        publish(self._shop, manifest, writing.path if archive else None)
        failed = self._explain(manifest)
        self._tell("publish", 1, 1)
        return Created(
            manifest=manifest,
            base=kind == BASE,
            read=packing.read,
            bytes_read=packing.bytes_read,
            packed_bytes=archive.size if archive else 0,
            seconds=time.monotonic() - began,
            note_failed=failed,
        )

    def _explain(self, manifest: Manifest) -> str:
        disk, folder = self._shop.disk, self._shop.folder
        if manifest.after_loss:
            return explain_newest(disk, folder)
        return explain(disk, folder, manifest)

    def _look(self) -> Scene:
        """Return what there is to do, having seen that there is room for it."""
        task = self._task
        self._tell("list", 0, 0)
        previous = before.find(self._shop)  # first: a manifest is large while it is decoded
        walk = Walk(task.disk, exclude=task.exclude, without=[task.folder])
        tree = walk.through(task.roots)
        if not tree.files and not tree.closed:
            raise EmptyError(tuple(sorted(task.roots)))
        others = before.others(self._shop, previous.manifest, task.roots)
        if others:
            raise OthersError(others)
        scene = compose(previous, tree, now=self._started, base_days=task.base_days)
        free.ensure(task.disk.free_bytes(task.folder), scene.needed_bytes)
        return scene

    def _pack(self, scene: Scene, writing: Writing) -> Packing:
        packing = Packing(self._shop, writing, scene.before, base=scene.base, now_ns=self._now_ns)
        for member in scene.kept:
            packing.keep(member)
        for path in scene.hidden:
            packing.carry(path)
        total, total_bytes = len(scene.changed), scene.changed_bytes
        while scene.changed:
            done = total - len(scene.changed)
            self._tell("pack", done, total, packing.bytes_read, total_bytes)
            packing.take(scene.changed.popleft())
        packing.settle()
        self._tell("pack", total, total, packing.bytes_read, total_bytes)
        return packing

    def _seal(
        self, writing: Writing, members: tuple[Member, ...], missed: tuple[str, ...]
    ) -> Archive | None:
        """End the archive and read it back; None where the base alone is the snapshot."""
        if not writing.members and not missed and writing.name.startswith(DIFF):
            return None
        if not members:
            raise EmptyError(tuple(sorted(self._task.roots)))
        writing.add_own(SUMS, sums(members))
        writing.add_own(GONE, gone(missed))
        archive = writing.finish()
        total, total_bytes = len(writing.members), sum(m.size for m in writing.members.values())
        seen = Counter[str]()

        def watch(member: Member) -> None:
            seen["files"] += 1
            seen["bytes"] += member.size
            self._tell("verify", seen["files"], total, seen["bytes"], total_bytes)

        self._tell("verify", 0, total, 0, total_bytes)
        writing.read_back(archive, watch)
        return archive

    def _manifest(
        self,
        scene: Scene,
        packing: Packing,
        archive: Archive | None,
        members: tuple[Member, ...],
        missed: tuple[str, ...],
    ) -> Manifest:
        roots = {
            name: names.encode(str(path.absolute())) for name, path in self._task.roots.items()
        }
        base, *rest = (each for each in (scene.base_archive, archive) if each is not None)
        diff = rest[0] if rest else None
        lost = look(
            Look(
                night=Night(self._id, self._started, counts(figures(members))),
                roots=roots.keys(),
                present=packing.members.keys(),
                paths_of=lambda known: self._paths(scene.before, known),
            ),
            before.handing_on(self._shop, scene.before.newest),
            meant=self._task.meant,
        )
        return Manifest(
            tool=TOOL,
            id=self._id,
            started=self._started,
            verified=max(self._task.clock().astimezone(UTC), self._started),
            roots=roots,
            base=base,
            diff=diff,
            members=members,
            notes=tuple(sorted({*scene.notes, *packing.notes, *lost.notes}, key=_note)),
            gone=missed if diff else (),
            based=scene.based if diff or archive is None else self._started,
            kept_in=names.encode(str(self._task.folder.absolute())),
            losses=lost.losses,
            nights=lost.nights,
        )

    def _paths(self, known: Before, snapshot_id: str) -> Iterable[str]:
        """Return the paths of an earlier snapshot, none where it cannot be read."""
        if known.manifest is not None and known.manifest.id == snapshot_id:
            return known.members
        return before.paths(self._shop, snapshot_id)

    def _tell(
        self, phase: Phase, done: int, total: int, bytes_done: int = 0, bytes_total: int = 0
    ) -> None:
        self._task.progress(
            Step(
                phase=phase,
                done=done,
                total=total,
                bytes_done=bytes_done,
                bytes_total=bytes_total,
            )
        )


def _unused(started: datetime, newest: str) -> str:
    """Return the id of that time, or, where the clock stepped back, of a second after the newest.

    So ids are never used twice, and the greatest is that of the snapshot made last.
    """
    wished = stamp(started)
    return wished if wished > newest else stamp(when(newest) + SECOND)


def _gone(scene: Scene, members: Mapping[str, Member]) -> tuple[str, ...]:
    """Return every path of the snapshots on this base that is no more."""
    manifest = scene.before.manifest
    if not scene.base or manifest is None:
        return ()
    earlier = {*scene.before.members, *manifest.gone}
    return tuple(sorted(path for path in earlier if path not in members))


def _path(member: Member) -> str:
    return member.path


def _note(note: Note) -> tuple[str, str, str]:
    return note.path, note.flag, note.detail
