"""The whole bot is killed at any moment, while alerts come and go: nothing told is forgotten."""

import json
import random
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from storage.database import Database
from storage.incidents import Delivery, Incident
from storage.outbox import LIVE
from tests.bot.real import ADA, running
from tests.bot.test_run import Place, place

pytestmark = pytest.mark.process
__all__ = ["place"]
TAKEN = "Taken"
SOURCES = ("Ada", "Bob", "Cyd", "Dee", "Eve", "Fay")  # one a life: flapping is another story
CHANNEL = str(ADA)
EARLY_S = 0.6  # below this, the bot is killed while it starts


def write(folder: Path, source: str, *, stale: bool) -> None:
    """Leave one file of a source, of now or of seven hours ago."""
    row = {"title": "Quest", "link": f"https://example.org/{source}", "source": source}
    at = int(time.time()) - (7 * 3600 if stale else 0)
    file = folder / f"{source}_{at}.json"
    file.write_text(json.dumps([row]))
    for old in set(folder.glob(f"{source}_*.json")) - {file}:
        old.unlink()


def database(place: Place) -> Database:
    """Return the state, which has to open and to be whole whenever the bot was killed."""
    found = Database(place.folder / "var" / "state.json", read_only=True)
    assert not found.damaged
    return found


def incidents(place: Place) -> list[Incident]:
    return database(place).table("incidents", Incident).all()


def incident(place: Place, number: int) -> Incident:
    return next(one for one in incidents(place) if one.number == number)


def live(place: Place) -> list[Delivery]:
    rows = database(place).table("outbox", Delivery).all()
    return [row for row in rows if row.status in LIVE]


def unsettled(place: Place) -> list[Incident]:
    """Return the open incidents that should have ended."""
    return [one for one in incidents(place) if one.number != 1 and one.closed is None]


def announced(place: Place) -> Counter[str]:
    """Return how often each incident's own card was posted, accepted or lost on the way."""
    firsts = (
        params["text"]
        for method, params in place.api.calls
        if method == "sendMessage" and params.get("reply_markup") and "Since" in params["text"]
    )
    return Counter(text[text.rindex("#") :].split()[0] for text in firsts if "#" in text)


def sent(place: Place) -> int:
    return sum(method == "sendMessage" for method, _ in place.api.calls)


async def live_and_die(place: Place, *, at_s: float, sending: bool) -> None:
    """Run, and be killed: at some moment, or when a message was accepted but not yet marked."""
    async with running(place.folder, "run", settings=place.settings) as bot:
        if at_s > EARLY_S:
            await bot.until_said("vigie.watch cycle")
        before = sent(place)
        with suppress(TimeoutError):
            await place.api.until(lambda: sending and sent(place) > before, within_s=at_s)
        bot.process.kill()
        await bot.process.wait()


async def settle(place: Place) -> None:
    """Run until all is told and closed that can be."""
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("connected")
        await bot.until(lambda: not live(place) and not unsettled(place))
        assert await bot.stop() == 0


async def test_killed_at_any_moment(place: Place) -> None:
    """What is taken stays taken, what is open was told, what ended is closed; few twins."""
    luck = random.Random(20261123)  # noqa: S311
    folder = place.data / "opportunities"
    write(folder, TAKEN, stale=True)
    for source in SOURCES:
        write(folder, source, stale=False)
    place.settings |= {
        "HEALTH_EVERY": "0.1s",
        "LOG_LEVEL": "INFO",
        "EXPECTED_SOURCES": ",".join((TAKEN, *SOURCES)),
    }
    async with running(place.folder, "run", settings=place.settings) as bot:
        await place.told("CRITICAL")
        await place.api.say(ADA, ADA, "/ack 1")
        await place.told("Ada")
        bot.process.kill()
        await bot.process.wait()
    for number, source in enumerate(SOURCES):
        assert incident(place, 1).ack_by == "Ada"
        write(folder, source, stale=True)
        write(folder, SOURCES[number - 2], stale=False)
        await live_and_die(place, at_s=2 * luck.random(), sending=number % 2 == 1)
    for source in SOURCES:
        write(folder, source, stale=False)
    await settle(place)
    assert len(incidents(place)) > 2
    for one in incidents(place):
        card = place.api.world.post(ADA, one.messages[CHANNEL]) if one.messages else None
        assert card is None or (one.closed is None) == ("Fixed" not in card.text)
    assert incident(place, 1).told == (CHANNEL,)
    assert max(announced(place).values()) <= 2
    assert sum(announced(place).values()) - len(announced(place)) <= len(SOURCES) + 1
