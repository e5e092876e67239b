"""The Bot API over HTTP: what `TELEGRAM_API_URL` of a real run may point to on this machine."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.sandbox import bodies
from bot.sandbox.api import BotApi
from bot.sandbox.faults import AnswerLost, ConnectionLost, Fault, Way

LOST_ANSWER_WAIT_S = 60.0


class Broken(Response):
    """Begins an answer and stops: the server then cuts the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise bytes that never come."""
        headers = [(b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class Silent(Response):
    """Answers nothing until the caller gives up, then breaks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the caller to leave."""
        try:
            async with asyncio.timeout(LOST_ANSWER_WAIT_S):
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            await Broken()(scope, receive, send)


def routes(api: BotApi) -> list[Route]:
    """Return `/bot<token>/<method>` and `/file/bot<token>/<path>` for this API."""

    async def call(request: Request) -> Response:
        if request.path_params["token"] != api.token:
            return _refused(401, "Unauthorized")
        try:
            body = await bodies.read(request)
        except ValueError:
            return _refused(400, "Bad Request: can't parse the request body")
        try:
            status, answer = await api.call(request.path_params["method"], body.params, body.files)
        except ConnectionLost:
            return Broken()
        except AnswerLost:
            return Silent()
        return JSONResponse(answer, status_code=status)

    async def fetch(request: Request) -> Response:
        upload = api.world.files.get(request.path_params["name"].rpartition("/")[2])
        if request.path_params["token"] != api.token or upload is None:
            return _refused(404, "Not Found")
        return Response(upload.content, media_type="application/octet-stream")

    return [
        Route("/bot{token}/{method}", call, methods=["GET", "POST"]),
        Route("/file/bot{token}/{name:path}", fetch),
    ]


def _refused(code: int, description: str) -> Response:
    body = Fault(Way.ANSWER, code, description).body()
    return JSONResponse(body, status_code=code)
