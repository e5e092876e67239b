"""A lane for one kind of blocking work: a thread at a time, and never waited for too long."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from jobs.facts import Unknown
from storage.records import Phrase

logger = logging.getLogger("vigie.watch")

T = TypeVar("T")


class Lane(Generic[T]):
    """Runs work in a thread of its own; work that hangs is not started a second time.

    The thread is a daemon: a dead network drive must not keep the program from stopping.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._under_way: Future[T | Unknown] | None = None
        self._started_s = 0.0

    @property
    def busy(self) -> bool:
        """Tell whether the last work still runs (or hangs)."""
        return self._under_way is not None and not self._under_way.done()

    async def run(self, work: Callable[[], T], *, within_s: float) -> T | Unknown:
        """Return what `work` returns; `Unknown` if it crashes, takes longer, or still hangs."""
        if self.busy:
            hung_s = round(time.monotonic() - self._started_s)
            return Unknown(Phrase("unknown.hanging", {"for_s": hung_s}))
        future: Future[T | Unknown] = Future()
        future.set_running_or_notify_cancel()
        self._under_way = future
        self._started_s = time.monotonic()
        threading.Thread(
            target=self._fill, args=(future, work), name=f"vigie-{self.name}", daemon=True
        ).start()
        wrapped = asyncio.wrap_future(future)
        try:
            await asyncio.wait({wrapped}, timeout=max(0.0, within_s))
            if wrapped.done():
                return wrapped.result()
        finally:
            wrapped.cancel()  # so that a late end finds nobody waiting, not a closed loop
        return Unknown(Phrase("unknown.timeout", {"limit_s": round(within_s, 1)}))

    def _fill(self, future: "Future[T | Unknown]", work: Callable[[], T]) -> None:
        try:
            result: T | Unknown = work()
        except Exception as error:  # the job wrapper: a bug costs one part, not all
            logger.warning("%s crashed", self.name, exc_info=True)
            result = crashed(error)
        future.set_result(result)


def crashed(error: BaseException) -> Unknown:
    """Return the reason for people: the kind of error, never its text, which may hold paths."""
    return Unknown(Phrase("unknown.crashed", {"error": type(error).__name__}))
