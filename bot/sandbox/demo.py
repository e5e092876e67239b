"""Serves the chat page on loopback until cancelled, on the next free port when one is busy."""

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from bot.sandbox.api import BotApi
from bot.sandbox.controls import Controls
from bot.sandbox.server import VIEWER, application

TRIES = 50
GRACE_S = 1
BUSY = frozenset({errno.EADDRINUSE, errno.EACCES, errno.EPERM})


class NoPortError(Exception):
    """No port could be had; the text says which were tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the page is; `busy` are the ports asked for first that somebody else has."""

    host: str
    port: int
    busy: tuple[int, ...] = ()

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{self.host}:{self.port}/"

    def __str__(self) -> str:
        """Return one line for the terminal."""
        taken = f"Busy: {', '.join(map(str, self.busy))}; so " if self.busy else ""
        return f"{taken}open {self.url}"


async def serve(
    *,
    api: BotApi,
    tracker: Controls | None,
    port: int,
    on_ready: Callable[[Place], None],
    host: str = "127.0.0.1",
) -> None:
    """Serve until cancelled; raises NoPortError. The viewer is person 7 in chat 7."""
    if VIEWER not in api.world.users:
        api.person(VIEWER, "You")
    door, place = _open(host, port)
    with door:
        await _serve(application(api, controls=tracker), api, door, lambda: on_ready(place))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program around."""
        yield


async def _serve(
    app: Starlette, api: BotApi, door: socket.socket, on_ready: Callable[[], None]
) -> None:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _Server(config, on_ready)
    running = asyncio.create_task(server.serve(sockets=[door]))
    try:
        await asyncio.shield(running)
    finally:
        api.world.tell("closing")
        server.should_exit = True
        await running


def _open(host: str, port: int) -> tuple[socket.socket, Place]:
    """Return a listening socket on the first free port from `port` on (0: any)."""
    busy: list[int] = []
    for candidate in [port] if port == 0 else range(port, min(port + TRIES, 65_536)):
        door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if os.name == "posix":  # elsewhere this option would share a port that is in use
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, candidate))
            door.listen()
        except OSError as error:
            door.close()
            if error.errno not in BUSY:
                raise
            busy.append(candidate)
            continue
        return door, Place(host=host, port=door.getsockname()[1], busy=tuple(busy))
    message = f"no free port from {port} to {port + TRIES - 1} on {host}"
    raise NoPortError(message)
