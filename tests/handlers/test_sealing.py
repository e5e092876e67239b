"""A seal is good once, for five minutes, for exactly what it was made for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.sealing import Seals
from storage.records import Moment


def at(minutes: float) -> Moment:
    """Return a moment that many minutes after the start."""
    return Moment(wall=datetime(2026, 8, 14, tzinfo=UTC), logical_s=minutes * 60)


@pytest.mark.parametrize(("gap", "good"), [(0, True), (5, True), (6, False), (-1, False)])
def test_a_seal_lasts_five_minutes(gap: int, good: bool) -> None:  # noqa: FBT001
    """By the clock nobody sets; one of the future is no good."""
    seals = Seals()
    seal = seals.make(7, "verb", "id", at=at(100))
    assert seals.break_(seal, 7, "verb", "id", at=at(100 + gap)) is good


def test_a_seal_breaks_once() -> None:
    """Even where the same thing is sealed twice within a minute: those are one seal."""
    seals = Seals()
    first, second = (seals.make(7, "verb", "id", at=at(1)) for _ in range(2))
    assert first == second
    assert seals.break_(first, 7, "verb", "id", at=at(2))
    assert not seals.break_(second, 7, "verb", "id", at=at(2))
    later = seals.make(7, "verb", "id", at=at(9))
    assert seals.break_(later, 7, "verb", "id", at=at(9))
    assert list(seals.broken) == [later]  # what has expired is not remembered


def test_a_seal_is_for_one_thing_and_one_start() -> None:
    """Another chat, verb or thing, or another start of the program."""
    seals = Seals()
    seal = seals.make(7, "verb", "id", at=at(1))
    for about in ((8, "verb", "id"), (7, "other", "id"), (7, "verb", "id2"), (7, "verb")):
        assert not seals.break_(seal, *about, at=at(1))
    assert not Seals().break_(seal, 7, "verb", "id", at=at(1))
    assert seals.break_(seal, 7, "verb", "id", at=at(1))


@given(st.text(max_size=30))
def test_nothing_made_up_is_a_seal(word: str) -> None:
    """Whatever stands in a button's data."""
    assert not Seals().break_(word, 7, "verb", "id", at=at(1))
