"""Which start of the machine the state was last used in."""

from collections.abc import Callable
from dataclasses import dataclass

from storage.database import Database


@dataclass(frozen=True, slots=True)
class BootedAs:
    """What tells one start of the machine from the next."""

    mark: str


class Boots:
    """One row, written when it changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.table("boot", BootedAs)

    def changed(self, read: Callable[[str], str]) -> bool:
        """Return whether the machine was started since the last call, and note it; blocking.

        `read` is given the mark known so far; "" from it cannot tell.
        """
        row = self._rows.get("last")
        known = "" if row is None else row.mark
        mark = read(known)
        if mark in {"", known}:
            return False
        self._database.commit(lambda: self._rows.put("last", BootedAs(mark)))
        return bool(known)
