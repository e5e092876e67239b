"""A lane for one kind of blocking work: a thread at a time, and never waited for too long."""

import asyncio
import logging
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Generic, TypeAlias, TypeVar

from jobs.facts import Unknown
from storage.records import Phrase

logger = logging.getLogger("vigie.watch")

T = TypeVar("T")
Inbox: TypeAlias = "SimpleQueue[tuple[Future[T | Unknown], Callable[[], T]] | None]"


class Lane(Generic[T]):
    """Runs work in a thread of its own; work that hangs is not started a second time.

    The thread is kept from call to call, and is a daemon: a dead network drive must not keep
    the program from stopping.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._inbox: Inbox[T] = SimpleQueue()
        self._thread = threading.Thread(
            target=_serve, args=(self._inbox, name), name=f"vigie-{name}", daemon=True
        )
        weakref.finalize(self, self._inbox.put, None)  # a lane nobody holds ends its thread
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
        if self._thread.ident is None:
            self._thread.start()
        self._inbox.put((future, work))
        await _ended(future, within_s=max(0.0, within_s))
        if future.done():
            return future.result()
        return Unknown(Phrase("unknown.timeout", {"limit_s": round(within_s, 1)}))


async def _ended(future: "Future[T]", *, within_s: float) -> None:
    """Return when the future is done, or the time is over; half the work of `asyncio.wait`."""
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()

    def wake() -> None:
        if not waiter.done():
            waiter.set_result(None)

    def done(_: "Future[T]") -> None:
        if not (waiter.done() or loop.is_closed()):  # a late end finds nobody waiting
            loop.call_soon_threadsafe(wake)

    timer = loop.call_later(within_s, wake)
    future.add_done_callback(done)
    try:
        await waiter
    finally:
        timer.cancel()


def _serve(inbox: "Inbox[T]", name: str) -> None:
    while (order := inbox.get()) is not None:
        future, work = order
        try:
            result: T | Unknown = work()
        except Exception as error:  # the job wrapper: a bug costs one part, not all
            logger.warning("%s crashed", name, exc_info=True)
            result = crashed(error)
        future.set_result(result)
        del order, future, work, result  # or they would live until the next call


def crashed(error: BaseException) -> Unknown:
    """Return the reason for people: the kind of error, never its text, which may hold paths."""
    return Unknown(Phrase("unknown.crashed", {"error": type(error).__name__}))
