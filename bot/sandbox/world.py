"""The state of the in-process Telegram: people, chats, messages, files and pressed buttons."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox.limits import bad, refuse
from storage.clock import wall_now

BOT_ID = 4_242


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person, or a bot."""

    id: int
    first_name: str
    language: str = "en"
    username: str = ""
    is_bot: bool = False

    def json(self) -> dict[str, Any]:
        """Return Telegram's User."""
        body: dict[str, Any] = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.username:
            body["username"] = self.username
        return body if self.is_bot else body | {"language_code": self.language}


@dataclass(slots=True, kw_only=True)
class Chat:
    """A conversation; `kind` is private, group, supergroup or channel."""

    id: int
    kind: str
    name: str
    topics: dict[int, str] | None = None
    members: set[int] = field(default_factory=set)
    closed: str = ""
    pinned: set[int] = field(default_factory=set)
    no_pins: bool = False
    moved_to: int | None = None

    def json(self) -> dict[str, Any]:
        """Return Telegram's Chat."""
        title = {"first_name" if self.kind == "private" else "title": self.name}
        forum = {} if self.topics is None or self.kind == "private" else {"is_forum": True}
        return {"id": self.id, "type": self.kind} | title | forum


@dataclass(slots=True, kw_only=True)
class Post:
    """A message as it stands now: `json` is Telegram's Message; `by_bot`: our bot sent it."""

    chat: int
    json: dict[str, Any]
    by_bot: bool = False
    silent: bool = False
    reaction: str = ""

    @property
    def id(self) -> int:
        """Its number in the chat."""
        return int(self.json["message_id"])

    @property
    def text(self) -> str:
        """Its text or caption, without markup."""
        return str(self.json.get("text", self.json.get("caption", "")))

    @property
    def edited(self) -> bool:
        """True once it was edited."""
        return "edit_date" in self.json

    @property
    def thread(self) -> int | None:
        """The topic it stands in."""
        return self.json.get("message_thread_id")

    @property
    def reply_to(self) -> int | None:
        """The message it answers."""
        return (self.json.get("reply_to_message") or {}).get("message_id")

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """Its inline buttons, row by row in one list."""
        rows = self.json.get("reply_markup", {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file's name and content."""

    name: str
    content: bytes


@dataclass(slots=True, kw_only=True)
class Press:
    """One press of a button; `toast` is None until the bot answered."""

    id: str
    user: int
    post: Post
    data: str
    at: datetime
    toast: str | None = None
    alert: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)


Listener = Callable[[Mapping[str, Any]], None]


class World:
    """Everything the API and the people share; times come from `clock`."""

    def __init__(self, clock: Callable[[], datetime] = wall_now) -> None:
        self.clock = clock
        self.me = User(id=BOT_ID, first_name="Vigie", username="vigie_sample_bot", is_bot=True)
        self.users: dict[int, User] = {BOT_ID: self.me}
        self.chats: dict[int, Chat] = {}
        self.posts: dict[int, dict[int, Post]] = {}
        self.files: dict[str, Upload] = {}
        self.presses: dict[str, Press] = {}
        self._ids = itertools.count(1)
        self._listeners: list[Listener] = []

    def next_id(self) -> int:
        """Return a number nobody had yet."""
        return next(self._ids)

    def now_s(self) -> int:
        """Return the time as Telegram writes it."""
        return int(self.clock().timestamp())

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Call the listener with every event (`kind`, `chat`, …) while the block runs."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def tell(self, kind: str, **event: Any) -> None:
        """Give an event to whoever listens."""
        for listener in tuple(self._listeners):
            listener({"kind": kind} | event)

    def chat(self, chat_id: int | str) -> Chat:
        """Return the chat the bot addresses; refuses as Telegram does where it may not write."""
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None and chat_id in self.users:
            refuse("Forbidden: bot can't initiate conversation with a user", code=403)
        if chat is None:
            bad("chat not found")
        if chat.moved_to is not None:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            refuse(text, code=400, migrate_to_chat_id=chat.moved_to)
        if chat.closed:
            refuse(f"Forbidden: {chat.closed}", code=403)
        return chat

    def add(self, chat: Chat, sender: User | None, body: Mapping[str, Any]) -> Post:
        """Put a message into a chat and return it."""
        head: dict[str, Any] = {
            "message_id": self.next_id(),
            "date": self.now_s(),
            "chat": chat.json(),
        }
        if sender is not None:
            head["from"] = sender.json()
        post = Post(chat=chat.id, json=head | dict(body))
        self.posts.setdefault(chat.id, {})[post.id] = post
        return post

    def post(self, chat_id: int, message_id: int) -> Post | None:
        """Return a message, or None."""
        return self.posts.get(chat_id, {}).get(message_id)

    def keep(self, upload: Upload) -> str:
        """Store a file and return its id."""
        file_id = f"file{self.next_id()}"
        self.files[file_id] = upload
        return file_id
