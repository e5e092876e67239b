from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.checks.freshness import Freshness
from jobs.facts import Unknown
from storage.records import Outcome, Severity
from storage.tracker import FileState, FolderState, Snapshot, SourceReport
from tests.jobs.looks import BLIND, HEALTHY, NOON, file, judge, snapshot

SECOND = timedelta(seconds=1)
CHECK = Freshness(sources=("Galxe",))


def level_at(age: timedelta) -> tuple[Outcome, Severity, bool]:
    """Return what an age says of everything; the source, of equal age, must say the same."""
    seen = judge(CHECK, replace(HEALTHY, data=snapshot({"Galxe": age})))
    every, galxe = seen["fresh:all"], seen["fresh:Galxe"]
    assert (every.outcome, every.level, every.clears) == (galxe.outcome, galxe.level, galxe.clears)
    return every.outcome, every.level, every.clears


@pytest.mark.parametrize(
    ("age", "outcome", "level", "clears"),
    [
        (-timedelta(minutes=5), Outcome.OK, Severity.OK, True),
        (timedelta(0), Outcome.OK, Severity.OK, True),
        (timedelta(hours=1, minutes=45) - SECOND, Outcome.OK, Severity.OK, True),
        (timedelta(hours=1, minutes=45), Outcome.OK, Severity.OK, False),
        (timedelta(hours=2) - SECOND, Outcome.OK, Severity.OK, False),
        (timedelta(hours=2), Outcome.FAIL, Severity.WARNING, True),
        (timedelta(hours=4) - SECOND, Outcome.FAIL, Severity.WARNING, True),
        (timedelta(hours=4), Outcome.FAIL, Severity.ERROR, True),
        (timedelta(hours=6) - SECOND, Outcome.FAIL, Severity.ERROR, True),
        (timedelta(hours=6), Outcome.FAIL, Severity.CRITICAL, True),
        (-timedelta(minutes=5, seconds=1), Outcome.UNKNOWN, Severity.OK, True),
    ],
)
def test_a_limit_is_reached_at_its_very_value(
    age: timedelta, outcome: Outcome, level: Severity, *, clears: bool
) -> None:
    """Exactly 2 h fires; an alert closes only below 1 h 45; the future is no age."""
    assert level_at(age) == (outcome, level, clears)


@given(st.timedeltas(timedelta(), timedelta(days=9)), st.timedeltas(timedelta(), timedelta(days=9)))
def test_older_is_never_better(one: timedelta, other: timedelta) -> None:
    """The level rises with the age, and what does not clear does not clear when older either."""
    (_, mild, clears), (_, bad, later_clears) = map(level_at, sorted((one, other)))
    assert mild <= bad
    if mild is bad is Severity.OK:
        assert clears or not later_clears


def test_it_tells_age_limit_and_source() -> None:
    """The fact carries what the sentence needs, in seconds, and the alert its value and limit."""
    seen = judge(CHECK, replace(HEALTHY, data=snapshot({"Galxe": timedelta(hours=5)})))
    galxe = seen["fresh:Galxe"]
    assert galxe.fact.key == "freshness.source.stale"
    assert galxe.fact.values == {"source": "Galxe", "age_s": 18_000.0, "limit_s": 14_400.0}
    assert (galxe.value, galxe.threshold) == (18_000.0, 14_400.0)
    assert seen["fresh:all"].fact.values == {"age_s": 18_000.0, "limit_s": 14_400.0}


def test_a_healthy_look_says_how_old_the_data_is() -> None:
    """An ok is a useful sentence too, and the verdict is complete."""
    verdict = CHECK.judge(HEALTHY, now=NOON)
    assert verdict.complete == {"fresh:", "clock:data"}
    seen = {one.key: one.fact for one in verdict.observations}
    assert seen["fresh:all"].values == {"age_s": 360.0, "limit_s": 7200.0}
    assert seen["clock:data"].key == "clock.data.ok"


def test_an_expected_source_without_data_is_an_error() -> None:
    """What was never seen is told, below CRITICAL: it may simply not be scraped here."""
    check = Freshness(sources=("Galxe", "Zealy"))
    zealy = judge(check, HEALTHY)["fresh:Zealy"]
    assert (zealy.level, zealy.fact.key) == (Severity.ERROR, "freshness.source.none")
    undated = SourceReport(source="Zealy", newest=None, last_count=1)
    assert isinstance(HEALTHY.data, Snapshot)
    data = replace(HEALTHY.data, sources={"Zealy": undated})
    assert judge(check, replace(HEALTHY, data=data))["fresh:Zealy"].level is Severity.ERROR


def test_a_source_that_only_the_future_names_is_unknown() -> None:
    """With the clock set back there is no telling; that it brought nothing would be false."""
    data = snapshot({"Galxe": timedelta(hours=3)})
    ahead = file("Zealy.json", NOON + timedelta(hours=2))
    zealy = SourceReport(source="Zealy", newest=None, last_count=0)
    data = replace(data, files=(*data.files, ahead), sources={**data.sources, "Zealy": zealy})
    seen = judge(Freshness(sources=("Galxe", "Zealy")), replace(HEALTHY, data=data))
    assert seen["fresh:Zealy"].outcome is Outcome.UNKNOWN
    assert seen["clock:data"].outcome is Outcome.FAIL


def test_a_source_is_found_under_the_names_its_records_carry() -> None:
    """`Layer3` is expected, `Layer3-LiFi` is written; `Layer33` is another one."""
    ages = {
        "layer3-LiFi": timedelta(hours=1),
        "Layer3": timedelta(hours=5),
        "Layer33": timedelta(0),
    }
    seen = judge(Freshness(sources=("Layer3",)), replace(HEALTHY, data=snapshot(ages)))
    assert seen["fresh:Layer3"].value == 3600.0


@pytest.mark.parametrize("sources", [(), ("Galxe", "Zealy")])
def test_no_data_at_all_is_one_critical_finding(sources: tuple[str, ...]) -> None:
    """An empty folder is one alert, not one for each source, and closes none of theirs."""
    check = Freshness(sources=sources)
    verdict = check.judge(replace(HEALTHY, data=snapshot({})), now=NOON)
    assert [one.key for one in verdict.observations] == ["fresh:all", "clock:data"]
    assert verdict.observations[0].level is Severity.CRITICAL
    assert verdict.observations[0].fact.key == "freshness.all.none"
    assert verdict.complete == frozenset()


def test_data_from_the_future_is_no_fresh_data() -> None:
    """A folder with only a file of tomorrow is of unknown age; the wrong date is a warning."""
    ahead = file("a.json", NOON + timedelta(days=1))
    late = file("b.json", NOON + timedelta(hours=1))
    own = replace(file("scraper_stats.json", NOON + timedelta(days=9)), own=True)
    data = Snapshot(folder=FolderState.OK, files=(ahead, late, own))
    seen = judge(CHECK, replace(HEALTHY, data=data))
    assert seen["fresh:all"].outcome is Outcome.UNKNOWN
    assert seen["fresh:all"].fact.values == {"ahead_s": 86_400.0}
    assert seen["clock:data"].level is Severity.WARNING
    assert seen["clock:data"].fact.values == {"n": 2, "file": "a.json", "ahead_s": 86_400.0}


def test_an_empty_file_of_the_future_is_no_data() -> None:
    """Only files with records have an age: a name alone turns no clock forward."""
    ahead = file("usage_2030-01-01.json", NOON + timedelta(days=1), records=0)
    odd = replace(ahead, state=FileState.UNKNOWN_SHAPE)
    data = Snapshot(folder=FolderState.OK, files=(ahead, odd))
    seen = judge(CHECK, replace(HEALTHY, data=data))
    assert seen["fresh:all"].level is Severity.CRITICAL
    assert (seen["clock:data"].level, seen["clock:data"].outcome) == (Severity.OK, Outcome.OK)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (BLIND, "unknown.timeout"),
        (Snapshot(folder=FolderState.MISSING), "data.blind"),
        (Snapshot(folder=FolderState.UNREADABLE, reason="Permission denied"), "data.blind"),
        (Snapshot(folder=FolderState.OK, complete=False, pending=7), "data.pending"),
    ],
)
def test_what_cannot_be_seen_is_unknown(data: Snapshot | Unknown, reason: str) -> None:
    """No false alarm, and no all-clear, from data that could not be read or not to the end."""
    verdict = CHECK.judge(replace(HEALTHY, data=data), now=NOON)
    assert {one.outcome for one in verdict.observations} == {Outcome.UNKNOWN}
    assert {one.fact.key for one in verdict.observations} == {reason}
    assert verdict.complete == frozenset()


def test_the_limits_are_the_owners() -> None:
    """Other limits move every step, and the margin with the lowest of them."""
    check = Freshness(
        warning=timedelta(seconds=8), error=timedelta(seconds=16), critical=timedelta(seconds=24)
    )
    levels = [
        judge(check, replace(HEALTHY, data=snapshot({"Galxe": timedelta(seconds=age)})))
        for age in (6.9, 7, 8, 16, 24)
    ]
    assert [one["fresh:all"].level for one in levels] == [0, 0, 2, 3, 4]
    assert [one["fresh:all"].clears for one in levels[:2]] == [True, False]
