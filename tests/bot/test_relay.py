"""Relays over real sockets: what a mail server or a web service gets, and what its answer means."""

import logging
import ssl
from collections import deque

import pytest

from bot import address
from bot.delivery.outcome import Failed, Fault, Outcome, Sent
from bot.delivery.relay import Relays, Ways, letter
from handlers.views.message import Message
from tests.bot.mailbox import Hooks, Mailbox, Mood, listening
from tests.bot.outbox_world import Telegram
from tests.jobs.seen import Hands
from tests.waiting import until

PASSWORD = "hunter2-" + "secret"
CARD = Message(
    html="🔴 <b>CRITICAL · data &lt;stopped&gt;</b>\n\nSince  03:10\n<code>#214</code> · é"
)
END = Message(html="🟢 <b>Fixed</b>\nLasted 2 h", silent=True)


def mailto(port: int, *, login: bool = False) -> str:
    user = f"ada:{PASSWORD}@" if login else ""
    return f"mailto://{user}127.0.0.1:{port}?from=vigie@example.org&to=a@example.org,b@example.org"


async def sent(url: str, message: Message = CARD, *, timeout_s: float = 5.0) -> Outcome:
    """Send one message the only way there is."""
    relays = Relays([address.read(url)], timeout_s=timeout_s)
    return await relays.send("relay:0", message, reply_to=4)


def failed(outcome: Outcome) -> tuple[Fault, str]:
    assert isinstance(outcome, Failed)
    return outcome.fault, outcome.text


async def test_a_mail_is_plain_text_with_a_subject() -> None:
    """First line, rest, both recipients; marked urgent, unless it is good news."""
    box = Mailbox()
    async with listening(box) as port:
        assert await sent(mailto(port, login=True)) == Sent()
        assert await sent(mailto(port), END) == Sent()
    first, second = box.letters
    assert first["Subject"] == "🔴 CRITICAL · data <stopped>"
    assert box.text(0).strip() == "Since  03:10\n#214 · é"
    assert (first["From"], first["To"]) == ("vigie@example.org", "a@example.org, b@example.org")
    assert (first["Importance"], first["Auto-Submitted"]) == ("high", "auto-generated")
    assert first["Message-ID"] != second["Message-ID"]
    assert second["Importance"] is None
    assert len(box.envelopes[0]) == 3


@pytest.mark.parametrize(
    ("mood", "fault", "text"),
    [
        (Mood.REFUSE, Fault.PASSING, "mail: connect, 554"),
        (Mood.NO_LOGIN, Fault.PASSING, "mail: login, 535"),
        (Mood.NO_SUCH_BOX, Fault.PASSING, "mail: address, 550"),
        (Mood.FULL, Fault.PASSING, "mail: data, 452"),
        (Mood.HANG_UP, Fault.UNSURE, "mail: data, SMTPServerDisconnected"),
        (Mood.SILENT, Fault.UNSURE, "mail: data, SMTPServerDisconnected"),
    ],
)
async def test_what_a_mail_servers_answer_means(mood: Mood, fault: Fault, text: str) -> None:
    """It may be there only once the message itself was under way."""
    async with listening(Mailbox(deque([mood]))) as port:
        assert failed(await sent(mailto(port, login=True))) == (fault, text)


async def test_a_farewell_that_fails_takes_nothing_back() -> None:
    """What was taken was taken."""
    async with listening(Mailbox(always=Mood.RUDE)) as port:
        assert await sent(mailto(port)) == Sent()


async def test_one_mailbox_that_takes_it_is_enough() -> None:
    """A colleague who left must not keep the others from hearing of it."""
    box = Mailbox()
    async with listening(box) as port:
        url = mailto(port).replace("a@example.org", "nobody@example.org")
        assert await sent(url) == Sent()
    assert len(box.letters) == 1


async def test_a_mail_server_that_is_not_there() -> None:
    """Nothing left, so nothing can be there; the text names no address."""
    async with listening(Mailbox()) as port:
        pass
    assert failed(await sent(mailto(port))) == (
        Fault.PASSING,
        "mail: connect, ConnectionRefusedError",
    )


async def test_encryption_is_not_given_up() -> None:
    """A server without STARTTLS gets neither the password nor the message."""
    box = Mailbox()
    async with listening(box) as port:
        url = mailto(port, login=True).replace("mailto:", "mailtos:")
        fault, text = failed(await sent(url))
        assert (fault, text) == (Fault.PASSING, "mail: connect, SMTPNotSupportedError")
        fault, text = failed(await sent(f"{url}&mode=ssl"))
        assert (fault, text.startswith("mail: connect, SSL")) == (Fault.PASSING, True), text
    assert issubclass(ssl.SSLError, OSError)
    assert box.letters == []


async def test_a_webhook_gets_what_apprise_sends() -> None:
    """Title, message, type and version; headers, login and renamed fields as asked for."""
    hooks = Hooks()
    async with listening(hooks) as port:
        assert await sent(f"json://127.0.0.1:{port}/in") == Sent()
        named = f"json://ada:pw@127.0.0.1:{port}/in?+X-Key=a+b&:message=text&:version=&-q=1"
        assert await sent(named, END) == Sent()
    assert hooks.posts[0] == {
        "version": "1.0",
        "title": "🔴 CRITICAL · data <stopped>",
        "message": "Since  03:10\n#214 · é",
        "type": "failure",
    }
    assert hooks.posts[1] == {"title": "🟢 Fixed", "text": "Lasted 2 h", "type": "success"}
    assert hooks.heads[1].startswith("POST /in?q=1 ")
    assert "x-key: a+b" in hooks.heads[1].lower()
    assert "authorization: basic" in hooks.heads[1].lower()


async def test_ntfy_rings_on_through_a_silent_phone() -> None:
    """The topic, a title, and the highest priority; good news comes with the usual one."""
    hooks = Hooks()
    async with listening(hooks) as port:
        assert await sent(f"ntfy://tk_abcdef@127.0.0.1:{port}/Alerts") == Sent()
        assert await sent(f"ntfy://127.0.0.1:{port}/Alerts", END) == Sent()
    first, second = hooks.posts
    assert (first["topic"], first["priority"], second["priority"]) == ("Alerts", 5, 3)
    assert first["title"].startswith("🔴 CRITICAL")
    assert "authorization: bearer tk_abcdef" in hooks.heads[0].lower()


@pytest.mark.parametrize("form", ["slack://T01/B02/Token", "discord://123/Token"])
async def test_slack_and_discord_get_their_own_form(form: str) -> None:
    """One text, in which nothing calls anybody or opens a link of its own."""
    hook = address.read(form)
    assert isinstance(hook, address.Hook)
    hooks = Hooks()
    hostile = Message(html="🔴 <b>CRITICAL</b>\n&lt;!channel&gt; @everyone" + " x" * 3000)
    async with listening(hooks) as port:
        here = address.Hook(form=hook.form, url=f"http://127.0.0.1:{port}/")
        assert await Relays([here]).send("relay:0", hostile) == Sent()
    (post,) = hooks.posts
    if hook.form is address.Form.SLACK:
        assert post["text"].startswith("🔴 CRITICAL\n&lt;!channel&gt;")
    else:
        assert post["content"].startswith("**🔴 CRITICAL**\n<!channel>")
        assert len(post["content"].encode("utf-16-le")) <= 2 * 2000
        assert post["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize(
    ("status", "headers", "meant"),
    [
        (401, "", Failed(fault=Fault.PASSING, text="webhook: HTTP 401")),
        (
            302,
            "Location: http://127.0.0.1/\r\n",
            Failed(fault=Fault.PASSING, text="webhook: HTTP 302"),
        ),
        (503, "", Failed(fault=Fault.PASSING, text="webhook: HTTP 503")),
        (
            429,
            "Retry-After: 7\r\n",
            Failed(fault=Fault.PAUSED, text="webhook: HTTP 429", retry_after_s=7.0),
        ),
        (
            503,
            "Retry-After: 86400\r\n",
            Failed(fault=Fault.PAUSED, text="webhook: HTTP 503", retry_after_s=300.0),
        ),
        (None, "", Failed(fault=Fault.UNSURE, text="webhook: RemoteProtocolError")),
    ],
)
async def test_what_a_web_services_answer_means(
    status: int | None, headers: str, meant: Failed
) -> None:
    """Refusals pass, for this is the last way; it may be there only where no answer came."""
    async with listening(Hooks(always=status, headers=headers)) as port:
        assert await sent(f"json://127.0.0.1:{port}/") == meant


async def test_a_web_service_that_is_not_there() -> None:
    """Nothing left, so nothing can be there."""
    async with listening(Hooks()) as port:
        pass
    assert failed(await sent(f"json://127.0.0.1:{port}/")) == (
        Fault.PASSING,
        "webhook: ConnectError",
    )


async def test_a_fallback_that_was_taken_out_of_the_settings() -> None:
    """Its rows are given up with the reason; there is nothing to edit or to probe."""
    relays = Relays([])
    assert failed(await relays.send("relay:2", CARD)) == (
        Fault.REJECTED,
        "this fallback is not configured any more",
    )
    assert await relays.edit("relay:2", 1, CARD) == await relays.probe("relay:2") == Sent()


async def test_a_mail_that_hangs_is_not_sent_a_second_time_meanwhile() -> None:
    """Whoever babbles without an end holds up one thread, not one more with every try."""
    box = Mailbox(always=Mood.BABBLE)
    async with listening(box) as port:
        relays = Relays([address.read(mailto(port))], timeout_s=0.5)  # for each line it babbles
        assert failed(await relays.send("relay:0", CARD)) == (Fault.UNSURE, "mail: no end")
        await until(lambda: box.visits)
        assert failed(await relays.send("relay:0", CARD)) == (
            Fault.PASSING,
            "mail: the one before still hangs",
        )
    assert box.visits == 1


async def test_each_channel_goes_its_own_way() -> None:
    """Chats to Telegram, relays past it: to send, to edit, to probe."""
    chats, relays = Telegram(Hands()), Telegram(Hands())
    ways = Ways(chats, relays)
    for channel, found in (("7", chats), ("relay:0", relays)):
        assert isinstance(await ways.send(channel, CARD), Sent)
        assert await ways.edit(channel, 1, CARD) == Sent()
        assert await ways.probe(channel) == Sent()
        assert [call.channel for call in found.calls] == [channel, channel]


def test_a_message_without_a_second_line() -> None:
    """Its only line is the subject and the text."""
    assert letter(Message(html="<b>One</b>")).body == "One"
    assert letter(Message(html="")).title == ""


async def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not at DEBUG, by nobody: not the password, not the address, in any case."""
    caplog.set_level(logging.DEBUG)
    async with (
        listening(Mailbox(deque([Mood.NO_LOGIN]))) as port,
        listening(Hooks(always=500)) as other,
    ):
        outcomes = [
            await sent(mailto(port, login=True)),
            await sent(f"json://ada:{PASSWORD}@127.0.0.1:{other}/{PASSWORD}"),
        ]
    said = "\n".join(record.getMessage() for record in caplog.records if record.name[:4] != "http")
    assert PASSWORD not in said + repr(outcomes)
