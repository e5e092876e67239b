"""How long a mute lasts is understood as people write it, in both languages and on DST days."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.mute_time import Length, Today, next_s, read

PARIS = ZoneInfo("Europe/Paris")
H, D = 3600, 86_400


def at(hour: int, minute: int = 0, *, day: int = 14, month: int = 8) -> Today:
    """Return a time of a day of 2026 in Paris; 14 August is a Friday."""
    return Today(now=datetime(2026, month, day, hour, minute, tzinfo=PARIS))


def length(words: str, today: Today) -> Length | None:
    """Return the length of words that are nothing but one."""
    found = read(words.split(), today)
    assert found is None or found.unclear or found.words == len(words.split())
    return found


@pytest.mark.parametrize(
    ("words", "for_s"),
    [
        ("2h", 2 * H), ("90m", 5400), ("1d", D), ("1h30", 5400), ("1h30m", 5400), ("1d12h", 36 * H),
        ("1j", D), ("3j", 3 * D), ("2sem", 14 * D), ("1w", 7 * D), ("45s", 45), ("1.5h", 5400),
        ("1,5 h", 5400), ("2 h", 2 * H), ("1 h 30", 5400), ("2H", 2 * H), ("90mn", 5400),
        ("2 hours", 2 * H), ("for 2 hours", 2 * H), ("pendant 2 heures", 2 * H), ("3 jours", 3 * D),
        ("2 days and 3 hours", 2 * D + 3 * H), ("une heure", H), ("half an hour", 1800),
        ("1 semaine", 7 * D), ("2h,", 2 * H), ("1\u202fh\u202f30", 5400), ("２ｈ", 2 * H),
    ],
)  # fmt: skip
def test_durations(words: str, for_s: int) -> None:
    """With and without spaces, in full and in short, in English and in French."""
    found = length(words, at(21))
    assert found is not None
    assert found.for_s == for_s


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("until 8:00", 11.0), ("until 8", 11.0), ("until 8am", 11.0), ("until 8 a.m.", 11.0),
        ("until 8pm", 23.0), ("till 21:30", 0.5), ("until noon", 15.0),
        ("until 20:59", 23 + 59 / 60),
        ("jusqu'à 8h", 11.0), ("jusqu’à 8 h", 11.0), ("jusqu’à 8 h 30", 11.5),
        ("jusqu'a 8 heures", 11.0), ("jusqu'à 21h30", 0.5), ("jusqu’à minuit", 3.0),
        ("JUSQU’À 8H", 11.0), ("until 08.30", 11.5), ("until tomorrow", 11.0),
        ("until tomorrow morning", 11.0), ("until tomorrow 9:30", 12.5),
        ("until 9:30 tomorrow", 12.5), ("jusqu'à demain", 11.0),
        ("jusqu'à demain matin", 11.0), ("jusqu’à demain 9 h", 12.0),
        ("jusqu'à demain à 9h", 12.0), ("demain", 11.0), ("tonight", 11.0), ("ce soir", 11.0),
        ("cette nuit", 11.0), ("jusqu'au matin", 11.0), ("until monday", 59.0),
        ("jusqu’à lundi 9h", 60.0), ("until friday", 7 * 24 - 13.0),
    ],
)  # fmt: skip
def test_times_of_day_are_those_that_come_next(words: str, hours: float) -> None:
    """Asked on a Friday at nine in the evening."""
    found = length(words, at(21))
    assert found is not None
    assert found.for_s == hours * H


@pytest.mark.parametrize(
    "words",
    [
        "until fixed", "until it's fixed", "until it’s fixed", "until it is back", "until resolved",
        "till repaired", "until ok", "jusqu'au retour", "jusqu’au retour à la normale",
        "jusqu'à réparation", "jusqu'à la réparation", "jusqu’au rétablissement",
        "jusqu'à ce que ce soit réparé", "jusqu’à ce qu’il soit rétabli", "JUSQU'AU RETOUR",
    ],
)  # fmt: skip
def test_until_fixed(words: str) -> None:
    """However somebody in a hurry says it."""
    found = length(words, at(3))
    assert found is not None
    assert found.fixed
    assert found.for_s is None


@pytest.mark.parametrize(
    ("hour", "minute", "quiet_end", "hours"),
    [
        (3, 0, None, 5.0),
        (23, 0, None, 9.0),
        (10, 0, None, 22.0),
        (7, 50, None, 1 / 6),
        (8, 0, None, 24.0),
        (3, 0, time(7), 4.0),
        (23, 0, time(7), 8.0),
        (6, 30, time(7), 0.5),
        (12, 0, time(7, 15), 19.25),
    ],
)
def test_tonight_ends_when_the_night_does(
    hour: int, minute: int, quiet_end: time | None, hours: float
) -> None:
    """The end of the quiet hours, else eight o'clock: the next one, never the one after it."""
    now = at(hour, minute).now
    today = Today(now=now) if quiet_end is None else Today(now=now, morning=quiet_end)
    for words in ("tonight", "cette nuit"):
        found = length(words, today)
        assert found is not None
        assert found.for_s == hours * H


@pytest.mark.parametrize(("hour", "hours"), [(3, 5.0), (4, 4.0), (5, 27.0), (23, 9.0)])
def test_before_five_tomorrow_is_what_people_wake_up_to(hour: int, hours: float) -> None:
    """At three in the morning nobody means the day after, and the shorter mute is the safer one."""
    for words in ("until tomorrow", "jusqu’à demain"):
        found = length(words, at(hour))
        assert found is not None
        assert found.for_s == hours * H


def test_tomorrow_at_a_time_that_is_over_already_is_the_day_after() -> None:
    """At three, « tomorrow at two » is not an hour ago."""
    found = length("until tomorrow 2:00", at(3))
    assert found is not None
    assert found.for_s == 23 * H


@pytest.mark.parametrize(
    "words",
    [
        "until",
        "until may",
        "until 25:00",
        "until 13pm",
        "until tonight",
        "jusqu'à ce soir",
        "until 8x",
    ],
)
def test_what_begins_like_a_time_and_tells_none_is_asked_for(words: str) -> None:
    """« Until tonight » may mean until it begins: nothing is muted through the night on a guess."""
    found = length(words, at(12))
    assert found is not None
    assert found.unclear


@pytest.mark.parametrize(
    "words",
    ["may", "galxe", "8:00", "2", "h", "-2h", "2hx", "2.h", "#2h", "²", "until8", "sem", "\0"],
)
def test_other_words_are_no_time(words: str) -> None:
    """Names, numbers and typing errors."""
    assert read(words.split(), at(12)) is None


@pytest.mark.parametrize(
    ("month", "day", "words", "hours"),
    [
        (3, 28, "until 8:00", 10.0),
        (10, 24, "until 8:00", 12.0),
        (3, 28, "tonight", 10.0),
        (10, 24, "cette nuit", 12.0),
        (3, 28, "jusqu'à demain 9h", 11.0),
        (10, 24, "jusqu'à demain 9h", 13.0),
    ],
)
def test_the_hour_that_the_night_takes_or_gives_is_counted(
    month: int, day: int, words: str, hours: float
) -> None:
    """Eight o'clock is eight o'clock, also when the clocks change in between."""
    found = length(words, at(21, day=day, month=month))
    assert found is not None
    assert found.for_s == hours * H


def test_a_time_that_comes_twice_is_the_next_one() -> None:
    """At 2:45 summer time, 2:15 comes again in half an hour."""
    now = datetime(2026, 10, 25, 2, 45, tzinfo=PARIS)
    assert next_s(now, time(2, 15)) == 1800
    assert next_s(now.replace(fold=1), time(2, 15)) == 23.5 * H


@given(
    st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1)),  # noqa: DTZ001
    st.times(),
)
def test_the_next_time_is_within_a_day_and_shown_by_the_clock(
    moment: datetime, clock: time
) -> None:
    """25 hours at most, on the longest day; in the hour that is left out, just behind it."""
    now = moment.replace(tzinfo=UTC).astimezone(PARIS)
    clock = clock.replace(second=0, microsecond=0, fold=0)
    wait_s = next_s(now, clock)
    assert 0 < wait_s <= 25 * H
    then = (now.astimezone(UTC) + timedelta(seconds=wait_s)).astimezone(PARIS)
    shown = then.replace(second=0, microsecond=0, fold=0).timetz().replace(tzinfo=None)
    skipped = datetime.combine(then.date(), clock, PARIS).astimezone(UTC).astimezone(PARIS)
    assert shown in {clock, skipped.time()}


@given(st.lists(st.text() | st.sampled_from(["until", "2", "h", "8:00", "jusqu’à", "fixed", "1h"])))
def test_any_words_are_read_without_an_error(words: list[str]) -> None:
    """And never more words are used than there are."""
    found = read(words, at(12))
    assert found is None or 1 <= found.words <= len(words)
