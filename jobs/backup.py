"""Backups on the event loop: one thing at a time, whoever asks for it, and told either way."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from jobs import backup_work, drill, lately
from jobs.backup_results import Listing, Made, Retrieved, UnderWay, Work
from jobs.backup_work import Push, Workbench
from jobs.facts import Unknown
from jobs.lane import Lane
from jobs.snapshots import Backups as Standing
from storage.archives.results import Progress, Step, silent
from storage.job_runs import JobRun
from storage.records import Clock, Moment, Phrase

logger = logging.getLogger("vigie.backup")

NO_LIMIT_S = 7 * 86_400.0  # a thread cannot be stopped: that it takes too long is told
LIST_WITHIN_S = 10.0
T = TypeVar("T", Made, Retrieved)


NIGHTLY, WEEKLY = "backup", "drill"


def _nothing() -> None:
    return None


def _no_runs(_: str) -> Mapping[date, JobRun]:
    return {}


@dataclass(frozen=True, slots=True)
class _Doing:
    work: Work
    since: Moment
    task: asyncio.Task[Any]


class Backups:
    """Makes, tests, lists and restores backups; nothing of it raises.

    Who asks for what is under way already gets its outcome; who asks for anything else meanwhile
    gets the trouble that says so. `told` is called, in a thread, after everything that was done:
    what came of it becomes alerts. `next_at` is when the next one is made by itself, `runs` what
    the calendar remembers of a job by name; `check` reads the copy off this machine back.
    """

    def __init__(
        self,
        bench: Workbench,
        *,
        clock: Clock,
        push: Push | None = None,
        told: Callable[[], object] = _nothing,
    ) -> None:
        self.bench = bench
        self.push = push
        self.check: Push | None = None
        self.told = told
        self.next_at: Callable[[], datetime | None] = _nothing
        self.runs: Callable[[str], Mapping[date, JobRun]] = _no_runs
        self._known = Standing()
        self._clock = clock
        self._begun = clock()
        self._doing: _Doing | None = None
        self._step: Step | None = None
        self._making: Lane[Made] = Lane("backup")
        self._retrieving: Lane[Retrieved] = Lane("restore")
        self._listing: Lane[Listing] = Lane("backups")
        self._turn = asyncio.Lock()

    @property
    def folder(self) -> Path:
        """Where the archives and manifests lie."""
        return self.bench.folder

    @property
    def under_way(self) -> UnderWay | None:
        """What is being done now, also at the calendar's behest; `step` is how far it is."""
        doing = self._doing
        if doing is None:
            return None
        return UnderWay(work=doing.work, since=doing.since.wall, step=self._step)

    def standing(self, at: Moment) -> Standing:
        """Return what is known without looking at the folder; may be called from any thread."""
        doing = self._doing
        running_s = None
        if doing is not None and doing.work is Work.BACKUP:
            running_s = max(0.0, at.logical_s - doing.since.logical_s)
        known = lately.remembered(
            self._known,
            nightly=self.runs(NIGHTLY).values(),
            weekly=self.runs(WEEKLY).values(),
            begun=self._begun,
        )
        up_s = at.logical_s - self._begun.logical_s
        return replace(known, running_s=running_s, up_s=up_s)

    async def run(self, progress: Progress = silent, *, meant: bool = False) -> Made:
        """Make a backup, read it back, delete what is too old.

        With `meant`, what was lost by the last one was to go; one under way does not say so.
        """
        busy = self._busy(None if meant else Work.BACKUP)
        if busy is not None:
            return Made(trouble=busy, listing=await self.listing())
        return await self._join(Work.BACKUP, partial(self._run, progress, meant=meant))

    async def drill(self, progress: Progress = silent) -> Retrieved:
        """Read all backups back, restore the newest into a folder beside them, compare, delete."""
        busy = self._busy(Work.DRILL)
        if busy is not None:
            return Retrieved(trouble=busy)
        return await self._join(Work.DRILL, partial(self._drill, progress))

    async def restore_data(self, snapshot_id: str, progress: Progress = silent) -> Retrieved:
        """Put a backup's data folder in place; what is there is kept beside it."""
        busy = self._busy(Work.RESTORE)
        if busy is not None:
            return Retrieved(trouble=busy)
        return await self._join(Work.RESTORE, partial(self._restore, snapshot_id, progress))

    async def listing(self) -> Listing:
        """Return what there is; reads manifests, never archives."""
        async with self._turn:  # a lane takes one at a time: two people ask at once
            found = await self._listing.run(
                partial(backup_work.listing, self.bench), within_s=LIST_WITHIN_S
            )
        if isinstance(found, Unknown):
            return Listing(most=self.bench.policy.most, trouble=found.reason)
        return replace(found, next_at=self.next_at())

    async def nightly(self, _: date) -> str:
        """Make the daily one, after what is under way; return why that failed, "" if not."""
        await self._idle()
        made = await self.run()
        return "" if made.created is not None or made.trouble is None else _said(made.trouble)

    async def weekly(self, _: date) -> str:
        """Do the trial restore, after what is under way; return why that failed, "" if not.

        Where an archive turned out damaged a new backup is made at once.
        """
        await self._idle()
        outcome = await self.drill()
        if outcome.trouble is None:
            return ""
        if outcome.trouble.key == backup_work.SPOILT:
            await self.run()  # what is damaged was put aside: this one starts from a new base
        return _said(outcome.trouble)

    def _busy(self, work: Work | None) -> Phrase | None:
        doing = self._doing
        if doing is None or doing.work is work:
            return None
        return Phrase("backups.run.busy", {"error": f"{doing.work} is under way"})

    async def _idle(self) -> None:
        while self._doing is not None:
            await asyncio.wait({self._doing.task})

    async def _join(self, work: Work, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._doing is None:
            self._step = None
            task: asyncio.Task[T] = asyncio.create_task(begin(), name=f"vigie-{work}")
            self._doing = _Doing(work, self._clock(), task)
        outcome: T = await asyncio.shield(self._doing.task)
        return outcome

    def _watched(self, progress: Progress) -> Progress:
        """Remember each step for whoever looks; called in the working thread."""

        def step(one: Step) -> None:
            self._step = one
            progress(one)

        return step

    async def _run(self, progress: Progress, *, meant: bool) -> Made:
        work = partial(
            backup_work.make, self.bench, self._watched(progress), push=self.push, meant=meant
        )
        found = await self._making.run(work, within_s=NO_LIMIT_S)
        made = Made(trouble=_crashed(found)) if isinstance(found, Unknown) else found
        made = replace(made, listing=replace(made.listing, next_at=self.next_at()))
        self._known = lately.after_backup(self._known, made, self._clock().wall)
        await self._end(made.trouble)
        return made

    async def _drill(self, progress: Progress) -> Retrieved:
        work = partial(drill.run, self.bench, self._watched(progress), check=self.check)
        found = await self._retrieving.run(work, within_s=NO_LIMIT_S)
        outcome = Retrieved(trouble=_crashed(found)) if isinstance(found, Unknown) else found
        self._known = lately.after_drill(self._known, outcome, self._clock().wall)
        await self._end(outcome.trouble)
        return outcome

    async def _restore(self, snapshot_id: str, progress: Progress) -> Retrieved:
        work = partial(backup_work.restore_data, self.bench, snapshot_id, self._watched(progress))
        found = await self._retrieving.run(work, within_s=NO_LIMIT_S)
        outcome = Retrieved(trouble=_crashed(found)) if isinstance(found, Unknown) else found
        await self._end(outcome.trouble)
        return outcome

    async def _end(self, trouble: Phrase | None) -> None:
        """Let the next begin, and let everybody know how this one ended."""
        work, self._doing = self._doing, None
        if work is not None:
            logger.info("%s: %s", work.work, "done" if trouble is None else _said(trouble))
        try:
            await asyncio.to_thread(self.told)
        except OSError:
            logger.warning("what came of it could not be written down", exc_info=True)


def _said(why: Phrase) -> str:
    return backup_work.said(why)


def _crashed(found: Unknown) -> Phrase:
    return Phrase("backups.run.failed", {"error": found.reason.values.get("error", "unknown")})
