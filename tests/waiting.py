"""Waiting for what must come: as long as a slow machine needs, as short as it takes."""

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 90.0  # never a measure of speed: whoever waits so long waits in vain


async def until(
    holds: Callable[[], object],
    *,
    within_s: float = PATIENCE_S,
    every_s: float = 0.002,
    said: Callable[[], object] = lambda: "",
) -> None:
    """Return once it holds; fail, with what was said, where it never does."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, said() or "it never came"
        await asyncio.sleep(every_s)
