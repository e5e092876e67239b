"""Every /chart over a year of samples: what the bot reads for it, against lists in memory."""

import asyncio
import gc
import statistics
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from handlers import curves
from handlers.access import Role
from handlers.call import Call
from handlers.context import Services
from handlers.views.i18n import language
from handlers.views.reading import PERIODS
from handlers.views.series import COMMAND, DISK, METRICS, SOURCE, metric
from storage.history import History
from storage.hours import whole
from storage.records import Moment, Slot
from tests.bench.row import Row
from tests.handlers.chat import build

SOURCES = ("Galxe", "Layer3", "Layer3-Base", "Layer3-LiFi", "TwitterRSS", "Zealy")
PARTS = {
    SOURCE: ("Galxe", "Layer3", "TwitterRSS", "Zealy"),
    DISK: ("data", "root"),
    COMMAND: ("main.py", "rss.py"),
}
SERIES = (
    "cpu_pct", "memory_pct", "disk_pct", "data_age_s", "new_24h", "roi_median_usd_min",
    "roi_unknown_pct", "cycle_s", "rss_bytes", "loop_lag_s", "clock_drift_s", "cycles",
    "net_sent_bytes", "net_recv_bytes", "disk_pct:data", "disk_pct:root", "scraper_trees:main.py",
    "scraper_trees:rss.py", *(f"source_age_s:{name}" for name in SOURCES),
    *(f"new_24h:{name}" for name in SOURCES),
)  # fmt: skip
TIMES = 7


class Spent(NamedTuple):
    """What one chart took, and the same sums in memory."""

    chart: str
    ours_ms: float
    memory_ms: float


class List(NamedTuple):
    """A series in memory, oldest first."""

    times_s: list[float]
    values: list[float]


def charts() -> Iterator[str]:
    """Yield every series there is a button or a word for, of history's samples."""
    for each in METRICS:
        yield from [f"{each.series}:{part}" for part in PARTS.get(each.part, ())] or [each.series]


def question(history: History, now: datetime) -> Call:
    """Return a question put to a bot that has this history."""

    async def make(folder: Path) -> Services:
        world = await build(folder)
        await world.app.stop()
        await world.app.shutdown()
        world.services.history.close()
        return replace(world.services, history=history)

    with tempfile.TemporaryDirectory() as folder:
        services = asyncio.run(make(Path(folder)))
    return Call(
        services=services, language=language("fr", ZoneInfo("Europe/Paris"), now),
        at=Moment(wall=now, logical_s=1.0), role=Role.VIEWER, who="Ada", user_id=7, chat_id=7,
        thread_id=None,
    )  # fmt: skip


def sums(kept: List, since: datetime, step: timedelta) -> tuple[list[Slot], float]:
    """Return a list's stretches and its median, in one plain loop."""
    step_s, found, start_s = step.total_seconds(), [], -1.0
    first = bisect_left(kept.times_s, whole(since, step).timestamp())
    values = kept.values[first:]
    low = high = total = 0.0
    n = 0
    for at_s, value in zip(kept.times_s[first:], values, strict=True):
        if at_s - start_s >= step_s:
            if n:
                found.append(Slot(start_s, low, total / n, high, n))
            start_s, low, high, total, n = at_s // step_s * step_s, value, value, 0.0, 0
        if value < low:  # noqa: PLR1730  (`min` would take twice as long)
            low = value
        if value > high:  # noqa: PLR1730
            high = value
        total, n = total + value, n + 1
    found.append(Slot(start_s, low, total / n, high, n))
    return found, statistics.median(values)


def in_memory(
    lists: dict[str, List], names: Sequence[str], since: datetime, step: timedelta
) -> list[Slot]:
    """Return what a chart shows, from lists that are in memory already."""
    parts = [sums(lists[name], since, step)[0] for name in names]
    if len(parts) == 1:
        return parts[0]
    kind = metric(names[0])
    slots = curves._together(parts, summed=kind is not None and kind.summed)
    statistics.median(slot.mean for slot in slots)
    return slots


def measure(history: History, lists: dict[str, List], now: datetime) -> list[Spent]:
    """Return what each chart took, of each period, in turns with its reference."""
    call = question(history, now)
    gc.collect()
    gc.freeze()
    found = []
    for series in charts():
        names = curves._names(call, series)
        if not all(name in lists for name in names):
            continue  # not of samples
        for period, span in PERIODS.items():
            since, step = now - span, curves._step(now, now - span, now)
            ours, memory = [], []
            for _ in range(TIMES):
                begun = time.process_time()
                reading = curves.read(call, series, since, now)
                between = time.process_time()
                wanted = in_memory(lists, names, since, step)
                memory.append(1000 * (time.process_time() - between))
                ours.append(1000 * (between - begun))
            assert [slot.n for slot in reading.slots] == [slot.n for slot in wanted], series
            assert [slot.high for slot in reading.slots] == [slot.high for slot in wanted], series
            chart = f"/chart {series} {period}"
            found.append(Spent(chart, statistics.median(ours), statistics.median(memory)))
    gc.unfreeze()
    return found


def rows(history: History, lists: dict[str, List], now: datetime) -> list[Row]:
    """Return the slowest of all charts, and all together."""
    spent = measure(history, lists, now)
    slow = max(spent, key=lambda each: each.ours_ms)
    ours, memory = sum(each.ours_ms for each in spent), sum(each.memory_ms for each in spent)
    reference = "the same sums from in-memory lists"
    return [
        Row(f"the slowest of {len(spent)} charts over a year: {slow.chart}", reference,
            slow.ours_ms, slow.memory_ms, None, "≤ 2×", slow.ours_ms <= 2 * slow.memory_ms),
        Row("what every /chart of every period reads, one after the other", reference,
            ours, memory, None, "≤ 2×", ours <= 2 * memory),
    ]  # fmt: skip
