"""A time in which nobody looked is noticed, by either clock, once."""

from datetime import timedelta

import pytest

from jobs.absences import Absences
from jobs.facts import Absence, Why
from storage.records import Moment
from tests.jobs.seen import at

EVERY = timedelta(minutes=5)


def absences(booted: Moment | None = None) -> Absences:
    return Absences(every=EVERY, booted=booted, counts_sleep=True)


@pytest.mark.parametrize("gap_s", [0.0, 1.0, 300.0, 600.0, 605.0])
def test_looks_in_their_rhythm_are_no_absence(gap_s: float) -> None:
    """Two intervals and the time of a cycle are within it; so is a hand that presses /check."""
    one = absences()
    assert one.look(at(0.0)) is None
    assert one.look(at(gap_s)) is None
    assert one.current is None


def test_a_machine_that_slept_is_noticed_once() -> None:
    """More than two intervals went by on the clock that counts sleep."""
    one = absences()
    one.look(at(0.0))
    slept = Absence(why=Why.SLEPT, for_s=605.1, ended=at(605.1))
    assert one.look(at(605.1)) == slept
    assert one.look(at(905.1)) is None
    assert one.current == slept


@pytest.mark.parametrize(
    ("passed_s", "step_s", "for_s"),
    [
        (300.0, 3600.0, 3600.0),  # set forward, or a sleep the steady clock did not count
        (300.0, 305.0, None),  # not more than two intervals
        (1.0, 600.0, None),
        (1.0, 605.0, 605.0),
        (600.0, 600.0, None),  # not more than twice what the steady clock says
        (600.0, 600.1, 600.1),
        (300.0, -7200.0, None),  # set back: nothing grew older
    ],
)
def test_a_clock_that_jumps_forward_is_one_too(
    passed_s: float, step_s: float, for_s: float | None
) -> None:
    """Data are older at once: wall time went by more than twice as fast, and > 2 intervals."""
    one = absences()
    one.look(at(0.0))
    ended = at(passed_s, wall_step_s=step_s)
    found = one.look(ended)
    if for_s is None:
        assert found is None
    else:
        assert found is not None
        assert (found.why, found.ended) == (Why.JUMPED, ended)
        assert found.for_s == pytest.approx(for_s)


def test_never_two_in_a_row() -> None:
    """A machine too slow for its rhythm still has every other look counted."""
    one = absences()
    found = [one.look(at(n * 1000.0)) is not None for n in range(6)]
    assert found == [False, True, False, True, False, True]


def test_a_boot_is_one_from_the_first_look_on() -> None:
    """However short: the scrapers were down, too. Then all is as ever."""
    one = absences(booted=at(0.0))
    assert one.look(at(40.0)) == Absence(why=Why.BOOTED, for_s=40.0, ended=at(40.0))
    assert one.look(at(340.0)) is None
    assert one.look(at(2000.0)) is not None
    assert absences(booted=at(50.0)).look(at(40.0)) == Absence(
        why=Why.BOOTED, for_s=0.0, ended=at(40.0)
    )
