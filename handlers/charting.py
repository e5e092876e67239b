"""Has charts drawn by one worker process, so that neither loop nor memory suffers."""

import asyncio
import gc
import logging
import multiprocessing
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from handlers.views.charts import paint
from handlers.views.plots import Spec

log = logging.getLogger(__name__)

NICENESS = 10
# A fault in a picture, a missing library, code renewed under a running bot: the text goes alone.
FAULTS = (
    ArithmeticError, AttributeError, ImportError, LookupError, MemoryError, OSError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
REST_S = 60.0  # after a worker that died twice over one picture


class Charts:
    """One worker, started at the first chart and anew after it died or hung."""

    def __init__(self, *, timeout_s: float = 10.0) -> None:
        self.timeout_s = timeout_s
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()
        self._rest_until_s = 0.0

    async def draw(self, spec: Spec) -> bytes | None:
        """Return the picture as PNG, or nothing where it cannot be had: the text goes alone."""
        async with self._turn:
            now_s = asyncio.get_running_loop().time()
            if now_s < self._rest_until_s:
                return None
            for _attempt in range(2):
                try:
                    return await asyncio.wait_for(self._ask(spec), self.timeout_s)
                except BrokenProcessPool:
                    log.warning("the chart worker died; starting another")
                    self._drop()
                except TimeoutError:
                    log.warning("no chart within %.0f s; the worker is replaced", self.timeout_s)
                    self._drop()
                    return None
                except FAULTS as error:
                    log.warning("a chart could not be drawn: %s", type(error).__name__)
                    return None
            self._rest_until_s = now_s + REST_S
        return None

    async def _ask(self, spec: Spec) -> bytes:
        future = (
            await asyncio.to_thread(self._submit, spec)
            if self._pool is None
            else self._submit(spec)
        )
        return await asyncio.wrap_future(future)

    def _submit(self, spec: Spec) -> "Future[bytes]":
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_settle)
        return self._pool.submit(_draw, spec)

    def _drop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        workers = list((pool._processes or {}).values())  # noqa: SLF001  (no public way to kill)
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.kill()

    async def close(self) -> None:
        """End the worker, at once."""
        async with self._turn:
            pool, workers = self._pool, []
            if pool is not None:
                workers = list((pool._processes or {}).values())  # noqa: SLF001  (as above)
            self._drop()
            for worker in workers:
                await asyncio.to_thread(worker.join, 2.0)


def _draw(spec: Spec) -> bytes:
    """In the worker: paint, and give the figure's memory back at once.

    A figure is full of cycles, and the collector comes by too rarely: 400 charts held 211 MB
    instead of 107. Freezing what the first one loaded keeps each collection cheap.
    """
    picture = paint(spec)
    gc.collect()
    if gc.get_freeze_count() == 0:
        gc.freeze()
    return picture


def _settle() -> None:
    """In the worker: leave Ctrl-C and the processor to the bot, and end with it however it ends."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: "multiprocessing.process.BaseProcess") -> None:
    parent.join()
    os._exit(0)
