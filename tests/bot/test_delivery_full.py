from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from telegram import Bot

from bot.delivery.telegram import TelegramSender
from bot.delivery.texts import Texts
from bot.delivery.worker import Worker
from bot.sandbox import faults
from bot.sandbox.api import BotApi
from bot.sandbox.request import SandboxRequest
from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Row, Rules
from storage.chats import Chats
from storage.database import Database
from storage.incidents import Delivery, Kind, Status
from storage.outbox import Outbox
from storage.records import Observation, Outcome, Phrase, Severity
from tests.jobs.seen import Hands

ADA, LINE = 7, 8
HOSTILE = "</code>\u202e& \x00\ud800 <b>galxe</b>"
AT_ONCE = Rules(table=(Row(glob="*", fails=1, passes=1),))


class Phones:
    """The real path, from an observation to a file on two people's phones."""

    def __init__(self, folder: Path, api: BotApi, bot: Bot) -> None:
        self.api, self.bot, self.clock = api, bot, Hands()
        self.path = folder / "state.json"
        self.restart()
        self.chats.remember(LINE, "fr")

    def restart(self) -> None:
        """Read everything from the disk, as a new process does."""
        database = Database(self.path)
        self.chats = Chats(database)
        self.alerts = AlertManager(database=database, channels=("7", "8"), rules=AT_ONCE)
        self.outbox = Outbox(database)
        self.worker = Worker(
            alerts=self.alerts,
            sender=TelegramSender(self.bot, self.chats),
            texts=Texts(self.chats, timezone=ZoneInfo("Europe/Paris"), alerts=self.alerts),
            clock=self.clock,
        )

    async def see(self, *seen: Observation) -> None:
        """Observe, and deliver for a few seconds."""
        if seen:
            self.alerts.observe(seen, at=self.clock())
        for _ in range(5):
            await self.worker.drain_once()
            self.clock.now_s += 1.0

    def files(self, chat: int) -> list[str]:
        """Return what the files in a chat hold."""
        found = [post.json["document"] for post in self.api.said(chat) if "document" in post.json]
        return [self.api.world.files[one["file_id"]].content.decode("utf-8") for one in found]

    def full(self) -> list[Delivery]:
        """Return the rows of files."""
        return [row for row in self.outbox.all() if row.kind is Kind.FULL]


@pytest.fixture
async def phones(tmp_path: Path) -> AsyncIterator[Phones]:
    api = BotApi()
    api.person(ADA)
    api.person(LINE)
    request = SandboxRequest(api)
    async with Bot(api.token, request=request, get_updates_request=request) as bot:
        yield Phones(tmp_path, api, bot)


def bad(lines: int, *, key: str = "bot:state", level: Severity = Severity.ERROR) -> Observation:
    """Return a failure with that many lines of evidence, hostile ones."""
    return Observation(
        key=key,
        check="bot",
        outcome=Outcome.FAIL,
        level=level,
        fact=Phrase("own.state.failed", {"error": "disk full"}),
        evidence=tuple(
            Phrase("own.state.failed", {"error": f"line {n} {HOSTILE}"}) for n in range(lines)
        ),
    )


async def test_what_had_no_room_follows_as_a_file(phones: Phones) -> None:
    """A silent reply in each reader's language, every line in it, and nothing hostile left."""
    await phones.see(bad(40))
    for chat in (ADA, LINE):
        card, file = phones.api.said(chat)
        assert (file.reply_to, file.silent) == (card.id, True)
        assert not card.silent
        assert file.text.startswith("#1 ")
        (text,) = phones.files(chat)
        assert all(f"line {n} " in text for n in range(40))
        assert "line 39 " not in card.text
        assert not {"\u202e", "\x00", "\u2060"} & set(text)
        assert "</code>& ? <b>galxe</b>" in text  # plain text: nothing to escape
    assert "cannot save its state" in phones.files(ADA)[0]
    assert "ne peut pas enregistrer" in phones.files(LINE)[0]
    incident = phones.alerts.incident(1)
    assert incident is not None
    assert sorted(incident.attached) == ["7", "8"]
    assert not phones.outbox.live()


async def test_what_fits_needs_no_file(phones: Phones) -> None:
    """Nor does a digest: /alerts has what it leaves out."""
    await phones.see(bad(2))
    phones.clock.now_s += 120.0
    await phones.see(*(bad(40, key=f"bot:{n}") for n in range(8)))
    phones.clock.now_s += 60.0
    await phones.see()
    assert len(phones.api.said(ADA)) == 2
    assert phones.files(ADA) == []
    assert phones.full() == []


async def test_an_incident_has_one_file_however_it_goes_on(phones: Phones) -> None:
    """A rise, an edit and a reminder bring no second one."""
    await phones.see(bad(40))
    phones.clock.now_s += 60.0
    await phones.see(bad(50, level=Severity.CRITICAL))
    phones.alerts.ack(1, by="Lina", at=phones.clock())
    await phones.see()
    phones.alerts.release(1, by="Lina", at=phones.clock())
    phones.clock.now_s += 7200.0
    await phones.see(bad(60, level=Severity.CRITICAL))
    assert len(phones.api.said(ADA)) >= 3
    assert len(phones.files(ADA)) == 1


async def test_a_crash_between_alert_and_file_loses_nothing(phones: Phones) -> None:
    """The file is queued by the commit that marks the alert as sent: both or neither."""
    phones.alerts.observe([bad(40)], at=phones.clock())
    ledger = phones.alerts.ledger
    ledger.claim(ledger.agenda(at=phones.clock()).due["7"], at=phones.clock())
    phones.restart()
    assert phones.full() == []  # nobody knows of the alert's message yet
    phones.alerts.ledger.recover()
    phones.alerts.observe([bad(40)], at=phones.clock(), complete=frozenset())
    await phones.worker.drain_once()
    phones.restart()
    assert {row.status for row in phones.full()} == {Status.QUEUED}
    await phones.see(bad(40))
    assert [len(phones.files(chat)) for chat in (ADA, LINE)] == [1, 1]


async def test_a_file_whose_answer_was_lost_says_that_it_may_be_a_repeat(phones: Phones) -> None:
    """As every other message does."""
    phones.alerts.observe([bad(40)], at=phones.clock())
    await phones.worker.drain_once()
    phones.api.fail_next(faults.ACCEPTED_THEN_TIMED_OUT)
    for _ in range(8):
        phones.clock.now_s += 1.0
        await phones.worker.drain_once()
    marked = [post for chat in (ADA, LINE) for post in phones.api.said(chat)]
    again = [post.text for post in marked if "document" in post.json]
    assert len(again) == 3
    assert len([text for text in again if "repeat" in text or "doublon" in text]) == 1


async def test_nobody_needs_the_file_of_what_is_over(phones: Phones) -> None:
    """It ended before the file could go."""
    phones.alerts.observe([bad(40)], at=phones.clock())
    await phones.worker.drain_once()
    good = Observation(
        key="bot:state", check="bot", outcome=Outcome.OK, level=Severity.OK,
        fact=Phrase("own.state.ok"),
    )  # fmt: skip
    await phones.see(good)
    assert phones.files(ADA) == []
    assert {row.status for row in phones.full()} == {Status.SUPERSEDED}
