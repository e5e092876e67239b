"""Which calendar job is due, and for which local date. Pure.

A run is known by its local date, never by an instant or an hour: 02:30 that comes twice is one
date, 02:30 that is left out is a date all the same, and a clock set back finds its date done.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

from jobs.facts import JobStanding, JobState
from storage.job_runs import JobRun, RunStatus
from storage.records import Moment, Severity

DAY = timedelta(days=1)
FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3600.0
WEEK = 7
AHEAD = WEEK + 2  # dates looked through for the next one: more than any time zone leaves out

Runs: TypeAlias = Mapping[date, JobRun]
Work: TypeAlias = Callable[[date], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something done once per local date, at `at` or as soon as possible within `catch_up`.

    `work` returns why it failed, "" if it did not; it is tried `tries` times. What `commits`
    changes is saved in one write with the run that went well: never lost, and never twice. Longer
    than `within` is told. `level` is how bad it is when a date ends without it. With `on` (0 is
    Monday) only dates of that weekday count. It is never started while the job named `after` runs.
    """

    name: str
    at: time
    catch_up: timedelta
    zone: tzinfo
    work: Work = field(compare=False)
    on: int | None = None
    after: str = ""
    within: timedelta = timedelta(minutes=10)
    tries: int = 5
    level: Severity = Severity.WARNING
    commits: Callable[[date], object] | None = field(default=None, compare=False)


def start(job: Job, day: date) -> datetime | None:
    """Return when the job's time comes on that local date, in UTC; None where the date does not.

    A time that comes twice is its first, one that is left out comes as late as the clocks go
    forward; a date that a zone leaves out (it crossed the date line) is none.
    """
    if job.on is not None and day.weekday() != job.on:
        return None
    midnight, following = (_utc(one, time(), job.zone) for one in (day, day + DAY))
    return None if midnight == following else _utc(day, job.at, job.zone)


def due(job: Job, runs: Runs, *, at: Moment) -> date | None:
    """Return the oldest date the job may be started for now, None if there is none."""
    for day, begin in _dates(job, at.wall):
        open_now = begin <= at.wall <= begin + job.catch_up
        if open_now and _may_start(job, runs.get(day), at=at):
            return day
    return None


def pause_s(tries: int) -> float:
    """Return how long to wait after that many tries: 1, 5, 25 minutes, then an hour."""
    return min(FIRST_PAUSE_S * 5.0 ** (tries - 1), LONGEST_PAUSE_S)


def standing(job: Job, runs: Runs, *, at: Moment, running: bool) -> JobStanding:
    """Return how the job stands, to be judged and shown; `running` tells that it runs now."""
    day, begin = [(day, begin) for day, begin in _dates(job, at.wall) if begin <= at.wall][-1]
    run = _under_way(runs) if running else runs.get(day)
    over = at.wall > begin + job.catch_up
    if run is None:
        missed = over and any(earlier < day for earlier in runs)
        state = JobState.MISSED if missed else JobState.DUE
    else:
        state = _state(job, run, at=at, running=running, over=over)
    again_s = _again_s(job, run) if run is not None and state is JobState.RETRYING else None
    finished = [one.finished for one in runs.values() if one.status is RunStatus.DONE]
    return JobStanding(
        name=job.name,
        state=state,
        level=job.level,
        begin=begin,
        last=max((one for one in finished if one is not None), default=None),
        following=_following(job, runs, at=at) if again_s is None else _wall(at, again_s),
        tries=0 if run is None else run.tries,
        error="" if run is None else run.error,
        running_s=0.0 if run is None else at.logical_s - run.started_s,
        limit_s=job.within.total_seconds(),
    )


def _state(job: Job, run: JobRun, *, at: Moment, running: bool, over: bool) -> JobState:
    if running:
        late = at.logical_s - run.started_s > job.within.total_seconds()
        return JobState.LATE if late else JobState.RUNNING
    if run.status is RunStatus.DONE:
        return JobState.WELL
    return JobState.FAILED if over or run.tries >= job.tries else JobState.RETRYING


def _under_way(runs: Runs) -> JobRun | None:
    under_way = [run for run in runs.values() if run.status is RunStatus.RUNNING]
    return max(under_way, key=lambda run: run.started_s, default=None)


def _may_start(job: Job, run: JobRun | None, *, at: Moment) -> bool:
    if run is None:
        return True
    again_s = _again_s(job, run)
    return again_s is not None and at.logical_s >= again_s


def _again_s(job: Job, run: JobRun) -> float | None:
    """Return from when on (logical seconds) it may be tried again, None where it may not."""
    if run.status is RunStatus.DONE or run.tries >= job.tries:
        return None
    ended_s = run.started_s if run.finished_s is None else run.finished_s
    return ended_s + pause_s(run.tries)


def _following(job: Job, runs: Runs, *, at: Moment) -> datetime:
    """Return when the next date begins that has no run yet; now where one is open."""
    today = at.wall.astimezone(job.zone).date()
    for day in (today + number * DAY for number in range(-1, AHEAD)):
        begin = start(job, day)
        if begin is not None and begin + job.catch_up >= at.wall and day not in runs:
            return max(begin, at.wall)
    return at.wall + AHEAD * DAY


def _dates(job: Job, wall: datetime) -> Iterator[tuple[date, datetime]]:
    """Yield the dates whose window may be open, and the last one before, oldest first."""
    today = wall.astimezone(job.zone).date()
    back = 2 + -(-job.catch_up // DAY) + (0 if job.on is None else WEEK)
    for number in range(-back, 2):
        day = today + number * DAY
        begin = start(job, day)
        if begin is not None:
            yield day, begin


def _utc(day: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _wall(at: Moment, logical_s: float) -> datetime:
    return at.wall + timedelta(seconds=max(0.0, logical_s - at.logical_s))
