"""The queue behind getUpdates: confirmed by offset, one poller at a time."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.limits import Refusal

CONFLICT = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
MOST = 100


class Updates:
    """Updates wait here until a poll with a higher offset confirms them."""

    def __init__(self) -> None:
        self._ids = itertools.count(1_000)
        self._queue: list[dict[str, Any]] = []
        self._allowed: frozenset[str] = frozenset()
        self._arrived = asyncio.Event()
        self._waiting: asyncio.Future[None] | None = None

    def put(self, kind: str, body: Mapping[str, Any]) -> None:
        """Queue an update of this kind, if the bot asked for such."""
        wanted = kind in self._allowed if self._allowed else kind not in NOT_BY_DEFAULT
        if wanted:
            self.put_raw({kind: dict(body)})

    def put_raw(self, update: Mapping[str, Any]) -> None:
        """Queue an update of any shape under the next number."""
        self._queue.append({"update_id": next(self._ids)} | dict(update))
        self._arrived.set()

    @property
    def pending(self) -> int:
        """How many are not confirmed yet."""
        return len(self._queue)

    def drop(self) -> None:
        """Forget what is pending."""
        self._queue.clear()

    async def get(
        self, *, offset: int, limit: int, timeout_s: float, allowed: Sequence[str] | None
    ) -> list[dict[str, Any]]:
        """Return updates from `offset` on; waits at most `timeout_s`, and not at all for 0."""
        if allowed is not None:
            self._allowed = frozenset(allowed)
        self._confirm(offset)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Refusal(CONFLICT, code=409))
        if not self._queue and timeout_s > 0:
            await self._wait(timeout_s)
        return self._queue[: min(max(limit, 1), MOST)]

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self._queue = self._queue[offset:]
        else:
            self._queue = [one for one in self._queue if one["update_id"] >= offset]

    async def _wait(self, timeout_s: float) -> None:
        """Wait for an update or the time-out; another poll ends the wait with 409."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        self._arrived.clear()
        arrived = asyncio.create_task(self._arrived.wait())
        try:
            await asyncio.wait(
                {waiting, arrived}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            arrived.cancel()
            if self._waiting is waiting:
                self._waiting = None
        if waiting.done():
            waiting.result()
