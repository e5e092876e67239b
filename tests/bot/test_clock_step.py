"""The wall clock of a live bot is set back and forward: it goes on, and tells no tales."""

import json
from pathlib import Path

import pytest

from tests.bot.real import ADA, Running, running
from tests.bot.test_run import Place, place

pytestmark = pytest.mark.process
__all__ = ["place"]
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
ABOUT_TIME = ("clock", "clock:data", "fresh:all", "fresh:Galxe", "check:freshness:broken")


class Clock:
    """The wall clock of one process; the steady one goes on whatever is done here."""

    def __init__(self, folder: Path) -> None:
        if not LIBRARIES:
            pytest.skip("needs Debian's faketime")
        self._file = folder / "clock"
        self.set("+0")
        self.settings = {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "PYTHONDONTWRITEBYTECODE": "1",  # a faked clock fakes the age of files, too
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, offset: str) -> None:
        """Step the clock: to the machine's time plus an offset (`-2h`), or to a time (`@…`)."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{offset}\n")
        beside.replace(self._file)


def cycles(bot: Running) -> int:
    return bot.said.count("vigie.watch cycle")


async def goes_on(bot: Running) -> None:
    """Wait for three more cycles."""
    wanted = cycles(bot) + 3
    await bot.until(lambda: cycles(bot) >= wanted)


async def test_steps_of_the_wall_clock(place: Place, tmp_path: Path) -> None:
    """Two hours forward, four back, two forward: cycles go on, mutes stay, only time is told.

    What is done once a day is done once a date, on the dates the clock showed.
    """
    clock = Clock(tmp_path)
    async with running(place.folder, "run", settings=place.settings | clock.settings) as bot:
        await bot.until_said("connected")
        await goes_on(bot)
        await place.api.say(ADA, ADA, "/mute mem 1h")
        await place.told("mem")
        for mutes, offset in enumerate(("+2h", "-2h", "+0"), 2):
            clock.set(offset)
            await goes_on(bot)
            await place.api.say(ADA, ADA, "/mutes")
            await place.told("mem", times=mutes)
        state = json.loads((place.folder / "var" / "state.json").read_bytes())
        assert {row["key"] for row in state["incidents"].values()} <= {*ABOUT_TIME}
        assert "clock" in {row["key"] for row in state["incidents"].values()}
        runs = [(row["local_date"], row["status"], row["tries"]) for row in
                state["job_runs"].values()]  # fmt: skip
        assert 1 <= len(runs) <= 3
        assert runs == [(day, "done", 1) for day, _, _ in runs]
        assert bot.said.count("vigie.calendar maintenance of") == len(runs)
        assert "Traceback" not in bot.said
        assert await bot.stop() == 0
