"""Builds the backups of the running bot: what came of each becomes alerts at once."""

from bot import copies
from bot.keeping import bench, policy
from bot.looking import Looking, limits
from bot.settings import Settings
from jobs import drill
from jobs.alerts.manager import AlertManager
from jobs.backup import NIGHTLY, Backups
from jobs.checks.backups import Safekeeping
from jobs.facts import Facts, Unknown
from jobs.timetable import Timetable
from storage.database import Database
from storage.job_runs import JobRuns
from storage.records import Clock, Phrase

NOT_LOOKED_AT = Unknown(Phrase("unknown.timeout", {"limit_s": 0.0}))


def backups(
    found: Settings, database: Database, parts: Looking, alerts: AlertManager, *, clock: Clock
) -> Backups:
    """Return them, and let the health cycle know what they know; tidy up after a killed trial.

    Raises OffsiteError where BACKUP_OFFSITE or its keys can never do.
    """
    made = Backups(bench(found), clock=clock)
    drill.tidy(made.bench)
    away = copies.copies(found)
    if away is not None:
        made.push = copies.pushing(away, policy(found))
        made.check = copies.checking(away)
    parts.backups.record = made.bench.record
    made.runs = JobRuns(database).of
    parts.backups.known = made.standing
    check = Safekeeping(policy=limits(found).backups)

    def told() -> None:
        """Judge the backups alone, now: the next cycle may be minutes away."""
        at = clock()
        look = Facts(
            at=at, data=NOT_LOOKED_AT, business=NOT_LOOKED_AT, processes=NOT_LOOKED_AT,
            host=NOT_LOOKED_AT, own=NOT_LOOKED_AT, backups=parts.backups(at), took_s=0.0,
        )  # fmt: skip
        alerts.observe(check.judge(look, now=at.wall).observations, at=at)

    made.told = told
    return made


def plan_ahead(made: Backups, timetable: Timetable, *, clock: Clock) -> None:
    """Let the backups say when the next one is made by itself."""
    made.next_at = lambda: next(
        (job.following for job in timetable.standings(clock()) if job.name == NIGHTLY), None
    )
