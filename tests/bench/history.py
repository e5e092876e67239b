"""History: a quarter of a year for a chart, a year on disk, and the night that sums it up."""

import asyncio
import gc
import random
import sqlite3
import statistics
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from storage.history import History
from storage.hours import HOUR_US
from storage.records import Sample, Slot
from storage.schema import PUT_SAMPLE, micros
from tests.bench import pictures
from tests.bench.pictures import SERIES, List
from tests.bench.row import Row

EVERY, DAYS, ROUNDS = timedelta(minutes=5), 365, 20
NOON = datetime(2026, 8, 14, 12, tzinfo=UTC)
QUARTER = timedelta(days=90)
IN_MEMORY = QUARTER + timedelta(days=2)
MOST_BYTES = 100e6
MOST_WAIT_MS = 50.0
CYCLE_S, TICK_S = 0.05, 0.002
QUIET_S = 15.0
NAME = "cpu_pct"


def fill(history: History) -> dict[str, List]:
    """Keep a year of all series as an older version left it, raw; return the last of it."""
    rng, step = random.Random(7), micros(NOON) - micros(NOON - EVERY)  # noqa: S311 (a bench)
    count, most = int(timedelta(days=DAYS) / EVERY), int(IN_MEMORY / EVERY)
    kept = {}
    for name in SERIES:
        times = [micros(NOON) - step * n for n in range(count, 0, -1)]
        values = [40 + 30 * rng.random() for _ in times]
        history.write(partial(_put, rows=list(zip(repeat(name), times, values, strict=False))))
        kept[name] = List([at / 1e6 for at in times[-most:]], values[-most:])
    return kept


def _put(db: sqlite3.Connection, rows: list[tuple[str, int, float]]) -> None:
    db.executemany(PUT_SAMPLE, rows)


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


class Waits(NamedTuple):
    """How long each waited, in milliseconds: a cycle's samples, a chart's query, the loop."""

    cycles: list[float]
    queries: list[float]
    loop: list[float]


async def waits(history: History, over: Callable[[], bool]) -> Waits:
    """Return what everybody waits for the history and the processor until it is over."""
    found = Waits([], [], [])

    async def keep() -> None:
        at = NOON
        while not over():
            at += timedelta(seconds=1)
            found.cycles.append(await asyncio.to_thread(wall_ms, partial(cycle, history, at)))
            await asyncio.sleep(CYCLE_S)

    async def ask() -> None:
        while not over():
            found.queries.append(await asyncio.to_thread(wall_ms, partial(ours, history)))
            await asyncio.sleep(CYCLE_S)

    async def tick() -> None:
        while not over():
            start = time.perf_counter()
            await asyncio.sleep(TICK_S)
            found.loop.append(1000 * (time.perf_counter() - start - TICK_S))

    await asyncio.gather(keep(), ask(), tick())
    return found


def night(history: History) -> Waits:
    """Sum up the whole year while the bot goes on; return how long everybody waited."""

    def sum_up() -> None:
        while not history.prune(NOON):
            pass

    worker = threading.Thread(target=sum_up)
    worker.start()
    found = asyncio.run(waits(history, lambda: not worker.is_alive()))
    worker.join()
    return found


def alone(history: History) -> Waits:
    """Do the same with nothing beside it."""
    until = time.monotonic() + QUIET_S
    return asyncio.run(waits(history, lambda: time.monotonic() > until))


def cycle(history: History, at: datetime) -> None:
    """Keep one cycle's samples."""
    history.add(Sample(f"cycle-{number}", at, 1.0) for number in range(len(SERIES)))


def wall_ms(work: Callable[[], object]) -> float:
    """Return how long something took, as who waits for it counts."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def p99(waits: list[float]) -> float:
    """Return what one in a hundred is longer than."""
    return statistics.quantiles(waits, n=100)[98]


def rows() -> list[Row]:
    """Return the rows of the history; about a minute, most of it to make the year."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.sqlite"
        history = History(path)
        lists = fill(history)
        points = [(micros(at), value) for at, value in _all(history)]
        before = raw_scan(history)
        raw_ms = cpu_ms({"raw": lambda: raw_scan(history)})["raw"]
        history.close()
        raw_bytes = path.stat().st_size
        history = History(path)
        gc.collect()
        gc.freeze()  # the lists of this bench are none of the bot's
        quiet = alone(history)
        beside = night(history)
        gc.unfreeze()
        assert len(ours(history)) == len(before) == len(in_memory(points))
        spent = cpu_ms({"ours": lambda: ours(history), "memory": lambda: in_memory(points)})
        drawn = pictures.rows(history, lists, NOON)
        history.close()
        History(path).close()
        kept_bytes = path.stat().st_size
    query = f"90-day chart query over a year ({len(SERIES)} series, 5 min)"
    return [
        Row(query, "the same sums from an in-memory list", spent["ours"], spent["memory"], None,
            "≤ 2×", spent["ours"] <= 2 * spent["memory"]),
        Row(query, "a raw scan in SQLite", spent["ours"], raw_ms, None,
            "faster", spent["ours"] < raw_ms),
        *drawn,
        Row("history of a year on disk, 3.2 million samples", "the same, raw",
            kept_bytes / 1e6, raw_bytes / 1e6, None, "≤ 100 MB", kept_bytes <= MOST_BYTES, "MB"),
        Row("keeping a cycle's samples while a year is summed up, p99", "with nothing beside it",
            p99(beside.cycles), p99(quiet.cycles), None, "≤ 50 ms",
            p99(beside.cycles) <= MOST_WAIT_MS, "ms"),
        _longest("keeping a cycle's samples", beside.cycles, quiet.cycles),
        _longest("a 90-day chart query", beside.queries, quiet.queries),
        _longest("the event loop", beside.loop, quiet.loop),
    ]  # fmt: skip


def _longest(what: str, beside: list[float], quiet: list[float]) -> Row:
    name = f"{what} while a year is summed up, the longest of {len(beside)} waits"
    longest = max(beside)
    return Row(name, "with nothing beside it", longest, max(quiet), None, "≤ 50 ms",
               longest <= MOST_WAIT_MS, "ms")  # fmt: skip


def _all(history: History) -> list[tuple[datetime, float]]:
    return history.series(NAME, since=NOON - timedelta(days=DAYS + 1), until=NOON)
