"""Disk work done behind the back of the one who has it done: in other threads, each in order."""

import threading
from collections.abc import Callable
from queue import Queue
from types import TracebackType
from typing import TypeAlias

LANES = 3  # waiting for the disk costs no processor: files are flushed beside each other
DEPTH = 6  # jobs that may wait in one lane: what bounds the memory they hold

Job: TypeAlias = Callable[[], None]


class Lane:
    """One thread that does jobs one after the other; after an error, only those of tidying."""

    def __init__(self) -> None:
        self._jobs: Queue[Job | None] = Queue(DEPTH)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def do(self, job: Job) -> None:
        """Have it done soon. Raises what an earlier job raised."""
        if self._error is not None:
            raise self._error
        self._jobs.put(job)

    def tidy(self, job: Job) -> None:
        """Have it done soon, whatever happened before."""
        self._jobs.put(job)

    def wait(self) -> None:
        """Return once all is done. Raises what a job raised."""
        self._jobs.join()
        if self._error is not None:
            raise self._error

    def end(self) -> None:
        """Do what is left, and no more."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except BaseException as error:  # noqa: BLE001 (raised where the job came from)
                self._error = self._error or error
            finally:
                self._jobs.task_done()


class Behind:
    """A few lanes; who takes one keeps to it."""

    def __init__(self) -> None:
        self._lanes = [Lane() for _ in range(LANES)]
        self._next = 0

    def lane(self) -> Lane:
        """Return the lane whose turn it is."""
        self._next += 1
        return self._lanes[self._next % LANES]

    def wait(self) -> None:
        """Return once all is done in all lanes. Raises the first error of any."""
        for lane in self._lanes:
            lane.wait()

    def __enter__(self) -> "Behind":
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do what is left, and end."""
        for lane in self._lanes:
            lane.end()
