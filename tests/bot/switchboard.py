"""A played Telegram that keeps its own record: what it took, what it refused, and when.

It can be cut off for a time, and a chat can block the bot for a time; texts name their news in
one line each, so that the record can be read without asking the program anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.sandbox import BotApi
from bot.sandbox.faults import ConnectionLost
from bot.sandbox.world import Upload
from handlers.views.message import Message
from jobs.alerts.rows import report_day
from jobs.report import Report
from jobs.reporter import Reporter
from storage.incidents import Delivery, Incident
from storage.records import Moment
from tests.bot.outbox_world import Words


@dataclass(frozen=True)
class Heard:
    """One line that a chat was told, or that was refused there (403)."""

    at: datetime
    chat: int
    kind: str
    key: str
    level: str
    refused: bool = False


@dataclass(frozen=True)
class Away:
    """From `since` to `until` nobody reaches Telegram, or, with a `chat`, that chat."""

    since: datetime
    until: datetime
    chat: int = 0


class Timed(Protocol):
    """Whoever knows what time it is in the story."""

    now: datetime


class Switchboard(BotApi):
    """Telegram; `heard` is the record."""

    def __init__(self, now: Timed, aways: Sequence[Away], *, chats: Sequence[int]) -> None:
        super().__init__(clock=lambda: now.now)
        self._now, self._aways = now, aways
        self._shown: dict[tuple[int, int], list[str]] = {}
        self.heard: list[Heard] = []
        self.probed: list[tuple[datetime, int]] = []
        for chat in chats:
            self.person(chat)

    async def call(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        files: Mapping[str, bytes | Upload] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Answer, unless nobody reaches Telegram just now."""
        at, asked = self._now.now, params or {}
        if "chat_id" not in asked:
            return await super().call(method, params, files)
        there = [away for away in self._aways if away.since <= at < away.until]
        if any(not away.chat for away in there):
            raise ConnectionLost
        chat = int(asked["chat_id"])
        self.block(chat, "bot was blocked" if chat in {away.chat for away in there} else "")
        status, body = await super().call(method, params, files)
        refused = status == 403
        if method == "sendChatAction" and not refused:
            self.probed.append((at, chat))
        if method == "sendMessage":
            message = body.get("result", {}).get("message_id", 0)
            self._note(asked["text"], chat, message, refused=refused)
        elif method == "editMessageText" and status == 200:
            self._note(asked["text"], chat, asked["message_id"], refused=False)
        return status, body

    def _note(self, text: str, chat: int, message: int, *, refused: bool) -> None:
        """Note the lines that are news: a digest that grows repeats those it had, a card all."""
        before = self._shown.get((chat, message), [])
        lines = [line for line in text.splitlines() if not line.startswith("card ")]
        if not refused:
            self._shown[chat, message] = lines
        for kind, key, level in (line.split(" ") for line in lines if line not in before):
            self.heard.append(Heard(self._now.now, chat, kind, key, level, refused))


@dataclass
class Told:
    """A report as it was made for a chat."""

    at: datetime
    report: Report


@dataclass
class Lines(Words):
    """Texts of one line for each thing they tell: kind, key and level; reports are kept."""

    reporter: Reporter
    told: list[Told] = field(default_factory=list)

    def news(self, row: Delivery, incident: Incident, *, at: Moment) -> Message:
        _ = incident, at
        return Message(html=_line(row))

    def digest(
        self, rows: Sequence[tuple[Delivery, Incident]], channel: str, *, at: Moment
    ) -> Message:
        _ = channel, at
        return Message(html="\n".join(_line(row) for row, _ in rows))

    def note(self, row: Delivery, *, at: Moment) -> Message:
        _ = at
        return Message(html=_line(row))

    async def report(self, row: Delivery, *, at: Moment) -> Message:
        report = self.reporter.build(day=report_day(row), at=at)
        self.told.append(Told(at.wall, report))
        return Message(html=_line(row))


def _line(row: Delivery) -> str:
    return f"{row.kind.value} {row.key} {row.level.name}"
