"""`run` on a file system that is really full: a finding, the bot lives, nothing is lost."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.real import ADA, collect, running
from tests.bot.test_run import Place, place

pytestmark = pytest.mark.process
__all__ = ["place"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of a megabyte; skipped where this user may not mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write until nothing fits any more."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


@pytest.mark.parametrize("full_at_start", [True, False])
async def test_a_full_disk_is_told_and_survived(
    place: Place, small_disk: Path, *, full_at_start: bool
) -> None:
    """The alert names the state, commands are answered, and room again closes it."""
    settings = place.settings | {"STATE_DIR": str(small_disk / "var")}
    ballast = fill(small_disk) if full_at_start else None
    async with running(place.folder, "run", settings=settings) as bot:
        if ballast is None:
            await bot.until_said("connected")
            ballast = fill(small_disk)
        await place.told("cannot save its state")
        await place.api.say(ADA, ADA, "/whoami")
        await place.told(str(ADA))
        ballast.unlink()
        collect(place.data, age_s=1)
        await place.told("memory of alerts is saved")
        assert "Traceback" not in bot.said
        assert await bot.stop() == 0
    assert (small_disk / "var" / "state.json").stat().st_size > 0


async def test_a_missing_data_folder_is_told(place: Place) -> None:
    """No folder: one CRITICAL alert that names the setting, and the bot lives."""
    settings = place.settings | {"DATA_DIR": "nowhere"}
    async with running(place.folder, "run", settings=settings) as bot:
        await place.told("The data folder does not exist")
        await place.told("DATA_DIR")
        await place.api.say(ADA, ADA, "/health")
        await place.told("Critical")
        assert await bot.stop() == 0
