"""What every handler may use."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast
from zoneinfo import ZoneInfo

from telegram.ext import ContextTypes

from handlers.access import Access, Role
from handlers.artist import Artist
from handlers.backing import Backups
from handlers.reporting import Reports
from handlers.sealing import Seals
from jobs.alerts.manager import AlertManager
from jobs.alerts.quiet import QuietHours
from jobs.watch import Watch
from storage.chats import Chats
from storage.history import History
from storage.opportunities import Opportunities
from storage.picks import Picks
from storage.records import Clock
from storage.unfinished import UnfinishedMessages

Context: TypeAlias = ContextTypes.DEFAULT_TYPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limit of each series the charts draw; None draws no line."""

    cpu_pct: float | None = None
    memory_pct: float | None = None
    disk_pct: float | None = None
    data_age_s: float | None = None
    new_24h: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How things are shown: the owner's zone and language, and what the charts mark.

    `edit_every_s` is the pace of a message that goes on changing; `command` is what is typed in
    front of a command on the console.
    """

    timezone: ZoneInfo
    language: str = "en"
    min_roi: float = 2.0
    limits: Limits = Limits()
    health_every_s: float = 300.0
    quiet_hours: QuietHours | None = None
    edit_every_s: float = 2.0
    command: str = "python -m bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Built once by bot.app; handlers reach the rest of the program only through it."""

    watch: Watch
    alerts: AlertManager
    opportunities: Opportunities
    picks: Picks
    history: History
    chats: Chats
    access: Access
    charts: Artist
    clock: Clock
    display: Display
    reports: Reports
    unfinished: UnfinishedMessages
    backups: Backups
    seals: Seals = field(default_factory=Seals)

    def role(self, user_id: int, chat_id: int) -> Role:
        """Return what a person may do in a chat, also in the supergroup a listed group became."""
        for listed in self.access.chat_ids:
            if listed < 0 and listed != chat_id and self.chats.current(listed) == chat_id:
                return self.access.role(user_id, listed)
        return self.access.role(user_id, chat_id)


def services(context: Context) -> Services:
    """Return the services that bot.app stored under `services` in the bot's data."""
    return cast(Services, cast(dict[str, Any], context.bot_data)["services"])
