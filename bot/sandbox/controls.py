"""What the page's panel needs of whatever it may break."""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

Status: TypeAlias = Mapping[str, object]

TRACKER_ACTIONS = (
    "stop_scrapers",
    "start_scrapers",
    "corrupt",
    "repair",
    "freeze",
    "thaw",
    "load_cpu",
    "release_cpu",
    "delete_data",
    "put_back",
)
BOT_ACTIONS = ("stop_bot", "start_bot")
ACTIONS = (*TRACKER_ACTIONS, *BOT_ACTIONS)


class Controls(Protocol):
    """Breaks and repairs by the names in ACTIONS; every method may block."""

    def act(self, action: str) -> None:
        """Do one of ACTIONS; doing it twice is harmless."""

    def status(self) -> Status:
        """Return what the page shows: broken, hints, running, files, newest_at, busy, corrupted."""
