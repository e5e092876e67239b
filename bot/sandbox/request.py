"""PTB's door to the in-process Bot API."""

import json
from typing import Any
from urllib.parse import unquote

from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.sandbox.api import BotApi
from bot.sandbox.faults import AnswerLost, ConnectionLost
from bot.sandbox.world import Upload


class SandboxRequest(BaseRequest):
    """Hands PTB's calls to a BotApi; a wrong token is 401, as in the real one."""

    def __init__(self, api: BotApi) -> None:
        self._api = api

    @property
    def read_timeout(self) -> float | None:
        """Seconds PTB adds to a long poll."""
        return 5.0

    async def initialize(self) -> None:
        """Open nothing."""

    async def shutdown(self) -> None:
        """Close nothing."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        """Route one call by the URL's end, `/bot<token>/<method>` or `/file/bot<token>/<path>`."""
        token, rest = unquote(url).partition("/bot")[2].split("/", 1)
        if token != self._api.token:
            return 401, _body({"ok": False, "error_code": 401, "description": "Unauthorized"})
        if "/file/bot" in url:
            return 200, self._api.world.files[rest.rpartition("/")[2]].content
        params = request_data.json_parameters if request_data else {}
        try:
            status, body = await self._api.call(rest, params, _uploads(request_data))
        except ConnectionLost:
            message = "httpx.ReadError: connection reset (sandbox)"
            raise NetworkError(message) from None
        except AnswerLost:
            raise TimedOut from None
        return status, _body(body)


def _uploads(data: RequestData | None) -> dict[str, Upload]:
    parts: dict[str, Any] = dict(data.multipart_data) if data else {}
    return {
        name: Upload(part[0], part[1] if isinstance(part[1], bytes) else part[1].read())
        for name, part in parts.items()
    }


def _body(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()
