"""Telegram goes away, answers late, refuses or asks to wait, while alerts are on their way."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from bot.sandbox import BotApi
from bot.sandbox.demo import serve
from bot.sandbox.faults import ACCEPTED_THEN_TIMED_OUT, too_many
from tests.bot.real import ADA, Running, collect, running
from tests.bot.test_run import Place, place

pytestmark = pytest.mark.process
__all__ = ["place"]
TEAM, NEW_TEAM = -1001, -1002


@contextlib.asynccontextmanager
async def served(api: BotApi, port: int) -> AsyncIterator[int]:
    """Serve on this port (0: any) while the block runs; then nobody answers there."""
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        serve(api=api, tracker=None, port=port, on_ready=lambda where: ready.set_result(where.port))
    )
    try:
        yield await asyncio.wait_for(ready, 10)
    finally:
        task.cancel()
        await asyncio.wait({task})


async def ends(bot: Running) -> None:
    """Assert that SIGTERM ends it in time and in order."""
    started = time.monotonic()
    assert await bot.stop() == 0
    assert time.monotonic() - started < 10


def spoil(place: Place) -> None:
    for old in place.data.rglob("*.json"):
        old.unlink()
    collect(place.data, age_s=7 * 3600)


async def test_telegram_is_away_for_a_while(place: Place) -> None:
    """What happened meanwhile is told once; a stop while it is away loses nothing."""
    api = place.api
    async with served(api, 0) as port:
        place.settings |= {"TELEGRAM_API_URL": f"http://127.0.0.1:{port}"}
        async with running(place.folder, "run", settings=place.settings) as bot:
            await bot.until_said("connected")
            await ends(bot)
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("Telegram does not answer yet")
        spoil(place)
        await bot.until_said("not sent, will try again")
        await ends(bot)
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("not sent, will try again")
        async with served(api, port):
            await place.told("CRITICAL")
            await bot.until_said("connected")
            await api.say(ADA, ADA, "/whoami")
            await place.told(str(ADA))
            collect(place.data, age_s=1)
            await place.told("Fixed")
            sent = [params["text"] for method, params in api.calls if method == "sendMessage"]
            assert sum(text.startswith("🔴") for text in sent) == 1
            await ends(bot)


async def test_an_answer_that_is_lost(place: Place) -> None:
    """The alert was accepted unseen: it comes once more, marked, under the same number."""
    place.api.fail_next(ACCEPTED_THEN_TIMED_OUT, methods="sendMessage")
    spoil(place)
    async with running(place.folder, "run", settings=place.settings) as bot:
        await place.told("#1", times=2)
        first, second, *rest = [post for post in place.api.said(ADA) if "#1" in post.text]
        assert "may be a repeat" not in first.text
        assert "may be a repeat" in second.text
        assert rest == []
        await ends(bot)


async def test_a_stop_while_an_answer_is_awaited(place: Place) -> None:
    """SIGTERM does not wait for ever; the next run tells it again, marked."""
    place.api.fail_next(ACCEPTED_THEN_TIMED_OUT, methods="sendMessage")
    spoil(place)
    async with running(place.folder, "run", settings=place.settings) as bot:
        await place.told("#1")
        await ends(bot)
    async with running(place.folder, "run", settings=place.settings) as bot:
        await place.told("may be a repeat")
        await ends(bot)


async def test_asked_to_wait(place: Place) -> None:
    """429 holds alerts back as long as told; an answer over a minute away is given up."""
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("connected")
        place.api.fail_next(too_many(3), methods="sendMessage")
        asked = time.monotonic()
        spoil(place)
        await place.told("CRITICAL")
        assert time.monotonic() - asked >= 3
        place.api.fail_next(too_many(120), methods="sendMessage")
        await place.api.say(ADA, ADA, "/whoami")
        await bot.until_said("Telegram did not take an answer")
        await place.api.say(ADA, ADA, "/whoami")
        await place.told(str(ADA))
        place.api.fail_next(too_many(60), times=2, methods="sendMessage|editMessageText")
        collect(place.data, age_s=1)
        await bot.until_said("RetryAfter")
        await ends(bot)


async def test_a_group_that_becomes_a_supergroup(place: Place) -> None:
    """The alert arrives under the new id at once, and commands are answered there."""
    place.api.group(TEAM, members=[ADA])
    place.settings |= {"TELEGRAM_CHAT_IDS": str(TEAM)}
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("connected")
        place.api.migrate(TEAM, NEW_TEAM)
        spoil(place)
        await place.api.until(
            lambda: any("CRITICAL" in post.text for post in place.api.said(NEW_TEAM))
        )
        await place.api.say(NEW_TEAM, ADA, "/alerts")
        await place.api.until(lambda: len(place.api.said(NEW_TEAM)) >= 2)
        await ends(bot)


async def test_blocked_by_the_only_chat(place: Place) -> None:
    """It goes on, says so in the log once, and ends in order; a new start reaches it again."""
    place.api.block(ADA)
    spoil(place)
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("cannot be reached any more")
        told_after = bot.said.count("vigie.watch cycle") + 4
        await bot.until_said("connected")
        await bot.until(lambda: bot.said.count("vigie.watch cycle") >= told_after)
        assert bot.said.count("cannot be reached any more") == 1
        await ends(bot)
