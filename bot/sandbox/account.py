"""Methods about the bot itself: who it is, its command menus, chats and files."""

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.limits import COMMAND_DESCRIPTION_UNITS, COMMANDS, FETCH_BYTES, bad, units
from bot.sandbox.sending import Call

NEEDS_CHAT = frozenset({"chat", "chat_administrators", "chat_member"})
SCOPES = NEEDS_CHAT | {
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
}


class Menus:
    """Command menus by scope and language."""

    def __init__(self) -> None:
        self._menus: dict[tuple[str, str], list[dict[str, str]]] = {}

    def set(self, call: Call) -> bool:
        """Store a menu."""
        commands = call.params["commands"]
        if len(commands) > COMMANDS:
            bad("BOT_COMMANDS_TOO_MUCH")
        for one in commands:
            if re.fullmatch(r"[a-z0-9_]{1,32}", one["command"]) is None:
                bad("BOT_COMMAND_INVALID")
            if not 1 <= units(one["description"]) <= COMMAND_DESCRIPTION_UNITS:
                bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self._menus[self._key(call)] = commands
        call.world.tell("menu")
        return True

    def get(self, call: Call) -> list[dict[str, str]]:
        """Return exactly what was set for the scope and language."""
        return self._menus.get(self._key(call), [])

    def delete(self, call: Call) -> bool:
        """Forget a menu."""
        self._menus.pop(self._key(call), None)
        call.world.tell("menu")
        return True

    def shown(self, chat: int, user: int, language: str) -> list[dict[str, str]]:
        """Return the menu a person sees: the narrowest scope, then their language first."""
        wide = "all_private_chats" if chat > 0 else "all_group_chats"
        for scope in (f"chat_member:{chat}:{user}", f"chat:{chat}", wide, "default"):
            for code in (language, ""):
                if found := self._menus.get((scope, code)):
                    return found
        return []

    @staticmethod
    def _key(call: Call) -> tuple[str, str]:
        scope: Mapping[str, Any] = call.params.get("scope") or {"type": "default"}
        language = call.params.get("language_code", "")
        if language and re.fullmatch(r"[a-z]{2}", language) is None:
            bad("LANGUAGE_CODE_INVALID")
        if scope["type"] not in SCOPES:
            bad("can't parse BotCommandScope: Unsupported type specified")
        if scope["type"] in NEEDS_CHAT:
            call.world.chat(scope.get("chat_id", 0))
        parts = [scope["type"], scope.get("chat_id", ""), scope.get("user_id", "")]
        return ":".join(str(one) for one in parts if one != ""), language


def get_me(call: Call) -> dict[str, Any]:
    """Return the bot."""
    return call.world.me.json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "has_topics_enabled": False,
    }


def get_chat(call: Call) -> dict[str, Any]:
    """Return a chat's description."""
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription")
    accepted = dict.fromkeys((*gifts, "gifts_from_channels"), False)
    full = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": accepted}
    chat = call.chat()
    posts = [call.world.post(chat.id, one) for one in sorted(chat.pinned)]
    newest = next((post.json for post in reversed(posts) if post is not None), None)
    return chat.json() | full | ({} if newest is None else {"pinned_message": newest})


def pin_chat_message(call: Call) -> bool:
    """Pin a message; who asks for the chat is shown the newest of those that are."""
    chat, message = call.chat(), call.params["message_id"]
    if chat.no_pins:
        bad("not enough rights to manage pinned messages in the chat")
    if call.world.post(chat.id, message) is None:
        bad("message to pin not found")
    chat.pinned.add(message)
    return True


def unpin_chat_message(call: Call) -> bool:
    """Unpin a message."""
    chat = call.chat()
    if chat.no_pins:
        bad("not enough rights to manage pinned messages in the chat")
    chat.pinned.discard(call.params.get("message_id", max(chat.pinned, default=0)))
    return True


def get_chat_member(call: Call) -> dict[str, Any]:
    """Return a person's standing in a chat."""
    chat, user = call.chat(), call.world.users.get(call.params["user_id"])
    if user is None:
        bad("user not found")
    inside = user is call.world.me or user.id in chat.members or user.id == chat.id
    return {"status": "member" if inside else "left", "user": user.json()}


def get_file(call: Call) -> dict[str, Any]:
    """Return where a file can be fetched."""
    file_id = call.params["file_id"]
    upload = call.world.files.get(file_id)
    if upload is None:
        bad("wrong file_id or the file is temporarily unavailable")
    if len(upload.content) > FETCH_BYTES:
        bad("file is too big")
    size = {"file_size": len(upload.content), "file_path": f"documents/{file_id}"}
    return {"file_id": file_id, "file_unique_id": f"u{file_id}"} | size
