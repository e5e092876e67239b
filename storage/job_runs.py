"""When each calendar job ran, by local date: the memory that keeps it from running twice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from storage.database import Database

KEPT = 40  # a job's latest runs: the file is written whole, and no clock is set back further


class RunStatus(StrEnum):
    """Where a run stands; one that is `running` in a new process was interrupted."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """One job on one local date; `tries` counts its starts, the `…_s` are logical seconds."""

    job: str
    local_date: date
    status: RunStatus
    tries: int
    started: datetime
    started_s: float
    finished: datetime | None = None
    finished_s: float | None = None
    error: str = ""


def nothing() -> None:
    """Change nothing beside a run."""


class JobRuns:
    """One table; a commit that the disk refuses is kept in memory, so that jobs go on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.table("job_runs", JobRun)

    def of(self, job: str) -> dict[date, JobRun]:
        """Return the runs kept of a job, by local date."""
        return {run.local_date: run for run in self._rows.all() if run.job == job}

    def all(self) -> list[JobRun]:
        """Return the runs kept of every job, in no order."""
        return self._rows.all()

    def keep(self, run: JobRun, also: Callable[[], object] = nothing) -> None:
        """Write a run down, and what `also` changes with it: both or none; blocking.

        A job's oldest runs beyond KEPT are forgotten.
        """

        def work() -> None:
            also()
            self._rows.put(_key(run), run)
            runs = sorted(self.of(run.job).values(), key=lambda one: one.started_s)
            for old in runs[:-KEPT]:
                self._rows.remove(_key(old))

        self._database.commit(work)


def _key(run: JobRun) -> str:
    return f"{run.job}:{run.local_date.isoformat()}"
