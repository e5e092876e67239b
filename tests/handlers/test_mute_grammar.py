"""The words of /mute are understood in any order, and refused in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.mute_grammar import (
    LONGEST_S,
    SHORTEST_S,
    Known,
    Request,
    duration_s,
    literal,
    longest_s,
    parse,
)
from storage.records import Phrase, Severity

KNOWN = Known(
    keys=frozenset({"cpu", "fresh:Galxe", "integrity:a[1].json", "disk:data"}),
    sources=frozenset({"Galxe", "Zealy"}),
    incidents={214: "fresh:Galxe"},
)
EVENING = datetime(2026, 8, 14, 21, 0, tzinfo=ZoneInfo("Europe/Paris"))
ERROR, CRITICAL = Severity.ERROR, Severity.CRITICAL


@pytest.mark.parametrize(
    ("words", "globs", "for_s", "level", "reason"),
    [
        ("2h", ("*",), 7200, ERROR, ""),
        ("all 90m", ("*",), 5400, ERROR, ""),
        (
            "zealy 2h Zealy maintenance window",
            ("*:Zealy",),
            7200,
            ERROR,
            "Zealy maintenance window",
        ),
        ("2h zealy Zealy maintenance", ("*:Zealy",), 7200, ERROR, "Zealy maintenance"),
        ("#214 1h30", ("fresh:Galxe",), 5400, ERROR, ""),
        ("214 1d", ("fresh:Galxe",), 86_400, ERROR, ""),
        ("cpu", ("cpu",), None, ERROR, ""),
        ("integrity:a[1].json 1h", ("integrity:a[[]1].json",), 3600, ERROR, ""),
        ("fresh 3j", ("fresh:*",), 259_200, ERROR, ""),
        ("fresh:* 3j", ("fresh:*",), 259_200, ERROR, ""),
        ("integrite 1j", ("integrity:*",), 86_400, ERROR, ""),
        ("intégrité 1sem", ("integrity:*",), 604_800, ERROR, ""),
        ("galxe until 8:00 moving", ("*:Galxe",), 11 * 3600, ERROR, "moving"),
        ("jusqu’à 21h30 cpu", ("cpu",), 1800, ERROR, ""),
        ("attention jusqu'à 21h", ("*",), 86_400, Severity.WARNING, ""),
        ("warning 8h", ("*",), 28_800, Severity.WARNING, ""),
        ("critical 4h", ("*",), 14_400, CRITICAL, ""),
        ("tout 2h --even-critical", ("*",), 7200, CRITICAL, ""),
        ("metrics 1h", ("volume:*", "roi:*", "sources:*"), 3600, ERROR, ""),
    ],
)
def test_words_that_are_understood(
    words: str, globs: tuple[str, ...], for_s: int | None, level: Severity, reason: str
) -> None:
    """What, how long and why, in the house's words and in French."""
    asked = parse(words.split(), KNOWN, now=EVENING)
    assert isinstance(asked, Request)
    assert (asked.globs, asked.for_s) == (globs, for_s)
    assert (asked.max_level, asked.reason) == (level, reason)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("", "mute.usage"),
        ("nothing 2h", "mute.unknown"),
        ("2h maintenance", "mute.unknown"),
        ("#215 2h", "mute.unknown"),
        ("nomatch* 2h", "mute.unknown"),
        ("all 2d", "mute.too_long"),
        ("critical 5h", "mute.too_long"),
        ("zealy 8d", "mute.too_long"),
        ("zealy 0m", "mute.too_short"),
        ("all 30s", "mute.too_short"),
        ("all 1w", "mute.too_long"),
    ],
)
def test_words_that_are_refused(words: str, key: str) -> None:
    """Nothing is muted on a guess: the answer says what was not understood."""
    asked = parse(words.split(), KNOWN)
    assert isinstance(asked, Phrase)
    assert asked.key == key


@given(
    st.lists(
        st.text(max_size=12)
        | st.sampled_from(["all", "2h", "until", "8:00", "galxe", "#214", "1h30", "9d"])
    )
)
def test_any_words_give_a_request_within_the_limits_or_a_sentence(words: list[str]) -> None:
    """Never an exception, never a mute longer than allowed or of nothing."""
    asked = parse(words, KNOWN, now=EVENING)
    if isinstance(asked, Request):
        assert asked.globs
        assert asked.for_s is None or (
            SHORTEST_S <= asked.for_s <= longest_s(asked.globs, asked.max_level) <= LONGEST_S
        )


def test_until_a_time_counts_the_hour_that_the_night_takes_or_gives() -> None:
    """Eight o'clock is eight o'clock, also when the clocks change in between."""
    asked = [
        parse(["all", "until", "8h"], KNOWN, now=EVENING.replace(month=month, day=day))
        for month, day in ((3, 28), (10, 24))
    ]
    assert [each.for_s for each in asked if isinstance(each, Request)] == [36_000, 43_200]


@given(st.integers(0, 99_999), st.sampled_from(["m", "min", "h", "d", "j", "H"]))
def test_a_duration_is_its_number_times_its_unit(n: int, unit: str) -> None:
    """One number, one unit."""
    seconds = {"m": 60, "min": 60, "h": 3600, "d": 86_400, "j": 86_400}
    assert duration_s(f"{n}{unit}") == n * seconds[unit.lower()]


@given(st.text())
def test_a_literal_matches_only_itself(name: str) -> None:
    """A file may be called *.json; muting it mutes nothing else."""
    assert literal(name).replace("[*]", "*").replace("[?]", "?").replace("[[]", "[") == name
