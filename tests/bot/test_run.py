"""`run` as a real process over real HTTP: polls, answers, alerts, survives, and ends in order."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import BotApi
from bot.sandbox.faults import RESET, status, too_many
from tests.bot.real import ADA, collect, running
from tests.sandbox.conftest import serving
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.process
TOKEN = "123456789:" + "S3cr3t_" * 5


class Place:
    """A folder with data, a Bot API over HTTP, and the settings that join them."""

    def __init__(self, folder: Path, api: BotApi, url: str) -> None:
        self.folder = folder
        self.api = api
        self.data = folder / "data"
        self.settings = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": url,
            "TELEGRAM_CHAT_IDS": str(ADA),
            "TELEGRAM_ADMIN_IDS": str(ADA),
            "EXPECTED_SOURCES": "Galxe",
            "SCRAPER_COMMANDS": "",
            "LOW_VOLUME_PER_DAY": "0",
            "HEALTH_EVERY": "0.5s",
            "LOG_LEVEL": "DEBUG",
        }

    async def told(self, words: str, *, times: int = 1, within_s: float = PATIENCE_S) -> None:
        """Wait until the bot's messages hold these words so often."""

        def holds() -> bool:
            return sum(words in post.text for post in self.api.said(ADA)) >= times

        await self.api.until(holds, within_s=within_s)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    api = BotApi(token=TOKEN)
    api.person(ADA, "Ada")
    collect(tmp_path / "data", age_s=1)
    async with serving(api) as where:
        yield Place(tmp_path, api, where.url)


async def test_it_answers_alerts_and_recovers_over_http(place: Place) -> None:
    """A command is answered, a stale folder alerted, fresh data closes it, SIGTERM ends it."""
    for old in place.data.rglob("*.json"):
        old.unlink()
    collect(place.data, age_s=7 * 3600)
    async with running(place.folder, "run", settings=place.settings) as bot:
        await place.told("CRITICAL")
        await place.api.say(ADA, ADA, "/alerts")
        await place.told("#1", times=2)
        collect(place.data, age_s=1)
        await place.told("Fixed")
        started = time.monotonic()
        assert await bot.stop() == 0
        assert time.monotonic() - started < 10
        assert TOKEN not in bot.said


async def test_it_survives_what_the_network_does(place: Place) -> None:
    """429, 500, resets and an unparsable update cost nothing but time."""
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("connected")
        place.api.unparsable()
        place.api.fail_next(status(500), times=2, methods="getUpdates")
        place.api.fail_next(RESET, times=2, methods="getUpdates")
        await place.api.say(ADA, ADA, "/whoami")
        await place.told("7")
        for fault in (too_many(1), status(502), RESET):
            place.api.fail_next(fault, methods="sendMessage")
        for old in place.data.rglob("*.json"):
            old.unlink()
        await place.told("no data")
        assert place.api.faults_left == 0
        assert "skipped an update of unknown shape" in bot.said
        assert TOKEN not in bot.said
        assert await bot.stop() == 0


async def test_telegram_away_at_the_start(place: Place) -> None:
    """The first cycles run and the bot connects when Telegram answers."""
    place.api.fail_next(status(502), times=2, methods="getMe")
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("Telegram does not answer yet")
        await bot.until_said("connected")
        assert bot.said.index("vigie.watch") < bot.said.index("connected")


async def test_menus_that_fail_are_tried_again(place: Place) -> None:
    """A server error while the menus are pushed neither ends the run nor loses them."""
    place.api.fail_next(status(502), methods="setMyCommands")
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("Telegram does not answer yet")
        await place.api.until(lambda: place.api.menus.shown(ADA, ADA, "fr"))
        assert await bot.stop() == 0


async def test_two_pollers_end_with_a_clear_message(place: Place) -> None:
    """Conflicts that last end the run with code 4 and say what to do, once."""
    place.api.fail_next(status(409, "Conflict: terminated by other getUpdates request"),
                        times=1000, methods="getUpdates")  # fmt: skip
    async with running(place.folder, "run", settings=place.settings) as bot:
        assert await bot.ended() == 4
        assert bot.said.count("another program polls with this token") == 1


async def test_a_refused_token_ends_it(place: Place) -> None:
    """401 ends the run with code 2 and names the setting, not the token."""
    wrong = TOKEN[:-1] + "x"
    async with running(
        place.folder, "run", settings=place.settings | {"TELEGRAM_BOT_TOKEN": wrong}
    ) as bot:
        assert await bot.ended() == 2
        assert "TELEGRAM_BOT_TOKEN" in bot.said
        assert wrong not in bot.said


async def test_two_bots_on_one_state_folder(place: Place) -> None:
    """The second says which process owns the state, and leaves."""
    async with running(place.folder, "run", settings=place.settings) as first:
        await first.until_said("connected")
        async with running(place.folder, "run", settings=place.settings) as second:
            assert await second.ended() == 5
            assert str(first.process.pid) in second.said


async def test_without_a_token_it_says_what_to_do(tmp_path: Path) -> None:
    """Exit 2, the setting's name, and the demo as the way to look around."""
    async with running(tmp_path, "run", settings={}) as bot:
        assert await bot.ended() == 2
        assert "TELEGRAM_BOT_TOKEN" in bot.said
        assert "python -m bot demo" in bot.said


async def test_a_killed_bot_goes_on_where_it_was(place: Place) -> None:
    """After kill -9 an open alert is not announced again, and its closing still comes."""
    for old in place.data.rglob("*.json"):
        old.unlink()
    collect(place.data, age_s=7 * 3600)
    async with running(place.folder, "run", settings=place.settings) as bot:
        await place.told("CRITICAL")
        await asyncio.sleep(0.05)
        bot.process.kill()
        await bot.process.wait()
    before = sum(post.text.startswith("🔴") for post in place.api.said(ADA))
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("connected")
        collect(place.data, age_s=1)
        await place.told("Fixed")
        after = sum(post.text.startswith("🔴") for post in place.api.said(ADA))
        assert after <= before  # edited to fixed, perhaps; told again, never
