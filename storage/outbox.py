"""What is to be told: one row per delivery, durable before anything is sent."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from storage.database import Database
from storage.incidents import Delivery, Status

LIVE = frozenset({Status.QUEUED, Status.SENDING})


class Outbox:
    """The table of deliveries; every change is made inside a transaction.

    What is not done yet is also kept by its channel: however much was done, only that is walked.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.table("outbox", Delivery, group_by=_waits_for)

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
        return sorted((row for row in self._rows.all() if row.status in LIVE), key=_id)

    def waiting(self, channel: str) -> Collection[Delivery]:
        """Return the rows of one channel that are not done yet, in no order."""
        return self._rows.group(channel).values()

    def channels(self) -> Mapping[str, Mapping[str, Delivery]]:
        """Return the committed rows not done yet, by channel; not to be changed.

        What no commit touched is the same object as the last time.
        """
        return self._rows.groups()


def _waits_for(row: Delivery) -> str:
    return row.channel if row.status in LIVE else ""


def _id(row: Delivery) -> int:
    return row.id
