"""The process that the kill loop kills: it commits for ever and tells what is kept."""

from multiprocessing.connection import Connection
from pathlib import Path

from storage.database import Database
from storage.incidents import AlertState

ROWS = 1000


def write_for_ever(path: Path, acknowledged: Connection) -> None:
    """Commit number after number, each into three rows at once; tell each once it is on disk."""
    database = Database(path)
    table = database.table("alerts", AlertState)
    first = table.get("first")
    number = 0 if first is None else first.fails
    while True:
        number += 1
        with database.transaction():
            for key in ("first", str(number % ROWS), "last"):
                table.put(key, AlertState(key=key, fails=number))
        acknowledged.send(number)
