"""History: a quarter of a year for a chart, a year on disk, and the night that sums it up."""

import random
import statistics
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage.history import History
from storage.hours import HOUR_US
from storage.records import Sample, Slot
from storage.schema import PUT_SAMPLE, micros
from tests.bench.row import Row

SERIES, EVERY, DAYS, ROUNDS = 30, timedelta(minutes=5), 365, 20
NOON = datetime(2026, 8, 14, 12, tzinfo=UTC)
QUARTER = timedelta(days=90)
MOST_BYTES = 100e6
MOST_WAIT_MS = 50.0
CYCLE_S = 0.05
NAME = "source_age_s:Galxe-07"


def fill(history: History) -> None:
    """Keep a year of all series as an older version left it: raw."""
    rng, step = random.Random(7), micros(NOON) - micros(NOON - EVERY)  # noqa: S311 (a bench)
    count = int(timedelta(days=DAYS) / EVERY)
    for number in range(SERIES):
        name = f"source_age_s:Galxe-{number:02}"
        rows = [
            (name, micros(NOON) - step * n, 40 + 30 * rng.random()) for n in range(count, 0, -1)
        ]
        history.write(lambda db, rows=rows: db.executemany(PUT_SAMPLE, rows))  # type: ignore[misc]


def raw_scan(history: History) -> list[Slot]:
    """Sum up a quarter by the hour from the raw samples, as without sums it would be."""
    query = f"""
        SELECT at / {HOUR_US} * 3600.0 AS slot, min(value), avg(value), max(value), count(*)
        FROM sample WHERE series = ? AND at BETWEEN ? AND ? GROUP BY slot ORDER BY slot
    """  # noqa: S608 (constants)
    values = (NAME, micros(NOON - QUARTER), micros(NOON))
    return history.read(lambda db: [Slot(*row) for row in db.execute(query, values)])


def in_memory(points: list[tuple[int, float]]) -> list[Slot]:
    """Sum up a quarter by the hour from a list that is in memory already."""
    found: list[Slot] = []
    start, low, high, total, n = -1, 0.0, 0.0, 0.0, 0
    for at, value in points[bisect_left(points, (micros(NOON - QUARTER),)) :]:
        if at // HOUR_US != start:
            if n:
                found.append(Slot(start * 3600.0, low, total / n, high, n))
            start, low, high, total, n = at // HOUR_US, value, value, 0.0, 0
        low, high = min(low, value), max(high, value)
        total, n = total + value, n + 1
    found.append(Slot(start * 3600.0, low, total / n, high, n))
    return found


def ours(history: History) -> list[Slot]:
    """Ask for the same as a chart does."""
    return history.slots(NAME, since=NOON - QUARTER, until=NOON, step=timedelta(hours=1))


def cpu_ms(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return each work's median CPU time, the works in turns."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            start = time.process_time()
            work()
            spent[name].append(1000 * (time.process_time() - start))
    return {name: statistics.median(taken) for name, taken in spent.items()}


def night(history: History) -> list[float]:
    """Sum up the whole year while a cycle's samples keep coming; return how long each waited."""
    waits: list[float] = []
    at = NOON

    def sum_up() -> None:
        while not history.prune(NOON):
            pass

    worker = threading.Thread(target=sum_up)
    worker.start()
    while worker.is_alive():
        at += timedelta(seconds=1)
        waits.append(cycle_ms(history, at))
        worker.join(CYCLE_S)
    return waits


def cycle_ms(history: History, at: datetime) -> float:
    """Keep one cycle's samples; return how long that took, as who waits for it counts."""
    start = time.perf_counter()
    history.add(Sample(f"cycle-{number}", at, 1.0) for number in range(SERIES))
    return 1000 * (time.perf_counter() - start)


def alone(history: History, count: int) -> list[float]:
    """Do the same with nothing beside it."""
    waits = []
    for number in range(count):
        waits.append(cycle_ms(history, NOON - timedelta(seconds=number)))
        time.sleep(CYCLE_S)
    return waits


def p99(waits: list[float]) -> float:
    """Return what one in a hundred is longer than."""
    return statistics.quantiles(waits, n=100)[98]


def rows() -> list[Row]:
    """Return the rows of the history; about a minute, most of it to make the year."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.sqlite"
        history = History(path)
        fill(history)
        points = [(micros(at), value) for at, value in _all(history)]
        before = raw_scan(history)
        raw_ms = cpu_ms({"raw": lambda: raw_scan(history)})["raw"]
        history.close()
        raw_bytes = path.stat().st_size
        history = History(path)
        quiet = alone(history, 300)
        waits = night(history)
        assert len(ours(history)) == len(before) == len(in_memory(points))
        spent = cpu_ms({"ours": lambda: ours(history), "memory": lambda: in_memory(points)})
        history.close()
        History(path).close()
        kept_bytes = path.stat().st_size
    query = f"90-day chart query over a year ({SERIES} series, 5 min)"
    return [
        Row(query, "the same sums from an in-memory list", spent["ours"], spent["memory"], None,
            "≤ 2×", spent["ours"] <= 2 * spent["memory"]),
        Row(query, "a raw scan in SQLite", spent["ours"], raw_ms, None,
            "faster", spent["ours"] < raw_ms),
        Row("history of a year on disk, 3.2 million samples", "the same, raw",
            kept_bytes / 1e6, raw_bytes / 1e6, None, "≤ 100 MB", kept_bytes <= MOST_BYTES, "MB"),
        Row("keeping a cycle's samples while a year is summed up, p99", "with nothing beside it",
            p99(waits), p99(quiet), None, "≤ 50 ms", p99(waits) <= MOST_WAIT_MS, "ms"),
    ]  # fmt: skip


def _all(history: History) -> list[tuple[datetime, float]]:
    return history.series(NAME, since=NOON - timedelta(days=DAYS + 1), until=NOON)
