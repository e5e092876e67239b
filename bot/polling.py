"""What stands between the Bot API and PTB's poller: bad updates, second pollers, time."""

import json
import logging
from collections.abc import Callable
from typing import Any

from telegram import Update
from telegram.error import Conflict, TelegramError
from telegram.request import BaseRequest

from bot.answers import NOT_TELEGRAM, OK, REFUSED, Believed, Refusals

LOG = logging.getLogger("vigie.polling")
CONFLICT_PATIENCE_S = 15.0
CONFLICT_MEMORY_S = 90.0


class Sieve(Believed):
    """A request for getUpdates that replaces what PTB cannot parse by an empty update.

    PTB raises for the whole batch on one update of a shape it does not know, and then asks for
    the same batch for ever. The empty update keeps its number, so that the offset moves on.
    `on_bad_token` is called when Telegram refuses the token: PTB's loop then just ends.
    """

    def __init__(self, inner: BaseRequest, *, token: str = "", refusals: Refusals) -> None:
        super().__init__(inner, token=token, refusals=refusals)
        self.on_bad_token: Callable[[], None] = lambda: None

    async def do_request(
        self,
        url: str,
        method: str,
        *args: Any,  # noqa: ANN401 — whatever PTB passes on
        **kwargs: Any,  # noqa: ANN401
    ) -> tuple[int, bytes]:
        """Pass the call on; sift what comes back from getUpdates."""
        code, payload = await super().do_request(url, method, *args, **kwargs)
        if code in REFUSED:
            self.on_bad_token()
        if code == OK and url.endswith("/getUpdates"):
            return sift(payload)
        return code, payload


def sift(payload: bytes) -> tuple[int, bytes]:
    """Return the answer with every update that PTB cannot parse reduced to its number.

    What is no answer to getUpdates at all is trouble on the way: PTB would ask again at once.
    """
    try:
        answer = json.loads(payload)
        updates = answer["result"]
        numbers = [int(update["update_id"]) for update in updates]
    except (ValueError, KeyError, TypeError):
        return NOT_TELEGRAM, payload
    kept = [
        update if parses(update) else {"update_id": number}
        for update, number in zip(updates, numbers, strict=True)
    ]
    if kept == updates:
        return OK, payload
    return OK, json.dumps(answer | {"result": kept}).encode()


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
