"""Whatever a check may say has words in every language."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from handlers.views import i18n
from jobs.checks.own import unsaved_in_time
from jobs.checks.result import absent
from jobs.checks.standard import Limits, standard
from jobs.facts import Disk, Facts, Memory, Processes, Shelf, Trend
from storage.habits import Habit, Habits
from storage.records import Observation, Outcome, Phrase, Severity
from storage.tracker import FileState, Finding, FolderState, Snapshot, SourceReport
from tests.jobs.looks import (
    BLIND,
    GIB,
    HEALTHY,
    NOON,
    business,
    file,
    host,
    own,
    scraper,
    snapshot,
    source,
)

HOUR = timedelta(hours=1)


def looks() -> Iterator[Facts]:
    """Yield facts in which, between them, everything is wrong in every way."""
    yield HEALTHY
    yield replace(HEALTHY, data=BLIND, business=BLIND, processes=BLIND, host=BLIND, own=BLIND)
    states = [replace(file(f"{state}.json"), state=state) for state in FileState]
    bad = replace(file("records.json"), bad_records=2)
    ahead = file("ahead.json", NOON + HOUR)
    for data in (
        snapshot({}), snapshot({"Galxe": 9 * HOUR}), snapshot({"Galxe": -9 * HOUR}),
        source("Galxe", stub=True), source("Galxe", n=0),
        Snapshot(folder=FolderState.MISSING),
        Snapshot(folder=FolderState.UNREADABLE, reason="Permission denied"),
        Snapshot(folder=FolderState.OK, complete=False, pending=3),
        Snapshot(folder=FolderState.OK, files=(*states, bad, ahead), newest=NOON),
        Snapshot(folder=FolderState.OK, files=(ahead,)),
    ):  # fmt: skip
        yield replace(HEALTHY, data=data)
    down = scraper(trees=0, starts=5)
    for one in (
        down, replace(down, zombie=True), replace(down, denied=True),
        replace(down, last_seen=NOON - HOUR),
    ):  # fmt: skip
        yield replace(HEALTHY, processes=Processes(scrapers=(one,)))
    yield business(new=30, unknown=20, by_source={"Galxe": 30})
    yield business(new=0, median_roi=None, by_source={})
    yield business(since=NOON - HOUR)
    yield host(cpu_pct=96.0, memory=Memory(total_bytes=100, used_bytes=99))
    for free in (10, 0):
        disk = Disk(
            name="data", mount="/", total_bytes=100 * GIB, free_bytes=free * GIB, used_pct=90.0
        )
        yield host(disks=(disk,))
    yield replace(HEALTHY, drift_s=-90.0)
    yield replace(HEALTHY, drift_s=90.0)
    yield own(rss_bytes=GIB, loop_lag_p95_s=0.9, state_error="No space left on device")
    yield own(damaged=("state.json",))
    yield own(shelf=Shelf(size_bytes=14_000_000, days=400))
    yield own(shelf=Shelf(size_bytes=0, days=400, lost=True))
    yield own(shelf=Shelf(size_bytes=0, days=400, lost=True, replaced=False))


def compared() -> Iterator[Facts]:
    """Yield facts in which everything that can be learned is usual, or is not."""
    month = Habit(days=(36,) * 28, gap=3 * HOUR, latest=NOON - 30 * HOUR)
    rare = replace(month, gap=20 * HOUR)
    for habit in (month, rare):
        habits = Habits(by_source={"Galxe": habit}, median_roi=2.5, paid=500)
        for n in (0, 4, 35, 200):
            for median_roi in (0.1, 2.5, 90.0):
                told = business(new=n, median_roi=median_roi, by_source={"Galxe": n})
                yield replace(told, habits=habits)
    report = SourceReport(
        source="Galxe", newest=NOON, last_count=3, most_lately=3, usual_count=60.0
    )
    again = replace(report, stub=True, frozen=True, newest_key=NOON - 9 * HOUR)
    for one in (report, again):
        data = Snapshot(folder=FolderState.OK, sources={"Galxe": one}, newest=NOON)
        yield replace(HEALTHY, data=data)
    for key, values in (
        ("shrunk", {"was": 60, "now": 20}), ("duplicates", {"duplicates": 9, "records": 20}),
    ):  # fmt: skip
        reason = Phrase(f"tracker.{key}", values)
        found = Finding(file="a.json", reason=reason, level=Severity.WARNING)
        data = Snapshot(folder=FolderState.OK, files=(replace(file("a.json"), findings=(found,)),))
        yield replace(HEALTHY, data=data)
    for trend in (
        None, Trend(pct_per_s=0.001, lately_pct_per_s=0.001, explained=0.9),
        Trend(pct_per_s=0.001, lately_pct_per_s=0.001, explained=0.9, turned_pct=85.0),
        Trend(pct_per_s=0.0, lately_pct_per_s=0.0, explained=0.9),
        Trend(pct_per_s=0.001, lately_pct_per_s=0.0, explained=0.1),
    ):  # fmt: skip
        disk = Disk(
            name="data", mount="/", total_bytes=100 * GIB, free_bytes=20 * GIB, used_pct=80.0,
            trend=trend,
        )  # fmt: skip
        yield host(disks=(disk,))


def said() -> dict[str, Observation]:
    """Return one observation for each thing the checks can say."""
    found = {}
    limits = Limits(commands=("main.py",), sources=("Galxe", "Zealy"))
    for facts in (*looks(), *compared()):
        for check in (*standard(limits), *standard(Limits())):
            for seen in check.judge(facts, now=NOON).observations:
                found[seen.fact.key] = seen
    others = (
        absent("integrity:a", check="integrity"), absent("cpu", check="machine"),
        absent("volume:Galxe:spike", check="metrics"),
    )  # fmt: skip
    return found | {one.fact.key: one for one in (*others, unsaved_in_time(0.5))}


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_everything_a_check_says_has_words(code: str) -> None:
    """Each fact is a sentence; each failing one also says what it means and what to do."""
    language = i18n.language(code, UTC)
    everything = said()
    assert len(everything) > 80
    for key, seen in everything.items():
        keys = [key]
        if seen.outcome is Outcome.FAIL:
            keys += [f"{key}.effect", f"{key}.try"]
        for one in keys:
            assert language.has(one), one
            sentence = language.plain(one, **seen.fact.values)
            assert sentence
            assert "{" not in sentence, one
            assert "?" not in sentence[:-1], (one, sentence)  # stands for a missing value
