"""What a day usually brings, from figures and from simulated weeks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.checks.usual import LEAST_DAYS, known, usual
from tests.jobs import weeks


@pytest.mark.parametrize("days", [(), (5,) * 6, (None,) * 28, (*(None,) * 22, *(9,) * 6)])
def test_below_a_week_nothing_is_usual(days: tuple[int | None, ...]) -> None:
    """Six days are silence, whatever else is not known."""
    assert known(days) < LEAST_DAYS
    assert usual(days) is None


def test_days_that_are_all_alike() -> None:
    """The middle is theirs; the limits are those of chance, not of a scatter of zero."""
    found = usual((36,) * 28)
    assert found is not None
    assert found.count == pytest.approx(36)
    assert found.low == pytest.approx(18, abs=4)
    assert 60 < found.high < 70
    assert found.days == 28


def test_weekdays_count_as_far_as_they_differ() -> None:
    """A quiet Sunday is compared with Sundays; where weekdays are alike, with all days."""
    quiet = tuple(20 if k % 7 == 0 else 100 for k in range(1, 29))
    sunday, monday = usual(quiet), usual((*quiet[1:], quiet[0]))
    assert sunday is not None
    assert monday is not None
    assert sunday.count == pytest.approx(20, rel=0.2)
    assert monday.count == pytest.approx(100, rel=0.1)
    chance = (31, 35, 40, 36, 33, 38, 12) + (36, 41, 30, 37, 35, 33, 34) * 3
    outlier = usual(chance)
    assert outlier is not None
    assert outlier.count == pytest.approx(35, abs=3)


def test_an_outage_of_days_does_not_become_usual() -> None:
    """Five empty days of four weeks move the middle by little."""
    found = usual((0,) * 5 + (50,) * 23)
    assert found is not None
    assert found.count > 40


def test_a_day_unlike_any_in_the_last_weeks_is_judged_without_its_weekday() -> None:
    """Where the same weekday is not known, all others stand for it."""
    days = tuple(None if k % 7 == 0 else 30 for k in range(1, 29))
    found = usual(days)
    assert found is not None
    assert found.count == pytest.approx(30)
    assert found.days == 24


def test_a_young_history_has_wider_limits() -> None:
    """After a week less is sure than after four."""
    days = (60, 66, 54, 58, 63, 57, 61)
    young, old = usual(days), usual(days * 4)
    assert young is not None
    assert old is not None
    assert young.high > old.high


@given(st.lists(st.none() | st.integers(0, 10_000), max_size=28))
def test_any_history_gives_sane_limits(days: list[int | None]) -> None:
    """Low is at most half of usual, high above it; nothing is negative; and it never raises."""
    found = usual(days)
    assert (found is None) == (known(days) < LEAST_DAYS)
    if found is not None:
        assert 0 <= found.low <= found.count / 2 + 1e-9
        assert found.high >= max(20.0, found.count)


def test_poisson_sources_rarely_alarm_and_their_fall_is_found() -> None:
    """A small version of `tests.bench learning`: less than one false alarm a week of four sources.

    The rule to the letter fails both times: the test can.
    """
    ours = weeks.figures(weeks.ours(), runs=4, tries=5)
    assert ours.alarms < 1
    assert ours.found >= 0.95
    assert weeks.figures(weeks.specified(), runs=1, tries=1).alarms > 5
