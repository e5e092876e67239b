"""What is usual, against an independent count."""

import statistics
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from storage.habits import Habits, learn
from storage.history import History
from storage.opportunities import Opportunities, Row
from storage.schema import micros
from tests.jobs.looks import NOON

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    opened = History(tmp_path / "history.sqlite")
    yield opened
    opened.close()


def fill(history: History, found: list[tuple[str, datetime, float | None]]) -> None:
    """Put items (source, first seen, ROI) into the index."""
    rows = [
        Row(key, source, f"t{key}", "", "", None, roi, 0, "", micros(at), micros(NOON))
        for key, (source, at, roi) in enumerate(found)
    ]
    index = Opportunities(history)
    history.write(lambda db: index.put(db, rows))


def test_an_empty_history_has_no_habits(history: History) -> None:
    """Nothing is usual; nothing fails."""
    assert learn(history, now=NOON) == Habits()


def test_habits_equal_a_plain_count(history: History) -> None:
    """Days, gap, latest and median ROI of a month of items at random times."""
    chance = Random(4)  # noqa: S311 (no secret)
    found: list[tuple[str, datetime, float | None]] = [
        (
            name,
            NOON - timedelta(seconds=chance.randrange(40 * 86400)),
            chance.choice([None, round(chance.uniform(0.1, 9.0), 2)]),
        )
        for name in ("Galxe", "Zealy")
        for _ in range(2000)
    ]
    fill(history, found)
    habits = learn(history, now=NOON)
    for name, habit in habits.by_source.items():
        times = sorted(at for source, at, _ in found if source == name)
        plain = [sum((NOON - at) // DAY == k for at in times) for k in range(1, 29)]
        assert list(habit.days) == plain
        assert habit.latest == times[-1]
        gaps = [late - early for early, late in pairwise(times)]
        assert habit.gap is not None
        assert sum(gap <= habit.gap for gap in gaps) / len(gaps) == pytest.approx(0.95, abs=0.02)
    before = [roi for _, at, roi in found if roi is not None and DAY <= NOON - at < 15 * DAY]
    assert habits.paid == len(before)
    assert habits.median_roi == pytest.approx(statistics.median(before))


def test_days_before_the_first_item_are_not_known(history: History) -> None:
    """A source that is new has no days of zero behind it; neither has the day it began in."""
    old = [("Old", NOON - k * DAY - HOUR, None) for k in range(30)]
    new = [("New", NOON - k * DAY - HOUR, None) for k in range(3)]
    fill(history, [*old, *new])
    habits = learn(history, now=NOON).by_source
    assert habits["New"].days == (1, *(None,) * 27)
    assert habits["Old"].days == (1,) * 28


def test_days_on_which_nothing_ran_are_not_known(history: History) -> None:
    """Where no source brought anything the tracker was off; where one did, the other was silent."""
    both = [("Both", NOON - k * DAY - HOUR, None) for k in range(30) if k not in {5, 6}]
    one = [("One", NOON - k * DAY - HOUR, None) for k in range(30) if k not in {5, 6, 7}]
    fill(history, [*both, *one])
    habits = learn(history, now=NOON).by_source
    assert habits["Both"].days[3:8] == (1, None, None, 1, 1)
    assert habits["One"].days[3:8] == (1, None, None, 0, 1)


def test_the_same_file_is_one_batch_and_few_gaps_are_none(history: History) -> None:
    """What comes together has no gap between; eight gaps are enough to speak of one."""
    few = [("Few", NOON - k * HOUR, None) for k in range(8) for _ in range(3)]
    enough = [("Enough", NOON - k * HOUR, None) for k in range(9) for _ in range(3)]
    fill(history, [*few, *enough])
    habits = learn(history, now=NOON).by_source
    assert habits["Few"].gap is None
    assert habits["Enough"].gap == HOUR


def test_a_source_that_is_silent_for_a_month_is_there(history: History) -> None:
    """With what is known of it: nothing."""
    fill(history, [("Gone", NOON - 40 * DAY, 1.0), ("Galxe", NOON - 2 * DAY, 3.0)])
    habits = learn(history, now=NOON)
    assert habits.by_source["Gone"].latest is None
    assert habits.by_source["Gone"].days[1] == 0 or habits.by_source["Gone"].days[2] == 0
    assert (habits.median_roi, habits.paid) == (3.0, 1)
