"""What is over, in SQLite: incidents, finished deliveries and job runs, for as long as history."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

import msgspec

from storage.history import History
from storage.incidents import Delivery, Incident, Kind, Status, TimelineKind
from storage.job_runs import JobRun, RunStatus
from storage.records import Phrase, Severity
from storage.schema import PUT_DELIVERY, PUT_INCIDENT, PUT_JOB_RUN, micros, moment

Cells: TypeAlias = tuple[str | int | float | None, ...]

FINISHED = frozenset({Status.SENT, Status.DEAD})
REASON_MAX = 200

_FIELDS = "number, key, family, peak, since, opened, closed, acked, fact"
_OVER = f"SELECT {_FIELDS} FROM incidents WHERE closed >= :since AND opened < :until"  # noqa: S608
_OPEN = f"SELECT {_FIELDS} FROM incidents WHERE closed IS NULL AND opened < :until"  # noqa: S608
_TOLD = """
SELECT at, level, kind, status, passed_s, reason FROM deliveries
WHERE at >= ? AND at < ? ORDER BY at, id
"""
_RAN = """
SELECT job, day, status, tries, started, finished, error FROM job_runs
WHERE started >= ? AND started < ? ORDER BY started, job, day
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastIncident:
    """One incident as history keeps it; `acked` is when somebody took it for the first time.

    `level` is the one it has now, which history does not keep: there it is the worst it had.
    """

    number: int
    key: str
    check: str
    peak: Severity
    since: datetime
    opened: datetime
    closed: datetime | None
    acked: datetime | None
    fact: Phrase
    level: Severity = field(default=Severity.OK, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finished delivery: `sent`, `passed_s` after it was free to go, or `dead` for a `reason`."""

    at: datetime
    level: Severity
    kind: Kind
    status: Status
    passed_s: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run of a calendar job; one that never ended has no `finished`."""

    job: str
    local_date: date
    status: RunStatus
    tries: int
    started: datetime
    finished: datetime | None
    error: str


class Past:
    """Reads and writes what is over; every method blocks and may be called from any thread."""

    def __init__(self, history: History) -> None:
        self.history = history

    def keep(
        self,
        incidents: Iterable[Incident],
        deliveries: Iterable[Delivery],
        runs: Iterable[JobRun] = (),
    ) -> None:
        """Keep them as they are now, in one transaction: what was kept before is replaced.

        Deliveries that are not finished, or were not worth sending any more, are left out.
        """
        opened = [_cells(over(one)) for one in incidents]
        told = [_delivery(row) for row in deliveries if row.status in FINISHED]
        ran = [_run(run) for run in runs]

        def work(db: sqlite3.Connection) -> None:
            db.executemany(PUT_INCIDENT, opened)
            db.executemany(PUT_DELIVERY, told)
            db.executemany(PUT_JOB_RUN, ran)

        self.history.write(work)

    def settle(self, known: Iterable[Incident], *, at: datetime) -> int:
        """End `at` what is kept as open but not `known` any more; return how many those were.

        The state that knew them was lost, and with it when they really ended.
        """
        here = {(one.number, micros(one.opened)) for one in known}
        everything = {"until": micros(at) + 1}

        def work(db: sqlite3.Connection) -> int:
            found = db.execute(_OPEN, everything).fetchall()
            lost = [
                one for one in map(_past, found) if (one.number, micros(one.opened)) not in here
            ]
            db.executemany(PUT_INCIDENT, [_cells(replace(one, closed=at)) for one in lost])
            return len(lost)

        return self.history.write(work)

    def incidents(self, *, since: datetime, until: datetime) -> list[PastIncident]:
        """Return what was open at some time between the two, oldest first; open ones too."""
        values = {"since": micros(since), "until": micros(until)}

        def find(db: sqlite3.Connection) -> list[PastIncident]:
            return [_past(row) for query in (_OVER, _OPEN) for row in db.execute(query, values)]

        return sorted(self.history.read(find), key=lambda one: (one.opened, one.number))

    def told(self, *, since: datetime, until: datetime) -> list[Told]:
        """Return what was finished from `since` on and before `until`, oldest first."""
        return [
            Told(
                at=moment(at), level=Severity(level), kind=Kind(kind), status=Status(status),
                passed_s=passed_s, reason=reason,
            )
            for at, level, kind, status, passed_s, reason in self._between(_TOLD, since, until)
        ]  # fmt: skip

    def runs(self, *, since: datetime, until: datetime) -> list[Ran]:
        """Return the job runs started from `since` on and before `until`, oldest first."""
        return [
            Ran(
                job=job, local_date=date.fromisoformat(day), status=RunStatus(status), tries=tries,
                started=moment(started), finished=_moment(finished), error=error,
            )
            for job, day, status, tries, started, finished, error in self._between(
                _RAN, since, until
            )
        ]  # fmt: skip

    def _between(self, query: str, since: datetime, until: datetime) -> list[Any]:
        values = (micros(since), micros(until))
        return self.history.read(lambda db: db.execute(query, values).fetchall())


def over(incident: Incident) -> PastIncident:
    """Return what history keeps of an incident."""
    acks = (entry.at for entry in incident.timeline if entry.kind is TimelineKind.ACKED)
    return PastIncident(
        number=incident.number,
        key=incident.key,
        check=incident.check,
        peak=incident.peak,
        since=incident.since,
        opened=incident.opened,
        closed=incident.closed,
        acked=next(acks, incident.ack_at),
        fact=incident.fact,
        level=incident.level,
    )


def _cells(one: PastIncident) -> Cells:
    return (
        one.number,
        micros(one.opened),
        one.key,
        one.check,
        int(one.peak),
        micros(one.since),
        _micros(one.closed),
        _micros(one.acked),
        msgspec.json.encode(one.fact).decode(),
    )


def _past(row: tuple[Any, ...]) -> PastIncident:
    number, key, family, peak, since, opened, closed, acked, fact = row
    return PastIncident(
        number=number,
        key=key,
        check=family,
        peak=Severity(peak),
        since=moment(since),
        opened=moment(opened),
        closed=_moment(closed),
        acked=_moment(acked),
        fact=msgspec.json.decode(fact, type=Phrase),
        level=Severity(peak),
    )


def _delivery(row: Delivery) -> Cells:
    ended_s = next((s for s in (row.done_s, row.tried_s) if s is not None), row.created_s)
    passed_s = max(0.0, ended_s - row.created_s)
    taken_s = max(0.0, ended_s - row.since_s)
    return (
        micros(row.created + timedelta(seconds=passed_s)),
        row.id,
        int(row.level),
        row.kind,
        row.status,
        taken_s,
        row.last_error[:REASON_MAX] if row.status is Status.DEAD else "",
    )


def _run(run: JobRun) -> Cells:
    day, started = run.local_date.isoformat(), micros(run.started)
    return (run.job, day, run.status, run.tries, started, _micros(run.finished), run.error)


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment(at)
