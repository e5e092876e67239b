"""Each source against what it usually brings."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.checks.business import Business
from jobs.checks.result import absent
from jobs.checks.volume import Volume, of
from jobs.facts import Absence, Facts, Unknown, Why
from storage.habits import Habit, Habits
from storage.opportunities import Statistics
from storage.records import Moment, Observation, Outcome, Phrase, Severity
from tests.jobs.looks import BLIND, HEALTHY, NOON, business, judge

HOUR = timedelta(hours=1)
MONTH = (36, 33, 38, 35, 34, 37, 36) * 4
HABIT = Habit(days=MONTH, gap=3 * HOUR, latest=NOON - 30 * HOUR)
KEY = "volume:Galxe"


def told(n: int, habit: Habit = HABIT, facts: Facts = HEALTHY) -> dict[str, Observation]:
    """Return what is said of a source that brought `n` in the last 24 h."""
    learned = replace(facts, habits=Habits(by_source={"Galxe": habit}))
    seen = Volume(check="metrics").judge("Galxe", n, learned, now=NOON)
    return {one.key: one for one in seen}


@pytest.mark.parametrize(
    ("n", "key", "level", "clears"),
    [
        (4, "below", Severity.WARNING, True),
        (17, "below", Severity.WARNING, True),
        (18, "usual", Severity.OK, False),
        (19, "usual", Severity.OK, False),
        (21, "usual", Severity.OK, True),
        (35, "usual", Severity.OK, True),
    ],
)
def test_far_below_usual_is_a_warning(n: int, key: str, level: Severity, clears: bool) -> None:  # noqa: FBT001
    """It says what is usual; a little above the limit it does not fire, and closes nothing."""
    one = told(n)[KEY]
    assert (one.fact.key, one.level) == (f"metrics.volume.{key}", level)
    assert (one.clears, one.value) == (clears, float(n))
    assert one.fact.values == {"source": "Galxe", "n": n, "usual": 36, "days": 28}


@pytest.mark.parametrize("days", [(), (36,) * 6, (*(36,) * 6, *(None,) * 22)])
def test_a_young_source_is_not_judged_and_says_so(days: tuple[int | None, ...]) -> None:
    """Not even nothing at all; it says how many days are known, and how many it takes."""
    one = told(0, Habit(days=days, gap=HOUR, latest=NOON - 30 * HOUR))
    assert list(one) == [KEY]
    assert one[KEY].outcome is Outcome.OK
    assert one[KEY].fact.values == {"source": "Galxe", "n": 0, "known": len(days[:6]), "least": 7}


@pytest.mark.parametrize(
    ("gap", "quiet", "key", "level"),
    [
        (3, 30, "silent", Severity.ERROR),
        (15, 30, "silent", Severity.ERROR),
        (16, 30, "rare", Severity.OK),
        (None, 30, "below", Severity.WARNING),
        (3, None, "below", Severity.WARNING),
    ],
)
def test_nothing_is_an_error_after_twice_the_usual_gap(
    gap: int | None, quiet: int | None, key: str, level: Severity
) -> None:
    """A source that often is silent for long is given its time; of too few gaps only the count."""
    habit = replace(
        HABIT,
        gap=None if gap is None else gap * HOUR,
        latest=None if quiet is None else NOON - quiet * HOUR,
    )
    one = told(0, habit)[KEY]
    assert (one.fact.key, one.level) == (f"metrics.volume.{key}", level)


@pytest.mark.parametrize(
    ("n", "level", "clears"),
    [(40, None, None), (61, Severity.OK, False), (90, Severity.INFO, True)],
)
def test_a_flood_is_told_without_alarm(
    n: int,
    level: Severity | None,
    clears: bool | None,  # noqa: FBT001
) -> None:
    """INFO; no line where there is none, which closes it."""
    spike = told(n).get(f"{KEY}:spike")
    assert (None if spike is None else spike.level) is level
    assert (None if spike is None else spike.clears) is clears
    gone = absent(f"{KEY}:spike", check="metrics")
    assert gone.fact == Phrase("metrics.volume.calm", {"source": "Galxe"})


@pytest.mark.parametrize(
    ("why", "ended_h", "for_h", "level"),
    [
        (Why.SLEPT, 2, 12, Severity.OK),
        (Why.BOOTED, 2, 12, Severity.OK),
        (Why.SLEPT, 2, 1, Severity.WARNING),
        (Why.SLEPT, 23, 12, Severity.WARNING),
        (Why.SLEPT, 48, 12, Severity.WARNING),
        (Why.JUMPED, 2, 12, Severity.WARNING),
    ],
)
def test_less_is_expected_of_a_day_with_an_absence(
    why: Why, ended_h: int, for_h: int, level: Severity
) -> None:
    """Half a day off halves the limit; what lies before the last 24 h does not count."""
    ended = Moment(wall=NOON - ended_h * HOUR, logical_s=0.0)
    absence = Absence(why=why, for_s=for_h * 3600.0, ended=ended)
    assert told(12, facts=replace(HEALTHY, absence=absence))[KEY].level is level


def test_silence_is_counted_without_an_absence() -> None:
    """A night off is no silence of the source."""
    ended = Moment(wall=NOON - HOUR, logical_s=0.0)
    absence = Absence(why=Why.SLEPT, for_s=23 * 3600.0, ended=ended)
    one = told(0, replace(HABIT, gap=5 * HOUR), replace(HEALTHY, absence=absence))[KEY]
    assert one.fact.key == "metrics.volume.rare"


def test_a_sources_parts_are_one() -> None:
    """Days are added up, the shorter gap and the later item count."""
    parts = {
        "Layer3": Habit(days=(1, None, None), gap=9 * HOUR, latest=NOON - HOUR),
        "layer3-lifi": Habit(days=(2, 3, None), gap=4 * HOUR, latest=NOON),
        "Galxe": Habit(days=(50, 50, 50), gap=HOUR, latest=NOON),
    }
    assert of(Habits(by_source=parts), "Layer3") == Habit(
        days=(3, 3, None), gap=4 * HOUR, latest=NOON
    )
    assert of(Habits(), "Layer3") == Habit()


def test_what_is_not_learned_is_unknown_and_closes_nothing() -> None:
    """The reason is passed on; a flood's alert stays open."""
    facts = replace(HEALTHY, habits=BLIND)
    verdict = Business(sources=("Galxe",)).judge(facts, now=NOON)
    seen = {one.key: one for one in verdict.observations}
    assert isinstance(BLIND, Unknown)
    assert seen[KEY].fact == seen["roi:median"].fact == BLIND.reason
    assert verdict.complete == frozenset()
    assert Business().judge(HEALTHY, now=NOON).complete == {"volume:"}


def test_new_habits_are_taken_up() -> None:
    """What was worked out of old ones is forgotten."""
    check = Volume(check="metrics")
    quiet = replace(HABIT, days=(8,) * 28)
    levels = [
        check.judge("Galxe", 8, replace(HEALTHY, habits=learned), now=NOON)[0].level
        for learned in (Habits(by_source={"Galxe": one}) for one in (HABIT, quiet))
        for _ in range(2)
    ]
    assert levels == [Severity.WARNING] * 2 + [Severity.OK] * 2


@pytest.mark.parametrize(
    ("today", "key", "level", "clears"),
    [
        (0.99, "fell", Severity.WARNING, True),
        (1.0, "usual", Severity.OK, False),
        (1.2, "usual", Severity.OK, True),
        (5.5, "usual", Severity.OK, True),
        (6.25, "usual", Severity.OK, False),
        (6.26, "rose", Severity.WARNING, True),
    ],
)
def test_a_median_roi_far_off_is_a_warning(
    today: float,
    key: str,
    level: Severity,
    clears: bool,  # noqa: FBT001
) -> None:
    """Below 0.4 or above 2.5 times the usual; it says both."""
    facts = replace(business(median_roi=today), habits=Habits(median_roi=2.5, paid=100))
    one = judge(Business(), facts)["roi:median"]
    assert (one.fact.key, one.level, one.clears) == (f"metrics.roi.{key}", level, clears)
    assert one.fact.values["usual_usd_min"] == 2.5


@pytest.mark.parametrize(
    ("figures", "habits"),
    [
        ({"high": 1, "medium": 1, "low": 17}, Habits(median_roi=2.5, paid=100)),
        ({}, Habits(median_roi=2.5, paid=99)),
        ({}, Habits(median_roi=0.0, paid=100)),
        ({}, Habits()),
    ],
)
def test_a_handful_of_rois_is_told_and_not_judged(figures: dict[str, int], habits: Habits) -> None:
    """The median of a few goes anywhere."""
    facts = replace(business(median_roi=99.0, **figures), habits=habits)
    assert isinstance(facts.business, Statistics)
    one = judge(Business(), facts)["roi:median"]
    assert (one.fact.key, one.outcome) == ("metrics.roi.ok", Outcome.OK)
