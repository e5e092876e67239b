"""What is known of the last backups without looking at them: what went well, what did not. Pure."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from jobs.backup_results import Made, Retrieved
from jobs.copies import Failure
from jobs.snapshots import Backups
from storage.job_runs import JobRun, RunStatus
from storage.records import Moment, Phrase


def after_backup(known: Backups, made: Made, at: datetime) -> Backups:
    """Return what is known once one was made, or was not; copying it away is a matter apart."""
    trouble = None if made.trouble is made.pushed else made.trouble
    known = replace(known, failed=None if trouble is None else Failure(at, trouble))
    if made.created is None:
        return known
    return replace(known, done=at)


def after_drill(known: Backups, outcome: Retrieved, at: datetime) -> Backups:
    """Return what is known once one was restored on trial, or was not."""
    if outcome.trouble is not None:
        return replace(known, drill_failed=Failure(at, outcome.trouble))
    return replace(known, drilled=at, drill_failed=None)


def remembered(
    known: Backups, *, nightly: Collection[JobRun], weekly: Collection[JobRun], begun: Moment
) -> Backups:
    """Return what the calendar's own memory adds: it is older than this process, which `begun`."""
    began = [run.started for run in nightly]
    return replace(
        known,
        since=min((begun.wall, *began)),
        nights=sum(run.status is RunStatus.DONE for run in nightly),
        done=known.done or _last(nightly),
        failed=known.failed or _failed(nightly, begun, "backups.run.failed"),
        drilled=known.drilled or _last(weekly),
        drill_failed=known.drill_failed or _failed(weekly, begun, "backups.drill.failed"),
    )


def _last(runs: Collection[JobRun]) -> datetime | None:
    found = (run.finished for run in runs if run.status is RunStatus.DONE)
    return max((one for one in found if one is not None), default=None)


def _failed(runs: Collection[JobRun], begun: Moment, key: str) -> Failure | None:
    """Return the last failure of an earlier process; this one's own is known with its reason."""
    found = [
        Failure(run.finished, Phrase(key, {"error": run.error}))
        for run in runs
        if run.status is RunStatus.FAILED and run.finished is not None
        if run.finished <= begun.wall
    ]
    return max(found, key=lambda one: one.at, default=None)
