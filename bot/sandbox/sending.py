"""Methods that put messages into chats: text, photo, document, draft, typing, topic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox import files, keyboards
from bot.sandbox.limits import TOPIC_NAME_UNITS, bad, units
from bot.sandbox.texts import formatted
from bot.sandbox.world import Chat, Upload, World

CHAT_ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """One checked call: its decoded parameters and its uploads."""

    world: World
    params: Mapping[str, Any]
    uploads: Mapping[str, Upload]

    def chat(self) -> Chat:
        """Return the chat it is about."""
        return self.world.chat(self.params["chat_id"])


def send_message(call: Call) -> dict[str, Any]:
    """Send text."""
    chat = call.chat()
    return _sent(call, chat, formatted(call.params))


def send_photo(call: Call) -> dict[str, Any]:
    """Send a photo with a caption."""
    chat = call.chat()
    file_id = files.resolve(call.world, call.params.get("photo"), "photo", call.uploads)
    body = {"photo": files.photo(file_id, call.world.files[file_id])}
    return _sent(call, chat, body | formatted(call.params, "caption"))


def send_document(call: Call) -> dict[str, Any]:
    """Send a file with a caption."""
    chat = call.chat()
    file_id = files.resolve(call.world, call.params.get("document"), "document", call.uploads)
    body = {"document": files.document(file_id, call.world.files[file_id])}
    return _sent(call, chat, body | formatted(call.params, "caption"))


def send_message_draft(call: Call) -> bool:
    """Show a text that is still being written; private chats only."""
    chat = call.chat()
    if chat.kind != "private":
        bad("drafts are shown in private chats only")
    if call.params["draft_id"] == 0:
        bad("DRAFT_ID_INVALID")
    body = formatted(call.params) if call.params.get("text") else {"text": ""}
    call.world.tell("draft", chat=chat.id, message=body)
    return True


def send_chat_action(call: Call) -> bool:
    """Show the bot as typing."""
    chat = call.chat()
    if call.params["action"] not in CHAT_ACTIONS:
        bad("wrong parameter action in request")
    _thread(call, chat)
    call.world.tell("typing", chat=chat.id, action=call.params["action"])
    return True


def create_forum_topic(call: Call) -> dict[str, Any]:
    """Open a topic."""
    chat, name = call.chat(), call.params["name"]
    if chat.topics is None:
        bad("the chat is not a forum")
    if not 1 <= units(name) <= TOPIC_NAME_UNITS:
        bad("TOPIC_TITLE_INVALID")
    thread = call.world.next_id()
    chat.topics[thread] = name
    colour = call.params.get("icon_color", 0x6FB9F0)
    return {"message_thread_id": thread, "name": name, "icon_color": colour}


def _sent(call: Call, chat: Chat, body: dict[str, Any]) -> dict[str, Any]:
    markup = call.params.get("reply_markup")
    keyboards.check(markup or {})
    body |= keyboards.kept(markup) | _thread(call, chat) | _reply(call, chat)
    sender = call.world.me if chat.kind != "channel" else None
    if call.params.get("protect_content"):
        body["has_protected_content"] = True
    post = call.world.add(chat, sender, body)
    post.by_bot = True
    post.silent = bool(call.params.get("disable_notification"))
    call.world.tell("message", chat=chat.id, post=post)
    return post.json


def _thread(call: Call, chat: Chat) -> dict[str, Any]:
    thread = call.params.get("message_thread_id")
    if thread is None:
        return {}
    if thread not in (chat.topics or {}):
        bad("message thread not found")
    return {"message_thread_id": thread, "is_topic_message": True}


def _reply(call: Call, chat: Chat) -> dict[str, Any]:
    wanted = call.params.get("reply_parameters")
    if not wanted:
        return {}
    target = call.world.post(wanted.get("chat_id", chat.id), wanted["message_id"])
    if target is not None:
        plain = {k: v for k, v in target.json.items() if k != "reply_to_message"}
        return {"reply_to_message": plain}
    if not wanted.get("allow_sending_without_reply"):
        bad("message to be replied not found")
    return {}
