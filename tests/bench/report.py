"""The morning report over a year of history and a hundred thousand opportunities."""

import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from jobs.reporter import Now, Reporter, Terms
from storage.history import History
from storage.opportunities import Opportunities
from storage.opportunities import Row as Kept
from storage.records import Moment, Sample
from storage.schema import micros
from storage.tracker import FileReport
from storage.tracker.snapshot import SourcePart
from tests.bench.row import Row

MANY, ROUNDS = 100_000, 5
SOURCES = ("Galxe", "Zealy", "Layer3", "TwitterRSS", "AirdropsFallback")
DUE = datetime(2026, 8, 14, 9, tzinfo=UTC)
DAY, EVERY = timedelta(days=1), timedelta(minutes=5)
LIMIT_MS = 1000.0
EVERY_RECORD = f"SELECT {', '.join(Kept._fields)} FROM opportunity"  # noqa: S608 (constants)


def rows() -> list[Row]:
    """Return what building one report costs, beside a recount of the same from every record."""
    with tempfile.TemporaryDirectory() as temp:
        history = History(Path(temp) / "history.sqlite")
        _fill(history)
        files = _files()
        terms = Terms(sources=SOURCES, weekly=False)
        maker = Reporter(history, terms=terms, now=Now(files=lambda: files))
        at = Moment(wall=DUE, logical_s=0.0)
        report = maker.build(day=date(2026, 8, 14), at=at)
        assert (report.new.today, report.median_roi) == _recount(history)
        ours = _best(lambda: maker.build(day=date(2026, 8, 14), at=at))
        plain = _best(lambda: _recount(history))
        history.close()
        name = f"the morning report, a year, {MANY:,} opportunities"
        reference = "every record read, new and ROI counted"
        return [Row(name, reference, ours, plain, None, "≤ 1 s", ours <= LIMIT_MS)]


def _recount(history: History) -> tuple[int, float]:
    """Count naively: each record once, into the week's windows, and how often somebody looked."""
    found = history.read(lambda db: db.execute(EVERY_RECORD).fetchall())
    looks = history.read(lambda db: db.execute("SELECT series, at, value FROM sample").fetchall())
    kept = [Kept(*row) for row in found]
    begins = [micros(DUE - n * DAY) for n in range(9)]
    new: Counter[tuple[int, str]] = Counter()
    for row in kept:
        for n in range(8):
            new[n, row.source] += begins[n + 1] < row.first_seen <= begins[n]
    up = [value for _, at, value in looks if at > begins[1]]
    roi = [r.roi for r in kept if begins[1] < r.first_seen <= begins[0] and r.roi is not None]
    listed = [r for r in kept if r.last_seen >= begins[1] and r.roi is not None]
    listed.sort(key=lambda r: r.roi or 0.0, reverse=True)
    assert up
    assert listed
    return sum(new[0, source] for source in SOURCES), statistics.median(roi)


def _fill(history: History) -> None:
    chance = random.Random(4)  # noqa: S311 (made-up data)
    index, made = Opportunities(history), []
    for number in range(MANY):
        seen = micros(DUE - chance.random() * 365 * DAY)
        roi = None if chance.random() < 0.3 else chance.random() * 20
        made.append(
            Kept(
                key=number + 1, source=chance.choice(SOURCES), title=f"Quest {number}",
                url=f"https://example.org/{number}", reward="$5", minutes=5.0, roi=roi,
                rank=3 if roi is None else 0, first_seen=seen,
                deadline=f"{DUE - 30 * DAY + 60 * DAY * chance.random():%Y-%m-%dT%H:%M:%SZ}",
                last_seen=min(micros(DUE), seen + 86_400_000_000),
            )
        )  # fmt: skip
    for start in range(0, MANY, 5_000):
        history.write(partial(index.put, rows=made[start : start + 5_000]))
    while not index.fold(within_s=1):
        pass
    series = {"cycle_s": 0.1, **{f"up:{name}": 1.0 for name in SOURCES}}
    times = [DUE - n * EVERY for n in range(365 * 288)]
    for name, value in series.items():
        history.add(Sample(series=name, at=at, value=value) for at in times)


def _files() -> list[FileReport]:
    """Return the files of a month, one every two hours."""
    parts = tuple(SourcePart(source=name, records=50) for name in SOURCES)
    return [
        FileReport(name=f"{n}.json", size=1, at=DUE - 2 * n * timedelta(hours=1), at_from="name",
                   parts=parts)
        for n in range(360)
    ]  # fmt: skip


def _best(work: Callable[[], object]) -> float:
    """Return the least CPU time of several rounds, in ms."""
    took = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        took.append(time.process_time() - started)
    return min(took) * 1000
