"""Methods that change messages in place, and answers to pressed buttons."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from telegram.constants import ReactionEmoji

from bot.sandbox import files, keyboards
from bot.sandbox.limits import QUERY_LIFE_S, TOAST_UNITS, bad, units
from bot.sandbox.sending import Call
from bot.sandbox.texts import formatted
from bot.sandbox.world import Post

CONTENT = ("text", "entities", "caption", "caption_entities", "photo", "document")
SAME = (
    "message is not modified: specified new message content and reply markup "
    "are exactly the same as a current content and reply markup of the message"
)
REACTIONS = frozenset(one.value for one in ReactionEmoji)


def edit_message_text(call: Call) -> dict[str, Any]:
    """Replace a text message's text and buttons."""
    post = _editable(call)
    new = formatted(call.params)
    if "text" not in post.json:
        bad("there is no text in the message to edit")
    return _changed(call, post, new)


def edit_message_caption(call: Call) -> dict[str, Any]:
    """Replace a photo's or document's caption and buttons."""
    post = _editable(call)
    if "text" in post.json:
        bad("there is no caption in the message to edit")
    media = {k: post.json[k] for k in ("photo", "document") if k in post.json}
    return _changed(call, post, media | formatted(call.params, "caption"))


def edit_message_media(call: Call) -> dict[str, Any]:
    """Replace the whole content by a photo or a document."""
    post = _editable(call)
    media = call.params["media"]
    if media["type"] not in {"photo", "document"}:
        bad(f"sandbox: media of type {media['type']} is not shown here")
    file_id = files.resolve(call.world, media["media"], "media", call.uploads)
    shape = files.photo if media["type"] == "photo" else files.document
    shown = shape(file_id, call.world.files[file_id])
    return _changed(call, post, {media["type"]: shown} | formatted(media, "caption"))


def edit_message_reply_markup(call: Call) -> dict[str, Any]:
    """Replace the buttons only."""
    post = _editable(call)
    return _changed(call, post, {k: post.json[k] for k in CONTENT if k in post.json})


def delete_message(call: Call) -> bool:
    """Take a message away."""
    chat = call.chat()
    post = call.world.post(chat.id, call.params["message_id"])
    if post is None:
        bad("message to delete not found")
    if not post.by_bot and chat.kind != "private":
        bad("message can't be deleted")
    del call.world.posts[chat.id][post.id]
    call.world.tell("deleted", chat=chat.id, message_id=post.id)
    return True


def set_message_reaction(call: Call) -> bool:
    """Put one reaction under a message, or take it away."""
    chat = call.chat()
    post = call.world.post(chat.id, call.params["message_id"])
    if post is None:
        bad("message to react not found")
    wanted = call.params.get("reaction", [])
    emoji = [one.get("emoji", "") for one in wanted]
    if len(emoji) > 1 or any(one not in REACTIONS for one in emoji):
        bad("REACTION_INVALID")
    post.reaction = "".join(emoji)
    call.world.tell("changed", chat=chat.id, post=post)
    return True


def answer_callback_query(call: Call) -> bool:
    """Show the toast for a pressed button, once and in time."""
    press = call.world.presses.get(call.params["callback_query_id"])
    life = timedelta(seconds=QUERY_LIFE_S)
    if press is None or press.answered.is_set() or call.world.clock() - press.at > life:
        bad("query is too old and response timeout expired or query ID is invalid")
    text = call.params.get("text", "")
    if units(text) > TOAST_UNITS:
        bad("MESSAGE_TOO_LONG")
    press.toast, press.alert = text, bool(call.params.get("show_alert"))
    press.answered.set()
    event = {"text": text, "alert": press.alert, "query": press.id}
    call.world.tell("toast", chat=press.post.chat, user=press.user, **event)
    return True


def _editable(call: Call) -> Post:
    if "inline_message_id" in call.params:
        bad("MESSAGE_ID_INVALID")
    if "chat_id" not in call.params:
        bad("chat_id is empty")
    chat = call.chat()
    post = call.world.post(chat.id, call.params.get("message_id", 0))
    if post is None:
        bad("message to edit not found")
    if not post.by_bot:
        bad("message can't be edited")
    return post


def _changed(call: Call, post: Post, content: Mapping[str, Any]) -> dict[str, Any]:
    keyboards.check(call.params.get("reply_markup") or {})
    rest = {k: v for k, v in post.json.items() if k not in (*CONTENT, "reply_markup")}
    new = rest | dict(content) | keyboards.kept(call.params.get("reply_markup"))
    if _fingerprint(call, new) == _fingerprint(call, post.json):
        bad(SAME)
    post.json = new | {"edit_date": call.world.now_s()}
    call.world.tell("changed", chat=post.chat, post=post)
    return post.json


def _fingerprint(call: Call, message: Mapping[str, Any]) -> list[Any]:
    """Return what counts as the content: a file by its bytes, not by its id."""
    shown = [message.get(k) for k in (*CONTENT[:4], "reply_markup")]
    photo, document = message.get("photo"), message.get("document")
    for one in (photo[0] if photo else None, document):
        upload = call.world.files[one["file_id"]] if one else None
        shown.append((upload.name if one is document else "", upload.content) if upload else None)
    return shown
