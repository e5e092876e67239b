"""The chat as the off-site copy: documents sent, fetched and pinned by the bot, over HTTP.

It blocks, in a thread of its own, streams from the disk, and shares nothing with the running
bot but the token: a large upload holds up no alert, and the command line can do it alone.
"""

import io
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import httpx

from bot.settings import Settings
from storage.offsite.chat import Pinned, Sent
from storage.offsite.parts import INDEX_BYTES, INDEX_CAPTION, INDEX_NAME, Span
from storage.offsite.trouble import OffsiteError, Trouble

T = TypeVar("T")
URL = re.compile(r"telegram://(-?\d{1,16})")
SAME = "message is not modified"
GONE = ("wrong file_id", "wrong file identifier", "temporarily unavailable", "file is too big")
MEDIA = "application/octet-stream"
LONGEST_PAUSE_S = 60.0


class _PassingError(Exception):
    """Worth another try, after so long."""

    def __init__(self, said: str, wait_s: float) -> None:
        super().__init__(said)
        self.said = said
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for Telegram, and how often to try again."""

    connect_s: float = 10.0
    silence_s: float = 120.0
    tries: int = 5
    pause_s: float = 2.0
    wait: Callable[[float], object] = field(default_factory=lambda: threading.Event().wait)


class BotChat:
    """A chat, by the bot's token. Raises OffsiteError only, which holds no token."""

    def __init__(
        self, chat_id: int, *, token: str, root: str, patience: Patience | None = None
    ) -> None:
        self._chat_id = chat_id
        self._token = token
        self._root = root.rstrip("/")
        self._patience = patience or Patience()
        self._client: httpx.Client | None = None
        self.where = f"telegram://{chat_id}"

    def index(self) -> Pinned | None:
        """Return the pinned index; somebody else's document of that name is none."""
        pinned = self._call("getChat").get("pinned_message") or {}
        document, sender = pinned.get("document") or {}, pinned.get("from")
        if document.get("file_name") != INDEX_NAME or (sender and not self._is_me(sender)):
            return None
        content = self.fetch(document["file_id"], INDEX_BYTES)
        return Pinned(message=pinned["message_id"], content=content)

    def publish(self, content: bytes, *, over: int | None) -> int:
        """Replace the index where it stands; a new one is pinned, without a sound."""
        upload = (INDEX_NAME, content, MEDIA)
        if over is not None:
            media = {"type": "document", "media": "attach://index", "caption": INDEX_CAPTION}
            self._call("editMessageMedia", {"index": upload}, message_id=over, media=media)
            return over
        message: int = self._call(
            "sendDocument", {"document": upload}, caption=INDEX_CAPTION, disable_notification=True
        )["message_id"]
        try:
            self._call("pinChatMessage", message_id=message, disable_notification=True)
        except OffsiteError:
            self.forget([message])
            raise
        return message

    def send(self, name: str, source: Path, span: Span, caption: str) -> Sent:
        """Send a piece of a file, streamed from the disk."""
        try:
            with source.open("rb") as file:
                posted = self._call(
                    "sendDocument",
                    {"document": (name, _Slice(file, span), MEDIA)},
                    caption=caption,
                    disable_notification=True,
                    disable_content_type_detection=True,
                )
        except OSError as error:
            said = error.strerror or ""
            raise OffsiteError(Trouble.FOLDER, self.where, name=name, said=said) from None
        return Sent(message=posted["message_id"], file=posted["document"]["file_id"])

    def fetch(self, file: str, size: int) -> bytes:
        """Return a document of at most so many bytes; what is longer is cut, and so no match."""
        path = self._call("getFile", file_id=file)["file_path"]
        return self._tried(lambda client: self._download(client, path, size))

    def forget(self, messages: Sequence[int]) -> None:
        """Delete what may still be deleted: Telegram lets bots delete for two days."""
        for message in messages:
            try:
                self._call("deleteMessage", message_id=message)
            except OffsiteError as error:
                if error.trouble in {Trouble.UNREACHABLE, Trouble.BUSY}:
                    return  # not worth more waiting: the index has let go of it

    def _is_me(self, sender: Mapping[str, Any]) -> bool:
        return str(sender.get("id")) == self._token.partition(":")[0]

    def _download(self, client: httpx.Client, path: str, size: int) -> bytes:
        content = bytearray()
        with client.stream("GET", f"{self._root}/file/bot{self._token}/{path}") as answer:
            if answer.status_code != HTTPStatus.OK:
                raise _PassingError(str(answer.status_code), self._patience.pause_s)
            for piece in answer.iter_bytes():
                content += piece
                if len(content) > size:
                    break
        return bytes(content)

    def _call(
        self, method: str, files: Mapping[str, Any] | None = None, **values: object
    ) -> dict[str, Any]:
        data: dict[str, object] = {"chat_id": self._chat_id} if method != "getFile" else {}
        return self._tried(lambda client: self._once(client, method, files, data | values))

    def _once(
        self,
        client: httpx.Client,
        method: str,
        files: Mapping[str, Any] | None,
        values: Mapping[str, Any],
    ) -> dict[str, Any]:
        url = f"{self._root}/bot{self._token}/{method}"
        answer = client.post(url, data=_form(values), files=files)
        try:
            body = answer.json()
        except ValueError:
            raise _PassingError(str(answer.status_code), self._patience.pause_s) from None
        if not body.get("ok"):
            return self._refused(body)
        result = body["result"]
        return result if isinstance(result, dict) else {}

    def _refused(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Raise what a refusal means; that nothing had to be changed is none."""
        code, said = int(body.get("error_code", 0)), str(body.get("description", ""))
        if SAME in said:
            return {}
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            wait_s = float((body.get("parameters") or {}).get("retry_after", 1))
            raise _PassingError(str(code), wait_s)
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _PassingError(str(code), self._patience.pause_s)
        gone = any(word in said for word in GONE)
        trouble = Trouble.DAMAGED if gone else Trouble.CHAT
        raise OffsiteError(trouble, self.where, said=said.replace(self._token, "…")[:120])

    def _tried(self, attempt: Callable[[httpx.Client], T]) -> T:
        """Return what an attempt does; raise OffsiteError once the patience is used up."""
        patience, trouble, said = self._patience, Trouble.UNREACHABLE, ""
        for left in range(patience.tries - 1, -1, -1):
            wait_s = patience.pause_s
            try:
                return attempt(self._open())
            except httpx.HTTPError:
                trouble, said = Trouble.UNREACHABLE, ""
            except _PassingError as error:
                trouble, said, wait_s = Trouble.BUSY, error.said, error.wait_s
            if left:
                patience.wait(min(wait_s, LONGEST_PAUSE_S))
        raise OffsiteError(trouble, self.where, said=said)

    def _open(self) -> httpx.Client:
        """Return the client: dear to make, and without a connection between two calls."""
        if self._client is None:
            timeout = httpx.Timeout(self._patience.silence_s, connect=self._patience.connect_s)
            self._client = httpx.Client(
                timeout=timeout, limits=httpx.Limits(max_keepalive_connections=0)
            )
        return self._client


def chat(found: Settings) -> BotChat:
    """Return the chat BACKUP_OFFSITE names. Raise OffsiteError, Trouble.URL, without a token."""
    match = URL.fullmatch(found.backup_offsite)
    token = found.telegram_bot_token.get_secret_value()
    if match is None or not token:
        raise OffsiteError(Trouble.URL, found.backup_offsite)
    return BotChat(int(match[1]), token=token, root=str(found.telegram_api_url))


def _form(values: Mapping[str, Any]) -> dict[str, str]:
    """Return fields as the Bot API takes them in a form: JSON, but for bare text."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }


class _Slice(io.RawIOBase):
    """Some bytes of a file as a file of its own, which can be read again from the start."""

    def __init__(self, file: io.BufferedReader, span: Span) -> None:
        self._file = file
        self._span = span
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._span.size}[whence]
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        left = self._span.size - self._at
        most = left if size is None or size < 0 else min(size, left)
        self._file.seek(self._span.start + self._at)
        content = self._file.read(most)
        self._at += len(content)
        return content
