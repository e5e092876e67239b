import asyncio
import errno
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

import pytest

from jobs.absences import Absences
from jobs.alerts.boot import Gap, Resumed
from jobs.checks.own import Itself
from jobs.checks.result import Check, Verdict
from jobs.checks.saying import Subject
from jobs.checks.standard import Limits, standard
from jobs.facts import Absence, Facts, Host, Own, Processes, Unknown, Why
from jobs.gather import Budget, Gatherer, Sources
from jobs.samples import samples
from jobs.watch import Cycle, Watch
from storage.opportunities import Statistics
from storage.records import (
    Moment,
    Observation,
    Outcome,
    Phrase,
    Sample,
    Severity,
)
from storage.tracker import Snapshot, SourceReport
from tests.jobs.looks import BLIND, HEALTHY, NOON, host, scraper
from tests.waiting import PATIENCE_S, until


@dataclass
class Source:
    """Answers every probe from prepared facts, and counts the readings."""

    facts: Facts = HEALTHY
    reads: int = 0
    before: Callable[[], None] = lambda: None

    def read(self, *, now: datetime, deadline_s: float | None = None) -> Snapshot:
        assert now >= NOON
        assert deadline_s is not None
        self.reads += 1
        self.before()
        assert isinstance(self.facts.data, Snapshot)
        return self.facts.data

    def statistics(self, *, now: datetime) -> Statistics:
        assert now >= NOON
        assert isinstance(self.facts.business, Statistics)
        return self.facts.business

    def processes(self, at: Moment) -> Processes:
        assert at.wall >= NOON
        assert isinstance(self.facts.processes, Processes)
        return self.facts.processes

    def host(self, at: Moment) -> Host:
        assert at.wall >= NOON
        assert isinstance(self.facts.host, Host)
        return self.facts.host

    def own(self, at: Moment) -> Own:
        assert at.wall >= NOON
        assert isinstance(self.facts.own, Own)
        return self.facts.own

    def gatherer(self, budget: Budget | None = None) -> Gatherer:
        return Gatherer(
            Sources(
                tracker=self, opportunities=self, processes=self.processes, host=self.host,
                own=self.own,
            ),
            budget=budget,
        )  # fmt: skip


@dataclass
class Ledger:
    """An alert manager's outside: remembers what it was told, or fails as it is bidden."""

    told: list[tuple[tuple[Observation, ...], frozenset[str] | None]] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    resumed: list[Resumed | None] = field(default_factory=list)

    def observe(
        self,
        observations: Sequence[Observation],
        *,
        at: Moment,
        complete: frozenset[str] | None = None,
        resumed: Resumed | None = None,
    ) -> None:
        assert at.wall >= NOON
        self.before()
        self.told.append((tuple(observations), complete))
        self.resumed.append(resumed)


@dataclass
class Diary:
    """A history's outside: remembers samples, or fails as it is bidden."""

    kept: list[Sample] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    error: str = ""

    def add(self, samples: Iterable[Sample]) -> None:
        self.before()
        self.kept.extend(samples)


@dataclass(frozen=True)
class Broken:
    """A check with a bug."""

    name: str = "metrics"

    def judge(self, facts: Facts, *, now: datetime) -> Verdict:
        raise ZeroDivisionError(facts, now)


@dataclass
class Hanging:
    """A check that does not come back until let go."""

    name: str = "machine"
    gate: threading.Event = field(default_factory=threading.Event)
    started: Iterator[int] = field(default_factory=count)

    def judge(self, facts: Facts, *, now: datetime) -> Verdict:
        assert facts.at.wall == now
        next(self.started)
        assert self.gate.wait(PATIENCE_S)
        return Verdict((Subject(key="cpu", check=self.name).ok(Phrase("late")),))


CHECKS = standard(Limits(commands=("main.py",), sources=("Galxe",)))


def watch(
    source: Source | None = None, *, checks: Sequence[Check] = CHECKS, alerts: Ledger | None = None,
    history: Diary | None = None, budget: Budget | None = None,
) -> Watch:  # fmt: skip
    """Return a watch over prepared facts, with a clock that stands at noon."""
    source = Source() if source is None else source
    return Watch(
        gatherer=source.gatherer(budget), checks=checks, clock=lambda: HEALTHY.at,
        alerts=alerts, history=history,
    )  # fmt: skip


def raising(error: Exception) -> Callable[[], None]:
    """Return what raises when called."""

    def fail() -> None:
        raise error

    return fail


def waiting(gate: threading.Event) -> Callable[[], None]:
    """Return what waits, when called, until the gate opens."""

    def wait() -> None:
        assert gate.wait(PATIENCE_S)

    return wait


def state_of(cycle: Cycle) -> Observation:
    """Return the one finding about the bot's state."""
    (state,) = [one for one in cycle.observations if one.key == "bot:state"]
    return state


async def test_a_cycle_looks_judges_tells_and_keeps() -> None:
    """Facts, verdicts of every family, alerts told once with what is complete, samples kept."""
    ledger, diary = Ledger(), Diary()
    one = watch(alerts=ledger, history=diary)
    assert one.last is None
    cycle = await one.run()
    assert one.last is cycle
    assert cycle.facts.data == HEALTHY.data
    assert cycle.level is Severity.OK
    assert cycle.at == HEALTHY.at
    assert [check.name for check in CHECKS] == list(
        dict.fromkeys(seen.check for seen in cycle.observations)
    )
    assert ledger.told == [(cycle.observations, cycle.complete)]
    assert {"integrity:", "fresh:", "disk:", "scraper:", "volume:"} < cycle.complete
    assert {"cpu_pct", "cycle_s", "data_age_s"} <= {sample.series for sample in diary.kept}


async def test_a_one_shot_only_looks() -> None:
    """Beside a running service nothing is written, and the level is told."""
    source = Source(replace(HEALTHY, host=host(cpu_pct=99.0).host))
    cycle = await watch(source).run()
    assert cycle.level is Severity.ERROR
    assert cycle.took_s > 0
    assert len(repr(cycle)) < 500


async def test_overlapping_calls_share_one_cycle() -> None:
    """The schedule and three presses of a button are one reading; the next call is a new one."""
    source = Source()
    one = watch(source)
    cycles = await asyncio.gather(*(one.run() for _ in range(4)))
    assert all(cycle is cycles[0] for cycle in cycles)
    assert source.reads == 1
    assert await one.run() is not cycles[0]
    assert source.reads == 2


async def test_a_caller_that_leaves_does_not_stop_the_others() -> None:
    """A cancelled command leaves the shared cycle alone; a stop can wait for it."""
    gate = threading.Event()
    one = watch(Source(before=waiting(gate)))
    await one.finish()
    first, second = asyncio.create_task(one.run()), asyncio.create_task(one.run())
    await asyncio.sleep(0.01)
    first.cancel()
    gate.set()
    await one.finish()
    assert await second is one.last
    assert first.cancelled()


async def test_a_broken_check_costs_itself_only(caplog: pytest.LogCaptureFixture) -> None:
    """It is unknown and says so, by the kind of error; the others judge."""
    ledger = Ledger()
    cycle = await watch(checks=(Broken(), Itself()), alerts=ledger).run()
    seen = {one.key: one for one in cycle.observations}
    assert seen["check:metrics"].outcome is Outcome.UNKNOWN
    assert seen["check:metrics"].check == "metrics"
    assert seen["check:metrics"].fact == Phrase(
        "check.crashed", {"check": "metrics", "error": "ZeroDivisionError"}
    )
    assert seen["bot:rss"].outcome is Outcome.OK
    assert "check metrics crashed" in caplog.text
    assert len(ledger.told) == 1


async def test_a_check_that_hangs_is_unknown_and_not_started_again() -> None:
    """It and those behind it are unknown, now and while it hangs; then all is as before."""
    hanging = Hanging()
    one = watch(checks=(Itself(), hanging, Broken(name="late")))
    keys = ["bot:rss", "bot:loop", "bot:state", "check:machine", "check:late"]
    assert [seen.key for seen in (await one.run()).observations] == keys
    again = await one.run()
    assert [seen.key for seen in again.observations] == [
        "check:bot", "check:machine", "check:late",
    ]  # fmt: skip
    assert {seen.fact.key for seen in again.observations} == {"check.timeout"}
    hanging.gate.set()
    await until(lambda: not one._judging.busy)  # the thread tells nobody when it ends
    keys[3] = "cpu"
    assert [seen.key for seen in (await one.run()).observations] == keys
    assert next(hanging.started) == 2


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/secret"), "No space left on device"),
        (sqlite3.OperationalError("database or disk is full"), "database or disk is full"),
        (KeyError("bug"), "KeyError"),
    ],
)
async def test_samples_that_cannot_be_kept_are_a_finding(error: Exception, said: str) -> None:
    """The cycle goes on, the alert manager is told of it in the same cycle."""
    ledger = Ledger()
    cycle = await watch(alerts=ledger, history=Diary(before=raising(error))).run()
    assert state_of(cycle).level is Severity.CRITICAL
    assert state_of(cycle).fact == Phrase("own.state.failed", {"error": said})
    assert cycle.level is Severity.CRITICAL
    assert state_of(cycle) in ledger.told[0][0]


async def test_a_history_that_keeps_in_memory_only_says_so() -> None:
    """It does not raise, but its error is told."""
    cycle = await watch(history=Diary(error="disk I/O error")).run()
    assert state_of(cycle).fact.values == {"error": "disk I/O error"}


@pytest.mark.parametrize(
    ("error", "said"),
    [(OSError(errno.EROFS, "Read-only file system"), "Read-only file system"),
     (RuntimeError("bug"), "RuntimeError")],
)  # fmt: skip
async def test_alerts_that_cannot_be_kept_are_a_finding(error: Exception, said: str) -> None:
    """A full disk is told in the cycle, which is returned all the same."""
    cycle = await watch(alerts=Ledger(before=raising(error))).run()
    assert state_of(cycle).fact.values == {"error": said}
    assert cycle.level is Severity.CRITICAL
    assert len(cycle.observations) > 10


async def test_a_write_that_hangs_is_a_finding_within_the_cycles_time() -> None:
    """A disk that does not answer costs neither the cycle nor the next one."""
    gate = threading.Event()
    ledger = Ledger(before=waiting(gate))
    diary = Diary(before=waiting(gate))
    one = watch(alerts=ledger, history=diary, budget=Budget(cycle_s=0.6))
    for _ in range(2):
        cycle = await one.run()
        assert state_of(cycle).fact.key == "own.state.timeout"
        assert cycle.took_s < Budget().cycle_s
    gate.set()


async def test_a_gatherer_with_a_bug_still_ends_in_a_cycle(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Everything is unknown, and the cycle says so instead of raising."""

    class Buggy(Gatherer):
        async def gather(self, at: Moment) -> Facts:
            raise LookupError(str(at))

    one = Watch(
        gatherer=Buggy(Source().gatherer()._sources), checks=CHECKS, clock=lambda: HEALTHY.at
    )
    cycle = await one.run()
    assert {seen.outcome for seen in cycle.observations} == {Outcome.UNKNOWN}
    assert cycle.facts.host == Unknown(Phrase("unknown.crashed", {"error": "LookupError"}))
    assert "gathering crashed" in caplog.text


async def test_every_cycle_leaves_one_structured_line(caplog: pytest.LogCaptureFixture) -> None:
    """Level, duration, findings, files and records, as fields and as words."""
    caplog.set_level(logging.INFO, "vigie.watch")
    await watch(Source(replace(HEALTHY, host=host(cpu_pct=99.0).host))).run()
    (record,) = caplog.records
    fields = vars(record)
    assert fields["level"] == "ERROR"
    assert fields["failing"] == ["cpu"]
    assert (fields["findings"], fields["unknown"]) == (1, 0)
    assert (fields["files"], fields["records"]) == (1, 5)
    assert isinstance(fields["took_ms"], int)
    assert record.getMessage().startswith("cycle ERROR in ")
    assert record.getMessage().endswith("1 findings, 0 unknown, 1 files, 5 records")


async def test_lost_data_leaves_a_line_too(caplog: pytest.LogCaptureFixture) -> None:
    """No data is 0 files in the log, not a crash."""
    caplog.set_level(logging.INFO, "vigie.watch")
    await watch(Source(before=raising(OSError("gone")))).run()
    assert caplog.records[-1].getMessage().endswith("0 files, 0 records")


def test_samples_leave_gaps_for_the_unknown() -> None:
    """What was not measured is not zero: no sample at all."""
    kept = {one.series: one.value for one in samples(HEALTHY, took_s=0.25)}
    assert kept == {
        "cpu_pct": 20.0, "memory_pct": 25.0, "disk_pct": 40.0, "net_sent_bytes": 10.0,
        "net_recv_bytes": 20.0, "rss_bytes": 60.0 * 2**20, "loop_lag_s": 0.002,
        "data_age_s": 360.0, "source_age_s:Galxe": 360.0, "new_24h": 60.0,
        "roi_median_usd_min": 2.5, "cycle_s": 0.25, "new_24h:Galxe": 60.0, "roi_unknown_pct": 0.0,
        "disk_pct:data": 40.0, "scraper_trees:main.py": 1.0, "clock_drift_s": 0.0,
    }  # fmt: skip
    lost = replace(
        HEALTHY, data=BLIND, business=BLIND, host=BLIND, own=BLIND, processes=BLIND, drift_s=None
    )
    assert [one.series for one in samples(lost, took_s=1.0)] == ["cycle_s"]
    first = replace(host(cpu_pct=None, disks=(), network=None), business=BLIND)
    assert [one.series for one in samples(first, took_s=1.0)] == [
        "clock_drift_s", "scraper_trees:main.py", "memory_pct", "rss_bytes", "loop_lag_s",
        "data_age_s", "source_age_s:Galxe", "cycle_s",
    ]  # fmt: skip
    assert isinstance(HEALTHY.data, Snapshot)
    half = replace(HEALTHY, data=replace(HEALTHY.data, complete=False, pending=1))
    assert "new_24h" not in {one.series for one in samples(half, took_s=1.0)}


def test_what_cannot_be_told_of_a_scraper_or_a_source_is_no_sample() -> None:
    """Denied is not zero processes, no reward stated is not 0 %; a silent source brought 0."""
    assert isinstance(HEALTHY.data, Snapshot)
    denied = replace(scraper(trees=0), denied=True)
    down = scraper("b.py", trees=0)
    quiet = SourceReport(source="Zealy", newest=NOON, last_count=1)
    facts = replace(
        HEALTHY,
        processes=Processes(scrapers=(denied, down)),
        data=replace(HEALTHY.data, sources={**HEALTHY.data.sources, "Zealy": quiet}),
        business=Statistics(new=9, unknown=9, rewardless=9, by_source={"Galxe": 9}),
    )
    kept = {one.series: one.value for one in samples(facts, took_s=1.0)}
    assert kept["scraper_trees:b.py"] == 0
    assert "scraper_trees:main.py" not in kept
    assert "roi_unknown_pct" not in kept
    assert (kept["new_24h:Galxe"], kept["new_24h:Zealy"]) == (9, 0)
    half = replace(facts, business=Statistics(new=9, unknown=6, rewardless=1))
    assert {one.series: one.value for one in samples(half, took_s=1.0)}["roi_unknown_pct"] == 62.5


def test_a_source_is_up_while_its_data_is_fresh() -> None:
    """By the verdict of the check: stale is down, unknown is neither; all together is no source."""
    stale = Subject(key="fresh:Zealy", check="freshness")
    seen = (
        Subject(key="fresh:all", check="freshness").ok(Phrase("x")),
        Subject(key="fresh:Galxe", check="freshness").ok(Phrase("x")),
        stale.fail(Severity.WARNING, Phrase("x")),
        Subject(key="fresh:Layer3", check="freshness").unknown(Phrase("x")),
        Subject(key="fresh:a:b", check="freshness").ok(Phrase("x")),
        Subject(key="volume:Galxe", check="metrics").ok(Phrase("x")),
    )
    kept = {one.series: one.value for one in samples(HEALTHY, took_s=1.0, seen=seen)}
    assert {name: value for name, value in kept.items() if name.startswith("up:")} == {
        "up:Galxe": 1.0, "up:Zealy": 0.0, "up:a:b": 1.0,
    }  # fmt: skip


def test_a_source_of_the_future_has_no_age() -> None:
    """Neither has one without a date; data of a moment after the look is 0 s old."""
    assert isinstance(HEALTHY.data, Snapshot)
    reports = {
        "a": SourceReport(source="a", newest=NOON + timedelta(hours=1), last_count=1),
        "b": SourceReport(source="b", newest=None, last_count=1),
    }
    data = replace(HEALTHY.data, sources=reports, newest=NOON + timedelta(seconds=1))
    kept = {one.series: one.value for one in samples(replace(HEALTHY, data=data), took_s=1.0)}
    assert kept["data_age_s"] == 0.0
    assert not [name for name in kept if name.startswith("source_age_s")]
    none = replace(HEALTHY.data, sources={}, newest=None)
    assert "data_age_s" not in {
        one.series for one in samples(replace(HEALTHY, data=none), took_s=1.0)
    }


@dataclass
class Hours:
    """A clock to set; every probe answers as at noon."""

    logical_s: float = 0.0

    def __call__(self) -> Moment:
        return Moment(wall=NOON, logical_s=self.logical_s)


def waking(clock: Hours, ledger: Ledger, diary: Diary, *, booted: Moment | None = None) -> Watch:
    """Return a watch that expects a look every five minutes."""
    return Watch(
        gatherer=Source().gatherer(), checks=CHECKS, clock=clock, alerts=ledger, history=diary,
        absences=Absences(every=timedelta(minutes=5), booted=booted),
    )  # fmt: skip


async def test_the_first_look_after_a_sleep_is_shown_but_not_counted() -> None:
    """It is the last cycle and in the history; the alerts hear of the sleep with the next."""
    clock, ledger, diary = Hours(), Ledger(), Diary()
    one = waking(clock, ledger, diary)
    assert (await one.run()).facts.absence is None
    clock.logical_s = 7200.0
    woken = await one.run()
    assert one.last is woken
    assert woken.facts.absence == Absence(why=Why.SLEPT, for_s=7200.0, ended=clock())
    assert sum(sample.series == "cycle_s" for sample in diary.kept) == 2
    assert len(ledger.told[0][0]) > len(ledger.told[1][0])
    assert ([seen.key for seen in ledger.told[1][0]], ledger.told[1][1]) == (["clock"], None)
    for clock.logical_s in (7500.0, 7800.0):
        assert (await one.run()).facts.absence == woken.facts.absence
    assert ledger.resumed == [None, None, Resumed(why=Gap.SLEEP, away_s=7200.0), None]


async def test_the_first_look_after_a_boot_counts() -> None:
    """Nothing is in the alerts' memory that a boot could spoil; the reboot is told with it."""
    clock, ledger = Hours(100.0), Ledger()
    one = waking(clock, ledger, Diary(), booted=Moment(wall=NOON, logical_s=0.0))
    absence = (await one.run()).facts.absence
    assert absence is not None
    assert absence.why is Why.BOOTED
    clock.logical_s = 400.0
    await one.run()
    assert ledger.resumed == [Resumed(why=Gap.REBOOT), None]


@pytest.mark.parametrize("counts_sleep", [True, False])
async def test_a_clock_set_forward_is_told_as_a_sleep_only_where_it_may_be_one(
    counts_sleep: bool,  # noqa: FBT001 - parametrized
) -> None:
    """Where the steady clock counts sleep the jump was none: `clock` is told, in that very look."""
    ledger = Ledger()
    moments = [
        Moment(wall=NOON, logical_s=0.0),
        Moment(wall=NOON + timedelta(hours=2), logical_s=300.0),
        Moment(wall=NOON + timedelta(hours=2, minutes=5), logical_s=600.0),
    ]
    one = Watch(
        gatherer=Gatherer(Source().gatherer()._sources), checks=CHECKS,
        clock=lambda: moments.pop(0), alerts=ledger,
        absences=Absences(every=timedelta(minutes=5), counts_sleep=counts_sleep),
    )  # fmt: skip
    for _ in range(3):
        await one.run()
    told = None if counts_sleep else Resumed(why=Gap.SLEEP, away_s=6900.0)
    assert ledger.resumed == [None, None, told]
    levels = [seen.level for seen in ledger.told[1][0] if seen.key == "clock"]
    assert levels == ([Severity.WARNING] if counts_sleep else [])


async def test_overlaps_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """A cycle asked for while one is under way is skipped, and the line of it says so."""
    caplog.set_level(logging.INFO, "vigie.watch")
    one = watch()
    await asyncio.gather(*(one.run() for _ in range(4)))
    assert one.overlaps == 3
    await one.run()
    assert vars(caplog.records[-1])["overlaps"] == 3
