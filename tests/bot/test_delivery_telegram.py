from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)

from bot.delivery.outcome import Failed, Fault, Outcome, Sent
from bot.delivery.telegram import TelegramSender, classify, plain
from bot.sandbox import faults
from bot.sandbox.api import BotApi
from bot.sandbox.request import SandboxRequest
from handlers.views.message import Button, Document, Message, Style
from storage.chats import Chats
from storage.database import Database

# PTB warns of itself when it reads its own 429
pytestmark = pytest.mark.filterwarnings("ignore:.*`retry_after`:DeprecationWarning")

ADA, FORUM = 7, -100_1
HELLO = Message(
    html="<b>Hello</b>",
    buttons=(
        (Button(label="Take", data="v1:ack:1", style=Style.PRIMARY),),
        (Button(label="Copy", copy="#1"), Button(label="Look", url="https://example.org")),
    ),
)
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def api() -> BotApi:
    """A Telegram with one person and one forum."""
    api = BotApi()
    api.person(ADA)
    api.group(FORUM, topics={5: "Alerts"})
    return api


@pytest.fixture
def chats(tmp_path: Path) -> Chats:
    return Chats(Database(tmp_path / "state.json"))


@pytest.fixture
async def sender(api: BotApi, chats: Chats) -> AsyncIterator[TelegramSender]:
    request = SandboxRequest(api)
    bot = Bot(api.token, request=request, get_updates_request=request)
    async with bot:
        yield TelegramSender(bot, chats)


def fault(outcome: Outcome) -> Fault:
    """Return the fault of an outcome that failed."""
    assert isinstance(outcome, Failed)
    return outcome.fault


async def test_a_message_arrives_with_its_buttons(api: BotApi, sender: TelegramSender) -> None:
    """HTML, silence, every kind of button and its style, and no link preview."""
    sent = await sender.send("7", Message(html=HELLO.html, buttons=HELLO.buttons, silent=True))
    (post,) = api.said(ADA)
    assert sent == Sent(post.id)
    assert (post.text, post.silent) == ("Hello", True)
    take, copy, look = post.buttons
    assert (take["callback_data"], take["style"]) == ("v1:ack:1", "primary")
    assert (copy["copy_text"], look["url"]) == ({"text": "#1"}, "https://example.org")
    assert api.calls[-1][1]["link_preview_options"] == {"is_disabled": True}


async def test_replies_edits_and_topics(api: BotApi, sender: TelegramSender) -> None:
    """A reply names its message, an edit changes it, a topic gets what is meant for it."""
    sent = await sender.send(f"{FORUM}:5", HELLO)
    assert isinstance(sent, Sent)
    assert await sender.send(f"{FORUM}:5", HELLO, reply_to=sent.message_id) != sent
    assert sent.message_id is not None
    assert await sender.edit(f"{FORUM}:5", sent.message_id, Message(html="Bye")) == Sent()
    first, second = api.said(FORUM)
    assert (first.text, first.thread, first.buttons) == ("Bye", 5, [])
    assert (second.reply_to, second.thread) == (first.id, 5)


async def test_a_reply_to_what_is_gone_goes_all_the_same(
    api: BotApi, sender: TelegramSender
) -> None:
    """Somebody deleted the alert; its closing is told nevertheless."""
    assert isinstance(await sender.send("7", HELLO, reply_to=999), Sent)
    assert api.said(ADA)[0].reply_to is None


async def test_an_edit_that_changes_nothing_is_a_success(sender: TelegramSender) -> None:
    """Telegram calls it an error; nobody else does."""
    sent = await sender.send("7", HELLO)
    assert isinstance(sent, Sent)
    assert sent.message_id is not None
    assert await sender.edit("7", sent.message_id, HELLO) == Sent()
    assert fault(await sender.edit("7", 999, HELLO)) is Fault.VANISHED


async def test_photos_and_documents(api: BotApi, sender: TelegramSender) -> None:
    """The text becomes the caption; an edit can bring either into a text."""
    photo = Message(html="<i>chart</i>", photo=PNG)
    paper = Message(html="list", document=Document(name="list.txt", content=b"a"))
    for message in (photo, paper):
        assert isinstance(await sender.send("7", message), Sent)
    text = await sender.send("7", HELLO)
    assert isinstance(text, Sent)
    assert text.message_id is not None
    assert await sender.edit("7", text.message_id, photo) == Sent()
    posts = api.said(ADA)
    assert [post.text for post in posts] == ["chart", "list", "chart"]
    assert ["photo" in post.json for post in posts] == [True, False, True]


async def test_a_topic_that_is_gone_falls_back_to_the_chat(
    api: BotApi, sender: TelegramSender
) -> None:
    """An alert in the wrong place is better than none."""
    assert isinstance(await sender.send(f"{FORUM}:99", HELLO), Sent)
    assert api.said(FORUM)[0].thread is None


async def test_what_telegram_answers(api: BotApi, sender: TelegramSender) -> None:
    """Each refusal, as PTB hands it on, means what is to be done about it."""
    assert fault(await sender.send("7", Message(html="<b>open"))) is Fault.MARKUP
    assert fault(await sender.send("7", Message(html="x" * 5000))) is Fault.REJECTED
    assert fault(await sender.send("404", HELLO)) is Fault.GONE
    api.fail_next(faults.too_many(30))
    outcome = await sender.send("7", HELLO)
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.retry_after_s) == (Fault.PAUSED, 30)
    for way, expected in (
        (faults.status(500), Fault.PASSING),
        (faults.status(502), Fault.PASSING),
        (faults.status(401), Fault.TOKEN),
        (faults.ACCEPTED_THEN_TIMED_OUT, Fault.UNSURE),
        (faults.RESET, Fault.UNSURE),
    ):
        api.fail_next(way)
        assert fault(await sender.send("7", HELLO)) is expected
    api.block(ADA)
    assert fault(await sender.send("7", HELLO)) is Fault.GONE
    assert fault(await sender.probe("7")) is Fault.GONE
    api.block(ADA, "")
    assert await sender.probe("7") == Sent()


async def test_a_migrated_group_says_where_it_went(
    api: BotApi, chats: Chats, sender: TelegramSender
) -> None:
    """Once the new id is known, the old channel name leads there."""
    api.group(-5, kind="group")
    api.migrate(-5, -100_5)
    outcome = await sender.send("-5", HELLO)
    assert outcome == Failed(fault=Fault.MIGRATED, text="chat migrated", chat_id=-100_5)
    chats.migrate(-5, -100_5)
    assert isinstance(await sender.send("-5", HELLO), Sent)
    assert len(api.said(-100_5)) == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InvalidToken(), Fault.TOKEN),
        (Forbidden("Forbidden: bot was kicked from the supergroup chat"), Fault.GONE),
        (BadRequest("Chat not found"), Fault.GONE),
        (BadRequest("Not enough rights to send text messages to the chat"), Fault.GONE),
        (BadRequest("Can't parse entities: unsupported start tag"), Fault.MARKUP),
        (BadRequest("Message is too long"), Fault.REJECTED),
        (BadRequest("Not enough rights to send documents to the chat"), Fault.REJECTED),
        (BadRequest("Message can't be edited"), Fault.VANISHED),
        (ChatMigrated(-1), Fault.MIGRATED),
        (TimedOut(), Fault.UNSURE),
        (NetworkError("Bad Gateway"), Fault.PASSING),
        (NetworkError("httpx.ConnectError: refused"), Fault.PASSING),
        (NetworkError("httpx.ReadError: reset"), Fault.UNSURE),
        (NetworkError("Unknown error in HTTP implementation: OSError()"), Fault.UNSURE),
        (TelegramError("Invalid server response"), Fault.UNSURE),
        (Conflict("x"), Fault.UNSURE),
    ],
)
def test_what_each_error_means(error: TelegramError, expected: Fault) -> None:
    """What surely did not arrive is told from what may have."""
    assert classify(error).fault is expected


def test_no_address_gets_into_the_reason() -> None:
    """Transport errors quote the URL, which holds the token."""
    secret = f"{123456}:{'A' * 35}"
    error = NetworkError(f"httpx.ConnectError: https://api.telegram.org/bot{secret}/sendMessage")
    error.__cause__ = ConnectionRefusedError(secret)
    assert classify(error).text == "ConnectionRefusedError"


def test_plain_text_has_no_markup_left() -> None:
    """Tags go, entities stay text, the rest of the message stays."""
    message = plain(Message(html='<b>a</b> &lt;b&gt; <a href="x">1 &amp; 2</a>', silent=True))
    assert message == Message(html="a &lt;b&gt; 1 &amp; 2", silent=True)
