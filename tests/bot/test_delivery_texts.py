from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from telegram import Bot

from bot.delivery.telegram import TelegramSender
from bot.delivery.texts import Texts
from bot.delivery.worker import Worker
from bot.sandbox.api import BotApi
from bot.sandbox.request import SandboxRequest
from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Row, Rules
from storage.chats import Chats
from storage.database import Database
from storage.records import Observation, Outcome, Phrase, Severity
from tests.jobs.seen import Hands

ADA, LINE = 7, 8


class Phones:
    """The real path, from an observation to two people's phones."""

    def __init__(self, folder: Path, api: BotApi, bot: Bot) -> None:
        database = Database(folder / "state.json")
        chats = Chats(database)
        chats.remember(LINE, "fr")
        self.api, self.clock = api, Hands()
        rules = Rules(table=(Row(glob="*", fails=1, passes=1),))
        self.alerts = AlertManager(database=database, channels=("7", "8"), rules=rules)
        self.worker = Worker(
            alerts=self.alerts,
            sender=TelegramSender(bot, chats),
            texts=Texts(chats, timezone=ZoneInfo("Europe/Paris")),
            clock=self.clock,
        )

    async def see(self, *seen: Observation) -> None:
        """Observe, and deliver for a few seconds."""
        self.alerts.observe(seen, at=self.clock())
        for _ in range(4):
            await self.worker.drain_once()
            self.clock.now_s += 1.0

    def texts(self, chat: int) -> list[str]:
        """Return what stands in a chat, one line a message."""
        return [post.text.splitlines()[0] for post in self.api.said(chat)]


@pytest.fixture
async def phones(tmp_path: Path) -> AsyncIterator[Phones]:
    api = BotApi()
    api.person(ADA)
    api.person(LINE)
    request = SandboxRequest(api)
    async with Bot(api.token, request=request, get_updates_request=request) as bot:
        yield Phones(tmp_path, api, bot)


def own(outcome: Outcome, key: str = "bot:state") -> Observation:
    """Return an observation whose words are in every catalogue."""
    bad = outcome is Outcome.FAIL
    return Observation(
        key=key,
        check="bot",
        outcome=outcome,
        level=Severity.ERROR if bad else Severity.OK,
        fact=Phrase("own.state.failed", {"error": "disk full"}) if bad else Phrase("own.state.ok"),
    )


async def test_each_chat_reads_its_own_language(phones: Phones) -> None:
    """The alert, then its end: the card edited, and a silent reply to it."""
    await phones.see(own(Outcome.FAIL))
    (english,), (french,) = phones.texts(ADA), phones.texts(LINE)
    assert "cannot save its state" in english
    assert "ne peut pas enregistrer" in french
    phones.clock.now_s += 30.0
    await phones.see(own(Outcome.OK))
    card, reply = phones.api.said(ADA)
    assert card.edited
    assert (reply.reply_to, reply.silent) == (card.id, True)
    assert "#1" in card.text
    assert "#1" in reply.text


async def test_a_storm_whose_answer_was_lost_says_so(phones: Phones) -> None:
    """Nobody knows whether the first one arrived: the second is marked, in one line."""
    ledger = phones.alerts.ledger
    phones.alerts.observe(
        [own(Outcome.FAIL, f"bot:{number}") for number in range(8)], at=phones.clock()
    )
    ledger.claim(ledger.agenda(at=phones.clock()).due[str(ADA)], at=phones.clock())
    ledger.recover()
    await phones.see()
    (digest,) = phones.api.said(ADA)
    assert "may be a repeat" in digest.text


async def test_a_storm_and_a_note_are_said_in_words(phones: Phones) -> None:
    """No key of a catalogue is left bare in a digest or in the end of a mute."""
    mute = phones.alerts.mute(glob="bot:*", for_=None, by="Lina", at=phones.clock())
    await phones.see(*(own(Outcome.FAIL, f"bot:{number}") for number in range(8)))
    assert phones.texts(ADA) == []
    phones.alerts.unmute(mute.id, at=phones.clock())
    await phones.see()
    for chat in (ADA, LINE):
        digest, note = phones.api.said(chat)
        assert "8" in digest.text
        assert "bot:*" in note.text
        for post in (digest, note):
            assert "mute.ended" not in post.text
            assert "digest." not in post.text
            assert "own.state" not in post.text


async def test_a_line_that_may_be_a_repeat_says_so_too(phones: Phones) -> None:
    """Also what belongs to no incident: late, and after a crash in its call."""
    mute = phones.alerts.mute(glob="bot:*", for_=None, by="Lina", at=phones.clock())
    await phones.see(own(Outcome.FAIL))
    phones.alerts.unmute(mute.id, at=phones.clock())
    ledger = phones.alerts.ledger
    rows = ledger.agenda(at=phones.clock()).due["7"]
    ledger.claim([row for row in rows if row.note is not None], at=phones.clock())
    ledger.recover()
    phones.clock.now_s += 300.0
    await phones.see()
    (line,) = [post.text for post in phones.api.said(ADA) if "bot:*" in post.text]
    assert "may be a repeat" in line
    assert "delayed" in line
