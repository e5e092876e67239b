"""Group commit: what several lanes have to write down at the same time costs one write."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from jobs.alerts.entries import Taken
from jobs.alerts.ledger import Ledger

Result = TypeVar("Result")


class Desk:
    """Writes for delivery, one commit at a time: what is asked for meanwhile makes the next one.

    Every caller waits until its own part is on the disk, so the order of things is as if it were
    alone: marked `sending` before its call, `sent` after.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._taken: list[tuple[Taken, asyncio.Future[None]]] = []
        self._works: list[tuple[Callable[[], object], asyncio.Future[Any]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def take(self, taken: Taken) -> None:
        """Note what Telegram took; return once that is written."""
        waits: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._taken.append((taken, waits))
        self._begin()
        await waits

    async def write(self, work: Callable[[], Result]) -> Result:
        """Return what one call of the ledger returns, once that is written."""
        waits: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._works.append((work, waits))
        self._begin()
        return cast("Result", await waits)

    async def finish(self) -> None:
        """Return when nothing is being written any more."""
        if self._writing is not None:
            await self._writing

    def _begin(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._taken or self._works:
            taken, self._taken = self._taken, []
            works, self._works = self._works, []
            done = await self._commit([one for one, _ in taken], [work for work, _ in works])
            if done.exception() is not None:  # one of them met a bug: the others must not
                await self._one_by_one(taken, works)
                continue
            for _, waits in taken:
                _answer(waits, None)
            for (_, waits), result in zip(works, done.result(), strict=True):
                _answer(waits, result)
        self._writing = None

    async def _one_by_one(
        self,
        taken: Sequence[tuple[Taken, asyncio.Future[None]]],
        works: Sequence[tuple[Callable[[], object], asyncio.Future[Any]]],
    ) -> None:
        for one, waits in taken:
            done = await self._commit([one], [])
            _answer(waits, None, done.exception())
        for work, waits in works:
            done = await self._commit([], [work])
            error = done.exception()
            _answer(waits, None if error else done.result()[0], error)

    async def _commit(
        self, taken: Sequence[Taken], works: Sequence[Callable[[], object]]
    ) -> asyncio.Task[list[object]]:
        """Return the write, which has ended, well or not."""
        writing = asyncio.create_task(asyncio.to_thread(self._ledger.together, taken, works))
        await asyncio.wait([writing])
        return writing


def _answer(waits: asyncio.Future[Any], result: object, error: BaseException | None = None) -> None:
    if waits.done():  # whoever asked was given up
        return
    if error is None:
        waits.set_result(result)
    else:
        waits.set_exception(error)
