import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from telegram import Bot

from bot.sandbox import BotApi, SandboxRequest
from bot.sandbox.controls import Controls
from bot.sandbox.demo import Place, serve
from tests.waiting import PATIENCE_S

ADA = 7


def picture(width: int = 4, height: int = 3) -> bytes:
    """Return a real PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x14\x70\x8f" * width) * height
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@asynccontextmanager
async def serving(
    api: BotApi, controls: Controls | None = None, *, within_s: float = PATIENCE_S
) -> AsyncIterator[Place]:
    """Serve the page and the HTTP front on a free port while the block runs."""
    ready: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
    tell: Callable[[Place], None] = ready.set_result
    task = asyncio.create_task(serve(api=api, tracker=controls, port=0, on_ready=tell))
    try:
        async with asyncio.timeout(within_s):
            place = await ready
        yield place
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.fixture
def api() -> BotApi:
    made = BotApi()
    made.person(ADA, "Ada")
    return made


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    request = SandboxRequest(api)
    async with Bot(api.token, request=request, get_updates_request=SandboxRequest(api)) as made:
        yield made
