import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import BotApi, faults, spec
from bot.sandbox.limits import Refusal
from bot.sandbox.world import Upload
from tests.sandbox.conftest import ADA, picture

TEXT = {"chat_id": ADA, "text": "x"}
KEY = {"text": "k", "callback_data": "d"}
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


def keyboard(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return TEXT | {"reply_markup": json.dumps({"inline_keyboard": list(rows)})}


async def refused(api: BotApi, method: str, params: dict[str, Any], **files: bytes) -> str:
    status, body = await api.call(method, params, files)
    assert body["ok"] is False
    assert body["error_code"] == status
    return f"{status} {body['description']}"


async def accepted(
    api: BotApi, method: str, params: dict[str, Any], **files: bytes
) -> dict[str, Any]:
    status, body = await api.call(method, params, files)
    assert (status, body["ok"]) == (200, True), body
    result: dict[str, Any] = body["result"]
    return result


@pytest.mark.parametrize(
    ("method", "params", "answer"),
    [
        ("sendNothing", {}, "404 Not Found: method not found"),
        ("sendMessage", {"text": "x"}, "400 Bad Request: chat_id is empty"),
        ("sendMessage", {"chat_id": ADA}, "400 Bad Request: message text is empty"),
        ("sendMessage", TEXT | {"text": " \n "}, "400 Bad Request: message text is empty"),
        ("sendMessage", TEXT | {"texts": "x"}, 'has no field "texts"'),
        ("sendMessage", TEXT | {"chat_id": 8}, "400 Bad Request: chat not found"),
        ("sendMessage", TEXT | {"chat_id": "@nobody"}, "400 Bad Request: chat not found"),
        ("sendMessage", TEXT | {"text": "x" * 4097}, "400 Bad Request: message is too long"),
        ("sendMessage", TEXT | {"text": "🦊" * 2049}, "400 Bad Request: message is too long"),
        ("sendMessage", TEXT | {"text": "\ud800"}, "400 Bad Request: strings must be encoded in"),
        ("sendMessage", TEXT | {"parse_mode": "MarkdownV2"}, "unsupported parse_mode"),
        ("sendMessage", TEXT | {"disable_notification": "perhaps"}, "Boolean expected"),
        ("sendMessage", TEXT | {"message_thread_id": 3}, "message thread not found"),
        (
            "sendMessage",
            TEXT | {"reply_parameters": '{"message_id": 99}'},
            "to be replied not found",
        ),
        (
            "sendMessage",
            TEXT | {"reply_parameters": '{"mesage_id": 9}'},
            'has no field "mesage_id"',
        ),
        ("sendMessage", TEXT | {"link_preview_options": '{"off": true}'}, 'no field "off"'),
        ("sendMessage", TEXT | {"reply_markup": "{"}, "object expected as InlineKeyboardMarkup"),
        ("sendMessage", keyboard([{"text": "k"}]), "Text buttons are unallowed"),
        ("sendMessage", keyboard([KEY | {"text": " "}]), "Button text must be non-empty"),
        ("sendMessage", keyboard([{"callback_data": "d"}]), '"text" must be specified'),
        ("sendMessage", keyboard([KEY | {"url": "https://a.example"}]), "a button does one thing"),
        ("sendMessage", keyboard([KEY | {"style": "red"}]), "invalid button style"),
        (
            "sendMessage",
            keyboard([KEY | {"callback_data": ""}]),
            "400 Bad Request: BUTTON_DATA_INVALID",
        ),
        ("sendMessage", keyboard([KEY | {"callback_data": "é" * 33}]), "BUTTON_DATA_INVALID"),
        ("sendMessage", keyboard([KEY | {"colour": "red"}]), 'has no field "colour"'),
        ("sendMessage", keyboard([{"text": "k", "url": "nowhere"}]), "Wrong HTTP URL"),
        ("sendMessage", keyboard([{"text": "k", "copy_text": {"text": "x" * 257}}]), "COPY_TEXT"),
        ("sendMessage", keyboard([KEY] * 9), "9 buttons in a row"),
        ("sendMessage", keyboard(*[[KEY] * 8] * 13), "REPLY_MARKUP_TOO_LONG"),
        ("sendPhoto", {"chat_id": ADA}, "400 Bad Request: there is no photo in the request"),
        ("sendPhoto", {"chat_id": ADA, "photo": "nofile"}, "wrong file identifier"),
        ("sendPhoto", {"chat_id": ADA, "photo": "attach://x"}, "attached file not found"),
        (
            "sendPhoto",
            {"chat_id": ADA, "photo": "https://a/b.png"},
            "failed to get HTTP URL content",
        ),
        ("sendDocument", {"chat_id": ADA}, "there is no document in the request"),
        ("sendChatAction", {"chat_id": ADA, "action": "dancing"}, "wrong parameter action"),
        (
            "editMessageText",
            TEXT | {"message_id": 99},
            "400 Bad Request: message to edit not found",
        ),
        ("editMessageText", {"text": "x", "message_id": 1}, "400 Bad Request: chat_id is empty"),
        ("deleteMessage", {"chat_id": ADA, "message_id": 99}, "message to delete not found"),
        ("answerCallbackQuery", {"callback_query_id": "5"}, "400 Bad Request: query is too old"),
        ("setMyCommands", {"commands": '[{"command":"Up","description":"x"}]'}, "COMMAND_INVALID"),
        (
            "setMyCommands",
            {"commands": '[{"command":"up","description":""}]'},
            "DESCRIPTION_INVALID",
        ),
        ("setMyCommands", {"commands": '[{"command":"up"}]'}, '"description" must be specified'),
        ("setMyCommands", {"commands": "[]", "scope": '{"type":"chat"}'}, "chat not found"),
        ("setMyCommands", {"commands": "[]", "scope": '{"type":"chaat"}'}, "Unsupported type"),
        ("setMyCommands", {"commands": "[]", "language_code": "french"}, "LANGUAGE_CODE_INVALID"),
        ("getFile", {"file_id": "x"}, "wrong file_id"),
        ("getChatMember", {"chat_id": ADA, "user_id": 99}, "user not found"),
        ("createForumTopic", {"chat_id": ADA, "name": "x"}, "not a forum"),
    ],
)
async def test_bad_calls(api: BotApi, method: str, params: dict[str, Any], answer: str) -> None:
    """Each mistake is refused with Telegram's code and text."""
    assert answer in await refused(api, method, params)
    assert api.said(ADA) == []


async def test_limits_are_exact(api: BotApi) -> None:
    """The longest allowed text, data, copy text, keyboard and menu pass."""
    await accepted(api, "sendMessage", TEXT | {"text": "🦊" * 2048})
    html = {"text": "&lt;" * 4096, "parse_mode": "HTML"}
    await accepted(api, "sendMessage", TEXT | html)
    await accepted(api, "sendMessage", keyboard(*[[KEY] * 8] * 12, [KEY] * 4))
    await accepted(api, "sendMessage", keyboard([KEY | {"callback_data": "é" * 32}]))
    await accepted(api, "sendMessage", keyboard([{"text": "k", "copy_text": {"text": "x" * 256}}]))
    menu = [{"command": "a" * 32, "description": "d" * 256}]
    await accepted(api, "setMyCommands", {"commands": json.dumps(menu * 100)})
    assert "COMMANDS_TOO_MUCH" in await refused(
        api, "setMyCommands", {"commands": json.dumps(menu * 101)}
    )


async def test_too_many_entities(api: BotApi) -> None:
    """The hundred-and-first entity, which Telegram would not show, is refused."""
    html = TEXT | {"parse_mode": "HTML", "text": "<b>x</b> " * 100}
    await accepted(api, "sendMessage", html)
    assert "101 entities" in await refused(api, "sendMessage", html | {"text": "<b>x</b> " * 101})


async def test_captions_are_shorter_than_texts(api: BotApi) -> None:
    """A caption may have 1024 units."""
    photo = {"chat_id": ADA, "caption": "x" * 1024}
    await accepted(api, "sendPhoto", photo, photo=picture())
    answer = await refused(api, "sendPhoto", photo | {"caption": "x" * 1025}, photo=picture())
    assert answer == "400 Bad Request: message caption is too long"


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (b"", "400 Bad Request: file must be non-empty"),
        (b"GIF89a" + bytes(50), "400 Bad Request: IMAGE_PROCESS_FAILED"),
        (picture()[:-20], "400 Bad Request: IMAGE_PROCESS_FAILED"),
        (picture(9_999, 2), "400 Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (picture(43, 2), "400 Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (picture() + bytes(10 * 1024 * 1024), "400 Bad Request: too big file"),
        (bytes(50 * 1024 * 1024 + 1), "413 Request Entity Too Large"),
    ],
    ids=["empty", "gif", "cut", "large", "flat", "10 MB", "50 MB"],
)
async def test_photos_must_be_pictures(api: BotApi, content: bytes, answer: str) -> None:
    """Only whole PNG and JPEG pictures of a sane size are photos."""
    assert (await refused(api, "sendPhoto", {"chat_id": ADA}, photo=content)).startswith(answer)


async def test_a_jpeg_is_a_picture(api: BotApi) -> None:
    """A JPEG's size is read from its frame header."""
    app0 = b"\xff\xe0\x00\x04ab"
    frame = b"\xff\xc0\x00\x0b\x08\x00\x10\x00\x20\x01\x01\x11\x00"
    content = b"\xff\xd8" + app0 + frame + b"\xff\xd9"
    sent = await accepted(api, "sendPhoto", {"chat_id": ADA}, photo=content)
    assert (sent["photo"][0]["width"], sent["photo"][0]["height"]) == (32, 16)


async def test_an_unused_part_is_a_mistake(api: BotApi) -> None:
    """A file nobody refers to is refused: its name was mistyped."""
    assert '"chart"' in await refused(api, "sendMessage", dict(TEXT), chart=picture())


async def test_editing(api: BotApi) -> None:
    """Texts and captions are edited by their own methods, and only if something changes."""
    text = await accepted(api, "sendMessage", keyboard([KEY]))
    photo = await accepted(api, "sendPhoto", {"chat_id": ADA, "caption": "c"}, photo=picture())
    at_text = {"chat_id": ADA, "message_id": text["message_id"]}
    at_photo = {"chat_id": ADA, "message_id": photo["message_id"]}
    same = keyboard([KEY]) | at_text
    assert "message is not modified" in await refused(api, "editMessageText", same)
    assert "no text in" in await refused(api, "editMessageText", at_photo | {"text": "x"})
    assert "no caption in" in await refused(api, "editMessageCaption", at_text | {"caption": "x"})
    edited = await accepted(api, "editMessageText", at_text | {"text": "x"})
    assert "reply_markup" not in edited
    assert "edit_date" in edited
    assert "not modified" in await refused(api, "editMessageReplyMarkup", at_text)
    media = {"type": "photo", "media": "attach://p", "caption": "c"}
    again = at_photo | {"media": json.dumps(media)}
    assert "not modified" in await refused(api, "editMessageMedia", again, p=picture())
    await accepted(api, "editMessageMedia", again, p=picture(5, 5))
    assert api.said(ADA)[1].json["photo"][0]["width"] == 5


async def test_only_own_messages_are_edited(api: BotApi) -> None:
    """What a person wrote cannot be edited by the bot."""
    post = await api.say(ADA, ADA, "mine")
    answer = await refused(api, "editMessageText", TEXT | {"message_id": post.id})
    assert answer == "400 Bad Request: message can't be edited"


async def test_a_reply_to_nothing_can_be_allowed(api: BotApi) -> None:
    """With allow_sending_without_reply the message goes out without its reply."""
    reply = json.dumps({"message_id": 99, "allow_sending_without_reply": True})
    sent = await accepted(api, "sendMessage", TEXT | {"reply_parameters": reply})
    assert "reply_to_message" not in sent


async def test_closed_doors(api: BotApi) -> None:
    """A block is 403, a migrated group names its new id, an unknown private chat is not opened."""
    api.block(ADA)
    assert await refused(api, "sendMessage", dict(TEXT)) == (
        "403 Forbidden: bot was blocked by the user"
    )
    api.block(ADA, "")
    await accepted(api, "sendMessage", dict(TEXT))
    api.group(-5, kind="group")
    api.migrate(-5, -1005)
    status, body = await api.call("sendMessage", TEXT | {"chat_id": -5})
    assert (status, body["parameters"]) == (400, {"migrate_to_chat_id": -1005})
    await accepted(api, "sendMessage", TEXT | {"chat_id": -1005})
    api.person(9, started=False)
    assert "can't initiate" in await refused(api, "sendMessage", TEXT | {"chat_id": 9})


async def test_a_press_is_answered_once_and_in_time() -> None:
    """A toast is short, given once, and within a quarter of an hour."""
    now = [NOW]
    api = BotApi(clock=lambda: now[0])
    api.person(ADA)
    await accepted(api, "sendMessage", keyboard([KEY]))
    press = await api.press(api.said(ADA)[0], "k", user=ADA)
    toast = {"callback_query_id": press.id, "text": "x" * 201}
    assert "MESSAGE_TOO_LONG" in await refused(api, "answerCallbackQuery", toast)
    await accepted(api, "answerCallbackQuery", toast | {"text": "x" * 200})
    assert press.toast == "x" * 200
    assert "too old" in await refused(api, "answerCallbackQuery", toast | {"text": ""})
    late = await api.press(api.said(ADA)[0], "k", user=ADA)
    now[0] += timedelta(minutes=15, seconds=1)
    assert "too old" in await refused(api, "answerCallbackQuery", {"callback_query_id": late.id})


async def test_topics(api: BotApi) -> None:
    """A forum's topics take messages, other thread numbers do not."""
    api.group(-100, topics={3: "Alerts"})
    sent = await accepted(api, "sendMessage", TEXT | {"chat_id": -100, "message_thread_id": 3})
    assert sent["message_thread_id"] == 3
    assert "thread not found" in await refused(
        api, "sendMessage", TEXT | {"chat_id": -100, "message_thread_id": 4}
    )
    made = await accepted(api, "createForumTopic", {"chat_id": -100, "name": "Reports"})
    thread = {"chat_id": -100, "message_thread_id": made["message_thread_id"]}
    await accepted(api, "sendMessage", TEXT | thread)


async def test_scripted_failures(api: BotApi) -> None:
    """Scripted faults strike in order, on matching methods only, and then are over."""
    api.fail_next(faults.too_many(30))
    api.fail_next(faults.status(502), methods="sendMessage")
    api.fail_next(faults.RESET, methods="sendMessage")
    api.fail_next(faults.ACCEPTED_THEN_TIMED_OUT, methods="sendMessage")
    await accepted(api, "getMe", {})
    status, body = await api.call("sendMessage", TEXT)
    assert (status, body["parameters"]) == (429, {"retry_after": 30})
    assert await refused(api, "sendMessage", dict(TEXT)) == "502 Bad Gateway"
    with pytest.raises(faults.ConnectionLost):
        await api.call("sendMessage", TEXT)
    assert api.said(ADA) == []
    with pytest.raises(faults.AnswerLost):
        await api.call("sendMessage", TEXT)
    assert len(api.said(ADA)) == 1
    assert api.faults_left == 0
    await accepted(api, "sendMessage", dict(TEXT))


def test_the_built_in_description_is_the_published_one(shared_data: Path) -> None:
    """Every method and type of the compact table has exactly the published fields."""
    published = spec.load(shared_data / "telegram" / "bot_api_spec.json")
    compact = spec.load()
    assert len(compact.methods) >= 20
    for name, shape in compact.methods.items():
        assert shape == published.methods[name], name
    for name, shape in compact.types.items():
        assert shape == published.types[name], name


async def test_a_published_method_that_is_not_played_says_so(shared_data: Path) -> None:
    """With the whole description, a real method the sandbox lacks is told from a typo."""
    full = BotApi(description=shared_data / "telegram" / "bot_api_spec.json")
    full.person(ADA)
    poll = {"chat_id": ADA, "question": "?", "options": '[{"text":"a"},{"text":"b"}]'}
    assert "sendPoll is not played here" in await refused(full, "sendPoll", poll)
    assert 'no field "colour"' in await refused(full, "sendPoll", poll | {"colour": "red"})


async def test_uploads_keep_their_names(api: BotApi) -> None:
    """A document shows the name it was sent under."""
    named = {"document": Upload("integrity.txt", b"x")}
    status, body = await api.call("sendDocument", {"chat_id": ADA}, named)
    assert (status, body["result"]["document"]["file_name"]) == (200, "integrity.txt")


def test_a_refusal_carries_its_code() -> None:
    """The exception inside the sandbox is the answer outside."""
    assert Refusal("x", code=403, retry_after=3).parameters == {"retry_after": 3}
