from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.checks.business import Business
from storage.opportunities import Statistics
from storage.records import Outcome, Phrase, Severity
from storage.tracker import FolderState, Snapshot
from tests.jobs.looks import BLIND, HEALTHY, NOON, business, judge

FOUR = ("Galxe", "Zealy", "Layer3", "TwitterRSS")


@pytest.mark.parametrize(
    ("new", "level"), [(0, Severity.WARNING), (49, Severity.WARNING), (50, Severity.OK)]
)
def test_too_little_new_is_a_warning(new: int, level: Severity) -> None:
    """Below the floor it warns, and shows what each source brought."""
    one = judge(Business(), business(new=new, by_source={"Zealy": 2, "Galxe": 1}))["volume:all"]
    assert (one.level, one.value) == (level, float(new))
    assert one.fact.values == {"n": new, "limit": 50}
    if level:
        assert one.threshold == 50.0
        assert [phrase.values["source"] for phrase in one.evidence] == ["Galxe", "Zealy"]


@pytest.mark.parametrize(
    ("since", "judged"),
    [
        (timedelta(hours=24), True),
        (timedelta(hours=24) - timedelta(seconds=1), False),
        (-timedelta(hours=1), False),
        (None, False),
    ],
)
def test_a_short_history_is_not_judged_and_says_so(
    since: timedelta | None, *, judged: bool
) -> None:
    """Nobody is woken on the first day; the sentence says how long history is."""
    start = None if since is None else NOON - since
    facts = business(new=3, by_source={"Galxe": 3}, since=start)
    seen = judge(Business(sources=FOUR), facts)
    volume, active = seen["volume:all"], seen["sources:active"]
    if judged:
        assert (volume.level, active.level) == (Severity.WARNING, Severity.WARNING)
        return
    history_s = 0.0 if since is None else max(0.0, since.total_seconds())
    assert volume.fact == Phrase("metrics.volume.young", {"n": 3, "history_s": history_s})
    assert volume.outcome is active.outcome is Outcome.OK
    assert active.fact == Phrase(
        "metrics.sources.young", {"n": 1, "expected": 4, "history_s": history_s}
    )


@pytest.mark.parametrize(
    ("active", "level", "key"),
    [
        (4, Severity.OK, "ok"),
        (3, Severity.OK, "ok"),
        (2, Severity.WARNING, "few"),
        (1, Severity.WARNING, "few"),
        (0, Severity.CRITICAL, "dead"),
    ],
)
def test_three_of_four_sources_are_enough(active: int, level: Severity, key: str) -> None:
    """Fewer is a warning that names who is silent; none at all is CRITICAL."""
    facts = business(by_source=dict.fromkeys(FOUR[:active], 7))
    one = judge(Business(sources=FOUR), facts)["sources:active"]
    assert (one.level, one.fact.key, one.value) == (level, f"metrics.sources.{key}", float(active))
    if key == "few":
        assert one.fact.values["missing"] == ", ".join(FOUR[active:])


def test_no_expected_source_is_no_alarm() -> None:
    """Without expectations none can be disappointed."""
    assert judge(Business(), HEALTHY)["sources:active"].outcome is Outcome.OK


def test_each_source_tells_what_it_brought() -> None:
    """A source's parts are added up under the expected name."""
    facts = business(by_source={"Layer3": 2, "Layer3-LiFi": 3, "Galxe": 1})
    seen = judge(Business(sources=("Layer3", "Zealy")), facts)
    young = {"known": 0, "least": 7}
    assert seen["volume:Layer3"].fact.values == {"source": "Layer3", "n": 5} | young
    assert seen["volume:Zealy"].fact.values == {"source": "Zealy", "n": 0} | young


def test_roi_is_told_with_its_spread() -> None:
    """Median, mean and the three classes; without a known ROI it says that there is none."""
    one = judge(Business(), HEALTHY)["roi:median"]
    assert one.fact.values == {
        "median_usd_min": 2.5, "mean_usd_min": 3.5, "high": 10, "medium": 30, "low": 20,
    }  # fmt: skip
    none = judge(Business(), business(median_roi=None, mean_roi=None))["roi:median"]
    assert (none.outcome, none.fact.key, none.value) == (Outcome.OK, "metrics.roi.none", None)


@pytest.mark.parametrize(
    ("unknown", "new", "level"),
    [
        (6, 60, Severity.OK),
        (7, 60, Severity.WARNING),
        (19, 19, Severity.OK),
        (20, 20, Severity.WARNING),
        (0, 0, Severity.OK),
    ],
)
def test_many_unknown_rois_are_a_warning(unknown: int, new: int, level: Severity) -> None:
    """Above a tenth it warns, but not of a handful."""
    one = judge(Business(), business(unknown=unknown, new=new))["roi:unknown"]
    assert one.level is level
    assert one.fact.values["unknown_pct"] == (100 * unknown / new if new else 0.0)


@pytest.mark.parametrize(
    ("unknown", "new", "level"),
    [
        (40, 60, Severity.OK),
        (42, 60, Severity.OK),
        (43, 60, Severity.WARNING),
        (60, 60, Severity.WARNING),
        (59, 59, Severity.OK),
    ],
)
def test_sources_that_never_state_a_reward_are_left_out(
    unknown: int, new: int, level: Severity
) -> None:
    """Of 40 cards without rewards nobody is warned; what is left has the same limits."""
    figures = business(unknown=unknown, new=new, rewardless=40)
    one = judge(Business(), figures)["roi:unknown"]
    assert one.level is level
    assert one.fact.values["n"] == unknown - 40
    assert one.fact.values["unknown_pct"] == 100 * (unknown - 40) / (new - 40)


def test_only_rewardless_sources_are_no_finding() -> None:
    """Nothing is left to judge: that is fine, and divides nothing by nothing."""
    one = judge(Business(), business(unknown=60, new=60, rewardless=60))["roi:unknown"]
    assert (one.level, one.value) == (Severity.OK, 0.0)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(HEALTHY, data=BLIND), "unknown.timeout"),
        (replace(HEALTHY, business=BLIND), "unknown.timeout"),
        (replace(HEALTHY, data=Snapshot(folder=FolderState.MISSING)), "data.blind"),
        (
            replace(HEALTHY, data=Snapshot(folder=FolderState.OK, complete=False, pending=1)),
            "data.pending",
        ),
    ],
)
def test_figures_of_unseen_data_are_unknown(facts: object, reason: str) -> None:
    """Old figures are not passed off as today's."""
    verdict = Business(sources=FOUR).judge(facts, now=NOON)  # type: ignore[arg-type]
    assert len(verdict.observations) == 8
    assert {one.fact.key for one in verdict.observations} == {reason}
    assert {one.outcome for one in verdict.observations} == {Outcome.UNKNOWN}
    assert verdict.complete == frozenset()


def test_an_empty_index_says_no_data() -> None:
    """Nothing known is not an ROI of zero."""
    seen = judge(Business(), replace(HEALTHY, business=Statistics()))
    assert seen["roi:median"].fact.key == "metrics.roi.none"
    assert seen["volume:all"].outcome is Outcome.OK
