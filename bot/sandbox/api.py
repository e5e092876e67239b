"""The in-process Bot API: one `call` that answers, or refuses, as Telegram would."""

import asyncio
import copy
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.sandbox import account, editing, sending, spec
from bot.sandbox.faults import AnswerLost, ConnectionLost, Fault, Script, Way
from bot.sandbox.limits import Refusal, bad, refuse
from bot.sandbox.people import People
from bot.sandbox.polling import Updates
from bot.sandbox.sending import Call
from bot.sandbox.world import Post, Upload, World
from storage.clock import wall_now

LONGEST_POLL_S = 50.0
METHODS: Mapping[str, Callable[[Call], Any]] = {
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendMessageDraft": sending.send_message_draft,
    "sendChatAction": sending.send_chat_action,
    "createForumTopic": sending.create_forum_topic,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageMedia": editing.edit_message_media,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "setMessageReaction": editing.set_message_reaction,
    "answerCallbackQuery": editing.answer_callback_query,
    "getMe": account.get_me,
    "getChat": account.get_chat,
    "getChatMember": account.get_chat_member,
    "getFile": account.get_file,
    "pinChatMessage": account.pin_chat_message,
    "unpinChatMessage": account.unpin_chat_message,
    "logOut": lambda _: True,
    "close": lambda _: True,
}


class BotApi(People):
    """Telegram in memory.

    `token` is the only one let in (checked by the doors, `SandboxRequest` and the HTTP front);
    `description` is the path of the published Bot API description, or None for the built-in cut.
    """

    def __init__(
        self,
        *,
        token: str = "",
        description: Path | None = None,
        clock: Callable[[], datetime] = wall_now,
    ) -> None:
        self.token = token or f"{4_242}:{'sample' * 6}"[:40]
        self.world = World(clock)
        self.updates = Updates()
        self.menus = account.Menus()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._script = Script()
        self._spec = spec.load(description)
        self._methods = dict(METHODS) | {
            "setMyCommands": self.menus.set,
            "getMyCommands": self.menus.get,
            "deleteMyCommands": self.menus.delete,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
        }
        super().__init__(self.world, self.updates)

    async def call(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        files: Mapping[str, bytes | Upload] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Return the HTTP status and body; ConnectionLost and AnswerLost by script only."""
        fault = self._script.take(method)
        if fault is not None and fault.way is Way.RESET:
            raise ConnectionLost
        if fault is not None and fault.way is Way.ANSWER:
            return fault.code, fault.body()
        try:
            result = await self._run(method, params or {}, files or {})
        except Refusal as refusal:
            answer = Fault(Way.ANSWER, refusal.code, refusal.description, refusal.parameters)
            return refusal.code, answer.body()
        if fault is not None:
            raise AnswerLost
        return 200, {"ok": True, "result": copy.deepcopy(result)}

    def fail_next(
        self, fault: Fault, *, times: int = 1, methods: str = "send*|edit*|delete*"
    ) -> None:
        """Let the next calls of matching methods (globs, `|` between) fail."""
        self._script.add(fault, times=times, methods=methods)

    @property
    def faults_left(self) -> int:
        """How many scripted failures have not struck yet."""
        return self._script.left

    def messages(self, chat: int) -> list[Post]:
        """Return a chat's messages as they stand, oldest first."""
        return list(self.world.posts.get(chat, {}).values())

    def said(self, chat: int) -> list[Post]:
        """Return what the bot said in a chat, as it stands, oldest first."""
        return [post for post in self.messages(chat) if post.by_bot]

    async def until(self, holds: Callable[[], object], *, within_s: float = 60.0) -> None:
        """Wait until something holds, looking after every event; TimeoutError if it never does."""
        happened = asyncio.Event()
        with self.world.listening(lambda _: happened.set()):
            async with asyncio.timeout(within_s):
                while not holds():
                    await happened.wait()
                    happened.clear()

    async def _run(
        self, method: str, params: Mapping[str, Any], files: Mapping[str, bytes | Upload]
    ) -> Any:
        uploads = {k: v if isinstance(v, Upload) else Upload(k, v) for k, v in files.items()}
        checked = self._spec.check(method, params, uploads)
        if method == "getUpdates":
            return await self._updates_for(checked)
        self.calls.append((method, checked))
        run = self._methods.get(method)
        if run is None:
            refuse(f"Not Found: sandbox: {method} is not played here", code=404)
        self._all_used(method, params, uploads)
        return run(Call(self.world, checked, uploads))

    async def _updates_for(self, checked: Mapping[str, Any]) -> list[dict[str, Any]]:
        return await self.updates.get(
            offset=checked.get("offset", 0),
            limit=checked.get("limit", 100),
            timeout_s=min(float(checked.get("timeout", 0)), LONGEST_POLL_S),
            allowed=checked.get("allowed_updates"),
        )

    @staticmethod
    def _all_used(method: str, params: Mapping[str, Any], uploads: Mapping[str, Upload]) -> None:
        for name in uploads:
            if name not in {"photo", "document", "thumbnail"} and name not in str(params):
                bad(f'sandbox: the part "{name}" of {method} is not referred to')

    def _delete_webhook(self, call: Call) -> bool:
        if call.params.get("drop_pending_updates"):
            self.updates.drop()
        return True

    def _webhook_info(self, call: Call) -> dict[str, Any]:
        pending = self.updates.pending
        return {"url": "", "has_custom_certificate": False, "pending_update_count": pending}
