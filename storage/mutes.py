"""The silences people asked for."""

from dataclasses import replace

from storage.database import Database
from storage.incidents import Mute


class Mutes:
    """One table; every change is made inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.table("mutes", Mute)

    def add(self, mute: Mute) -> Mute:
        """Give it its number and keep it."""
        numbered = replace(mute, id=self._database.number("mute"))
        self.put(numbered)
        return numbered

    def put(self, mute: Mute) -> None:
        """Keep a mute that has its number."""
        self._rows.put(str(mute.id), mute)

    def get(self, number: int) -> Mute | None:
        """Return one mute, also one that has ended but was not removed yet."""
        return self._rows.get(str(number))

    def remove(self, number: int) -> None:
        """Forget a mute."""
        self._rows.remove(str(number))

    def all(self) -> list[Mute]:
        """Return every mute kept, the next to end first."""
        return sorted(self._rows.all(), key=lambda mute: (mute.until_s, mute.id))
