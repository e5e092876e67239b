"""What one fresh process measures: `python -m tests.bench.reading_tasks TASK FOLDER`."""

import heapq
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from storage.history import History
from storage.opportunities import Opportunities
from storage.tracker import ReadOptions, Tracker
from storage.tracker.batch import Batch
from storage.tracker.discovery import scan
from storage.tracker.manifest import Known
from storage.tracker.memory import Memory
from storage.tracker.reading import Reading
from storage.tracker.records import Record, identity
from storage.tracker.roi import Judge

RATES = {"XP": 0.01, "POINTS": 0.005, "GAL": 0.5}
OPTIONS = ReadOptions(rates=RATES)
TEXT, FIGURE = (str, type(None)), (str, int, float, type(None))
FIELDS = {
    name: TEXT if name in {"title", "link", "url", "source", "reward_currency"} else FIGURE
    for name in Record.__struct_fields__
}
Outcome = dict[str, float]


def now() -> datetime:
    return datetime.now(UTC)


class Sieve(Memory):
    """Keeps the best figures instead of a database: the read alone."""

    def __init__(self) -> None:
        super().__init__(Opportunities(History(Path(os.devnull) / "none")), Judge({}))
        self.best: dict[str, float] = {}
        self.judge = Judge(RATES)

    def keep(self, batch: Batch, fresh: Mapping[str, Known]) -> None:
        self.known.update(fresh)
        for seen in batch.seen.values():
            for record in seen:
                roi = self.judge(record).usd_min
                if roi is not None:
                    self.best[f"{record.source} {identity(record)}"] = roi
        self.best = dict(heapq.nlargest(5, self.best.items(), key=itemgetter(1)))


def read_alone(folder: Path) -> None:
    memory = Sieve()
    listing = scan(folder)
    reading = Reading(
        listing=listing,
        memory=memory,
        options=OPTIONS,
        now=now(),
        until_s=float("inf"),
    )
    reading.run(sorted(listing.stamps, reverse=True))
    assert len(memory.best) == 5


def loop(folder: Path, loads: Callable[[bytes], Any]) -> None:
    """Do the same work record by record: load, validate, count, date, work out, rank."""
    counts: Counter[str] = Counter()
    newest = 0
    best: dict[tuple[str, str], float] = {}
    judge = Judge(RATES)
    for path in folder.iterdir():
        newest = max(newest, int(path.stem.rsplit("_", 1)[1]))
        for row in loads(path.read_bytes()):
            told = {field: value for field, value in row.items() if field in FIELDS}
            if not all(isinstance(value, FIELDS[field]) for field, value in told.items()):
                continue
            record = Record(**told)
            counts[row["source"]] += 1
            roi = judge(record)
            if roi.usd_min is not None:
                best[row["source"], identity(record)] = roi.usd_min
    assert len(heapq.nlargest(5, best.items(), key=itemgetter(1))) == 5
    assert counts.total() > 0
    assert newest > 0


def stdlib(folder: Path) -> None:
    loop(folder, partial(json.loads, parse_constant=refuse))


def refuse(name: str) -> float:
    raise ValueError(name)


def with_orjson(folder: Path) -> None:
    import orjson  # noqa: PLC0415 (only this process needs it)

    loop(folder, orjson.loads)


def with_pandas(folder: Path) -> None:
    import pandas as pd  # noqa: PLC0415 (only this process needs it)

    began = time.process_time()
    rows: list[dict[str, Any]] = []
    for path in folder.iterdir():
        rows += json.loads(path.read_bytes())
    frame = pd.DataFrame(rows)
    judge = Judge(RATES)
    wanted = frame.reindex(columns=list(Record.__struct_fields__))
    wanted = wanted.astype(object).where(wanted.notna(), None)
    frame["roi"] = [judge(Record(*row)).usd_min for row in wanted.itertuples(index=False)]
    assert len(frame.nlargest(5, "roi")) == 5
    assert len(frame.groupby("source").size()) == 3
    raise Took(time.process_time() - began)


def parse_only(folder: Path) -> None:
    import simdjson  # noqa: PLC0415 (only this process needs it)

    parser = simdjson.Parser()
    began = time.process_time()
    for path in folder.iterdir():
        parser.parse(path.read_bytes())
    raise Took(time.process_time() - began)


def bytes_only(folder: Path) -> None:
    for path in folder.iterdir():
        path.read_bytes()


class Took(Exception):  # noqa: N818 (a measurement, not an error)
    """A task measured itself, without its imports."""


def fresh(state: Path, folder: Path) -> Tracker:
    return Tracker(folder, index=Opportunities(History(state / "history.sqlite")), options=OPTIONS)


def cold(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as state:
        tracker = fresh(Path(state), folder)
        began = time.process_time()
        assert tracker.read(now=now()).complete
        raise Took(time.process_time() - began)


def restart(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as state:
        fresh(Path(state), folder).read(now=now())
        began = time.process_time()
        assert fresh(Path(state), folder).read(now=now()).complete
        raise Took(time.process_time() - began)


def unchanged(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as state:
        tracker = fresh(Path(state), folder)
        tracker.read(now=now())
        raise Took(best_of(lambda: tracker.read(now=now()), 50))


def new_file(folder: Path) -> None:
    from tests.bench import folders  # noqa: PLC0415 (what writes them is not part of reading)

    with tempfile.TemporaryDirectory() as state:
        tracker = fresh(Path(state), folder)
        tracker.read(now=now())
        tracker.read(now=now())  # an idle one: what was read first is folded
        took = []
        rows = [folders.record(n) for n in range(20)]
        for number in range(50):
            folders.add(folder, 1_000 + number, rows)
            began = time.process_time()
            tracker.read(now=now())
            took.append(time.process_time() - began)
            (folder / f"opportunities_{folders.START_S + (1_000 + number) * 7200}.json").unlink()
            tracker.read(now=now())
        raise Took(min(took))


def scandir(folder: Path) -> None:
    def look() -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                entry.stat()

    raise Took(best_of(look, 50))


def best_of(work: Callable[[], object], times: int) -> float:
    took = []
    for _ in range(times):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took)


def lag(folder: Path) -> None:
    """Measure how long the event loop was ever held up by a first reading in a thread."""
    import asyncio  # noqa: PLC0415 (only this process needs it)

    async def watch() -> float:
        with tempfile.TemporaryDirectory() as state:
            reading = asyncio.create_task(
                asyncio.to_thread(fresh(Path(state), folder).read, now=now())
            )
            worst = 0.0
            while not reading.done():
                began = time.perf_counter()
                await asyncio.sleep(0.001)
                worst = max(worst, time.perf_counter() - began - 0.001)
            await reading
        return worst

    raise Took(asyncio.run(watch()))


TASKS = {
    task.__name__: task
    for task in (
        read_alone, stdlib, with_orjson, with_pandas, parse_only, bytes_only, cold, restart,
        unchanged, new_file, scandir, lag,
    )
}  # fmt: skip


def main(name: str, folder: str) -> None:
    began = time.process_time()
    try:
        TASKS[name](Path(folder))
        took = time.process_time() - began
    except Took as measured:
        took = float(measured.args[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": took * 1000, "peak_mib": peak}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
