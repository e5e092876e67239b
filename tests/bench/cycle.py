"""The health cycle, one new file in it, and the liveness of known processes."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from jobs.alerts.manager import AlertManager
from jobs.checks.standard import Limits, standard
from jobs.gather import Gatherer, Sources
from jobs.probes.host import HostProbe
from jobs.probes.own import OwnProbe
from jobs.probes.processes import ProcessProbe, scan_proc
from jobs.watch import Watch
from storage.clock import resume
from storage.database import Database
from storage.history import History
from storage.opportunities import Opportunities
from storage.records import Moment
from storage.tracker import ReadOptions, Tracker

FILES = 500
RECORDS_PER_FILE = 200
ROUNDS = 15
PROCESSES = 476
SOURCES = ("Galxe", "Zealy", "Layer3", "TwitterRSS")
SCRIPT = "bench_main.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Medians of interleaved rounds, in milliseconds."""

    wall_ms: float
    cpu_ms: float


Work = Callable[[], object]


async def measure(*works: Work, rounds: int = ROUNDS) -> list[Cost]:
    """Return each work's cost; the works take turns, so that the machine's mood hits all.

    What a work returns is awaited, where it can be.
    """
    taken: list[list[tuple[float, float]]] = [[] for _ in works]
    for _ in range(rounds):
        for work, times in zip(works, taken, strict=True):
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            outcome = work()
            if isinstance(outcome, Awaitable):
                await outcome
            times.append((time.perf_counter() - wall_s, time.process_time() - cpu_s))
    return [
        Cost(
            wall_ms=1000 * statistics.median(wall_s for wall_s, _ in times),
            cpu_ms=1000 * statistics.median(cpu_s for _, cpu_s in times),
        )
        for times in taken
    ]


def write_file(folder: Path, number: int) -> None:
    """Write what main.py would have written at that start: mostly the same quests again."""
    epoch_s = int(time.time()) - (FILES - number) * 600
    quests = [
        {
            "title": f"Quest {(number // 10, index)}", "source": SOURCES[index % 4],
            "link": f"https://quest.example/{number // 10}/{index}", "reward": f"${index} USDC",
            "estimated_time": 5, "hash": f"{number:08x}{index:08x}",
        }
        for index in range(RECORDS_PER_FILE)
    ]  # fmt: skip
    (folder / f"opportunities_{epoch_s}.json").write_text(json.dumps(quests, indent=2))


def stdlib_read(folder: Path) -> int:
    """Return the number of records a plain loop finds: the reference."""
    return sum(len(json.loads(path.read_bytes())) for path in folder.glob("*.json"))


def scan(folder: Path) -> int:
    """Return what the same files' sizes sum up to: the least any look must do."""
    with os.scandir(folder) as entries:
        return sum(entry.stat().st_size for entry in entries)


@contextmanager
def watching(data: Path, state: Path) -> Iterator[Watch]:
    """Give a watch of real parts over the folder."""
    history = History(state / "history.sqlite")
    index = Opportunities(history)
    limits = Limits(commands=(SCRIPT,), sources=SOURCES)
    yield Watch(
        gatherer=Gatherer(
            Sources(
                tracker=Tracker(data, index=index, options=ReadOptions()),
                opportunities=index,
                processes=ProcessProbe(limits.commands),
                host=HostProbe({"data": data, "state": state}),
                own=OwnProbe(state),
            )
        ),
        checks=standard(limits),
        clock=resume(None),
        alerts=AlertManager(database=Database(state / "state.json"), channels=("1",)),
        history=history,
    )
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycles:
    """What cycles over 100,000 records in 500 files cost, beside their references."""

    unchanged: Cost
    one_new: Cost
    floor: Cost
    stdlib: Cost


async def cycles() -> Cycles:
    """Measure the whole cycle: look, judge, commit alerts, keep samples."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        data, state = root / "data", root / "var"
        data.mkdir()
        state.mkdir()
        for number in range(FILES):
            write_file(data, number)
        numbers = iter(range(FILES, 10 * FILES))
        with scraper(root), watching(data, state) as watch:
            for _ in range(ROUNDS):  # to settle: cold reads, first alerts
                await watch.run()
            unchanged, floor = await measure(watch.run, lambda: scan(data))
            (stdlib,) = await measure(lambda: stdlib_read(data), rounds=3)
            one_new = (await measure(lambda: write_file(data, next(numbers)), watch.run))[1]
            assert watch.last is not None
            return Cycles(unchanged=unchanged, one_new=one_new, floor=floor, stdlib=stdlib)


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """What it costs to know that a scraper runs."""

    known: Cost
    scanned: Cost
    process_iter: Cost
    processes: int


async def liveness() -> Liveness:
    """Measure the probe on a known pid against a walk over every process."""
    at = Moment(wall=resume(None)().wall, logical_s=0.0)
    with tempfile.TemporaryDirectory() as name, scraper(Path(name)), crowd(PROCESSES):
        await asyncio.sleep(0.5)
        probe = ProcessProbe((SCRIPT,))
        assert probe(at).scrapers[0].trees == 1
        known, scanned, walked = await measure(
            lambda: probe(at),
            lambda: list(scan_proc((SCRIPT,))),
            lambda: [process.info for process in psutil.process_iter(["cmdline"])],
        )
        count = len(psutil.pids())
    return Liveness(known=known, scanned=scanned, process_iter=walked, processes=count)


def main(names: Sequence[str] = ("cycles", "liveness")) -> None:
    """Print the raw figures."""
    for name in names:
        print(name, asyncio.run({"cycles": cycles, "liveness": liveness}[name]()))


if __name__ == "__main__":
    main()
