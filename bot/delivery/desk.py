"""Group commit: what several lanes have to write down at the same time costs one write."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
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
            try:
                results = await asyncio.to_thread(
                    self._ledger.together, [one for one, _ in taken], [work for work, _ in works]
                )
            except Exception:  # noqa: BLE001 - one of them met a bug: the others must not
                await self._one_by_one(taken, works)
            else:
                for _, waits in taken:
                    _answer(waits, None)
                for (_, waits), result in zip(works, results, strict=True):
                    _answer(waits, result)
        self._writing = None

    async def _one_by_one(
        self,
        taken: Sequence[tuple[Taken, asyncio.Future[None]]],
        works: Sequence[tuple[Callable[[], object], asyncio.Future[Any]]],
    ) -> None:
        alone: list[tuple[Callable[[], object], asyncio.Future[Any]]] = [
            (partial(self._ledger.together, [one]), waits) for one, waits in taken
        ]
        for work, waits in [*alone, *works]:
            try:
                _answer(waits, await asyncio.to_thread(work))
            except Exception as error:  # noqa: BLE001 - told to whoever asked for it
                if not waits.done():
                    waits.set_exception(error)


def _answer(waits: asyncio.Future[Any], result: object) -> None:
    if not waits.done():  # whoever asked may have been given up
        waits.set_result(result)
