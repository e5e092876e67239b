"""What stands between the Bot API and PTB's poller: bad updates, second pollers, time."""

import json
import logging
from collections.abc import Callable
from typing import Any

from telegram import Update
from telegram.error import Conflict, TelegramError
from telegram.request import BaseRequest

LOG = logging.getLogger("vigie.polling")
OK = 200
UNAUTHORIZED = 401
CONFLICT_PATIENCE_S = 15.0
CONFLICT_MEMORY_S = 90.0


class Sieve(BaseRequest):
    """A request for getUpdates that replaces what PTB cannot parse by an empty update.

    PTB raises for the whole batch on one update of a shape it does not know, and then asks for
    the same batch for ever. The empty update keeps its number, so that the offset moves on.
    """

    def __init__(self, inner: BaseRequest) -> None:
        self._inner = inner
        self.on_bad_token: Callable[[], None] = lambda: None

    @property
    def read_timeout(self) -> float | None:
        """Seconds PTB adds to a long poll."""
        return self._inner.read_timeout

    async def initialize(self) -> None:
        """Open the inner request."""
        await self._inner.initialize()

    async def shutdown(self) -> None:
        """Close the inner request."""
        await self._inner.shutdown()

    async def do_request(
        self,
        url: str,
        method: str,
        *args: Any,  # noqa: ANN401 — whatever PTB passes on
        **kwargs: Any,  # noqa: ANN401
    ) -> tuple[int, bytes]:
        """Pass the call on; sift what comes back from getUpdates."""
        code, payload = await self._inner.do_request(url, method, *args, **kwargs)
        if code == UNAUTHORIZED:  # a token revoked while we run: PTB's loop would just end
            self.on_bad_token()
        if code == OK and url.endswith("/getUpdates"):
            payload = sift(payload)
        return code, payload


def sift(payload: bytes) -> bytes:
    """Return the answer with every update that PTB cannot parse reduced to its number."""
    try:
        answer = json.loads(payload)
        updates = answer["result"]
        numbers = [int(update["update_id"]) for update in updates]
    except (ValueError, KeyError, TypeError):
        return payload  # not an answer to getUpdates: PTB says so itself
    kept = [
        update if parses(update) else {"update_id": number}
        for update, number in zip(updates, numbers, strict=True)
    ]
    if kept == updates:
        return payload
    return json.dumps(answer | {"result": kept}).encode()


def parses(update: dict[str, Any]) -> bool:
    """Return whether PTB can make an Update of it; log the number of one it cannot."""
    try:
        Update.de_json(dict(update), None)
    except (TypeError, ValueError, KeyError, AttributeError, LookupError, OverflowError) as error:
        LOG.warning(
            "skipped an update of unknown shape",
            extra={"update_id": update["update_id"], "error": type(error).__name__},
        )
        return False
    return True


class ConflictWatch:
    """Notices that another process polls with the same token.

    One conflict is normal while an old dyno still ends; an ending bot is gone in ten
    seconds, so conflicts over fifteen are a second one.
    """

    def __init__(
        self,
        *,
        on_second_poller: Callable[[], None],
        steady_s: Callable[[], float],
        patience_s: float = CONFLICT_PATIENCE_S,
    ) -> None:
        self._give_up = on_second_poller
        self._steady_s = steady_s
        self._patience_s = patience_s
        self._first_s: float | None = None
        self._last_s = 0.0

    def __call__(self, error: TelegramError) -> None:
        """Take note of a polling error; PTB's loop goes on by itself."""
        if not isinstance(error, Conflict):
            LOG.warning("polling failed, trying again", extra={"error": str(error)})
            return
        now_s = self._steady_s()
        if self._first_s is None or now_s - self._last_s > CONFLICT_MEMORY_S:
            self._first_s = now_s
            LOG.warning("another process polls with this token; waiting for it to end")
        self._last_s = now_s
        if now_s - self._first_s >= self._patience_s:
            self._give_up()
