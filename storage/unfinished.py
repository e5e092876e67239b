"""Messages that still say something is under way: what a restart must not leave standing."""

from dataclasses import dataclass
from datetime import datetime

from storage.database import Database

NOT_YET = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """One message on a screen, what it is about, in which language, and since when.

    `message_id` is NOT_YET while it is being sent.
    """

    chat_id: int
    message_id: int
    what: str
    language: str
    since: datetime

    @property
    def key(self) -> str:
        """The row's own key."""
        return f"{self.chat_id}:{self.message_id}"


class UnfinishedMessages:
    """One table; each change is a commit of its own, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.table("unfinished", Unfinished)

    def begin(self, row: Unfinished, *, instead_of: Unfinished | None = None) -> None:
        """Keep that this message will need a last word, in place of what was kept for it."""

        def work() -> None:
            if instead_of is not None:
                self._rows.remove(instead_of.key)
            self._rows.put(row.key, row)

        self._database.commit(work)

    def end(self, row: Unfinished) -> None:
        """Forget it: it has its last word."""
        self._database.commit(lambda: self._rows.remove(row.key))

    def all(self) -> list[Unfinished]:
        """Return every one, the oldest first."""
        return sorted(self._rows.all(), key=lambda row: (row.since, row.key))

    def has(self, chat_id: int, what: str, *, after: datetime) -> bool:
        """Return whether something of the kind was begun in a chat after that, and is not over."""
        return any(
            row.chat_id == chat_id and row.what == what and row.since > after
            for row in self._rows.all()
        )
