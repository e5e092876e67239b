"""The machine sleeps under a live bot: it wakes without crying wolf, and soon cries in earnest."""

import asyncio
import json
import signal
import time
from pathlib import Path

import pytest

from tests.bot.real import ADA, Running, collect, running
from tests.bot.test_run import Place, place

pytestmark = pytest.mark.process
__all__ = ["place"]
# Two intervals of 0.5 s and the 5 s of a cycle make an absence.
ASLEEP_S = 9.0
PERIOD_S = 8  # of the scrapers, by their files, and the age that is too old
LIMITS = {"FRESH_WARNING": f"{PERIOD_S}s", "FRESH_ERROR": "300s", "FRESH_CRITICAL": "600s"}


async def asleep(bot: Running) -> None:
    """Stop the process as a suspended machine does, and let it go on."""
    bot.process.send_signal(signal.SIGSTOP)
    end = time.monotonic() + ASLEEP_S
    while time.monotonic() < end:  # noqa: ASYNC110 -- nothing happens, that is the point
        await asyncio.sleep(0.05)
    bot.process.send_signal(signal.SIGCONT)


async def cycles(bot: Running, *, more: int) -> None:
    """Wait for some more cycles."""
    before = bot.said.count("vigie.watch cycle")
    await bot.until(lambda: bot.said.count("vigie.watch cycle") >= before + more)


async def scrapes(folder: Path) -> None:
    """Keep the data new, as scrapers that woke, too."""
    while True:
        collect(folder, age_s=0)
        await asyncio.sleep(0.05)


def stale(folder: Path) -> set[str]:
    """Return the incidents there were about old data."""
    state = json.loads((folder / "var" / "state.json").read_bytes())
    keys = {row["key"] for row in state.get("incidents", {}).values()}
    return {key for key in keys if key.startswith(("fresh:", "sources:"))}


async def test_a_sleep_is_waited_out(place: Place) -> None:
    """Data too old at waking are shown with the reason, not told; too old for good, they are."""
    for age in (3, 2, 1):
        collect(place.data, age_s=age * PERIOD_S)
    collect(place.data, age_s=0)
    async with running(place.folder, "run", settings=place.settings | LIMITS) as bot:
        await bot.until_said("connected")
        await cycles(bot, more=2)
        collect(place.data, age_s=0)
        await asleep(bot)
        await place.api.say(ADA, ADA, "/check")
        await cycles(bot, more=3)
        assert stale(place.folder) == set()
        scraper = asyncio.create_task(scrapes(place.data))
        await place.told("The machine slept, or the bot stood still")
        await place.told("No new data for")
        await cycles(bot, more=3)
        assert stale(place.folder) == set()
        scraper.cancel()
        await place.told("No new data for", times=2)
        assert stale(place.folder) == {"fresh:all", "fresh:Galxe"}
        assert "Traceback" not in bot.said
        assert await bot.stop() == 0


async def test_a_reboot_is_noticed(place: Place) -> None:
    """After a boot of the machine old data are waited for: the scrapers were down, too."""
    collect(place.data, age_s=0)
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("connected")
        await cycles(bot, more=2)
        assert await bot.stop() == 0
    for old in place.data.rglob("*.json"):
        old.unlink()
    collect(place.data, age_s=3 * 3600)
    state = place.folder / "var" / "state.json"
    tables = json.loads(state.read_bytes())
    assert tables["boot"]["last"]["mark"]
    tables["boot"]["last"]["mark"] = "another start"
    state.write_text(json.dumps(tables), encoding="utf-8")
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("connected")
        await cycles(bot, more=5)
        await place.api.say(ADA, ADA, "/check")
        await place.told("The machine started anew")
        assert stale(place.folder) == set()
        assert await bot.stop() == 0
