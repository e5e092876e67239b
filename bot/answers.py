"""What answers the Bot API's address: which of it is the Bot API, and none of it with the token."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from telegram.request import BaseRequest

from storage.clock import monotonic_s

OK = 200
REFUSED = frozenset({401, 404})
NOT_TELEGRAM = 502
PATIENCE_S = 30.0
HIDDEN = b"<token>"


class Refusals:
    """When to believe that the token is refused: at once, or once it worked, when that lasts."""

    def __init__(self, *, steady_s: Callable[[], float] = monotonic_s) -> None:
        self._steady_s = steady_s
        self._worked = False
        self._since_s: float | None = None

    def accepted(self) -> None:
        """Note that the token worked."""
        self._worked = True
        self._since_s = None

    def refused(self) -> bool:
        """Note a refusal; return whether to believe it."""
        now_s = self._steady_s()
        self._since_s = now_s if self._since_s is None else self._since_s
        return not self._worked or now_s - self._since_s >= PATIENCE_S


class Believed(BaseRequest):
    """A request whose refusals of the token are the Bot API's own, and no slip of a moment.

    For PTB a 401 or 404 is an invalid token, which ends its loops. A proxy's error page says the
    same numbers, and is trouble on the way: it becomes a 502. Error texts reach logs, the state
    and chats, so the token, which is part of every address, is taken out of them.
    """

    def __init__(self, inner: BaseRequest, *, token: str = "", refusals: Refusals) -> None:
        self._inner = inner
        self._refusals = refusals
        self._forms = [form.encode() for form in {token, quote(token, safe="")} if form]

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
        """Pass the call on; of its errors, believe and show what may be."""
        code, payload = await self._inner.do_request(url, method, *args, **kwargs)
        if code == OK:
            self._refusals.accepted()
            return code, payload
        for form in self._forms:
            payload = payload.replace(form, HIDDEN)
        answer = _decoded(payload)
        if code in REFUSED and not (_is_telegram(answer) and self._refusals.refused()):
            code = NOT_TELEGRAM
        # PTB reads any JSON as an object, and fails where it is none.
        return code, b"{}" if answer is not None and not isinstance(answer, dict) else payload


def _decoded(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except ValueError:
        return None


def _is_telegram(answer: object) -> bool:
    """Return whether this is an error in the Bot API's own form."""
    return isinstance(answer, dict) and answer.get("ok") is False and "error_code" in answer
