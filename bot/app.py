"""Puts the program together: the only file that knows every part."""

import logging
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from telegram.ext import Application, Defaults, JobQueue, Updater
from telegram.request import BaseRequest, HTTPXRequest

from bot.answers import Believed, Refusals
from bot.backing import backups, plan_ahead
from bot.delivery.relay import Relays, Ways
from bot.delivery.telegram import TelegramSender
from bot.delivery.texts import Texts
from bot.delivery.worker import Worker
from bot.looking import Looking, looking
from bot.polling import Sieve
from bot.reporter import Morning, channels, quiet_hours, reporter
from bot.schedule import calendar
from bot.settings import Settings
from bot.showing import COMMAND, access, display
from handlers import leftovers, menu, registry
from handlers.charting import Charts
from handlers.context import Services
from handlers.reporting import Reports, put_away
from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Rules
from jobs.archive import Archive
from jobs.probes.boot import boot_mark
from jobs.timetable import Timetable
from storage.alerts import Alerts
from storage.boots import Boots
from storage.chats import Chats, relay
from storage.clock import resume
from storage.database import Database
from storage.files import LockedError, ProcessLock
from storage.history import History
from storage.job_runs import JobRuns
from storage.past import Past
from storage.picks import Picks
from storage.unfinished import UnfinishedMessages

LOG = logging.getLogger("vigie.app")
App: TypeAlias = Application[Any, Any, Any, Any, Any, Any]
# Updates handled at once: a chart that is drawn must not hold up an acknowledgement.
CONCURRENT_UPDATES = 16
CONNECTIONS = 16
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """How the Bot API is reached: one request for calls, one for the long poll."""

    token: str
    calls: BaseRequest
    polls: BaseRequest
    root: str = "https://api.telegram.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Every part, wired and not yet running."""

    settings: Settings
    application: App
    services: Services
    worker: Worker
    sieve: Sieve
    looking: Looking
    timetable: Timetable
    archive: Archive
    lock: ProcessLock

    @property
    def queue(self) -> JobQueue[Any]:
        """The application's job queue."""
        assert self.application.job_queue is not None  # noqa: S101 — built with one
        return self.application.job_queue

    @property
    def updater(self) -> Updater:
        """The application's poller."""
        assert self.application.updater is not None  # noqa: S101 — built with one
        return self.application.updater

    async def push_menus(self) -> None:
        """Give Telegram the command menus that differ from what it has."""
        await menu.publish(self.application.bot, self.services)

    async def settle_leftovers(self) -> None:
        """Give the messages a last word that said something was under way at the last stop."""
        await leftovers.settle(self.application.bot, self.services)

    async def look(self) -> None:
        """Run a health cycle, then copy what is over to history."""
        await self.services.watch.run()
        await self.archive.run()

    async def close(self) -> None:
        """Close what holds processes, files and the lock; everything is already committed."""
        await self.timetable.finish()
        await self.services.watch.finish()
        await self.archive.run()
        await self.services.charts.close()
        self.looking.history.close()
        self.lock.release()


def over_http(found: Settings) -> Transport:
    """Return the transport of the real bot."""
    return Transport(
        token=found.telegram_bot_token.get_secret_value(),
        calls=HTTPXRequest(
            connection_pool_size=CONNECTIONS,
            read_timeout=TIMEOUT_S,
            write_timeout=TIMEOUT_S,
            connect_timeout=TIMEOUT_S,
        ),
        polls=HTTPXRequest(connection_pool_size=1, read_timeout=TIMEOUT_S),
        root=str(found.telegram_api_url).rstrip("/"),
    )


def build(
    found: Settings,
    transport: Transport | None = None,
    *,
    rules: Rules | None = None,
    command: str = COMMAND,
) -> Program:
    """Wire everything over the state folder. Raise LockedError where another process owns it.

    `command` is what people are told to type for Vigie's command line.
    """
    transport = over_http(found) if transport is None else transport
    lock = _lock(found)
    database = Database(found.state_dir / "state.json")
    saved = Alerts(database).moment()
    clock = resume(saved)
    chats = Chats(database, default=found.language)
    history = History(found.state_dir / "history.sqlite", kept_days=found.history_days)
    archive = Archive(Past(history), database, clock=clock)
    alerts = AlertManager(
        database=database,
        channels=channels(found),
        rules=rules,
        quiet_hours=quiet_hours(found),
        admins=tuple(map(str, found.telegram_admin_ids)),
        relays=tuple(map(relay, range(len(found.addresses)))),
        copies=archive,
    )
    parts = looking(
        found,
        clock=clock,
        history=history,
        alerts=alerts,
        database=database,
        booted=saved if Boots(database).changed(boot_mark) else None,
    )
    morning = Morning(watch=parts.watch, archive=archive, alerts=alerts, clock=clock)
    keeping = backups(found, database, parts, alerts, clock=clock)
    jobs = calendar(found, history=parts.history, clock=clock, morning=morning, backups=keeping)
    timetable = Timetable(jobs, runs=JobRuns(database), clock=clock, committed=alerts.announce)
    plan_ahead(keeping, timetable, clock=clock)
    parts.own.jobs = timetable.standings
    parts.own.outbox_s = lambda at: alerts.ledger.oldest_s(at=at)
    making = reporter(found, history, watch=parts.watch, incidents=alerts.known)
    charts = Charts()
    picks = Picks(database)
    reports = Reports(making, charts, without=put_away(chats, picks))
    services = Services(
        watch=parts.watch,
        alerts=alerts,
        opportunities=parts.opportunities,
        picks=picks,
        history=parts.history,
        chats=chats,
        access=access(found),
        charts=charts,
        clock=clock,
        display=display(found, command=command),
        reports=reports,
        unfinished=UnfinishedMessages(database),
        backups=keeping,
    )
    refusals = Refusals()
    sieve = Sieve(transport.polls, token=transport.token, refusals=refusals)
    calls = Believed(transport.calls, token=transport.token, refusals=refusals)
    application = _application(found, replace(transport, calls=calls, polls=sieve))
    registry.register(application, services)
    return Program(
        settings=found,
        application=application,
        services=services,
        worker=Worker(
            alerts=alerts,
            sender=Ways(TelegramSender(application.bot, chats), Relays(found.addresses)),
            texts=Texts(
                chats,
                timezone=found.timezone,
                alerts=alerts,
                admins=found.telegram_admin_ids,
                reports=reports,
            ),
            clock=clock,
        ),
        sieve=sieve,
        looking=parts,
        timetable=timetable,
        archive=archive,
        lock=lock,
    )


def _lock(found: Settings) -> ProcessLock:
    """Take the state's lock; a folder that cannot be written is a finding, not the end."""
    lock = ProcessLock(found.state_dir / "lock")
    try:
        found.state_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except LockedError:
        raise
    except OSError as error:
        LOG.warning("STATE_DIR cannot be written", extra={"error": error.strerror})
    return lock


def _application(found: Settings, transport: Transport) -> App:
    return (
        Application.builder()
        .token(transport.token)
        .base_url(f"{transport.root}/bot")
        .base_file_url(f"{transport.root}/file/bot")
        .request(transport.calls)
        .get_updates_request(transport.polls)
        .defaults(Defaults(tzinfo=found.timezone))
        .concurrent_updates(CONCURRENT_UPDATES)
        .build()
    )
