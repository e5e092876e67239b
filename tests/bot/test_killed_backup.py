"""kill -9 in the middle of /backup: no message claims what did not happen, the next one works."""

import os

import pytest

from storage.archives.manifest import MANIFEST_NAME
from tests.bot.real import ADA, running
from tests.bot.test_run import Place, place

pytestmark = pytest.mark.process
__all__ = ["place"]
FILES, FILE_BYTES = 40, 1_000_000


async def test_a_backup_that_was_killed_is_told_so_and_made_anew(place: Place) -> None:
    """What is on screen is settled at the next start; a half-made backup never counts."""
    data, backups = place.folder / "data", place.folder / "backups"
    for n in range(FILES):
        (data / f"quests_{n}.bin").write_bytes(os.urandom(FILE_BYTES))
    settings = place.settings | {"BACKUP_DIR": str(backups)}
    async with running(place.folder, "run", settings=settings) as bot:
        await place.api.say(ADA, ADA, "/backup now")
        await place.told("Making a backup")
        bot.process.kill()
        await bot.process.wait()
    made = [path for path in backups.glob("*") if MANIFEST_NAME.fullmatch(path.name)]
    assert made == []
    async with running(place.folder, "run", settings=settings) as bot:
        await place.told("I could not say here how this backup")
        await place.api.say(ADA, ADA, "/backup now")
        await place.told("Backup finished and checked")
        said = [post.text for post in place.api.said(ADA)]
        unsettled = [at for at, text in enumerate(said) if text.startswith("💾 Making")]
        assert all(said[at + 1].startswith("⚪ I could not say") for at in unsettled)
        assert await bot.stop() == 0
    assert not any(path.name.endswith(".tmp") for path in backups.iterdir())
