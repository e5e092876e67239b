"""Everybody the owner did not let in, against the running bot: nothing happens."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bot.sandbox import BotApi
from bot.sandbox.world import Post
from tests.bot.real import ADA, Running, running
from tests.bot.test_killed import live
from tests.bot.test_run import Place, place

pytestmark = pytest.mark.process
__all__ = ["place"]

EVE, MEMBER = 666, 8
TEAM, ELSEWHERE, CHANNEL = -1001, -1002, -1003
COMMANDS = ("/ack 1", "/mute all 24h", "/unmute", "/check", "/health", "/top5", "/start", "hello")
FORGED = ("v1:ack:1", "v1:mute:1:3600", "v1:quiet:*:3600", "v1:health", "v1:details:1", "x" * 64)
Attack: TypeAlias = Callable[[BotApi], Awaitable[Any]]


async def strangers(api: BotApi) -> None:
    """Eve in her own chat, in the owner's group, in one that is not listed, and with buttons."""
    for words in COMMANDS:
        await api.say(EVE, EVE, words)
        await api.say(ELSEWHERE, EVE, words)
    await api.say(ELSEWHERE, EVE, "/whoami")
    await api.say(EVE, EVE, "/whoami@other_bot")
    for data in FORGED:
        await api.press(card(api), data, user=EVE)


async def disguises(api: BotApi) -> None:
    """The owner's own words, but not said by them here and now."""
    for words in COMMANDS:
        await api.forward(ADA, ADA, words)
        await api.say_via_bot(ADA, ADA, words)
        await api.say_anonymously(TEAM, words)
        edited = {"chat": {"id": ADA, "type": "private"}, "text": words, "edit_date": 2}
        api.updates.put_raw({"edited_message": edited | said_by(ADA)})
        post = {"chat": {"id": TEAM, "type": "supergroup", "title": "T"}, "text": words}
        api.updates.put_raw({"channel_post": post | {"message_id": 5, "date": 1}})
        api.updates.put_raw({"edited_channel_post": post | {"message_id": 5, "date": 1}})
        business = {"chat": {"id": ADA, "type": "private"}, "text": words}
        api.updates.put_raw({"business_message": business | said_by(ADA)})
        copied = {"sender_chat": {"id": CHANNEL, "type": "channel", "title": "C"}}
        await api.say(TEAM, ADA, words, extra=copied | {"is_automatic_forward": True})
        api.updates.put_raw({"message": {"message_id": 9, "date": 1, "text": words} | {
            "chat": {"id": ADA, "type": "private", "first_name": "Ada"}}})  # fmt: skip


def said_by(user: int) -> dict[str, Any]:
    who = {"id": user, "is_bot": False, "first_name": "Ada"}
    return {"message_id": 4, "date": int(time.time()), "from": who}


def card(api: BotApi) -> Post:
    """Return the alert's message in Ada's chat."""
    return next(post for post in api.said(ADA) if post.buttons)


def jobs(state: Path) -> set[str]:
    """Return how the calendar's jobs stand."""
    return {run["status"] for run in json.loads(state.read_bytes()).get("job_runs", {}).values()}


async def at_rest(place: Place, bot: Running) -> bytes:
    """Return the state file once the alert is delivered and nothing changes it any more."""
    await bot.until_said("connected")
    await place.api.until(lambda: any(method == "getMyCommands" for method, _ in place.api.calls))
    await place.told("data folder does not exist")
    path = place.folder / "var" / "state.json"
    await bot.until(lambda: not live(place) and jobs(path) == {"done"})
    content, quiet_since = (b"", 0), time.monotonic()
    while time.monotonic() - quiet_since < 1.0:
        if (now := (path.read_bytes(), len(place.api.calls))) != content:
            content, quiet_since = now, time.monotonic()
        await asyncio.sleep(0.05)
    return path.read_bytes()


@pytest.fixture
def guarded(place: Place) -> Place:
    """One chat and one group are let in; one alert is open, and no second cycle comes."""
    for group in (TEAM, ELSEWHERE):
        place.api.group(group)
    place.api.person(EVE, "Eve")
    place.api.person(MEMBER, "Bob")
    place.settings |= {
        "TELEGRAM_CHAT_IDS": f"{ADA},{TEAM}",
        "DATA_DIR": "nowhere",
        "HEALTH_EVERY": "1h",
    }
    return place


async def refused(bot: Running, times: int) -> None:
    """Wait until so many updates were refused; the log says each."""
    await bot.until(lambda: bot.said.count(" refused: ") >= times)


class Counting:
    """Counts the updates that are queued."""

    def __init__(self, api: BotApi) -> None:
        self.sent = 0
        self._put = api.updates.put_raw
        api.updates.put_raw = self  # type: ignore[method-assign]

    def __call__(self, update: Mapping[str, Any]) -> None:
        self.sent += 1
        self._put(update)


@pytest.mark.parametrize("attack", [strangers, disguises])
async def test_nothing_happens(guarded: Place, attack: Attack) -> None:
    """Not one call to Telegram, not one byte of state, and every update refused in the log."""
    api = guarded.api
    async with running(guarded.folder, "run", settings=guarded.settings) as bot:
        before = await at_rest(guarded, bot)
        api.calls.clear()
        counting = Counting(api)
        await attack(api)
        await refused(bot, counting.sent)
        assert counting.sent > 20
        assert api.calls == []
        assert (guarded.folder / "var" / "state.json").read_bytes() == before
        assert await bot.stop() == 0


async def test_a_stranger_learns_who_they_are_once(guarded: Place) -> None:
    """/whoami is answered, with no word about the tracker; the second within the hour is not."""
    api = guarded.api
    async with running(guarded.folder, "run", settings=guarded.settings) as bot:
        before = await at_rest(guarded, bot)
        api.calls.clear()
        for _ in range(3):
            await api.say(EVE, EVE, "/whoami")
        await refused(bot, 2)
        await api.until(lambda: api.said(EVE))
        (answer,) = api.said(EVE)
        assert str(EVE) in answer.text
        assert answer.buttons == [] or all("copy_text" in one for one in answer.buttons)
        assert [method for method, _ in api.calls] == ["sendMessage"]
        assert (guarded.folder / "var" / "state.json").read_bytes() == before
        assert await bot.stop() == 0


async def test_a_member_of_the_group_only_looks(guarded: Place) -> None:
    """A viewer's commands and forged presses that would change something change nothing."""
    api = guarded.api
    async with running(guarded.folder, "run", settings=guarded.settings) as bot:
        before = await at_rest(guarded, bot)
        news = next(post for post in api.said(TEAM) if post.buttons)
        for words in ("/ack 1", "/mute all 24h", "/unmute"):
            await api.say(TEAM, MEMBER, words)
        presses = [await api.press(news, data, user=MEMBER) for data in FORGED]
        for press in presses:
            await asyncio.wait_for(press.answered.wait(), 10)
        await api.until(lambda: len([p for p in api.said(TEAM) if p.reply_to]) >= 3)
        state = (guarded.folder / "var" / "state.json").read_bytes()
        assert state == before
        assert "Traceback" not in bot.said
        assert await bot.stop() == 0
