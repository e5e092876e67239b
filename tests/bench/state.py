"""A durable commit of the state: 1,000 rows, one of them changed, on the disk when it returns."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from tinydb import TinyDB

from storage.database import Database
from storage.incidents import Delivery, Kind
from storage.records import Severity
from tests.bench.row import Row

ROWS, ROUNDS, WARM = 1000, 150, 10
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def delivery(number: int) -> Delivery:
    """Return a row like those of a busy outbox."""
    return Delivery(
        id=number,
        incident=number,
        key=f"fresh:source-{number}",
        kind=Kind.FIRED,
        seq=0,
        channel="-1001234567890:5",
        level=Severity.ERROR,
        created=NOON,
        created_s=1234.5,
        last_error="timed out",
    )


def rows() -> list[Row]:
    """Return the rows of the state file; wall time, as the disk is what is waited for."""
    with tempfile.TemporaryDirectory() as folder:
        works = {
            "ours": _ours(Path(folder)),
            "tinydb": _tinydb(Path(folder)),
            "journal": _journal(Path(folder)),
            "fsync": _fsync(Path(folder)),
        }
        times: dict[str, list[float]] = {name: [] for name in works}
        for number in range(ROUNDS):
            for name, work in works.items():  # interleaved: the disk's mood hits all alike
                began_s = time.perf_counter()
                work(number)
                times[name].append(1000 * (time.perf_counter() - began_s))
    median = {name: statistics.median(taken[WARM:]) for name, taken in times.items()}
    p95 = {name: statistics.quantiles(taken[WARM:], n=20)[-1] for name, taken in times.items()}
    quick = median["fsync"] < 1.0
    return [
        Row(
            name="durable commit of the state, 1,000 rows, median",
            reference="TinyDB's JSONStorage",
            ours=median["ours"],
            reference_value=median["tinydb"],
            limit=median["journal"],
            goal="≤ 1/4",
            met=median["ours"] <= median["tinydb"] / 4,
            unit="ms",
        ),
        Row(
            name="the same, p95",
            reference=f"one fsync of the same bytes, median; p95 {p95['fsync']:.2f}",
            ours=p95["ours"],
            reference_value=median["fsync"],
            limit=p95["journal"],
            goal="< 5 ms where fsync < 1 ms",
            met=p95["ours"] < 5.0 or not quick,
            unit="ms",
        ),
    ]


def _ours(folder: Path) -> Callable[[int], None]:
    database = Database(folder / "ours.json")
    table = database.table("outbox", Delivery)
    with database.transaction():
        for number in range(ROWS):
            table.put(str(number), delivery(number))

    def work(number: int) -> None:
        with database.transaction():
            table.put(str(number), delivery(ROWS + number))

    return work


def _tinydb(folder: Path) -> Callable[[int], None]:
    table = TinyDB(folder / "tinydb.json").table("outbox")
    table.insert_multiple(msgspec.to_builtins(delivery(number)) for number in range(ROWS))

    def work(number: int) -> None:
        table.update(msgspec.to_builtins(delivery(ROWS + number)), doc_ids=[number + 1])

    return work


def _journal(folder: Path) -> Callable[[int], None]:
    handle = os.open(folder / "journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    durable = getattr(os, "fdatasync", os.fsync)

    def work(number: int) -> None:
        os.write(handle, msgspec.json.encode(delivery(number)))
        durable(handle)

    return work


def _fsync(folder: Path) -> Callable[[int], None]:
    content = b"x" * 290_000

    def work(number: int) -> None:
        _ = number
        handle = os.open(folder / "plain", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.write(handle, content)
        os.fsync(handle)
        os.close(handle)

    return work
