"""A real-shaped series in which files repeat items: what is listed, what is distinct, what is new.

Twelve files a day, each with the items still on offer; a title holds a count of participants that
changes, and every record a hash of it. 296 listed, 37 distinct, 0 new is an ordinary day.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs import reckoning
from jobs.report import Report
from jobs.reporter import Now, Reporter, Terms
from storage.records import Moment, Sample
from tests.storage.folder import Folder

MORNING = datetime(2025, 8, 6, 9, tzinfo=UTC)
DAY, EVERY, LOOK = timedelta(days=1), timedelta(hours=2), timedelta(minutes=5)
GALXE, ZEALY, RSS = 18, 9, 10
DISTINCT = GALXE + ZEALY + RSS
SIZES = (25, 24, 25, 25, 24, 25, 25, 24, 25, 25, 24, 25)  # of a day's files


def record(number: int, turn: int) -> dict[str, Any]:
    """Return an item as the tracker writes it, on its n-th turn."""
    if number < GALXE:
        title = f"Quest {number}200 Points{60 + turn % 7}.55K  participants "
        made: dict[str, Any] = {
            "source": "Galxe", "title": title, "link": f"https://galxe.example/{number}",
        }  # fmt: skip
    elif number < GALXE + ZEALY:
        made = {
            "source": "Zealy", "id": f"z-{number}", "title": f"Task {number}", "reward": 250.0,
            "reward_currency": "XP", "time_est_min": 3, "roi_usd_per_min": 0.8333,
        }  # fmt: skip
    else:
        made = {
            "source": "TwitterRSS", "id": f"rss_{number:08x}", "title": f"Drop {number} &amp; more",
            "url": f"https://news.example/{number}", "reward": "50 BTC", "estimated_time": 5,
            "scraped_at": f"2025-08-05T{turn % 24:02}:00:00.123456",
        }  # fmt: skip
    return made | {"hash": hashlib.md5(repr(made).encode(), usedforsecurity=False).hexdigest()}


class Replay(Folder):
    """A tracker's folder that is filled file by file."""

    turn = 0

    def day(self, until: datetime) -> int:
        """Write a day's files, the last at `until`; return how many records they list."""
        for place, size in enumerate(SIZES):
            at = until - (len(SIZES) - 1 - place) * EVERY
            listed = [(self.turn * 5 + n * 3) % DISTINCT for n in range(size)]
            self.put([record(number, self.turn) for number in listed], at)
            self.turn += 1
        return sum(SIZES)

    def put(self, records: list[dict[str, Any]], at: datetime) -> None:
        """Write one file, as old as its name says."""
        epoch_s = int(at.timestamp())
        name = f"opportunities/opportunities_{epoch_s}.json"
        self.write(name, records, mtime_s=epoch_s)

    def report(self) -> Report:  # type: ignore[override]
        """Read everything, and make the report of the morning."""
        self.now = MORNING
        files = self.read().files
        looks = (MORNING - n * LOOK for n in range(3 * DAY // LOOK))
        self.history.add(Sample(reckoning.LOOKS, at, 0.1) for at in looks)
        terms = Terms(due=time(9), zone=UTC, sources=("Galxe", "Zealy", "TwitterRSS"))
        reporter = Reporter(self.history, terms=terms, now=Now(files=lambda: files))
        return reporter.build(day=MORNING.date(), at=Moment(wall=MORNING, logical_s=0.0))


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[Replay]:
    replay = Replay(tmp_path)
    replay.day(MORNING - 2 * DAY)
    replay.day(MORNING - DAY)
    yield replay
    replay.history.close()


def check(replay: Replay, *, new: int = 0) -> Report:
    """Read and report; what is new is the same wherever it is told."""
    report = replay.report()
    assert report.covered == 1.0
    assert report.new.today == new
    assert sum(one.new.today or 0 for one in report.by_source) == new
    assert (report.high, report.medium, report.low, report.unknown) == (0, 0, 0, new)
    figures = replay.index.statistics(now=MORNING)
    assert (figures.new, sum(figures.by_source.values())) == (new, new)
    assert replay.index.count(source=None, since=None).total == DISTINCT + new
    return report


def test_a_day_that_only_repeats_has_nothing_new(replay: Replay) -> None:
    """296 listed, 37 distinct, 0 new: no figure of the report counts a repetition."""
    assert replay.day(MORNING) == 296
    report = check(replay)
    assert [(one.name, one.runs, one.new.today) for one in report.by_source] == [
        ("Galxe", 12, 0), ("TwitterRSS", 12, 0), ("Zealy", 12, 0),
    ]  # fmt: skip
    assert report.median_roi is None
    assert report.mean_roi is None
    listed = [file.records for file in replay.read().files]
    assert (sum(listed), len(listed)) == (3 * 296, 36)
    assert report.week[-3].new == {"Galxe": GALXE, "Zealy": ZEALY, "TwitterRSS": RSS}
    assert report.week[-2].new == {}


def test_it_is_the_same_read_as_it_came_or_all_at_once(replay: Replay) -> None:
    """File by file, with restarts between, or in one look the next morning."""
    for place in range(3):
        replay.now = MORNING - DAY + place * EVERY
        replay.read()
        replay.restart()
    replay.day(MORNING)
    check(replay)
    replay.restart()
    check(replay)


def test_a_history_that_was_damaged_knows_it_again(replay: Replay) -> None:
    """An item is as old as the first file that lists it: nothing is new only to the bot."""
    replay.day(MORNING)
    check(replay)
    replay.history.close()
    for path in replay.database.parent.glob("history.sqlite*"):
        path.write_bytes(b"not a database" * 100)
    replay.open()
    assert replay.history.damaged
    check(replay)


def test_what_is_new_is_counted_once(replay: Replay) -> None:
    """However often the day's files list it, and whatever its title says by then."""
    replay.day(MORNING)
    for turn in range(5):
        fresh = {"source": "Galxe", "title": f"New {turn}", "link": "https://galxe.example/new"}
        at = MORNING - DAY + timedelta(hours=2 * turn + 1)
        replay.put([record(turn, 99), fresh, fresh], at)
    report = check(replay, new=1)
    assert {one.name: one.new.today for one in report.by_source}["Galxe"] == 1
