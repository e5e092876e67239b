"""The disk fills up in a storm: it is told on from memory, and kept as soon as it can be."""

import random
from pathlib import Path

import pytest

from tests.bot.real import running
from tests.bot.storm import LIBRARIES, Storm, check
from tests.bot.test_run import Place, place
from tests.bot.test_run_full_disk import fill, small_disk

pytestmark = pytest.mark.process
__all__ = ["place", "small_disk"]
N = 16


@pytest.mark.skipif(not LIBRARIES, reason="needs Debian's faketime")
async def test_the_disk_fills_up_in_a_storm(place: Place, small_disk: Path) -> None:
    """Half before, half on a full disk; killed once there is room again, nothing is lost."""
    storm = Storm(place, incidents=N, kills=1, luck=random.Random(1))  # noqa: S311
    storm.witness.folder = small_disk / "var"
    place.settings |= {"STATE_DIR": str(small_disk / "var")}
    with place.api.world.listening(storm.chat.heard):
        storm.breaks(N // 2)
        async with running(place.folder, "run", settings=place.settings) as bot:
            await bot.until_said("connected")
            await storm.until(lambda: storm.fired() >= set(storm.broken))
            ballast = fill(small_disk)
            storm.breaks(N // 2)
            await place.told("cannot save its state")
            await place.api.until(lambda: len(storm.chat.first_shown()) > N // 2 + 1)
            ballast.unlink()
            await place.told("memory of alerts is saved")
            await storm.until(lambda: storm.fired() >= set(storm.broken))
            assert "Traceback" not in bot.said
            bot.process.kill()
            await bot.process.wait()
        await storm.settle()
    check(storm)
