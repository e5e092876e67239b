import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.sandbox import BotApi
from bot.sandbox.controls import Status
from bot.sandbox.demo import NoPortError, Place, serve
from bot.sandbox.world import Upload
from tests.sandbox.conftest import ADA, picture, serving


class Levers:
    """Remembers what was pulled."""

    def __init__(self) -> None:
        self.pulled: list[str] = []

    def act(self, action: str) -> None:
        self.pulled.append(action)

    def status(self) -> Status:
        return {"broken": {}, "pulled": len(self.pulled)}


@pytest.fixture
def levers() -> Levers:
    return Levers()


@pytest.fixture
async def page(api: BotApi, levers: Levers) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(api, levers) as place:
        origin = {"origin": place.url.rstrip("/")}
        async with httpx.AsyncClient(base_url=place.url, headers=origin, trust_env=False) as client:
            yield client


async def events(client: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    """Return the first events of a new stream."""
    found: list[dict[str, Any]] = []
    async with client.stream("GET", "/events") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line[6:]))
            if len(found) == count:
                return found
    return found


async def test_the_page_and_its_parts(page: httpx.AsyncClient) -> None:
    """The page is served whole, with a strict policy and no address outside."""
    for name in ("/", "/app.js", "/style.css", "/words.js", "/icon.svg"):
        answer = await page.get(name)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        links = answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in links
        assert "https://" not in links
        assert "innerHTML" not in links.replace("Never innerHTML", "").replace(
            "never innerHTML", ""
        )
    assert (await page.get("/../api.py")).status_code == 404
    assert (await page.get("/nothing")).status_code == 404


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({"host": "evil.example"}, "/"),
        ({"host": "127.0.0.1.evil.example:80"}, "/events"),
        ({"host": "evil.example"}, "/say"),
        ({"host": "[::1"}, "/"),
        ({"origin": "https://evil.example"}, "/say"),
        ({"origin": "http://127.0.0.1:1"}, "/say"),
        ({"origin": "null"}, "/panel"),
        ({"origin": "http://127.0.0.1:1"}, "/botx/getMe"),
    ],
)
async def test_other_pages_are_kept_out(
    api: BotApi, page: httpx.AsyncClient, headers: dict[str, str], path: str
) -> None:
    """A foreign Host or Origin gets 403 and does nothing, so no other page can reach in."""
    body = {"text": "x", "action": "freeze"}
    answer = await page.post(path, json=body, headers=headers)
    assert answer.status_code == 403
    assert api.messages(ADA) == []


async def test_a_post_from_no_page_is_refused(api: BotApi, page: httpx.AsyncClient) -> None:
    """Without an Origin a post is not the page's."""
    del page.headers["origin"]
    assert (await page.post("/say", json={"text": "x"})).status_code == 403
    assert api.messages(ADA) == []


async def test_saying_and_pressing(api: BotApi, page: httpx.AsyncClient) -> None:
    """What is typed and pressed on the page arrives as the viewer's updates."""
    assert (await page.post("/say", json={"text": " /health "})).status_code == 200
    assert (await page.post("/say", json={"text": "  "})).status_code == 400
    assert (await page.post("/say", content=b"{")).status_code == 400
    keys = {"inline_keyboard": [[{"text": "k", "callback_data": "d"}]]}
    await api.call("sendMessage", {"chat_id": ADA, "text": "x", "reply_markup": keys})
    post = api.said(ADA)[0]
    assert (await page.post("/press", json={"message": post.id, "data": "d"})).status_code == 200
    assert (await page.post("/press", json={"message": 99, "data": "d"})).status_code == 404
    updates = (await api.call("getUpdates"))[1]["result"]
    assert updates[0]["message"]["text"] == "/health"
    assert updates[1]["callback_query"]["data"] == "d"


async def test_the_stream_tells_the_state_and_then_changes(
    api: BotApi, page: httpx.AsyncClient
) -> None:
    """A page that (re)connects gets everything, then each event of its own chat."""
    api.person(8, "Eve")
    await api.call("sendMessage", {"chat_id": ADA, "text": "old"})
    stream = asyncio.create_task(events(page, 5))
    await asyncio.sleep(0.05)
    await api.call("sendMessage", {"chat_id": 8, "text": "not for you"})
    sent = {"chat_id": ADA, "text": "new", "disable_notification": True}
    number = (await api.call("sendMessage", sent))[1]["result"]["message_id"]
    await api.call("editMessageText", {"chat_id": ADA, "message_id": number, "text": "edited"})
    menu = [{"command": "top5", "description": "Best"}]
    await api.call("setMyCommands", {"commands": menu})
    await api.call("deleteMessage", {"chat_id": ADA, "message_id": number})
    state, message, changed, told, deleted = await stream
    assert [one["text"] for one in state["messages"]] == ["old"]
    assert (state["kind"], state["language"], state["tracker"]["pulled"]) == ("state", "en", 0)
    assert (message["message"]["text"], message["message"]["silent"]) == ("new", True)
    assert changed["message"]["text"] == "edited"
    assert told["menu"] == menu
    assert deleted["message_id"] == number


async def test_the_panel_and_the_language(
    api: BotApi, page: httpx.AsyncClient, levers: Levers
) -> None:
    """The panel pulls known levers only; the language is the person's from then on."""
    assert (await page.post("/panel", json={"action": "freeze"})).status_code == 200
    assert (await page.post("/panel", json={"action": "close"})).status_code == 404
    assert levers.pulled == ["freeze"]
    assert (await page.post("/language", json={"code": "fr"})).status_code == 200
    assert (await page.post("/language", json={"code": "xx"})).status_code == 400
    await api.say(ADA, ADA, "x")
    assert (await api.call("getUpdates"))[1]["result"][0]["message"]["from"][
        "language_code"
    ] == "fr"


async def test_files(api: BotApi, page: httpx.AsyncClient) -> None:
    """Pictures are shown as such; anything else is a download, whatever it claims to be."""
    photo = (await api.call("sendPhoto", {"chat_id": ADA}, {"photo": picture()}))[1]["result"]
    shown = await page.get(f"/file/{photo['photo'][0]['file_id']}")
    assert (shown.headers["content-type"], shown.content) == ("image/png", picture())
    evil = {"document": Upload("x.html", b"<script>alert(1)</script>")}
    document = (await api.call("sendDocument", {"chat_id": ADA}, evil))[1]["result"]["document"]
    kept = await page.get(f"/file/{document['file_id']}")
    assert kept.headers["content-disposition"] == "attachment"
    assert kept.headers["content-type"] == "application/octet-stream"
    assert (await page.get("/file/none")).status_code == 404


@pytest.mark.parametrize("kind", ["json", "data", "params"])
async def test_three_kinds_of_bodies(api: BotApi, page: httpx.AsyncClient, kind: str) -> None:
    """JSON, forms and query strings all carry a call."""
    given: dict[str, Any] = {kind: {"chat_id": ADA, "text": "é & ü"}}
    answer = await page.post(f"/bot{api.token}/sendMessage", **given)
    assert answer.json()["result"]["text"] == "é & ü"
    bad = await page.post(
        f"/bot{api.token}/sendMessage",
        content=b"[1]",
        headers={"content-type": "application/json"},
    )
    assert bad.status_code == 400
    assert (await page.get(f"/bot{api.token}x/getMe")).status_code == 401


async def test_a_busy_port_gives_way_to_the_next(api: BotApi) -> None:
    """The place says which port was busy and which was taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ready: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(
            serve(api=api, tracker=None, port=port, on_ready=ready.set_result)
        )
        place = await ready
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert place.busy[0] == port
    assert place.port > port
    assert str(place).startswith(f"Busy: {port}")
    assert str(place).endswith(f"http://127.0.0.1:{place.port}/")


async def test_no_port_at_all(api: BotApi) -> None:
    """When every port tried is busy the error says so."""
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", 65_535))
        except OSError:
            pytest.skip("somebody else has the last port")
        taken.listen()
        with pytest.raises(NoPortError, match="no free port from 65535"):
            await serve(api=api, tracker=None, port=65_535, on_ready=lambda _: None)


async def test_closing_ends_open_streams_at_once(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    """A page that is still listening does not hold the server back until it is cut off."""
    async with httpx.AsyncClient(trust_env=False) as client, contextlib.AsyncExitStack() as stack:
        async with serving(api) as place:
            page = client.stream("GET", f"{place.url}events")
            lines = (await stack.enter_async_context(page)).aiter_lines()
            assert json.loads((await anext(lines))[6:])["kind"] == "state"
        assert [line async for line in lines if line.startswith("data: ")] == []
    assert "graceful" not in caplog.text
