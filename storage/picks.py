"""What a chat put away of the opportunities: hidden or done, bounded, taken back at will."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.database import Database

KEPT = 300  # a chat's latest; the state file is written whole


class Verdict(StrEnum):
    """Why it is not listed any more."""

    HIDDEN = "hidden"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One opportunity put away, by its key; `title` as it was then, `by` whoever did it."""

    key: str
    verdict: Verdict
    title: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Away:
    """All a chat put away, the latest last."""

    picks: tuple[Pick, ...] = ()


class Picks:
    """One row per chat. A group that moved is named by all its ids, the one it has now first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.table("picks", Away)

    def of(self, chats: Collection[int]) -> tuple[Pick, ...]:
        """Return what was put away there, the latest first."""
        found = {pick.key: pick for pick in self._read(chats)}
        return tuple(reversed(found.values()))

    def put(self, chats: Collection[int], pick: Pick) -> None:
        """Put it away, or change why it is; beyond KEPT the oldest come back. Blocking."""

        def work() -> None:
            kept = [old for old in self._read(chats) if old.key != pick.key]
            self._write(chats, [*kept, pick])

        self._database.commit(work)

    def take_back(self, chats: Collection[int], key: str) -> Pick | None:
        """Let it be listed again; return what it was, nothing if it was not put away. Blocking."""

        def work() -> Pick | None:
            picks = self._read(chats)
            found = next((pick for pick in picks if pick.key == key), None)
            if found is not None:
                self._write(chats, [pick for pick in picks if pick.key != key])
            return found

        return self._database.commit(work)

    def _read(self, chats: Collection[int]) -> list[Pick]:
        rows = [self._rows.get(str(chat)) for chat in chats]
        return sorted((p for row in rows if row for p in row.picks), key=lambda pick: pick.at)

    def _write(self, chats: Collection[int], picks: list[Pick]) -> None:
        """Keep them under the chat's present id alone."""
        for chat in chats:
            self._rows.remove(str(chat))
        if picks:
            now, *_ = chats
            self._rows.put(str(now), Away(tuple(picks[-KEPT:])))
