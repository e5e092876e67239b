"""Past Telegram: a `Sender` for the fallbacks, mail by smtplib and web services by httpx.

What arrives is plain text; there is nothing to edit and nothing to press. A server's answer
becomes an outcome of ours without the address, the password or the server's own words.
"""

import asyncio
import email.policy
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, TypeAlias

import httpx

from bot.address import Address, Form, Hook, Mail, Security
from bot.delivery.outcome import Failed, Fault, Outcome, Sender, Sent
from handlers.views.message import Message
from handlers.views.text import clip, visible
from jobs.facts import Unknown
from jobs.lane import Lane
from storage.chats import is_relay, relay_number

TIMEOUT_S = 10.0
PATIENCE = 4  # a mail is several questions, each with its own time
TITLE_UNITS = 200
DISCORD_UNITS = 2000
LONGEST_REST_S = 300.0
WIRE = email.policy.SMTP.clone(cte_type="7bit")
BUSY = frozenset({429, 503})
URGENT, CALM = 5, 3  # ntfy's priorities: five rings on through the phone's silence


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as plain text: its first line, and the rest; `calm` is no cause for alarm."""

    title: str
    body: str
    calm: bool


Body: TypeAlias = Mapping[str, Any]


class Relays:
    """A `Sender` over the fallbacks in their order; `relay:0` is the first.

    Every trouble passes, for the last way to the owner is not given up: the row's own age limit
    ends it. Only where nothing is configured under that number any more is there no point.
    """

    def __init__(self, addresses: Sequence[Address], *, timeout_s: float = TIMEOUT_S) -> None:
        self._addresses = tuple(addresses)
        self._timeout_s = timeout_s
        self._lanes: dict[int, Lane[Outcome]] = {}

    async def send(self, channel: str, message: Message, *, reply_to: int | None = None) -> Outcome:
        """Send it as plain text; `reply_to` means nothing here."""
        _ = reply_to
        number = relay_number(channel)
        if number >= len(self._addresses):
            return Failed(fault=Fault.REJECTED, text="this fallback is not configured any more")
        address, written = self._addresses[number], letter(message)
        if isinstance(address, Hook):
            return await _post(address, written, self._timeout_s)
        return await self._mail(number, address, written)

    async def edit(self, channel: str, message_id: int, message: Message) -> Outcome:
        """Change nothing: what was sent this way stays as it is."""
        _ = channel, message_id, message
        return Sent()

    async def probe(self, channel: str) -> Outcome:
        """Say yes: only a message would tell."""
        _ = channel
        return Sent()

    async def _mail(self, number: int, mail: Mail, written: Letter) -> Outcome:
        lane = self._lanes.setdefault(number, Lane(f"mail-{number}"))
        if lane.busy:
            return Failed(fault=Fault.PASSING, text="mail: the one before still hangs")
        outcome = await lane.run(
            lambda: _deliver(mail, written, self._timeout_s), within_s=PATIENCE * self._timeout_s
        )
        if isinstance(outcome, Unknown):
            return Failed(fault=Fault.UNSURE, text="mail: no end")
        return outcome


class Ways:
    """A `Sender` that takes what is for a relay there, and everything else to the chats."""

    def __init__(self, chats: Sender, relays: Sender) -> None:
        self._chats = chats
        self._relays = relays

    async def send(self, channel: str, message: Message, *, reply_to: int | None = None) -> Outcome:
        """Post a message the channel's way."""
        return await self._of(channel).send(channel, message, reply_to=reply_to)

    async def edit(self, channel: str, message_id: int, message: Message) -> Outcome:
        """Edit a message the channel's way."""
        return await self._of(channel).edit(channel, message_id, message)

    async def probe(self, channel: str) -> Outcome:
        """Find out whether the channel can be reached."""
        return await self._of(channel).probe(channel)

    def _of(self, channel: str) -> Sender:
        return self._relays if is_relay(channel) else self._chats


def letter(message: Message) -> Letter:
    """Return the message without its markup; its first line is the subject."""
    lines = [line.rstrip() for line in visible(message.html).strip().splitlines()]
    title, rest = (lines[0], lines[1:]) if lines else ("", [])
    return Letter(clip(title, TITLE_UNITS), "\n".join(rest).strip() or title, message.silent)


async def _post(hook: Hook, written: Letter, timeout_s: float) -> Outcome:
    context = await asyncio.to_thread(httpx.create_ssl_context)  # 90 ms the loop can do without
    try:
        async with (
            asyncio.timeout(PATIENCE * timeout_s),
            httpx.AsyncClient(timeout=timeout_s, verify=context) as client,
        ):
            answer = await client.post(
                hook.url, json=BODIES[hook.form](hook, written), headers=hook.headers,
                auth=hook.login or httpx.USE_CLIENT_DEFAULT,
            )  # fmt: skip
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
        return _failed(Fault.PASSING, hook, type(error).__name__)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        return _failed(Fault.UNSURE, hook, type(error).__name__)
    if answer.is_success:
        return Sent()
    said = f"HTTP {answer.status_code}"
    if answer.status_code in BUSY and (rest := answer.headers.get("retry-after", "")).isdecimal():
        rest_s = min(float(rest), LONGEST_REST_S)
        return Failed(fault=Fault.PAUSED, text=f"{hook.service}: {said}", retry_after_s=rest_s)
    return _failed(Fault.PASSING, hook, said)


def _json(hook: Hook, written: Letter) -> Body:
    """Return what Apprise's own webhooks carry, so that its API server takes it too."""
    fields = {
        "version": "1.0",
        "title": written.title,
        "message": written.body,
        "type": "success" if written.calm else "failure",
    }
    named = {hook.names.get(name, name): value for name, value in fields.items()}
    return {name: value for name, value in named.items() if name}


def _ntfy(hook: Hook, written: Letter) -> Body:
    priority = CALM if written.calm else URGENT
    return {"topic": hook.topic, "title": written.title, "message": written.body,
            "priority": priority}  # fmt: skip


def _slack(_: Hook, written: Letter) -> Body:
    whole = f"{written.title}\n{written.body}"
    return {"text": whole.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}


def _discord(_: Hook, written: Letter) -> Body:
    whole = clip(f"**{written.title}**\n{written.body}", DISCORD_UNITS)
    return {"content": whole, "allowed_mentions": {"parse": []}}


BODIES: Mapping[Form, Callable[[Hook, Letter], Body]] = {
    Form.JSON: _json,
    Form.NTFY: _ntfy,
    Form.SLACK: _slack,
    Form.DISCORD: _discord,
}


def _deliver(mail: Mail, written: Letter, timeout_s: float) -> Outcome:
    """Hand one mail over; blocking. Only after its last line it may be there without a word."""
    stage, sent = "connect", False
    try:
        with _open(mail, timeout_s) as server:
            stage = "login"
            if mail.user:
                server.login(mail.user, mail.password)
            stage = "address"
            server.ehlo_or_helo_if_needed()
            _accepted(*server.mail(mail.sender))
            codes = [server.rcpt(recipient)[0] for recipient in mail.recipients]
            _accepted(min(codes), b"")  # one mailbox that takes it is enough
            stage = "data"
            _accepted(*server.data(_envelope(mail, written)))
            sent = True
    except (OSError, smtplib.SMTPException, ValueError) as error:
        if sent:  # only the farewell failed
            return Sent()
        if isinstance(error, smtplib.SMTPResponseException):
            return _failed(Fault.PASSING, mail, f"{stage}, {error.smtp_code}")
        fault = Fault.UNSURE if stage == "data" else Fault.PASSING
        return _failed(fault, mail, f"{stage}, {type(error).__name__}")
    return Sent()


def _open(mail: Mail, timeout_s: float) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if mail.security is Security.SSL:
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=timeout_s, context=context)
    server = smtplib.SMTP(mail.host, mail.port, timeout=timeout_s)
    if mail.security is Security.STARTTLS:
        try:
            server.starttls(context=context)
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
    return server


def _accepted(code: int, _: bytes) -> None:
    """Raise SMTPResponseException for anything but a yes."""
    if not 200 <= code < 300:  # noqa: PLR2004 — 2xx
        raise smtplib.SMTPResponseException(code, "")


def _envelope(mail: Mail, written: Letter) -> bytes:
    made = EmailMessage(policy=WIRE)
    made["From"] = mail.sender
    made["To"] = ", ".join(mail.recipients)
    made["Subject"] = written.title
    made["Date"] = formatdate()
    made["Message-ID"] = make_msgid(domain="vigie.invalid")
    made["Auto-Submitted"] = "auto-generated"  # out-of-office notes do not answer it
    if not written.calm:
        made["Importance"] = "high"
    made.set_content(written.body)
    return made.as_bytes()


def _failed(fault: Fault, address: Address, why: str) -> Failed:
    return Failed(fault=fault, text=f"{address.service}: {why}")
