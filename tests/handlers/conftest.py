from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.chat import World, build


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A chat with the bot over an empty folder."""
    made = await build(tmp_path)
    yield made
    await made.app.stop()
    await made.app.shutdown()
    made.services.history.close()
