"""After an absence old data are waited for: as unknown, with the reason, and not for long."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.checks.business import Business
from jobs.checks.freshness import Freshness
from jobs.checks.waiting import Patience, usual_gap
from jobs.facts import Absence, Facts, Why
from storage.records import Moment, Observation, Outcome, Severity
from storage.tracker import FileReport, Snapshot, SourcePart
from tests.jobs.looks import HEALTHY, NOON, business, file, judge, snapshot

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def part(name: str, at: timedelta, source: str = "Galxe") -> FileReport:
    return replace(file(name, NOON - at), parts=(SourcePart(source=source, records=5),))


def every(
    gap: timedelta, *, n: int = 5, source: str = "Galxe", from_: timedelta
) -> tuple[FileReport, ...]:
    return tuple(part(f"{source}-{i}.json", from_ + i * gap, source) for i in range(n))


def after(
    facts: Facts, *, ago: timedelta, slept: timedelta = 3 * HOUR, why: Why = Why.SLEPT
) -> Facts:
    """Return the same look, some time after an absence."""
    ended = Moment(wall=NOON - ago, logical_s=facts.at.logical_s - ago.total_seconds())
    return replace(facts, absence=Absence(why=why, for_s=slept.total_seconds(), ended=ended))


def stale(*files: FileReport, age: timedelta = 3 * HOUR) -> Facts:
    data = snapshot({"Galxe": age})
    return replace(HEALTHY, data=replace(data, files=(*files,) or data.files))


def fresh(facts: Facts, name: str = "all") -> Observation:
    return judge(Freshness(sources=("Galxe",)), facts)[f"fresh:{name}"]


def test_what_is_old_after_a_sleep_is_waited_for() -> None:
    """Unknown, expected, with what is seen, and the reason: never an ok, never an alert."""
    for name in ("all", "Galxe"):
        seen = fresh(after(stale(), ago=MINUTE), name)
        assert (seen.outcome, seen.level, seen.waits) == (Outcome.UNKNOWN, Severity.OK, True)
        assert seen.fact.key.endswith(".stale")
        assert seen.value == 3 * 3600.0
        (reason,) = seen.evidence
        assert reason.key == "absence.slept"
        assert reason.values["for_s"] == 3 * 3600.0


def test_what_is_fresh_needs_no_patience() -> None:
    """An ok stays an ok, and an unknown an unknown of its own."""
    seen = fresh(after(stale(age=MINUTE), ago=MINUTE))
    assert (seen.outcome, seen.waits) == (Outcome.OK, False)
    assert fresh(stale()).outcome is Outcome.FAIL


@pytest.mark.parametrize("why", list(Why))
def test_every_kind_of_absence_has_its_words(why: Why) -> None:
    """Sleep, a boot, a clock set forward."""
    (reason,) = fresh(after(stale(), ago=MINUTE, why=why)).evidence
    assert reason.key == f"absence.{why}"


@pytest.mark.parametrize(
    ("files", "lasts"),
    [
        ((), HOUR),  # nothing to go by: half of the limit
        (every(40 * MINUTE, n=2, from_=3 * HOUR), HOUR),
        (every(40 * MINUTE, n=3, from_=3 * HOUR), 40 * MINUTE),
        (every(40 * MINUTE, from_=3 * HOUR), 40 * MINUTE),
        (every(7 * HOUR, from_=3 * HOUR), 2 * HOUR),  # never longer than the limit
    ],
)
def test_it_lasts_one_period_of_the_scraper(
    files: tuple[FileReport, ...], lasts: timedelta
) -> None:
    """To the second: then it is told, as late as that and no later."""
    for name in ("all", "Galxe"):
        before = fresh(after(stale(*files), ago=lasts - timedelta(seconds=1)), name)
        (reason,) = before.evidence
        assert reason.values["until_at"] == (NOON + timedelta(seconds=1)).timestamp()
        seen = fresh(after(stale(*files), ago=lasts), name)
        assert (seen.outcome, seen.level) == (Outcome.FAIL, Severity.WARNING)


def test_each_source_has_its_own_period() -> None:
    """Galxe comes hourly; that TwitterRSS comes every ten minutes is no reason to hurry."""
    files = (
        *every(HOUR, from_=3 * HOUR),
        *every(10 * MINUTE, n=40, source="TwitterRSS", from_=3 * HOUR),
    )
    look = after(stale(*files), ago=30 * MINUTE)
    assert fresh(look, "Galxe").waits
    assert fresh(look, "all").outcome is Outcome.FAIL


def test_the_usual_gap_is_that_of_the_latest_files_with_data() -> None:
    """One long pause, files without records, the tracker's own and later ones change nothing."""
    old = every(9 * HOUR, n=20, from_=30 * HOUR)
    recent = every(20 * MINUTE, n=12, from_=2 * HOUR)
    odd = (
        replace(file("empty.json", NOON - 130 * MINUTE), records=0),
        replace(file("scraper_stats.json", NOON - 131 * MINUTE), own=True),
        part("tomorrow.json", -24 * HOUR),
    )
    data = Snapshot(folder=HEALTHY.data.folder, files=(*old, *recent, *odd))  # type: ignore[union-attr]
    assert usual_gap(data, None, before=NOON) == 20 * MINUTE
    assert usual_gap(data, "Zealy", before=NOON) is None


def test_business_waits_too() -> None:
    """Few new ones and silent sources within 24 h: a machine that slept 20 h brings nothing."""
    look = after(business(new=3, by_source={}), ago=MINUTE, slept=20 * HOUR)
    for seen in judge(Business(sources=("Galxe",)), look).values():
        assert seen.outcome is not Outcome.FAIL
        assert seen.waits == (seen.key in {"volume:all", "sources:active"})
    eager = Business(sources=("Galxe",), patience=Patience(at_most=timedelta(seconds=30)))
    assert judge(eager, look)["volume:all"].outcome is Outcome.FAIL
