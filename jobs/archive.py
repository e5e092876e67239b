"""Copies what is over from the state to history, where it stays for as long as charts do."""

import sqlite3

from jobs.checks import own
from jobs.facts import Unknown
from jobs.lane import Lane
from storage.alerts import Alerts
from storage.database import Database
from storage.incidents import Delivery, Incident
from storage.job_runs import JobRun, JobRuns
from storage.outbox import Outbox
from storage.past import FINISHED, Past, over
from storage.records import Clock

BATCH = 1000  # deliveries a transaction: readers wait for one of them, not for a whole storm
WITHIN_S = 2.0  # a disk that hangs must not keep the next cycle waiting


class Archive:
    """Copies what changed since the last time; whatever a restart forgot is copied once more.

    What it has not copied to disk yet the alerts keep (`jobs.alerts.tidy`): without limit while
    copying works, as the next time is near, and some of it only while it does not (`stuck`).
    """

    def __init__(self, past: Past, database: Database, *, clock: Clock) -> None:
        self._past = past
        self._alerts = Alerts(database)
        self._outbox = Outbox(database)
        self._runs = JobRuns(database)
        self._clock = clock
        self._lane: Lane[str] = Lane("archive")
        self._generation = past.history.generation
        self._incidents: dict[int, Incident] = {}
        self._deliveries: frozenset[int] = frozenset()
        self._ran: frozenset[JobRun] = frozenset()
        self._settled = False
        self.within_s = WITHIN_S
        self.stuck = False

    def has(self, incident: Incident) -> bool:
        """Return whether history has the incident on disk as it is now."""
        kept = self._incidents.get(incident.number) if self._stands else None
        return kept is incident or (kept is not None and over(kept) == over(incident))

    def told(self, row: Delivery) -> bool:
        """Return whether history has a finished delivery on disk, or need not have it."""
        return row.status not in FINISHED or (self._stands and row.id in self._deliveries)

    @property
    def _stands(self) -> bool:
        """Whether the file is still the one that was copied to: a damaged one takes all with it."""
        return self._generation == self._past.history.generation

    async def run(self) -> str:
        """Copy in a thread; return why that failed, "" if it did not. Never raises."""
        outcome = await self._lane.run(self.copy, within_s=self.within_s)
        if not isinstance(outcome, Unknown):
            return outcome
        self.stuck = True
        return str(outcome.reason.values.get("error", outcome.reason.key))

    def copy(self) -> str:
        """Copy; return why that failed, "" if it did not. Blocking, one caller at a time."""
        try:
            self._copy()
        except (OSError, sqlite3.Error) as error:
            self.stuck = True
            return own.reason(error) if isinstance(error, OSError) else str(error)
        history = self._past.history
        self.stuck = not history.on_disk
        return history.error

    def _copy(self) -> None:
        history = self._past.history
        if not self._stands:
            self._generation = history.generation
            self._incidents, self._deliveries, self._ran = {}, frozenset(), frozenset()
        incidents, runs = self._alerts.incidents(), self._runs.all()
        told = [row for row in self._outbox.all() if row.status in FINISHED]
        if not self._settled:
            self._past.settle(incidents, at=self._clock().wall)
        changed = [one for one in incidents if not self.has(one)]
        fresh = [row for row in told if row.id not in self._deliveries]
        ran = [run for run in runs if run not in self._ran]
        for start in range(0, max(1, len(fresh)), BATCH):
            batch = fresh[start : start + BATCH]
            if changed or batch or ran:
                self._past.keep(changed, batch, ran)
            changed, ran = [], []
        if history.on_disk and self._stands:
            self._settled = True
            self._incidents = {one.number: one for one in incidents}
            self._deliveries = frozenset(row.id for row in told)
            self._ran = frozenset(runs)
