"""The demo's switch: the panel can stop the bot itself and start it again over the same state."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from bot.sandbox.controls import BOT_ACTIONS, Controls, Status

STOP, START = BOT_ACTIONS


class Service(Protocol):
    """The bot as it is run (`bot.run.Service`)."""

    async def serve(self) -> int:
        """Run until stopped; return the exit code."""
        ...

    def stop(self, exit_code: int = 0) -> None:
        """Ask it to end."""
        ...


class Switch:
    """The tracker's controls and one more; made and kept on the running loop."""

    def __init__(self, tracker: Controls) -> None:
        self._tracker = tracker
        self._loop = asyncio.get_running_loop()
        self._service: Service | None = None
        self._wanted = asyncio.Event()
        self._ended = False
        self._off_since: float | None = None

    async def keep(self, make: Callable[[], Service]) -> int:
        """Run what `make` returns until `end`, anew each time the panel starts it again."""
        while True:
            self._wanted.clear()
            self._service = make()
            code = await self._service.serve()
            if self._ended or self._off_since is None:
                return code
            await self._wanted.wait()
            if self._ended:
                return code
            self._off_since = None

    def end(self) -> None:
        """End for good, whether the bot runs or not."""
        self._ended = True
        self._wanted.set()
        if self._service is not None:
            self._service.stop()

    def act(self, action: str) -> None:
        """Do one of ACTIONS, from any thread."""
        if action == STOP:
            self._loop.call_soon_threadsafe(self._stop)
        elif action == START:
            self._loop.call_soon_threadsafe(self._wanted.set)
        else:
            self._tracker.act(action)

    def status(self) -> Status:
        """Return the tracker's, with the bot among what is broken while it is off."""
        status = dict(self._tracker.status())
        broken = status.get("broken")
        if self._off_since is not None and isinstance(broken, dict):
            status["broken"] = {**broken, STOP: self._off_since}
        return status

    def _stop(self) -> None:
        if self._off_since is None and self._service is not None:
            self._off_since = time.time()
            self._wanted.clear()
            self._service.stop()
