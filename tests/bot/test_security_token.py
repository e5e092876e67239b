"""The token is nowhere but in the request: a grep of everything the program leaves behind."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest

from bot.sandbox.faults import ACCEPTED_THEN_TIMED_OUT, RESET, Fault, Way, status
from tests.bot.real import ADA, Running, running
from tests.bot.test_run import TOKEN, Place, place
from tests.waiting import until

pytestmark = pytest.mark.process
__all__ = ["place"]
QUOTED = f"nginx: no upstream for /bot{TOKEN}/sendMessage"
PAGE = Fault(Way.ANSWER, 404, QUOTED)
REFUSED = Fault(Way.ANSWER, 400, f"Bad Request: {QUOTED}")
BROKEN = Fault(Way.ANSWER, 500, QUOTED)


@dataclass(frozen=True, slots=True)
class Shapeless(Fault):
    """An answer of status 200 that no library can make a message of."""

    def body(self) -> dict[str, Any]:
        return {"ok": True, "result": [QUOTED]}


SHAPELESS = Shapeless(Way.ANSWER, 200)


async def struck(place: Place) -> None:
    """Wait until every scripted failure was met."""
    await until(lambda: not place.api.faults_left, said=lambda: place.api.faults_left)


def assert_clean(place: Place, *logs: Running) -> None:
    """Assert that no output, file or message holds the token, in any case."""
    for bot in logs:
        assert TOKEN.lower() not in bot.said.lower()
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    assert any(path.name == "state.json" for path in files)
    for path in files:
        assert TOKEN.encode().lower() not in path.read_bytes().lower(), path.name
    sent = json.dumps([post.json for post in place.api.messages(ADA)])
    assert TOKEN.lower() not in sent.lower()


async def test_a_day_on_which_everything_fails(place: Place) -> None:
    """Resets, error pages that quote the address, refusals, a crashing handler, the exit."""
    place.settings |= {"DATA_DIR": "nowhere"}
    api = place.api
    api.fail_next(PAGE, methods="getUpdates")
    api.fail_next(SHAPELESS, methods="getUpdates")
    api.fail_next(REFUSED, methods="getMyCommands")
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("connected")
        await place.told("does not exist")
        await bot.until_said("trying again")
        for fault in (SHAPELESS, REFUSED, BROKEN, RESET, PAGE):
            api.fail_next(fault, methods="sendMessage")
            await api.say(ADA, ADA, "/whoami")
            await struck(place)
        await bot.until_said("a handler failed")
        api.fail_next(ACCEPTED_THEN_TIMED_OUT, methods="sendMessage")
        await api.say(ADA, ADA, "/alerts")
        await struck(place)
        assert await bot.stop() == 0
        assert "Traceback" in bot.said
        assert "<token>" in bot.said
        assert_clean(place, bot)


@pytest.mark.parametrize("word", ["selftest", "health"])
async def test_the_one_shots(place: Place, word: str) -> None:
    """They print no token, whatever the server answers, at DEBUG too."""
    place.settings |= {"STATE_DIR": str(place.folder / "var")}
    (place.folder / "var").mkdir()
    (place.folder / "var" / "state.json").write_text("{}")
    ran = []
    for fault in (None, PAGE, status(401, QUOTED), REFUSED, RESET, SHAPELESS):
        if fault is not None and word == "selftest":
            place.api.fail_next(fault, methods="getMe")
        async with running(place.folder, word, settings=place.settings) as bot:
            await bot.ended()
            assert "Traceback" not in bot.said
            ran.append(bot)
        if word == "health":
            break
    assert_clean(place, *ran)


async def test_an_address_where_nobody_answers(place: Place) -> None:
    """The run goes on looking, says what fails, and ends in order."""
    place.settings |= {
        "TELEGRAM_API_URL": "http://127.0.0.1:9",
        "DATA_DIR": "nowhere",
        "LOG_FORMAT": "json",
    }
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("Telegram does not answer yet")
        await bot.until_said("not sent, will try again")
        await asyncio.sleep(0.05)
        assert await bot.stop() == 0
        assert_clean(place, bot)
