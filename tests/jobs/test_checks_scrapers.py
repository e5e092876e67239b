from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.checks.scrapers import Scrapers
from jobs.facts import Facts, Processes, Scraper
from storage.habits import Habit, Habits
from storage.records import Outcome, Phrase, Severity
from storage.tracker import FolderState, Snapshot, SourceReport
from tests.jobs.looks import BLIND, HEALTHY, NOON, judge, scraper, source

CHECK = Scrapers(commands=("main.py",))
PROCESS = "scraper:main.py:process"
RESTARTS = "scraper:main.py:restarts"


def running(*scrapers: Scraper) -> Facts:
    """Return facts with these scrapers."""
    return replace(HEALTHY, processes=Processes(scrapers=scrapers))


def test_a_running_scraper_says_since_when() -> None:
    """An ok names command, copies and how long; restarts are counted beside."""
    seen = judge(CHECK, running(scraper(trees=2, starts=2)))
    assert seen[PROCESS].outcome is Outcome.OK
    assert seen[PROCESS].fact == Phrase(
        "scraper.process.ok", {"command": "main.py", "n": 2, "up_s": 3600.0}
    )
    assert seen[RESTARTS].outcome is Outcome.OK
    assert seen[RESTARTS].value == 2.0


def test_a_start_in_the_future_is_now() -> None:
    """A clock set back since the start does not make a negative age, nor does a missing one."""
    for started in (NOON + timedelta(hours=1), None):
        one = judge(CHECK, running(replace(scraper(), started=started)))[PROCESS]
        assert one.fact.values["up_s"] == 0.0


@pytest.mark.parametrize(
    ("down", "key", "values"),
    [
        ({}, "never", {}),
        ({"last_seen": NOON - timedelta(minutes=5)}, "down", {"gone_s": 300.0}),
        ({"last_seen": NOON + timedelta(minutes=5)}, "down", {"gone_s": 0.0}),
        ({"zombie": True, "last_seen": NOON}, "zombie", {}),
    ],
)
def test_a_scraper_that_is_down_says_what_is_known(
    down: dict[str, object], key: str, values: dict[str, str | float]
) -> None:
    """Never seen, seen before, or a zombie: three sentences, one level."""
    gone = replace(scraper(trees=0, starts=0), **down)  # type: ignore[arg-type]
    one = judge(CHECK, running(gone))[PROCESS]
    assert (one.outcome, one.level) == (Outcome.FAIL, Severity.CRITICAL)
    assert one.fact == Phrase(f"scraper.process.{key}", {"command": "main.py", **values})


def test_all_down_is_critical_one_down_is_an_error() -> None:
    """While another command runs, or may run, a missing one is an ERROR only."""
    check = Scrapers(commands=("a.py", "b.py"))
    down_a, down_b = scraper("a.py", trees=0), scraper("b.py", trees=0)
    key = "scraper:a.py:process"
    assert judge(check, running(down_a, down_b))[key].level is Severity.CRITICAL
    assert judge(check, running(down_a, scraper("b.py")))[key].level is Severity.ERROR
    hidden = replace(down_b, denied=True)
    assert judge(check, running(down_a, hidden))[key].level is Severity.ERROR


def test_a_process_that_may_not_be_inspected_is_unknown() -> None:
    """Access denied is neither up nor down."""
    one = judge(CHECK, running(replace(scraper(trees=0), denied=True)))[PROCESS]
    assert (one.outcome, one.fact.key) == (Outcome.UNKNOWN, "unknown.denied")


@pytest.mark.parametrize(("starts", "loops"), [(2, False), (3, True), (40, True)])
def test_three_starts_in_half_an_hour_are_a_crash_loop(starts: int, *, loops: bool) -> None:
    """The third start within the window fires, whether or not it runs just now."""
    for trees in (0, 1):
        one = judge(CHECK, running(scraper(trees=trees, starts=starts)))[RESTARTS]
        assert (one.level is Severity.WARNING) == loops
        assert one.fact.values == {"command": "main.py", "n": starts, "window_s": 1800.0}


def test_lost_processes_are_unknown() -> None:
    """A probe that hangs says so of every command, and closes nothing."""
    verdict = CHECK.judge(replace(HEALTHY, processes=BLIND), now=NOON)
    assert {one.key: one.outcome for one in verdict.observations} == {
        PROCESS: Outcome.UNKNOWN,
        RESTARTS: Outcome.UNKNOWN,
    }
    assert verdict.complete == frozenset()


def test_a_source_is_judged_by_what_it_wrote() -> None:
    """Content is fine, nothing is a warning, placeholders are a warning: degraded, not alive."""
    check = Scrapers(sources=("Layer3",))
    seen = {
        found.fact.key: found.level
        for data in (source("Layer3"), source("Layer3", n=0), source("Layer3-LiFi", stub=True))
        for found in judge(check, replace(running(), data=data)).values()
    }
    assert seen == {
        "scraper.source.ok": Severity.OK,
        "scraper.source.empty": Severity.WARNING,
        "scraper.source.stub": Severity.WARNING,
    }


def test_only_the_newest_names_of_a_source_count() -> None:
    """An old stub does not degrade a source that has written real content since."""
    reports = {
        "Layer3": SourceReport(source="Layer3", newest=NOON, last_count=4),
        "Layer3-LiFi": SourceReport(
            source="Layer3-LiFi", newest=NOON - timedelta(hours=2), last_count=9, stub=True
        ),
    }
    data = Snapshot(folder=FolderState.OK, sources=reports, newest=NOON)
    one = judge(Scrapers(sources=("Layer3",)), replace(HEALTHY, data=data))["scraper:Layer3:data"]
    assert one.fact == Phrase("scraper.source.ok", {"source": "Layer3", "n": 4})


def test_a_source_without_data_is_left_to_freshness() -> None:
    """One missing source is one alert; the key's absence closes an older one of it."""
    verdict = Scrapers(commands=("main.py",), sources=("Zealy",)).judge(HEALTHY, now=NOON)
    assert "scraper:Zealy:data" not in {one.key for one in verdict.observations}
    assert verdict.complete == {"scraper:"}


def test_a_source_that_only_the_future_names_is_left_to_freshness() -> None:
    """With the clock set back its records are ahead; that it brought none would be false."""
    zealy = SourceReport(source="Zealy", newest=None, last_count=0)
    data = Snapshot(folder=FolderState.OK, sources={"Zealy": zealy})
    seen = Scrapers(commands=(), sources=("Zealy",)).judge(replace(HEALTHY, data=data), now=NOON)
    assert "scraper:Zealy:data" not in {one.key for one in seen.observations}


def test_sources_of_an_unread_folder_are_unknown() -> None:
    """Half a reading says nothing about the newest file."""
    data = Snapshot(folder=FolderState.OK, complete=False, pending=2)
    verdict = Scrapers(sources=("Galxe",)).judge(replace(running(), data=data), now=NOON)
    (one,) = verdict.observations
    assert (one.outcome, one.fact.key) == (Outcome.UNKNOWN, "data.pending")
    assert verdict.complete == frozenset()


def test_nothing_to_watch_says_so() -> None:
    """An empty configuration is no failure, but not silence either."""
    facts = running()
    one = judge(Scrapers(), facts)["scraper:none"]
    assert (one.outcome, one.fact.key) == (Outcome.OK, "scraper.none")


@pytest.mark.parametrize(
    ("commands", "shown"),
    [
        (("a/main.py",), ["main.py"]),
        (("C:\\tracker\\main.py",), ["main.py"]),
        (("a/main.py", "b/main.py"), ["a/main.py", "b/main.py"]),
    ],
)
def test_a_script_is_told_by_its_name_where_that_is_enough(
    commands: tuple[str, ...], shown: list[str]
) -> None:
    """The key stays whole; two scripts of one name keep their folders in the text too."""
    facts = running(*(replace(scraper(trees=0), command=command) for command in commands))
    seen = judge(Scrapers(commands=commands), facts)
    facts_told = [seen[f"scraper:{command}:process"].fact for command in commands]
    assert [fact.values["command"] for fact in facts_told] == shown


@pytest.mark.parametrize(
    ("gap_h", "quiet_h", "key"),
    [(None, 8, "frozen"), (3, 8, "frozen"), (4, 8, "frozen"), (5, 8, "ok"), (5, None, "stub")],
)
def test_the_same_again_is_degraded_where_that_is_not_usual(
    gap_h: int | None, quiet_h: int | None, key: str
) -> None:
    """A source that seldom has something new may list the same for long; it says for how long."""
    quiet = None if quiet_h is None else NOON - timedelta(hours=quiet_h)
    report = SourceReport(
        source="Galxe", newest=NOON, last_count=40, stub=True, frozen=quiet is not None,
        newest_key=quiet,
    )  # fmt: skip
    data = Snapshot(folder=FolderState.OK, sources={"Galxe": report}, newest=NOON)
    gap = None if gap_h is None else timedelta(hours=gap_h)
    habits = Habits(by_source={"Galxe": Habit(gap=gap)})
    facts = replace(HEALTHY, data=data, habits=habits)
    one = judge(Scrapers(sources=("Galxe",)), facts)["scraper:Galxe:data"]
    assert one.fact.key == f"scraper.source.{key}"
    if key == "frozen":
        assert one.fact.values["quiet_s"] == 8 * 3600.0
        unlearned = judge(Scrapers(sources=("Galxe",)), replace(facts, habits=BLIND))
        assert unlearned["scraper:Galxe:data"].fact == one.fact


@pytest.mark.parametrize(
    ("lately", "usual", "key"),
    [(29, 60.0, "shrunk"), (30, 60.0, "ok"), (4, 9.0, "ok"), (4, 10.0, "shrunk"), (1, None, "ok")],
)
def test_a_source_that_lists_half_as_much_is_degraded(
    lately: int, usual: float | None, key: str
) -> None:
    """Compared with what its files usually list; of a handful nothing is said."""
    report = SourceReport(
        source="Galxe", newest=NOON, last_count=lately, most_lately=lately, usual_count=usual
    )
    data = Snapshot(folder=FolderState.OK, sources={"Galxe": report}, newest=NOON)
    facts = replace(HEALTHY, data=data)
    one = judge(Scrapers(sources=("Galxe",)), facts)["scraper:Galxe:data"]
    assert one.fact.key == f"scraper.source.{key}"
    if key == "shrunk":
        assert one.fact.values == {"source": "Galxe", "n": lately, "usual": usual}
