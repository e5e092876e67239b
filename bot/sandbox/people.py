"""The person's side: chats to be in, things to say, buttons to press, odd ways to do so."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.sandbox.polling import Updates
from bot.sandbox.texts import formatted
from bot.sandbox.world import Chat, Post, Press, User, World

BLOCKED = "bot was blocked by the user"


class People:
    """Everything a test or the chat page does in people's place."""

    def __init__(self, world: World, updates: Updates) -> None:
        self._world = world
        self._updates = updates

    def person(
        self, user_id: int, name: str = "Ada", *, language: str = "en", started: bool = True
    ) -> User:
        """Add or rename a person; `started` opens the private chat, whose id is the person's."""
        user = User(id=user_id, first_name=name, language=language)
        self._world.users[user_id] = user
        if started:
            self._world.chats.setdefault(user_id, Chat(id=user_id, kind="private", name=name))
        return user

    def group(
        self,
        chat_id: int,
        *,
        kind: str = "supergroup",
        topics: Mapping[int, str] | None = None,
        members: Iterable[int] = (),
    ) -> Chat:
        """Add a group, supergroup or channel the bot is in; `topics` makes it a forum."""
        shown = None if topics is None else dict(topics)
        chat = Chat(id=chat_id, kind=kind, name="The team", topics=shown, members=set(members))
        self._world.chats[chat_id] = chat
        return chat

    def block(self, chat_id: int, reason: str = BLOCKED) -> None:
        """Answer every message to this chat with 403 and the reason; "" lifts it."""
        self._world.chats[chat_id].closed = reason

    def migrate(self, old: int, new: int) -> Chat:
        """Turn a group into a supergroup under a new id."""
        chat = self._world.chats[old]
        chat.moved_to = new
        return self.group(new, members=chat.members)

    async def say(
        self, chat: int, user: int, text: str, *, extra: Mapping[str, Any] | None = None
    ) -> Post:
        """Let a person write; `extra` fields go into the message as they are."""
        sender = self._world.users.get(user) or self.person(user, started=chat == user)
        body = formatted({"text": text}) | dict(extra or {})
        return self._arrived("message", chat, sender, body)

    async def edit(self, post: Post, text: str) -> None:
        """Let a person change what they wrote."""
        body = formatted({"text": text}) | {"edit_date": self._world.now_s()}
        post.json = {k: v for k, v in post.json.items() if k != "entities"} | body
        self._updates.put("edited_message", post.json)
        self._world.tell("changed", chat=post.chat, post=post)

    async def forward(self, chat: int, user: int, text: str) -> Post:
        """Let a person forward somebody else's words."""
        origin = {"type": "hidden_user", "sender_user_name": "Eve", "date": self._world.now_s()}
        return await self.say(chat, user, text, extra={"forward_origin": origin})

    async def say_via_bot(self, chat: int, user: int, text: str) -> Post:
        """Let a person send something through an inline bot."""
        other = User(id=5_555, first_name="Inline", username="inline_bot", is_bot=True)
        return await self.say(chat, user, text, extra={"via_bot": other.json()})

    async def say_anonymously(self, chat: int, text: str) -> Post:
        """Let an anonymous admin of a group write."""
        hidden = User(id=1_087_968_824, first_name="Group", username="GroupAnonymousBot")
        body = formatted({"text": text}) | {"sender_chat": self._world.chats[chat].json()}
        return self._arrived("message", chat, hidden, body)

    async def post_in_channel(self, chat: int, text: str) -> Post:
        """Put a post into a channel."""
        body = formatted({"text": text}) | {"sender_chat": self._world.chats[chat].json()}
        return self._arrived("channel_post", chat, None, body)

    async def press(self, post: Post, button: str, *, user: int) -> Press:
        """Press the button with this label or data; any other text is sent as forged data."""
        known = self._world.users.get(user) or self.person(user, started=False)
        found = [one for one in post.buttons if button in {one["text"], one.get("callback_data")}]
        data = found[0].get("callback_data", button) if found else button
        query = str(9_000_000 + self._world.next_id())
        press = Press(id=query, user=user, post=post, data=data, at=self._world.clock())
        self._world.presses[query] = press
        body = {"id": query, "from": known.json(), "chat_instance": str(post.chat), "data": data}
        self._updates.put("callback_query", body | {"message": post.json})
        return press

    def unparsable(self) -> None:
        """Queue an update whose message no library can read."""
        self._updates.put_raw({"message": {"message_id": [], "date": "never", "chat": 7}})

    def _arrived(self, kind: str, chat: int, sender: User | None, body: Mapping[str, Any]) -> Post:
        where = self._world.chats[chat]
        post = self._world.add(where, sender, body)
        if re.match(r"/\w", post.text) and chat < 0 and sender:
            where.members.add(sender.id)
        self._updates.put(kind, post.json)
        self._world.tell("message", chat=chat, post=post)
        return post
