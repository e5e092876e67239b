"""Words for the stories: held against Telegram's rules by the real texts, remembered by row."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path

from bot.delivery.texts import Texts
from handlers.views.message import Message
from storage.chats import Chats
from storage.database import Database
from storage.incidents import Delivery, Incident
from storage.records import Moment
from tests.bot.outbox_world import Words
from tests.handlers.strict import problems

FRENCH = "8"


class Scribe:
    """A renderer: `rows` says what each text it gave tells, by channel and text."""

    def __init__(self, folder: Path) -> None:
        chats = Chats(Database(folder / "languages.json"))
        chats.remember(int(FRENCH), "fr")
        self._real = Texts(chats, timezone=UTC)
        self._words = Words()
        self.rows: dict[tuple[str, str], tuple[Delivery, ...]] = {}

    def news(self, row: Delivery, incident: Incident, *, at: Moment) -> Message:
        """Return what the row says about its incident."""
        words = self._words.news(row, incident, at=at)
        return self._kept(row.channel, (row,), words, self._real.news(row, incident, at=at))

    def card(self, incident: Incident, channel: str, *, at: Moment) -> Message:
        """Return where the incident stands."""
        words = self._words.card(incident, channel, at=at)
        return self._kept(channel, (), words, self._real.card(incident, channel, at=at))

    def digest(
        self, rows: Sequence[tuple[Delivery, Incident]], channel: str, *, at: Moment
    ) -> Message:
        """Return what is told of each incident."""
        words = self._words.digest(rows, channel, at=at)
        told = tuple(row for row, _ in rows)
        return self._kept(channel, told, words, self._real.digest(rows, channel, at=at))

    def note(self, row: Delivery, *, at: Moment) -> Message:
        """Return the row's phrase as it is."""
        words = self._words.note(row, at=at)
        return self._kept(row.channel, (), words, self._real.note(row, at=at))

    async def report(self, row: Delivery, *, at: Moment) -> Message:
        """Return which date it is the report of."""
        return await self._words.report(row, at=at)

    def _kept(
        self, channel: str, rows: tuple[Delivery, ...], words: Message, real: Message
    ) -> Message:
        """I17: whatever is in it, Telegram takes the real text."""
        assert problems(real) == [], real
        self.rows[channel, words.html] = rows
        return replace(words, silent=real.silent)
