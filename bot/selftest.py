"""`selftest`: what is set up right and what is not, one line each."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx

from bot.delivery.outcome import Failed
from bot.delivery.relay import Relays
from bot.logs import Redactor
from bot.settings import Settings
from handlers.views import i18n
from handlers.views.message import Message
from storage.chats import relay
from storage.files import write_atomic

SKEW_S = 60
TIMEOUT_S = 10.0


class Mark(StrEnum):
    """How one point stands; `?` where it could not be judged."""

    OK = "ok"
    FAIL = "FAIL"
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    what: str
    mark: Mark
    said: str

    def __str__(self) -> str:
        """Return the line as printed."""
        return f"{self.mark:<5} {self.what:<16} {self.said}"


def main(found: Settings, arguments: argparse.Namespace) -> int:
    """Print one line a point as soon as it is known; 0 when all are well, 1 otherwise."""
    well = True
    redact = Redactor(found.secrets)
    for line in look(found, send_fallback=arguments.send_fallback):
        sys.stdout.write(f"{redact(str(line))}\n")
        sys.stdout.flush()
        well = well and line.mark is Mark.OK
    return 0 if well else 1


def look(found: Settings, *, send_fallback: bool = False) -> Iterator[Line]:
    """Yield what was found, one point after the other; a test message leaves only if asked for."""
    yield from _folders(found)
    yield from _fallbacks(found, send=send_fallback)
    local = datetime.now(found.timezone)
    yield Line("time zone", Mark.OK, f"{found.timezone.key}, where it is {local:%Y-%m-%d %H:%M}")
    with Api(found) as api:
        if not api.token:
            yield Line("token", Mark.FAIL, "TELEGRAM_BOT_TOKEN is not set: ask @BotFather for one")
            return
        answer = api.call("getMe")
        yield _token(answer)
        yield _clock(api.date)
        if answer.good:
            yield from _chats(found, api)


def _folders(found: Settings) -> Iterator[Line]:
    data = found.data_dir
    try:
        names = [path.name for path in data.iterdir()]
    except OSError as error:
        yield Line("DATA_DIR", Mark.FAIL, f"{data}: {error.strerror}")
    else:
        said = f"{data}: {len(names)} entries" if names else f"{data} is empty so far"
        yield Line("DATA_DIR", Mark.OK, said)
    yield _written("STATE_DIR", found.state_dir)
    yield _written("BACKUP_DIR", found.backup_dir)


def _written(what: str, folder: Path) -> Line:
    """Return whether a file can be written there; the folder is made where there is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".selftest"
        write_atomic(probe, b"x")
        probe.unlink()
    except OSError as error:
        return Line(what, Mark.FAIL, f"{folder}: {error.strerror}")
    return Line(what, Mark.OK, f"{folder} can be written")


def _fallbacks(found: Settings, *, send: bool) -> Iterator[Line]:
    """Yield a line for each of FALLBACK_URLS: what it is, and whether it takes a message."""
    relays = Relays(found.addresses)
    words = i18n.language(found.language, found.timezone)
    message = Message(html=words.say("relay.test"), silent=True)
    for number, one in enumerate(found.addresses):
        what = f"fallback {number + 1}"
        if not send:
            hint = "selftest --send-fallback sends it a test message"
            yield Line(what, Mark.OK, f"{one.service}, not tried: {hint}")
            continue
        outcome = asyncio.run(relays.send(relay(number), message))
        if isinstance(outcome, Failed):
            yield Line(what, Mark.FAIL, f"did not take the test message: {outcome.text}")
        else:
            yield Line(what, Mark.OK, f"{one.service}, took the test message: did it arrive?")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the Bot API said: its result, or the reason there is none."""

    good: bool
    result: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


class Api:
    """The Bot API, asked directly: the selftest needs three calls and the server's date."""

    def __init__(self, found: Settings) -> None:
        self.token = found.telegram_bot_token.get_secret_value()
        self.date: datetime | None = None
        self._root = str(found.telegram_api_url).rstrip("/")
        self._client = httpx.Client(timeout=TIMEOUT_S)

    def __enter__(self) -> "Api":
        """Open the connection."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._client.close()

    def call(self, method: str, **params: str) -> Answer:
        """Call one method; trouble on the way is an answer too, without the URL."""
        try:
            response = self._client.post(f"{self._root}/bot{self.token}/{method}", json=params)
            body = response.json()
        except httpx.HTTPError as error:
            late = isinstance(error, httpx.TimeoutException)
            why = "no answer in time" if late else "no answer: check the network"
            return Answer(good=False, reason=f"{self._root}: {why}")
        except ValueError:
            return Answer(good=False, reason=f"{self._root}: this is no Bot API server's answer")
        with suppress(ValueError, TypeError):  # no date, or one that is none
            self.date = parsedate_to_datetime(response.headers.get("date")).astimezone(UTC)
        body = body if isinstance(body, dict) else {}
        if body.get("ok") and isinstance(body.get("result"), dict):
            return Answer(good=True, result=body["result"])
        reason = str(body.get("description", "")) or "this is no Bot API server's answer"
        return Answer(good=False, reason=f"{reason} (HTTP {response.status_code})")


def _token(answer: Answer) -> Line:
    if answer.good:
        return Line("token", Mark.OK, f"@{answer.result.get('username', '?')}")
    if "unauthorized" in answer.reason.lower():
        return Line("token", Mark.FAIL, "refused: ask @BotFather for the current one")
    return Line("token", Mark.FAIL, answer.reason)


def _clock(date: datetime | None) -> Line:
    if date is None:
        return Line("clock", Mark.UNKNOWN, "no server to compare with")
    skew_s = round((datetime.now(UTC) - date).total_seconds())
    said = f"{abs(skew_s)} s {'ahead of' if skew_s > 0 else 'behind'} the server"
    mark = Mark.OK if abs(skew_s) <= SKEW_S else Mark.FAIL
    return Line("clock", mark, said if abs(skew_s) > 1 else "agrees")


def _chats(found: Settings, api: Api) -> Iterator[Line]:
    if not found.telegram_chat_ids:
        hint = "TELEGRAM_CHAT_IDS is empty: alerts have nowhere to go; ask the bot /whoami"
        yield Line("chats", Mark.FAIL, hint)
    people = [str(admin) for admin in found.telegram_admin_ids]
    for channel in dict.fromkeys([*found.telegram_chat_ids, *people]):
        chat = channel.partition(":")[0]
        answer = api.call("getChat", chat_id=chat)
        if answer.good:
            name = answer.result.get("title") or answer.result.get("first_name") or "?"
            yield Line(f"chat {channel}", Mark.OK, f"{name} ({answer.result.get('type', '?')})")
        else:
            hint = "write /start to the bot first" if int(chat) > 0 else "add the bot to the group"
            yield Line(f"chat {channel}", Mark.FAIL, f"{answer.reason}: {hint}")
    if not found.telegram_admin_ids:
        yield Line("admins", Mark.FAIL, "TELEGRAM_ADMIN_IDS is empty: ask the bot /whoami")
