import asyncio
from typing import Any

import pytest

from bot.sandbox import BotApi
from bot.sandbox.polling import CONFLICT
from tests.sandbox.conftest import ADA


async def poll(api: BotApi, **params: object) -> list[dict[str, Any]]:
    status, body = await api.call("getUpdates", params)
    assert status == 200, body
    found: list[dict[str, Any]] = body["result"]
    return found


async def test_updates_stay_until_confirmed(api: BotApi) -> None:
    """An update comes again until a higher offset confirms it."""
    await api.say(ADA, ADA, "one")
    await api.say(ADA, ADA, "two")
    first, second = await poll(api)
    assert [first, second] == await poll(api)
    assert await poll(api, offset=second["update_id"]) == [second]
    assert await poll(api, offset=second["update_id"] + 1) == []


async def test_a_negative_offset_keeps_the_last(api: BotApi) -> None:
    """Offset -1 forgets all but the newest update; limit cuts what is shown."""
    for text in ("one", "two", "three"):
        await api.say(ADA, ADA, text)
    assert len(await poll(api, limit=2)) == 2
    assert [one["message"]["text"] for one in await poll(api, offset=-1)] == ["three"]


async def test_a_zero_timeout_never_waits(api: BotApi) -> None:
    """PTB asks so when it stops: the answer comes within the very step that asks."""
    for asked in (poll(api, timeout=0), poll(api)):
        with pytest.raises(StopIteration) as answered:
            asked.send(None)
        assert answered.value.value == []


async def test_a_long_poll_ends_with_the_first_update(api: BotApi) -> None:
    """A waiting poll is answered as soon as somebody writes."""
    waiting = asyncio.create_task(poll(api, timeout=30))
    await asyncio.sleep(0)
    await api.say(ADA, ADA, "now")
    async with asyncio.timeout(10):
        assert [one["message"]["text"] for one in await waiting] == ["now"]


async def test_a_long_poll_times_out_empty(api: BotApi) -> None:
    """Without updates the answer is empty, after the time asked for."""
    assert await api.updates.get(offset=0, limit=100, timeout_s=0.01, allowed=None) == []


async def test_a_second_poller_ends_the_first(api: BotApi) -> None:
    """The poll under way gets 409, the newer one goes on."""
    first = asyncio.create_task(api.call("getUpdates", {"timeout": 30}))
    await asyncio.sleep(0)
    second = asyncio.create_task(api.call("getUpdates", {"timeout": 30}))
    status, body = await first
    assert (status, body["description"]) == (409, CONFLICT)
    await api.say(ADA, ADA, "x")
    assert (await second)[0] == 200


async def test_a_cancelled_poll_conflicts_with_nothing(api: BotApi) -> None:
    """A poll that was given up does not disturb the next."""
    first = asyncio.create_task(api.call("getUpdates", {"timeout": 30}))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await poll(api, timeout=0) == []


async def test_only_allowed_kinds_arrive(api: BotApi) -> None:
    """allowed_updates is remembered; unwanted kinds are never queued."""
    await poll(api, allowed_updates=["callback_query"])
    await api.say(ADA, ADA, "unheard")
    await poll(api)
    await api.call("sendMessage", {"chat_id": ADA, "text": "x"})
    await api.press(api.said(ADA)[0], "forged", user=666)
    updates = await poll(api)
    assert [(*one,) for one in updates] == [("update_id", "callback_query")]
    assert updates[0]["callback_query"]["from"]["id"] == 666


async def test_every_odd_way_to_speak(api: BotApi) -> None:
    """Edits, forwards, via-bot, anonymous and channel posts look as Telegram's do."""
    api.group(-100)
    api.group(-200, kind="channel")
    post = await api.say(ADA, ADA, "/health")
    await api.edit(post, "/top5")
    await api.forward(ADA, ADA, "/ack 1")
    await api.say_via_bot(ADA, ADA, "/ack 2")
    await api.say_anonymously(-100, "/ack 3")
    await api.post_in_channel(-200, "/ack 4")
    said, edited, forwarded, via, hidden, channel = await poll(api)
    assert said["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 7}]
    assert edited["edited_message"]["text"] == "/top5"
    assert forwarded["message"]["forward_origin"]["type"] == "hidden_user"
    assert via["message"]["via_bot"]["is_bot"] is True
    assert hidden["message"]["sender_chat"]["id"] == -100
    assert channel["channel_post"]["chat"]["type"] == "channel"


async def test_dropping_pending_updates(api: BotApi) -> None:
    """deleteWebhook can forget what is pending, and getWebhookInfo counts it."""
    await api.say(ADA, ADA, "x")
    assert (await api.call("getWebhookInfo"))[1]["result"]["pending_update_count"] == 1
    await api.call("deleteWebhook", {"drop_pending_updates": "true"})
    assert await poll(api) == []


async def test_the_menu_a_person_sees(api: BotApi) -> None:
    """The narrowest scope wins, and in it the person's language."""

    async def put(name: str, **rest: object) -> None:
        commands = [{"command": name, "description": "x"}]
        assert (await api.call("setMyCommands", {"commands": commands} | rest))[0] == 200

    await put("plain")
    await put("francais", language_code="fr")
    assert api.menus.shown(ADA, ADA, "fr")[0]["command"] == "francais"
    await put("mine", scope={"type": "chat", "chat_id": ADA})
    assert api.menus.shown(ADA, ADA, "fr")[0]["command"] == "mine"
    await api.call("deleteMyCommands", {"scope": {"type": "chat", "chat_id": ADA}})
    assert api.menus.shown(ADA, ADA, "en")[0]["command"] == "plain"
    assert (await api.call("getMyCommands", {"language_code": "de"}))[1]["result"] == []
