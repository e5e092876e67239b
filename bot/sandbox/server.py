"""The chat page's server: the page, its stream of events, and what a person does there."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.sandbox import front
from bot.sandbox.api import BotApi
from bot.sandbox.controls import ACTIONS, Controls
from bot.sandbox.files import JPEG, PNG
from bot.sandbox.guard import Guard
from bot.sandbox.world import Post

PAGE = Path(__file__).with_name("page")
VIEWER = 7
LANGUAGES = ("en", "fr")
STATUS_EVERY_S = 1.0
KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


def application(api: BotApi, *, controls: Controls | None = None) -> Starlette:
    """Return the server's ASGI application; without controls the page shows no panel."""
    page = _Page(api, controls)
    posts = {"say": page.say, "press": page.press, "language": page.language, "panel": page.panel}
    return Starlette(
        routes=[
            *front.routes(api),
            Route("/", page.asset),
            Route("/events", page.events),
            Route("/file/{id}", page.file),
            *(Route(f"/{name}", run, methods=["POST"]) for name, run in posts.items()),
            Route("/{name}", page.asset),
        ],
        middleware=[Middleware(Guard)],
    )


class _Page:
    def __init__(self, api: BotApi, controls: Controls | None) -> None:
        self._api = api
        self._controls = controls
        self._assets = {path.name: path for path in PAGE.iterdir()}

    async def asset(self, request: Request) -> Response:
        path = self._assets.get(request.path_params.get("name", "index.html"))
        if path is None:
            return Response(status_code=404)
        return FileResponse(path, media_type=KINDS[path.suffix])

    async def file(self, request: Request) -> Response:
        upload = self._api.world.files.get(request.path_params["id"])
        if upload is None:
            return Response(status_code=404)
        if upload.content.startswith((PNG, JPEG)):
            kind = "image/png" if upload.content.startswith(PNG) else "image/jpeg"
            return Response(upload.content, media_type=kind)
        headers = {"content-disposition": "attachment"}
        media = "application/octet-stream"
        return Response(upload.content, media_type=media, headers=headers)

    async def say(self, request: Request) -> Response:
        text = str((await _sent(request)).get("text", "")).strip()
        if text:
            await self._api.say(VIEWER, VIEWER, text[:4096])
        return JSONResponse({"ok": bool(text)}, status_code=200 if text else 400)

    async def press(self, request: Request) -> Response:
        body = await _sent(request)
        number, data = body.get("message"), body.get("data")
        post = self._api.world.post(VIEWER, number) if isinstance(number, int) else None
        if post is None or not isinstance(data, str):
            return Response(status_code=404)
        press = await self._api.press(post, data, user=VIEWER)
        return JSONResponse({"query": press.id})

    async def language(self, request: Request) -> Response:
        code = (await _sent(request)).get("code")
        if code not in LANGUAGES:
            return Response(status_code=400)
        name = self._api.world.users[VIEWER].first_name
        self._api.person(VIEWER, name, language=str(code))
        self._api.world.tell("menu")
        return JSONResponse({"ok": True})

    async def panel(self, request: Request) -> Response:
        action = (await _sent(request)).get("action")
        if self._controls is None or action not in ACTIONS:
            return Response(status_code=404)
        await asyncio.to_thread(self._controls.act, str(action))
        self._api.world.tell("tracker", tracker=await self._status())
        return JSONResponse({"ok": True})

    async def events(self, request: Request) -> Response:
        headers = {"x-accel-buffering": "no"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def _stream(self) -> AsyncIterator[str]:
        """Yield the state, then every event of the viewer's chat, until `closing`."""
        queue: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

        def heard(event: Mapping[str, Any]) -> None:
            if event.get("chat", VIEWER) == VIEWER and event.get("user", VIEWER) == VIEWER:
                queue.put_nowait(self._shown(event))  # now: the message may be edited soon

        with self._api.world.listening(heard):
            yield _line(await self._state())
            told = await self._status()
            while True:
                try:
                    async with asyncio.timeout(STATUS_EVERY_S):
                        event = await queue.get()
                except TimeoutError:
                    told, before = await self._status(), told
                    yield _line({"kind": "tracker", "tracker": told}) if told != before else ":\n\n"
                    continue
                if event["kind"] == "closing":
                    return
                yield _line(event)

    def _shown(self, event: Mapping[str, Any]) -> dict[str, Any]:
        if event["kind"] == "menu":
            return {"kind": "menu", "menu": self._menu()}
        rest = {k: v for k, v in event.items() if k != "post"}
        return rest | ({"message": _message(event["post"])} if "post" in event else {})

    def _menu(self) -> list[dict[str, str]]:
        return self._api.menus.shown(VIEWER, VIEWER, self._api.world.users[VIEWER].language)

    async def _state(self) -> dict[str, Any]:
        return {
            "kind": "state",
            "language": self._api.world.users[VIEWER].language,
            "messages": [_message(post) for post in self._api.messages(VIEWER)],
            "menu": self._menu(),
            "tracker": await self._status(),
        }

    async def _status(self) -> Mapping[str, object] | None:
        return None if self._controls is None else await asyncio.to_thread(self._controls.status)


def _message(post: Post) -> dict[str, Any]:
    return post.json | {
        "mine": not post.by_bot,
        "silent": post.silent,
        "reaction": post.reaction,
    }


def _line(event: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(event)}\n\n"


async def _sent(request: Request) -> dict[str, Any]:
    """Return the posted JSON object, or an empty one for anything else."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return {}
    try:
        body = json.loads(await request.body())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
