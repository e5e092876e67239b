"""The roots as they are beside the previous snapshot, and whether that makes a base or a diff."""

from collections import deque
from datetime import datetime

import msgspec

from storage.archives.create import free
from storage.archives.create.before import Before
from storage.archives.create.choosing import Reason, choose, clash, made
from storage.archives.create.steady import LARGE_BYTES
from storage.archives.manifest import Archive, Member, Note
from storage.archives.tree import Found, Tree


class Scene(msgspec.Struct, frozen=True):
    """What is as it was in the base, what is to be read, what could not be seen, what is gone.

    `changed` are let go of as they are read.
    """

    before: Before
    notes: list[Note]
    reason: Reason = Reason.DIFF
    kept: list[Member] = []
    changed: deque[Found] = deque()
    hidden: list[str] = []
    gone: list[str] = []

    @property
    def base_archive(self) -> Archive | None:
        """The archive to build upon, None where a new base is to be made."""
        manifest = self.before.manifest
        return manifest.base if manifest and self.reason is Reason.DIFF else None

    @property
    def base(self) -> str:
        """Its name, "" where there is none."""
        archive = self.base_archive
        return archive.name if archive else ""

    @property
    def based(self) -> datetime | None:
        """When that one was begun, as far as is known."""
        manifest = self.before.manifest
        return made(manifest) if manifest and self.base else None

    @property
    def changed_bytes(self) -> int:
        """How much is to be read."""
        return sum(found.facts.size for found in self.changed)

    @property
    def needed_bytes(self) -> int:
        """How much room that takes beside the backups."""
        largest = max((found.facts.size for found in self.changed), default=0)
        return free.needed(
            self.before.manifest,
            base=not self.base,
            total=self.changed_bytes,
            largest=largest if largest > LARGE_BYTES else 0,
        )


def compose(before: Before, tree: Tree, *, now: datetime, base_days: int) -> Scene:
    """Return what there is to do for a snapshot made now."""
    scene = _compare(before, tree, Reason.DIFF)
    reason = choose(
        before.manifest,
        now=now,
        base_days=base_days,
        changed=scene.changed_bytes,
        total=sum(found.facts.size for found in tree.files),
    )
    if reason is Reason.DIFF and clash(scene.gone, [found.path for found in tree.files]):
        reason = Reason.KIND
    return scene if reason is Reason.DIFF else _compare(before, tree, reason)


def _compare(before: Before, tree: Tree, reason: Reason) -> Scene:
    scene = Scene(before, tree.notes, reason, changed=deque())
    base = scene.base
    present = set()
    for found in tree.files:
        present.add(found.path)
        old = before.same(found)
        if old is not None and old.archive == base:
            scene.kept.append(old)
        else:
            scene.changed.append(found)
    for path in before.members:
        if path not in present:
            (scene.hidden if tree.hidden(path) else scene.gone).append(path)
    return scene
