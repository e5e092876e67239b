"""Only the Bot API itself can refuse the token, and no error text holds it."""

import json

import pytest
from telegram import Bot
from telegram.error import BadRequest, InvalidToken, NetworkError, TelegramError
from telegram.request import BaseRequest

from bot.answers import Believed, Refusals

TOKEN = "123456:" + "Ab-_" * 9
REFUSAL = {"ok": False, "error_code": 401, "description": "Unauthorized"}


class Server(BaseRequest):
    """A request that always brings the same answer."""

    def __init__(self, code: int, payload: bytes) -> None:
        self._answer = code, payload

    @property
    def read_timeout(self) -> float | None:
        return 1.0

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(self, *_: object, **__: object) -> tuple[int, bytes]:
        return self._answer


async def error(code: int, payload: bytes) -> TelegramError:
    """Return what PTB makes of this answer."""
    bot = Bot(TOKEN, request=Believed(Server(code, payload), token=TOKEN, refusals=Refusals()))
    with pytest.raises(TelegramError) as caught:
        await bot.get_me()
    return caught.value


@pytest.mark.parametrize("code", [401, 404])
@pytest.mark.parametrize("page", [b"", b"<h1>Not Found</h1>", b"[]", b'{"detail": "Not Found"}'])
async def test_an_error_page_is_trouble_on_the_way(code: int, page: bytes) -> None:
    """A proxy's 401 or 404 is tried again; for PTB alone it would be the end."""
    assert type(await error(code, page)) is NetworkError


async def test_a_refused_token_is_refused() -> None:
    """Telegram's own 401 stays what it is."""
    assert type(await error(401, json.dumps(REFUSAL).encode())) is InvalidToken


async def test_no_error_text_holds_the_token() -> None:
    """What a server quotes of our address comes without the token."""
    said = f"Bad Request: chat not found at /bot{TOKEN}/getMe"
    answer = {"ok": False, "error_code": 400, "description": said}
    found = await error(400, json.dumps(answer).encode())
    assert type(found) is BadRequest
    assert found.message.lower().endswith("/bot<token>/getme")
    assert TOKEN not in str(await error(500, said.encode()))
