"""What is known of the chats: their language, where they moved, and whether they can be reached."""

from dataclasses import dataclass, replace

from storage.database import Database

RELAY = "relay:"
FIRST_RELAY = -(2**60)  # Telegram's ids have 52 bits: no chat is ever meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One chat; times are logical seconds.

    `name` is that of the person whose own chat it is. `moved_to` is the supergroup a group
    became; nothing is sent before `paused_s`; `disabled` says why nothing can be sent at all,
    until a probe at `probe_s` succeeds.
    """

    id: int
    name: str = ""
    language: str = ""
    moved_to: int | None = None
    paused_s: float = 0.0
    disabled: str = ""
    probe_s: float = 0.0


class Chats:
    """One table, and the rule which language a chat reads; changes save themselves."""

    def __init__(
        self,
        database: Database,
        *,
        default: str = "en",
        known: tuple[str, ...] = ("en", "fr"),
    ) -> None:
        self._database = database
        self._default = default
        self._known = known
        self._rows = database.table("chats", Chat)

    def language(self, chat_id: int, user_language: str = "") -> str:
        """Return the chat's chosen language, else one that fits the user's, else the default.

        `user_language` is an IETF tag as Telegram gives it (`fr`, `pt-br`), or nothing.
        """
        chosen = self.get(chat_id).language
        guessed = user_language.lower().replace("_", "-").partition("-")[0]
        for code in (chosen, guessed):
            if code in self._known:
                return code
        return self._default

    def remember(self, chat_id: int, language: str) -> None:
        """Keep the language chosen in a chat."""
        self._change(chat_id, language=language)

    def meet(self, chat_id: int, name: str) -> None:
        """Keep the name of the person whose own chat this is."""
        if self.get(chat_id).name != name:
            self._change(chat_id, name=name)

    def get(self, chat_id: int) -> Chat:
        """Return what is known of the chat, or of the one it became."""
        return self._rows.get(str(self.current(chat_id))) or Chat(id=chat_id)

    def current(self, chat_id: int) -> int:
        """Return the id to write to: the chat's own, or that of the supergroup it became."""
        seen = {chat_id}
        while (row := self._rows.get(str(chat_id))) is not None and row.moved_to is not None:
            if row.moved_to in seen:
                break
            chat_id = row.moved_to
            seen.add(chat_id)
        return chat_id

    def migrate(self, old: int, new: int) -> None:
        """Note that a group became a supergroup, which keeps what was known of it."""

        def work() -> None:
            row = self.get(old)
            self._rows.put(str(new), replace(row, id=new, moved_to=None))
            self._rows.put(str(old), replace(row, id=old, moved_to=new))

        if old != new:
            self._database.commit(work)

    def pause(self, chat_id: int, *, until_s: float) -> None:
        """Send nothing to the chat before that logical time."""
        self._change(chat_id, paused_s=until_s)

    def disable(self, chat_id: int, *, reason: str, probe_s: float) -> None:
        """Note that nothing can be sent to the chat, and when to try again."""
        self._change(chat_id, disabled=reason, probe_s=probe_s)

    def heard_from(self, chat_id: int) -> None:
        """Probe the chat at once if it was lost: somebody there writes, so it may be back."""
        if self.get(chat_id).disabled:
            self._change(chat_id, probe_s=0.0)

    def enable(self, chat_id: int) -> None:
        """Note that the chat can be reached again."""
        self._change(chat_id, disabled="", probe_s=0.0, paused_s=0.0)

    def all(self) -> list[Chat]:
        """Return every chat known, by id."""
        return sorted(self._rows.all(), key=lambda chat: chat.id)

    def homes(self, chat_id: int) -> tuple[int, ...]:
        """Return the ids a chat has and had, the one it has now first."""
        now = self.current(chat_id)
        before = (chat.id for chat in self.all() if self.current(chat.id) == now)
        return tuple(dict.fromkeys((now, chat_id, *before)))

    def _change(self, chat_id: int, **changes: float | str) -> None:
        number = self.current(chat_id)

        def work() -> None:
            row = self._rows.get(str(number)) or Chat(id=number)
            self._rows.put(str(number), replace(row, **changes))  # type: ignore[arg-type]

        self._database.commit(work)


def is_relay(channel: str) -> bool:
    """Return whether the channel is a fallback past Telegram (`relay:0`), not a chat."""
    return channel.startswith(RELAY)


def relay(number: int) -> str:
    """Return the channel of a fallback, counted from 0."""
    return f"{RELAY}{number}"


def relay_number(channel: str) -> int:
    """Return which fallback the channel is."""
    return int(channel.removeprefix(RELAY))


def parts(channel: str) -> tuple[int, int | None]:
    """Return the chat id and the topic a channel names (`chat` or `chat:topic`).

    A relay has an id no chat has, under which its pauses are kept like a chat's.
    """
    if is_relay(channel):
        return FIRST_RELAY - relay_number(channel), None
    chat, _, topic = channel.partition(":")
    return int(chat), int(topic) if topic else None
