"""What is to be told: one row per delivery, durable before anything is sent."""

from dataclasses import replace

from storage.database import Database
from storage.incidents import Delivery, Status

LIVE = frozenset({Status.QUEUED, Status.SENDING})


class Outbox:
    """The table of deliveries; every change is made inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.table("outbox", Delivery)

    def add(self, delivery: Delivery) -> Delivery:
        """Give the row its id and keep it."""
        numbered = replace(delivery, id=self._database.number("delivery"))
        self.put(numbered)
        return numbered

    def put(self, delivery: Delivery) -> None:
        """Keep a row that has its id."""
        self._rows.put(str(delivery.id), delivery)

    def get(self, number: int) -> Delivery | None:
        """Return one row."""
        return self._rows.get(str(number))

    def drop(self, number: int) -> None:
        """Forget a row."""
        self._rows.remove(str(number))

    def all(self) -> list[Delivery]:
        """Return every row kept, by id."""
        return sorted(self._rows.all(), key=_id)

    def live(self) -> list[Delivery]:
        """Return the rows not done yet, by id."""
        return sorted(self.waiting(), key=_id)

    def waiting(self, channel: str | None = None) -> list[Delivery]:
        """Return the rows not done yet, of one channel or of all, in no order."""
        rows = [row for row in self._rows.all() if row.status in LIVE]
        return rows if channel is None else [row for row in rows if row.channel == channel]


def _id(row: Delivery) -> int:
    return row.id
