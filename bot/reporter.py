"""Builds what makes the report; the bot and the one-shot share it, and neither Telegram."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from bot.settings import Settings
from jobs import copies
from jobs.alerts.manager import AlertManager
from jobs.alerts.quiet import QuietHours
from jobs.archive import Archive
from jobs.facts import Unknown
from jobs.reporter import Now, Reporter, Terms
from jobs.snapshots import Backups
from jobs.watch import Watch
from storage.history import History
from storage.incidents import Incident
from storage.records import Clock, Phrase, Value
from storage.tracker import FileReport
from storage.tracker.manifest import load

MORNING = time(9)


def reporter(
    found: Settings,
    history: History,
    *,
    watch: Watch | None = None,
    incidents: Callable[[], Iterable[Incident]] = tuple,
) -> Reporter:
    """Return it over `history`; `watch` and `incidents` know what history does not yet."""

    def files() -> Collection[FileReport]:
        last = None if watch is None else watch.last
        data = None if last is None else last.facts.data
        if data is None or isinstance(data, Unknown):
            return [known.report for known in load(history).values()]
        return data.files

    def backups() -> Backups | None:
        last = None if watch is None else watch.last
        seen = None if last is None else last.facts.backups
        return None if isinstance(seen, Unknown) else seen

    def backup(until: datetime) -> Phrase | None:
        seen = backups()
        return None if seen is None else _kept(seen, until)

    def away(until: datetime) -> Phrase | None:
        seen = backups()
        return None if seen is None or seen.copies is None else copies.told(seen.copies, until)

    terms = Terms(
        due=found.report_at or MORNING,
        zone=found.timezone,
        every=found.health_every,
        sources=found.expected_sources,
        quiet_hours=quiet_hours(found),
        weekly=found.weekly_report,
    )
    now = Now(files=files, incidents=incidents, backup=backup, copies=away)
    return Reporter(history, terms=terms, now=now)


def _kept(backups: Backups, until: datetime) -> Phrase | None:
    """Return when the last verified backup by then was made, what it takes, how many are kept.

    None where those that are kept were all made later: of a day so long past nothing is known.
    """
    if backups.error:
        return None
    if backups.newest is None:
        return Phrase("backups.none")
    newest = next((each for each in reversed(backups.sound) if each.at <= until), None)
    if newest is None:
        return None
    values: dict[str, Value] = {
        "at_at": newest.at.timestamp(), "size_bytes": newest.size_bytes, "n": len(backups.sound),
    }  # fmt: skip
    return Phrase("backups.report", values)


def channels(found: Settings) -> tuple[str, ...]:
    """Return where alerts and reports go: without listed chats, to the admins."""
    return tuple(dict.fromkeys(found.telegram_chat_ids or map(str, found.telegram_admin_ids)))


def quiet_hours(found: Settings) -> QuietHours | None:
    """Return when people sleep, None where that was not said."""
    if found.quiet_hours is None:
        return None
    start, end = found.quiet_hours
    return QuietHours(start=start, end=end, zone=found.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """The daily job: look once more, then queue the report for every chat."""

    watch: Watch
    archive: Archive
    alerts: AlertManager
    clock: Clock

    async def look(self, _: date) -> str:
        """Run a health cycle and copy what is over, so that the report knows all of its window.

        What came after the last cycle would else be in no report: the next window begins later.
        """
        await self.watch.run()
        await self.archive.run()
        return ""

    def queue(self, day: date) -> None:
        """Queue the report, inside the transaction that writes the job's run down."""
        self.alerts.report(day, at=self.clock())
