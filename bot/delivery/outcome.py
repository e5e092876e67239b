"""What became of one call to a chat, in delivery's own words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from handlers.views.message import Message


class Fault(StrEnum):
    """Why a message was not accepted, by what to do about it."""

    PAUSED = "retry_after"  # wait as long as told
    UNSURE = "timeout"  # it may be there: try again, and say so
    PASSING = "network"  # it is not there: try again
    MARKUP = "markup"  # send it once more as plain text
    REJECTED = "rejected"  # never try again
    VANISHED = "vanished"  # the message to edit is not there any more
    GONE = "gone"  # nothing reaches this chat
    MIGRATED = "migrated"  # the chat has another id
    TOKEN = "token"  # nothing reaches anybody  # noqa: S105


@dataclass(frozen=True, slots=True)
class Sent:
    """Telegram took it; an edit has no new id.

    `cut`: it had no room for everything; `bare`: its markup was refused, it went as plain text.
    """

    message_id: int | None = None
    cut: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Telegram, or the way to it, did not take it; `text` has no token and no address."""

    fault: Fault
    text: str
    retry_after_s: float = 0.0
    chat_id: int | None = None


Outcome: TypeAlias = Sent | Failed


class Sender(Protocol):
    """Brings messages to channels (`chat` or `chat:topic`); trouble is an answer, not an error."""

    async def send(self, channel: str, message: Message, *, reply_to: int | None = None) -> Outcome:
        """Post a message, as a reply where asked."""
        ...

    async def edit(self, channel: str, message_id: int, message: Message) -> Outcome:
        """Edit a message in place, without a sound."""
        ...

    async def probe(self, channel: str) -> Outcome:
        """Find out whether the channel can be reached, without posting anything."""
        ...
