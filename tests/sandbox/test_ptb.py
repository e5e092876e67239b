import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaDocument, Update
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)
from telegram.request import BaseRequest, HTTPXRequest

from bot.sandbox import BotApi, SandboxRequest, faults
from tests.sandbox.conftest import ADA, picture, serving

Context = ContextTypes.DEFAULT_TYPE
Door = tuple[BaseRequest, BaseRequest, str]
Way = Callable[[BotApi], AbstractAsyncContextManager[Door]]


@asynccontextmanager
async def in_process(api: BotApi) -> AsyncIterator[Door]:
    yield SandboxRequest(api), SandboxRequest(api), "https://api.telegram.org"


@asynccontextmanager
async def over_http(api: BotApi) -> AsyncIterator[Door]:
    async with serving(api) as place:
        fast = HTTPXRequest(read_timeout=0.2, media_write_timeout=1)
        yield fast, HTTPXRequest(), place.url.rstrip("/")


DOORS = pytest.mark.parametrize("door", [in_process, over_http], ids=["in process", "over HTTP"])


def made(token: str, door: Door) -> Bot:
    request, updates, root = door
    return Bot(
        token,
        f"{root}/bot",
        f"{root}/file/bot",
        request=request,
        get_updates_request=updates,
    )


@DOORS
async def test_messages_photos_and_documents(api: BotApi, door: Way) -> None:
    """PTB's own calls, uploads and nested parameters are understood, through either door."""
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("k", callback_data="v1:x")]])
    async with door(api) as way, made(api.token, way) as bot:
        text = await bot.send_message(ADA, "<b>é</b>", parse_mode="HTML", reply_markup=keys)
        photo = await bot.send_photo(ADA, picture(), caption="c", disable_notification=True)
        document = InputMediaDocument(b"\r\n--x\r\n\x00\xff", filename="é.txt", caption="d")
        await bot.edit_message_media(document, ADA, photo.message_id, reply_markup=keys)
        reply = await bot.send_document(
            ADA, b"abc", filename="a.txt", reply_to_message_id=text.message_id
        )
        assert reply.document is not None
        content = await (await bot.get_file(reply.document.file_id)).download_as_bytearray()
        await bot.send_chat_action(ADA, "typing")
        await bot.set_message_reaction(ADA, text.message_id, "👀")
        await bot.delete_message(ADA, reply.message_id)
    first, second = api.said(ADA)
    assert bytes(content) == b"abc"
    assert (first.text, first.reaction, first.buttons[0]["callback_data"]) == ("é", "👀", "v1:x")
    file = api.world.files[second.json["document"]["file_id"]]
    assert (file.name, file.content) == ("é.txt", b"\r\n--x\r\n\x00\xff")
    assert (second.text, second.silent, second.edited) == ("d", True, True)


@pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")
@DOORS
async def test_errors_have_ptbs_classes(api: BotApi, door: Way) -> None:
    """Each refusal and failure arrives as the exception PTB has for it."""
    api.group(-5, kind="group")
    api.migrate(-5, -1005)
    async with door(api) as way, made(api.token, way) as bot:
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(99, "x")
        with pytest.raises(ChatMigrated) as moved:
            await bot.send_message(-5, "x")
        assert moved.value.new_chat_id == -1005
        api.block(ADA)
        with pytest.raises(Forbidden):
            await bot.send_message(ADA, "x")
        api.block(ADA, "")
        for fault, error in (
            (faults.too_many(3), RetryAfter),
            (faults.status(500), NetworkError),
            (faults.status(409, "Conflict: x"), Conflict),
            (faults.RESET, NetworkError),
        ):
            api.fail_next(fault)
            with pytest.raises(error):
                await bot.send_message(ADA, "x")
        assert api.said(ADA) == []
        api.fail_next(faults.ACCEPTED_THEN_TIMED_OUT)
        with pytest.raises(TimedOut):
            await bot.send_message(ADA, "x")
        assert len(api.said(ADA)) == 1


@DOORS
async def test_another_token_is_unauthorized(api: BotApi, door: Way) -> None:
    """Only the sandbox's own token is let in."""
    async with door(api) as way:
        with pytest.raises(InvalidToken):
            await made(f"{api.token}x", way).initialize()
        await asyncio.gather(*(request.shutdown() for request in way[:2]))


async def answer(update: Update, _: Context) -> None:
    assert update.effective_message is not None
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("More", callback_data="more")]])
    await update.effective_message.reply_html("<b>ok</b>", reply_markup=keys)


async def pressed(update: Update, _: Context) -> None:
    assert update.callback_query is not None
    await update.callback_query.answer("there")
    await update.callback_query.edit_message_text("more")


@DOORS
async def test_a_polling_application(api: BotApi, door: Way) -> None:
    """A whole PTB application polls, answers a command and a press, survives junk, and stops."""
    async with door(api) as way:
        request, updates, root = way
        builder = Application.builder().token(api.token).base_url(f"{root}/bot")
        app: Any = builder.request(request).get_updates_request(updates).build()
        app.add_handler(CommandHandler("health", answer))
        app.add_handler(CallbackQueryHandler(pressed))
        app.add_handler(MessageHandler(filters.ALL, answer))
        async with app:
            await app.start()
            await app.updater.start_polling(timeout=30)
            await api.say(ADA, ADA, "/health")
            await api.until(lambda: api.said(ADA))
            press = await api.press(api.said(ADA)[0], "More", user=ADA)
            await press.answered.wait()
            await api.until(lambda: api.said(ADA)[0].edited)
            await app.updater.stop()
            await app.stop()
    assert press.toast == "there"
    assert api.said(ADA)[0].text == "more"


async def test_an_unparsable_update_breaks_the_batch(api: BotApi, bot: Bot) -> None:
    """The scripted junk update is one PTB cannot read, and it goes once confirmed."""
    api.unparsable()
    with pytest.raises((TypeError, ValueError, AttributeError)):
        await bot.get_updates(timeout=0)
    assert (await api.call("getUpdates", {"offset": 1_001}))[1]["result"] == []
