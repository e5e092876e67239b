"""To whom the handlers answer, and how they show what they say, as the owner set it."""

from bot.reporter import quiet_hours
from bot.settings import Settings
from handlers.access import Access
from handlers.context import Display, Limits

COMMAND = "python -m bot"


def access(found: Settings) -> Access:
    """Return who may do what: listed chats and admins."""
    chats = (int(channel.partition(":")[0]) for channel in found.telegram_chat_ids)
    return Access(chat_ids=frozenset(chats), admin_ids=frozenset(found.telegram_admin_ids))


def display(found: Settings, *, command: str = COMMAND) -> Display:
    """Return zone, language, pace and limits."""
    return Display(
        timezone=found.timezone,
        language=found.language,
        min_roi=found.min_roi,
        limits=Limits(
            cpu_pct=found.cpu_warning,
            memory_pct=found.memory_warning,
            disk_pct=found.disk_warning,
            data_age_s=found.fresh_warning.total_seconds(),
            new_24h=found.low_volume_per_day or None,
        ),
        health_every_s=found.health_every.total_seconds(),
        quiet_hours=quiet_hours(found),
        command=command,
    )
