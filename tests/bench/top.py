"""/top5 over a hundred thousand opportunities, a tenth of them listed by a second source."""

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from storage.history import History
from storage.opportunities import Opportunities
from storage.opportunities import Row as Kept
from storage.ranking import Within
from storage.schema import micros
from tests.bench.row import Row

MANY = 100_000
SOURCES = ("Galxe", "Zealy", "Layer3", "TwitterRSS", "AirdropsFallback")
LIMIT_MS = 50.0
PLAIN = "SELECT * FROM opportunity WHERE roi NOT NULL ORDER BY +roi DESC LIMIT 10"


def rows(many: int = MANY) -> list[Row]:
    """Return what a page costs: plain, filtered, with as much put away as a chat can."""
    with tempfile.TemporaryDirectory() as temp:
        history = History(Path(temp) / "history.sqlite")
        index = Opportunities(history)
        now = datetime.now(UTC)
        keys = _fill(index, many, now)
        while not index.fold(within_s=1):
            pass
        plain = _best(lambda: history.read(lambda db: db.execute(PLAIN).fetchall()))
        asked = {
            "page": (Within(), timedelta(days=1)),
            "page of all time": (Within(), None),
            "page, filtered, 300 put away": (
                Within(min_roi=5, max_minutes=5, without=keys[:300]), timedelta(days=1),
            ),
        }  # fmt: skip
        found = []
        for what, (within, span) in asked.items():
            since = None if span is None else now - span

            def look(within: Within = within, since: datetime | None = since) -> None:
                index.count(source=None, since=since, within=within)
                index.top(n=10, source=None, since=since, within=within)

            ms = _best(look)
            found.append(
                Row(f"/top5 {what}, {many:,} opportunities", "the best ten, sorted", ms, plain,
                    None, "≤ 50 ms", ms <= LIMIT_MS)
            )  # fmt: skip
        history.close()
        return found


def _fill(index: Opportunities, many: int, now: datetime) -> list[str]:
    chance, at = random.Random(1), micros(now)  # noqa: S311 (made-up data)
    made = []
    for number in range(many):
        item = chance.randrange(number) if number and chance.random() < 0.1 else number
        source = chance.choice(SOURCES)
        roi = None if chance.random() < 0.3 else round(chance.random() * 20, 4)
        seen = at - chance.randrange(10**11)
        link = f"https://e{item % 50}.example.org/quest/{item}?utm_source={source}"
        made.append(
            Kept(
                key=chance.getrandbits(63), source=source, title=f"Quest {item} of the season",
                url=link if chance.random() < 0.7 else "", reward="$5",
                minutes=chance.choice([1.0, 3.0, 5.0, 10.0, None]), roi=roi,
                rank=3 if roi is None else chance.randrange(3), deadline="",
                first_seen=seen - 10**9, last_seen=seen,
            )
        )  # fmt: skip
    for start in range(0, many, 5_000):
        some = sorted(made[start : start + 5_000])
        index.history.write(partial(index.put, rows=some))
    return [f"{row.key:016x}" for row in made]


def _best(work: Callable[[], object]) -> float:
    """Return the CPU milliseconds of the best of ten."""
    took = []
    for _ in range(10):
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return 1000 * min(took)
