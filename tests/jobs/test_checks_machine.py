from dataclasses import replace

import pytest

from jobs.checks import own as own_check
from jobs.checks.own import Itself
from jobs.checks.resources import Resources, load_limits
from jobs.checks.result import absent, worst
from jobs.checks.standard import Limits, standard
from jobs.facts import Disk, Memory, Shelf
from storage.records import Outcome, Phrase, Severity
from storage.tracker import Snapshot
from tests.jobs.looks import BLIND, GIB, HEALTHY, NOON, host, judge, own

MIB = 2**20


@pytest.mark.parametrize(
    ("pct", "level", "clears"),
    [
        (0.0, Severity.OK, True),
        (74.9, Severity.OK, True),
        (75.0, Severity.OK, False),
        (84.9, Severity.OK, False),
        (85.0, Severity.WARNING, True),
        (94.9, Severity.WARNING, True),
        (95.0, Severity.ERROR, True),
        (100.0, Severity.ERROR, True),
    ],
)
def test_cpu_fires_above_its_limits_and_clears_ten_below(
    pct: float, level: Severity, *, clears: bool
) -> None:
    """Between 75 and 85 % a firing alert stays, and a quiet one stays quiet."""
    one = judge(Resources(), host(cpu_pct=pct))["cpu"]
    assert (one.level, one.clears, one.value) == (level, clears, pct)
    assert one.fact.values == {"cpu_pct": pct, "limit_pct": 95.0 if pct >= 95 else 85.0}


def test_the_first_look_says_nothing_of_cpu() -> None:
    """One sample is no mean: neither a pass that closes an alert, nor a fail."""
    assert "cpu" not in judge(Resources(), host(cpu_pct=None))


@pytest.mark.parametrize(
    ("used", "level"), [(6.7, Severity.OK), (6.8, Severity.WARNING), (7.6, Severity.CRITICAL)]
)
def test_memory_is_judged_by_its_share(used: float, level: Severity) -> None:
    """85 and 95 % of 8 GiB."""
    memory = Memory(total_bytes=8 * GIB, used_bytes=round(used * GIB) + 1)
    one = judge(Resources(), host(memory=memory))["mem"]
    assert one.level is level
    assert one.fact.values["total_bytes"] == 8 * GIB


def test_memory_of_unknown_size_is_empty() -> None:
    """No division by a total of nothing."""
    assert Memory(total_bytes=0, used_bytes=0).used_pct == 0.0


def disk(free: float, *, total: float = 100, pct: float | None = None, name: str = "data") -> Disk:
    """Return a disk of these GiB."""
    used_pct = 100 * (1 - free / total) if pct is None else pct
    return Disk(
        name=name, mount="/", total_bytes=round(total * GIB), free_bytes=round(free * GIB),
        used_pct=used_pct,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "level", "key"),
    [
        (disk(60), Severity.OK, "ok"),
        (disk(15), Severity.WARNING, "high"),
        (disk(5), Severity.CRITICAL, "high"),
        (disk(1), Severity.CRITICAL, "high"),
        (disk(0.99), Severity.CRITICAL, "low"),
        (disk(0.99, pct=50), Severity.CRITICAL, "low"),
        (disk(0.4, total=1), Severity.OK, "ok"),
        (disk(0.09, total=1), Severity.CRITICAL, "low"),
    ],
)
def test_a_disk_is_judged_by_share_and_by_what_is_left(
    one: Disk, level: Severity, key: str
) -> None:
    """Below 1 GiB it is CRITICAL whatever the share; a small disk may use nine tenths."""
    seen = judge(Resources(), host(disks=(one,)))["disk:data"]
    assert (seen.level, seen.fact.key) == (level, f"machine.disk.{key}")
    assert "mount" not in seen.fact.values


def test_each_disk_has_its_key_and_a_removed_one_closes() -> None:
    """Two disks are two keys; the verdict is complete for disks."""
    facts = host(disks=(disk(60), disk(60, name="state")))
    assert {"disk:data", "disk:state"} <= set(judge(Resources(), facts))
    assert Resources().judge(facts, now=NOON).complete == {"disk:"}


@pytest.mark.parametrize(
    ("drift_s", "level", "key"),
    [
        (60.0, Severity.OK, "ok"),
        (-60.0, Severity.OK, "ok"),
        (60.5, Severity.WARNING, "forward"),
        (-3600.0, Severity.WARNING, "back"),
    ],
)
def test_a_clock_that_jumps_is_told(drift_s: float, level: Severity, key: str) -> None:
    """More than a minute against the steady clock, either way."""
    one = judge(Resources(), replace(HEALTHY, drift_s=drift_s))["clock"]
    assert (one.level, one.fact.key) == (level, f"machine.clock.{key}")
    if level:
        assert one.fact.values == {"drift_s": abs(drift_s)}


def test_a_machine_that_does_not_answer_is_unknown() -> None:
    """The clock needs no probe: it is judged all the same, from the second look on."""
    seen = judge(Resources(), replace(HEALTHY, host=BLIND, drift_s=None))
    assert {key: one.outcome for key, one in seen.items()} == dict.fromkeys(
        ("cpu", "mem"), Outcome.UNKNOWN
    )
    assert judge(Resources(), replace(HEALTHY, host=BLIND))["clock"].outcome is Outcome.OK


@pytest.mark.parametrize(
    ("mib", "level", "clears"),
    [(349, 0, True), (350, 0, False), (399, 0, False), (400, 2, True), (900, 2, True)],
)
def test_the_bots_memory_has_a_limit(mib: int, level: int, *, clears: bool) -> None:
    """400 MiB of a 512 MiB machine; closed again below 350."""
    one = judge(Itself(), own(rss_bytes=mib * MIB))["bot:rss"]
    assert (one.level, one.clears, one.value) == (level, clears, float(mib * MIB))


@pytest.mark.parametrize(("lag_s", "level"), [(0.0, 0), (0.499, 0), (0.5, 2)])
def test_a_late_loop_is_a_warning(lag_s: float, level: int) -> None:
    """Half a second of lag is felt in every answer."""
    one = judge(Itself(), own(loop_lag_p95_s=lag_s))["bot:loop"]
    assert one.level == level
    assert one.fact.values["lag_s"] == lag_s


def test_a_lag_not_measured_is_not_told() -> None:
    """A one-shot has no loop to speak of."""
    assert "bot:loop" not in judge(Itself(), own(loop_lag_p95_s=None))


@pytest.mark.parametrize(
    ("waited_s", "level", "clears"),
    [
        (0.0, Severity.OK, True),
        (59.9, Severity.OK, True),
        (60.0, Severity.OK, False),
        (299.9, Severity.OK, False),
        (300.0, Severity.ERROR, True),
    ],
)
def test_alerts_that_do_not_get_through(waited_s: float, level: Severity, *, clears: bool) -> None:
    """An error from five minutes on, well again below one; nothing where nobody knows."""
    one = judge(Itself(), own(outbox_s=waited_s))["bot:outbox"]
    assert (one.level, one.clears, one.value) == (level, clears, waited_s)
    assert "bot:outbox" not in judge(Itself(), own())


def test_a_token_that_is_refused_is_an_error_until_it_is_not() -> None:
    """One key, so that its end closes what its beginning opened."""
    refused, taken = own_check.token(refused=True), own_check.token(refused=False)
    assert (refused.level, refused.outcome) == (Severity.ERROR, Outcome.FAIL)
    assert (taken.key, taken.outcome) == (refused.key, Outcome.OK)


def test_a_state_that_cannot_be_kept_is_critical() -> None:
    """A failing write, a failing index and a damaged file are each said in their words."""
    assert judge(Itself(), HEALTHY)["bot:state"].outcome is Outcome.OK
    full = judge(Itself(), own(state_error="No space left on device", damaged=("a",)))["bot:state"]
    assert full == own_check.unsaved("No space left on device")
    assert full.level is Severity.CRITICAL
    assert isinstance(HEALTHY.data, Snapshot)
    data = replace(HEALTHY.data, index_error="database is locked")
    assert judge(Itself(), replace(HEALTHY, data=data))["bot:state"].fact.values == {
        "error": "database is locked"
    }
    damaged = judge(Itself(), replace(own(damaged=("a.json", "b.json")), data=BLIND))["bot:state"]
    assert damaged.level is Severity.CRITICAL
    assert damaged.fact == Phrase("own.state.damaged", {"file": "a.json", "n": 2})


def test_history_says_what_it_takes_and_that_it_was_lost() -> None:
    """A size is well whatever it is; a loss is a warning, and no CRITICAL of the state."""
    well = judge(Itself(), own(shelf=Shelf(size_bytes=14, days=400)))["bot:history"]
    assert (well.level, well.fact) == (
        Severity.OK, Phrase("own.history.ok", {"size_bytes": 14, "days": 400}),
    )  # fmt: skip
    seen = judge(Itself(), own(shelf=Shelf(size_bytes=14, days=400, lost=True)))
    assert seen["bot:history"].level is Severity.WARNING
    assert seen["bot:state"].level is Severity.OK
    assert seen["bot:history"].fact.key == "own.history.damaged"
    reader = Shelf(size_bytes=14, days=400, lost=True, replaced=False)
    left = judge(Itself(), own(shelf=reader))["bot:history"]
    assert (left.level, left.fact.key) == (Severity.WARNING, "own.history.unreadable")
    assert "bot:history" not in judge(Itself(), own())


def test_a_bot_that_cannot_look_at_itself_is_unknown() -> None:
    """All three keys say so."""
    seen = judge(Itself(), replace(HEALTHY, own=BLIND))
    assert {one.outcome for one in seen.values()} == {Outcome.UNKNOWN}
    assert set(seen) == {"bot:rss", "bot:loop", "bot:state"}


def test_the_systems_word_for_an_error_has_no_path() -> None:
    """`strerror`, or else the kind of error."""
    assert own_check.reason(OSError(28, "No space left on device", "/secret")) == (
        "No space left on device"
    )
    assert own_check.reason(TimeoutError()) == "TimeoutError"


def test_an_absent_key_is_well_or_gone() -> None:
    """What a complete verdict does not name any more gets a sentence of its own."""
    assert absent("integrity:a:b.json", check="integrity").fact == Phrase(
        "integrity.file.ok", {"file": "a:b.json"}
    )
    gone = absent("fresh:Zealy", check="freshness")
    assert gone.fact == Phrase("check.removed", {"key": "fresh:Zealy"})
    assert (gone.outcome, gone.level) == (Outcome.OK, Severity.OK)


def test_the_worst_level_is_that_of_what_fails() -> None:
    """Nothing seen is no failure."""
    assert worst(()) is Severity.OK
    seen = judge(Resources(), host(cpu_pct=99.0)).values()
    assert worst(seen) is Severity.ERROR


def test_the_standard_checks_cover_every_family() -> None:
    """A healthy look is ok everywhere, in seven families, with the owner's limits."""
    checks = standard(Limits(commands=("main.py",), sources=("Galxe",)))
    assert [check.name for check in checks] == [
        "scrapers", "freshness", "integrity", "metrics", "machine", "backup", "bot",
    ]  # fmt: skip
    for check in checks:
        seen = judge(check, HEALTHY)
        assert {one.outcome for one in seen.values()} == {Outcome.OK}
    strict = standard(Limits(cpu=load_limits(warning=5, error=10)))[4]
    assert judge(strict, HEALTHY)["cpu"].level is Severity.ERROR
