"""The off-site copy as the rest of Vigie uses it: push, list, check, pull, prune."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from storage.archives.disk import FULL, Disk
from storage.archives.keep import retention
from storage.archives.keep.retention import Policy
from storage.archives.manifest import Manifest
from storage.offsite import checking, record, thinning
from storage.offsite.place import Place
from storage.offsite.pulling import Pull
from storage.offsite.pushing import Push
from storage.offsite.reading import Reader
from storage.offsite.record import Failed, Record
from storage.offsite.results import Checked, Dropped, Pulled, Pushed, Remote
from storage.offsite.trouble import OffsiteError, Trouble

if TYPE_CHECKING:
    from storage.offsite.sealing import Seal


class Offsite:
    """The copies of one folder of backups in one place. Blocks; every error is an OffsiteError.

    The caller holds the lock of the backups: two runs at once would only do the work twice.
    """

    def __init__(
        self,
        place: Place,
        folder: Path,
        *,
        clock: Callable[[], datetime],
        seal: "Seal | None" = None,
        disk: Disk | None = None,
    ) -> None:
        self._place = place
        self._folder = folder
        self._clock = clock
        self._seal = seal
        self._disk = disk or Disk()
        self._reader = Reader(place=place, seal=seal)

    @property
    def where(self) -> str:
        """The destination as a person knows it; holds no secret."""
        return self._place.where

    @property
    def record(self) -> Record:
        """What is remembered of it here: cheap, asks nobody."""
        return record.load(self._folder, self.where)

    def push(self, manifest: Manifest) -> Pushed:
        """Copy a snapshot: when this returns, all of it is there.

        Refused while what lies there is yet to be brought home: see `owe`.
        """
        with self._told_of("push_failed"):
            self._make_sure()
            if self.record.owed:
                if thinning.ids(self._place.names()):
                    raise OffsiteError(Trouble.OWED, self.where)
                self.owe(owed=False)
            pushed = Push(self._place, self._seal, self._folder, self._disk).run(manifest)
            told = msgspec.structs.replace(
                self.record, pushed=pushed.id, pushed_at=self._clock(), push_failed=None
            )
            self._remember(told)
        return pushed

    def list(self) -> tuple[Remote, ...]:
        """Return the snapshots there, oldest first; reads names, sizes and lists only."""
        names = self._place.names()
        return thinning.remotes(names, self._reader.all_sums(names))

    def check(self, manifest: Manifest) -> Checked:
        """Read a snapshot's copy back, every byte, and compare it; changes nothing there."""
        with self._told_of("check_failed"):
            self._make_sure()
            checked = checking.check(self._reader, manifest)
            told = msgspec.structs.replace(
                self.record,
                checked=checked.id,
                checked_at=self._clock(),
                check_failed=None,
                damaged=len(checked.damaged),
            )
            self._remember(told)
        return checked

    def owe(self, *, owed: bool) -> None:
        """Remember that an empty machine could not bring home what lies there, or did by now."""
        if owed != self.record.owed:
            self._remember(msgspec.structs.replace(self.record, owed=owed))

    def pull(self) -> Pulled:
        """Bring the newest good snapshot back into the folder."""
        pulled = Pull(self._reader, self._folder, self._disk).run()
        known = self.record
        if not known.pushed:
            now = self._clock()
            self._remember(msgspec.structs.replace(known, pushed=pulled.id, pushed_at=now))
        return pulled

    def prune(self, keep: Collection[str]) -> Dropped:
        """Delete every snapshot whose id is not in `keep`; never the newest complete one."""
        names = self._place.names()
        lists = self._reader.all_sums(names)
        doomed = thinning.doomed(names, lists, keep=keep)
        for name in doomed:
            self._place.remove(name)
        left = thinning.ids(name for name in names if name not in doomed)
        return Dropped(
            ids=tuple(one for one in thinning.ids(names) if one not in left),
            files=len(doomed),
            freed_bytes=sum(names[name] for name in doomed),
        )

    def thin_out(self, policy: Policy) -> Dropped:
        """Delete what the policy does not keep, as among the backups here; see `prune`."""
        with self._told_of("push_failed"):
            now, there = self._clock(), self.list()
            keep = retention.plan(map(thinning.candidate, there), policy, now=now).keep
            dropped = self.prune({one.name for one in keep})
            left = sum(one.complete and one.id not in dropped.ids for one in there)
            self._remember(msgspec.structs.replace(self.record, copies=left))
        return dropped

    def _make_sure(self) -> None:
        """Raise OffsiteError where the place is not there, or looks as if it were another one."""
        feared, there = self._place.if_empty, thinning.ids(self._place.names())
        if feared is not None and self.record.pushed and not there:
            raise OffsiteError(feared, self.where)

    @contextlib.contextmanager
    def _told_of(self, what: Literal["push_failed", "check_failed"]) -> Iterator[None]:
        """Remember why it did not come about, so that this need not be tried to be told."""
        try:
            yield
        except OffsiteError as error:
            failed = Failed(
                at=self._clock(), trouble=error.trouble, name=error.name, said=error.said
            )
            with contextlib.suppress(OffsiteError):
                self._remember(msgspec.structs.replace(self.record, **{what: failed}))
            raise

    def _remember(self, told: Record) -> None:
        try:
            record.save(self._folder, told)
        except OSError as error:
            trouble = Trouble.LOCAL_FULL if error.errno in FULL else Trouble.FOLDER
            raise OffsiteError(trouble, self.where, said=error.strerror or "") from None
