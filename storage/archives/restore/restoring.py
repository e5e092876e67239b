"""A snapshot brought back: staged beside its roots, compared, and only then put in place."""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from storage.archives.errors import RefusedError
from storage.archives.findings import Bad, Placed, Preview, Restored
from storage.archives.manifest import Manifest, Member, manifest_name, stamp
from storage.archives.read.doubts import doubts
from storage.archives.read.passes import Pass, Shelf, Watch
from storage.archives.read.scan import Sink, nowhere, scan
from storage.archives.restore import journal as journals
from storage.archives.restore import previewing
from storage.archives.restore.agreeing import Plan, agree
from storage.archives.restore.behind import Behind
from storage.archives.restore.dressing import carry_over, owner, settle, sweep
from storage.archives.restore.folders import make_folders
from storage.archives.restore.journal import Journal, Way
from storage.archives.restore.placing import give_up, place, resume
from storage.archives.restore.salvage import salvage
from storage.archives.restore.sites import Sites, check_room
from storage.archives.restore.staging import Stage, below, root_of
from storage.archives.results import Step


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be restored, and how much may be missing from it.

    `chosen` picks members; of the roots in `whole` all are, and what else lies there goes. `only`
    are the globs for the others. `keeps` tells which files (`data/.env`) stay though no backup
    holds them; `others` are the snapshots that may hold a member whose archive is bad. `strangers`
    are the folders of another Vigie that it was made of, where it would go in place of this one's.
    """

    chosen: Callable[[Member], bool]
    keeps: Callable[[str], bool]
    whole: frozenset[str]
    only: tuple[str, ...] = ()
    others: Iterable[Manifest] = ()
    strangers: tuple[str, ...] = ()
    salvage: bool = False


class _Haul(msgspec.Struct):
    """What was had from the archives."""

    good: set[str] = set()
    bad: list[Bad] = []
    bytes: int = 0


class Restore:
    """One restore of one snapshot to one place."""

    def __init__(self, shelf: Shelf, manifest: Manifest, sites: Sites, wish: Wish) -> None:
        """Raise RefusedError where nothing of the snapshot is chosen."""
        self._began = time.monotonic()
        self._shelf = shelf
        self._disk = shelf.disk
        self._manifest = manifest
        self._sites = sites
        self._wish = wish
        self._doubts = doubts(manifest)
        doubted = {bad.path for bad in self._doubts}
        chosen = [member for member in manifest.members if wish.chosen(member)]
        whole = manifest_name(manifest.id) in doubted
        self._members = [each for each in chosen if not whole and each.path not in doubted]
        self._trusted = len(self._members) == len(chosen)
        if not chosen:
            raise RefusedError(", ".join(manifest.roots), "nothing")
        self._roots = sorted({root_of(member) for member in self._members})
        self._places = {root: sites.places[root] for root in self._roots}
        self._targets = {root: place.target for root, place in self._places.items()}

    def look(self) -> Restored:
        """Say what it would do: read the archives, compare, write nothing.

        Raises RefusedError where it is another Vigie's.
        """
        self._check_kin()
        haul = self._fetch(nowhere)
        seen = previewing.preview(
            self._disk,
            self._targets,
            self._members,
            whole=self._wish.whole,
            kept=self._wish.keeps,
        )
        return self._restored(haul, preview=seen)

    def run(self) -> Restored:
        """Do it, or go on with what was interrupted.

        Nothing is put in place where a member is missing and the wish is not to salvage; what
        was staged then stays for the next try. Raises RefusedError, NoRoomError and OSError.
        """
        done = self._finish_earlier()
        if done:
            return self._restored(_Haul({member.path for member in self._members}), placed=done)
        whole = [root for root in self._roots if self._way(root) != "files"]
        self._sites.check(self._disk, self._roots, whole, self._shelf.folder)
        self._check_kin()
        now = stamp(self._shelf.clock())
        plans = agree(
            self._disk,
            self._places,
            lambda root: Plan(self._manifest.id, self._way(root), self._wish.only, now),
        )
        check_room(self._disk, self._places, self._members, plans)
        for root, plan in plans.items():
            journals.save(self._disk, self._places[root], plan)
        with Behind() as behind:
            stage = self._stage(plans, behind)
            haul = self._fetch(stage.take, stage.wait)
            missing = [member for member in self._members if member.path not in haul.good]
            haul.good |= salvage(
                self._shelf, stage, missing, others=self._wish.others, targets=self._targets
            )
            stage.wait()
        if not self._enough(haul):
            return self._restored(haul, reused=stage.reused)
        plans = self._worth(haul, plans)
        carried = sum(self._settle(haul, root, plan) for root, plan in plans.items())
        self._shelf.progress(Step(phase="swap", done=0, total=len(plans)))
        placed = place(self._disk, self._places, plans)
        return self._restored(haul, placed=placed, reused=stage.reused, carried=carried)

    def _check_kin(self) -> None:
        """Raise RefusedError rather than put another Vigie's data in place of this one's."""
        if self._wish.strangers:
            theirs = ", ".join(self._wish.strangers)
            told = f"{self._manifest.id} is of {theirs}"
            raise RefusedError(told, "strangers")

    def _worth(self, haul: _Haul, plans: Mapping[str, Journal]) -> dict[str, Journal]:
        """Return the roots something was had of; a root with nothing good is left as it is."""
        worth = {}
        for root, plan in plans.items():
            if any(member.path in haul.good for member in self._members_of(root)):
                worth[root] = plan
            else:
                give_up(self._disk, self._places[root], plan)
        return worth

    def _finish_earlier(self) -> tuple[Placed, ...]:
        """Finish what was decided before; return it where it is this very restore."""
        finished = [
            (each.root, each.placed)
            for each in resume(self._disk, self._places)
            if each.placed and each.id == self._manifest.id and each.only == self._wish.only
        ]
        whole = [root for root, _ in finished] == self._roots
        return tuple(placed for _, placed in finished) if whole else ()

    def _way(self, root: str) -> Way:
        if root not in self._wish.whole and self._disk.exists(self._targets[root]):
            return "files"
        return "refill" if self._places[root].inside else "swap"

    def _stage(self, plans: Mapping[str, Journal], behind: Behind) -> Stage:
        folders, owners = {}, {}
        for root, plan in plans.items():
            folder = folders[root] = self._places[root].depot / plan.staging
            owners[root] = owner(self._disk, self._targets[root])
            make_folders(self._disk, folder)
            sweep(self._disk, folder, {below(member) for member in self._members_of(root)})
        return Stage(self._disk, folders, owners, behind)

    def _members_of(self, root: str) -> list[Member]:
        return [member for member in self._members if root_of(member) == root]

    def _fetch(self, sink: Sink, wait: Callable[[], None] = lambda: None) -> _Haul:
        """Read every archive there are members in; what comes bad is tried once more."""
        haul = _Haul()
        passes = {archive.name: Pass(archive) for archive in self._manifest.archives}
        for member in self._members:
            passes[member.archive].wanted[member.path] = member
        watch = Watch(self._shelf.progress, "extract", passes.values())
        watched = watch.over(sink)
        for one in passes.values():
            if not one.wanted:
                continue
            path = self._shelf.find(one.archive)
            found = scan(self._disk, path, one.archive, one.wanted, watched)
            haul.good |= found.good
            haul.bytes += found.bytes
            rest = {name: one.wanted[name] for name in one.wanted.keys() - found.good}
            wait()
            if rest and not found.missing:
                found = scan(self._disk, path, one.archive, rest, sink)
                haul.good |= found.good
                wait()
            haul.bad += found.bad
        watch.tell()
        return haul

    def _enough(self, haul: _Haul) -> bool:
        return bool(haul.good) if self._wish.salvage else self._complete(haul)

    def _complete(self, haul: _Haul) -> bool:
        return self._trusted and all(member.path in haul.good for member in self._members)

    def _settle(self, haul: _Haul, root: str, plan: Journal) -> int:
        """Make one root ready to be put in place; return how many other files stay with it."""
        target = self._targets[root]
        staging = self._places[root].depot / plan.staging
        carried: tuple[Path, ...] = ()
        if plan.way != "files":
            carried = carry_over(
                self._disk,
                target,
                staging,
                lambda path: self._wish.keeps(f"{root}/{path.as_posix()}"),
            )
        files = {
            below(member): member.mode
            for member in self._members_of(root)
            if member.path in haul.good
        }
        settle(self._disk, target, staging, files, carried)
        return len(carried)

    def _restored(
        self,
        haul: _Haul,
        *,
        placed: tuple[Placed, ...] = (),
        reused: int = 0,
        carried: int = 0,
        preview: Preview | None = None,
    ) -> Restored:
        return Restored(
            id=self._manifest.id,
            placed=placed,
            files=len(haul.good),
            bytes=haul.bytes,
            reused=reused,
            seconds=time.monotonic() - self._began,
            complete=self._complete(haul),
            carried=carried,
            bad=(*self._doubts, *dict.fromkeys(haul.bad)),
            preview=preview,
        )
