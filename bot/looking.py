"""Builds what looks at the tracker; the bot and the one-shots share it, and neither Telegram."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bot.keeping import policy
from bot.settings import Settings
from jobs import housekeeping
from jobs.absences import Absences
from jobs.checks.resources import load_limits, space_limits
from jobs.checks.standard import Limits, standard
from jobs.gather import Gatherer, Sources
from jobs.lane import Lane
from jobs.noting import Listener
from jobs.probes.backups import BackupsProbe
from jobs.probes.host import MEAN_S, CpuMean, HostProbe
from jobs.probes.own import LoopLag, OwnProbe, ShelfProbe
from jobs.probes.processes import ProcessProbe
from jobs.probes.trends import Kept, Trends
from jobs.watch import Watch
from storage import habits
from storage.alerts import Alerts
from storage.database import Database
from storage.files import LockedError, ProcessLock
from storage.history import History
from storage.opportunities import Opportunities
from storage.records import Clock, Moment
from storage.sqlite import set_aside_after
from storage.tracker import ReadOptions, Tracker

EXAMINE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """The half of the program that looks and judges."""

    history: History
    opportunities: Opportunities
    host: HostProbe
    lag: LoopLag
    own: OwnProbe
    backups: BackupsProbe
    watch: Watch
    examining: Lane[None] = field(default_factory=lambda: Lane("examine"))

    async def examine(self) -> None:
        """Read the history through, so that damage shows within the hour; never raises."""
        work = partial(housekeeping.examine, self.history)
        await self.examining.run(work, within_s=EXAMINE_S)


def limits(found: Settings) -> Limits:
    """Return the owner's limits as the checks read them."""
    return Limits(
        commands=found.scraper_commands,
        sources=found.expected_sources,
        fresh_warning=found.fresh_warning,
        fresh_error=found.fresh_error,
        fresh_critical=found.fresh_critical,
        low_volume=found.low_volume_per_day,
        cpu=load_limits(warning=found.cpu_warning, error=found.cpu_error),
        memory=space_limits(warning=found.memory_warning, critical=found.memory_critical),
        disk=space_limits(warning=found.disk_warning, critical=found.disk_critical),
        backups=None if found.backup_at is None else policy(found),
    )


def looking(  # noqa: PLR0913 - parts, all named
    found: Settings,
    *,
    clock: Clock,
    history: History,
    alerts: Listener | None = None,
    database: Database | None = None,
    booted: Moment | None = None,
) -> Looking:
    """Build it over `history`; without `alerts` nothing is alerted and no samples are kept.

    `booted` is the last moment before the machine started anew, None where it did not.
    """
    opportunities = Opportunities(history)
    tracker = Tracker(
        found.data_dir,
        index=opportunities,
        options=ReadOptions(rates=found.reward_rates, max_file_bytes=found.max_file_size),
    )
    # Ten cycles at least: the demo's are short, and a load is to be seen there within a minute.
    over_s = min(MEAN_S, 10 * found.health_every.total_seconds())
    host = HostProbe(
        {"data": found.data_dir, "state": found.state_dir, "backups": found.backup_dir},
        cpu=CpuMean(over_s=over_s),
        trends=Trends(Kept(history)),
    )
    lag = LoopLag()
    own = OwnProbe(
        found.state_dir,
        lag=lag,
        state_error=lambda: (database.error if database else "") or history.error,
        damaged=lambda: database.damaged if database else (),
    )
    own.shelf = ShelfProbe(history, untold=_untold(history, database))
    backups = BackupsProbe(found.backup_dir)
    gatherer = Gatherer(
        Sources(
            tracker=tracker,
            opportunities=opportunities,
            processes=ProcessProbe(found.scraper_commands),
            host=host,
            own=own,
            habits=lambda at: habits.learn(history, now=at.wall),
            backups=backups,
        )
    )
    watch = Watch(
        gatherer=gatherer,
        checks=standard(limits(found)),
        clock=clock,
        alerts=alerts,
        history=None if alerts is None else history,
        absences=Absences(every=found.health_every, booted=booted),
    )
    return Looking(
        history=history, opportunities=opportunities, host=host, lag=lag, own=own,
        backups=backups, watch=watch,
    )  # fmt: skip


def _untold(history: History, database: Database | None) -> str:
    """Return what a one-shot set aside since the service last told anything, "" if nothing."""
    saved = None if database is None else Alerts(database).moment()
    return "" if saved is None else set_aside_after(history.path, saved.wall)


class Ours:
    """Takes the state's lock where no service holds it; `ours` tells whether we may write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = ProcessLock(folder / "lock")
        self.ours = False
        self.holder: int | None = None

    def __enter__(self) -> "Ours":
        """Take it if nobody has it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except LockedError as error:
            self.holder = error.pid
        except OSError:
            pass  # the folder cannot be written: the look itself says so
        else:
            self.ours = True
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back if it was ours."""
        if self.ours:
            self._lock.release()
