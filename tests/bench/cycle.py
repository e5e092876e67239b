"""The health cycle, one new file in it, and the liveness of known processes."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from jobs.alerts.manager import AlertManager
from jobs.archive import Archive
from jobs.checks.standard import Limits, standard
from jobs.gather import Gatherer, Sources
from jobs.probes.host import HostProbe
from jobs.probes.own import OwnProbe
from jobs.probes.processes import ProcessProbe, scan_proc
from jobs.probes.trends import Kept, Trends
from jobs.watch import Watch
from storage import habits
from storage.clock import resume
from storage.database import Database
from storage.history import History
from storage.opportunities import Opportunities
from storage.past import Past
from storage.tracker import ReadOptions, Tracker
from tests.bench import folders, reading_tasks
from tests.bench.row import Row

FILES = 500
RECORDS_PER_FILE = 200
ROUNDS = 25
SETTLING = 10  # cold reads, first alerts
SPAWNING_S = 0.5
NEWEST = datetime.fromtimestamp(folders.START_S + FILES * 7200, UTC)
PROCESSES = 476
SOURCES = ("Galxe", "Zealy", "TwitterRSS")
SCRIPT = "bench_main.py"


Work = Callable[[], object]


async def measure(*works: Work, rounds: int = ROUNDS) -> list[float]:
    """Return each work's least CPU ms, all threads counted: what others did meanwhile is not ours.

    The works take turns, so that the machine's mood hits all; what one returns is awaited,
    where it can be.
    """
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, times in zip(works, taken, strict=True):
            began_s = time.process_time()
            outcome = work()
            if isinstance(outcome, Awaitable):
                await outcome
            times.append(1000 * (time.process_time() - began_s))
    return [min(times) for times in taken]


def scan(folder: Path) -> int:
    """Return what the same files' sizes sum up to: the least any look must do."""
    with os.scandir(folder) as entries:
        return sum(entry.stat().st_size for entry in entries)


@contextmanager
def watching(data: Path, state: Path) -> Iterator[Callable[[], Awaitable[None]]]:
    """Give a whole cycle of real parts over the folder: a look, and copying what is over."""
    history = History(state / "history.sqlite")
    database = Database(state / "state.json")
    clock = resume(None, wall=lambda: NEWEST + timedelta(minutes=5))
    archive = Archive(Past(history), database, clock=clock)
    index = Opportunities(history)
    limits = Limits(commands=(SCRIPT,), sources=SOURCES)
    watch = Watch(
        gatherer=Gatherer(
            Sources(
                tracker=Tracker(data, index=index, options=ReadOptions()),
                opportunities=index,
                processes=ProcessProbe(limits.commands),
                host=HostProbe({"data": data, "state": state}, trends=Trends(Kept(history))),
                own=OwnProbe(state),
                habits=lambda at: habits.learn(history, now=at.wall),
            )
        ),
        checks=standard(limits),
        clock=clock,
        alerts=AlertManager(database=database, channels=("1",), copies=archive),
        history=history,
    )

    async def look() -> None:
        await watch.run()
        await archive.run()

    yield look
    history.close()


@contextmanager
def scraper(folder: Path) -> Iterator[None]:
    """Run something that looks like the scraper, so that it need not be searched for."""
    script = folder / SCRIPT
    script.write_text("import sys; sys.stdin.read()")
    with subprocess.Popen([sys.executable, "-S", str(script)], stdin=subprocess.PIPE) as child:
        try:
            yield
        finally:
            child.kill()


@contextmanager
def crowd(count: int) -> Iterator[None]:
    """Fill the machine up to this many processes."""
    missing = max(0, count - len(psutil.pids()))
    children = [subprocess.Popen(["sleep", "600"]) for _ in range(missing)]
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()


async def cycles() -> list[Row]:
    """Measure the whole cycle: look, judge, commit alerts, keep samples."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (state := root / "var").mkdir()
        data = folders.fill(root / "data", files=FILES, records=RECORDS_PER_FILE)
        numbers = iter(range(FILES, 2 * FILES))
        with scraper(root), watching(data, state) as look:
            for _ in range(SETTLING):
                await look()
            unchanged, floor = await measure(look, lambda: scan(data))
            (stdlib,) = await measure(lambda: reading_tasks.loop(data, json.loads), rounds=3)
            new = [folders.record(item) for item in range(20)]
            one_new = await measure(lambda: folders.add(data, next(numbers), new), look)
    what = f"whole health cycle, {FILES * RECORDS_PER_FILE // 1000},000 records, nothing changed"
    return [
        Row(what, "scandir + stat", unchanged, floor, floor, "≤ 5×", unchanged <= 5 * floor),
        Row(what, "stdlib json loop", unchanged, stdlib, floor, "≥ 50× faster",
            stdlib >= 50 * unchanged),
        Row("whole health cycle, one new file of 20 records", "unchanged cycle", one_new[1],
            unchanged, None, "≤ 2×", one_new[1] <= 2 * unchanged),
    ]  # fmt: skip


async def liveness() -> list[Row]:
    """Measure the probe on a known pid, and a scan for a lost one, against psutil's walk."""
    at = resume(None)()
    with tempfile.TemporaryDirectory() as name, scraper(Path(name)), crowd(PROCESSES):
        await asyncio.sleep(SPAWNING_S)
        probe = ProcessProbe((SCRIPT,))
        assert probe(at).scrapers[0].trees == 1
        process = psutil.Process()
        known, scanned, walked, floor = await measure(
            lambda: probe(at),
            lambda: list(scan_proc((SCRIPT,))),
            lambda: [one.info for one in psutil.process_iter(["cmdline"])],
            process.is_running,
        )
        count = len(psutil.pids())
    what = f"among {count} processes"
    return [
        Row(f"liveness of a known pid {what}", "psutil.process_iter(cmdline)", known, walked,
            floor, "≤ 1/10", known <= walked / 10),
        Row(f"finding a lost scraper {what}", "psutil.process_iter(cmdline)", scanned, walked,
            None, "faster", scanned <= walked),
    ]  # fmt: skip


def rows() -> list[Row]:
    """Return the rows of the whole cycle and of liveness; about a quarter of a minute."""
    return [*asyncio.run(cycles()), *asyncio.run(liveness())]


if __name__ == "__main__":
    for row in rows():
        ratio = row.ours / row.reference_value
        print(
            f"{row.name:62} {row.ours:8.2f} | {row.reference:28} {row.reference_value:8.2f} "
            f"{ratio:7.3f}× | {row.goal:12} {'yes' if row.met else 'NO'}"
        )
