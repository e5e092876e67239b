"""When a disk will be full: the limits, and simulated weeks of disks."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from jobs.checks.forecast import Forecast
from jobs.checks.resources import Resources
from jobs.facts import Disk, Host, Trend
from storage.records import Observation, Severity
from tests.jobs.disks import AN_HOUR, DAY, alarms
from tests.jobs.looks import GIB, HEALTHY, host, judge

HOUR_S = 3600.0
STEEP = Trend(pct_per_s=20 / (12 * HOUR_S), lately_pct_per_s=20 / (12 * HOUR_S), explained=0.9)


def disk(used_pct: float = 80.0, **changes: object) -> Disk:
    """Return a disk of which 20 % are left, and go in 12 h; with changes to its trend."""
    trend = replace(STEEP, **changes)  # type: ignore[arg-type]
    return Disk(
        name="data", mount="/", total_bytes=100 * GIB, free_bytes=20 * GIB, used_pct=used_pct,
        trend=trend,
    )  # fmt: skip


def fills_in(hours: float, used_pct: float = 80.0) -> Disk:
    """Return a disk that is full in so many hours."""
    slope = (100 - used_pct) / (hours * HOUR_S)
    return disk(used_pct, pct_per_s=slope, lately_pct_per_s=slope)


def said(one: Disk) -> Observation:
    return Forecast().judge(one, check="machine")


@pytest.mark.parametrize(
    ("one", "key", "level", "clears"),
    [
        (fills_in(5.9), "full", Severity.ERROR, True),
        (fills_in(6.1), "full", Severity.WARNING, True),
        (fills_in(23.9), "full", Severity.WARNING, True),
        (fills_in(24.1), "slow", Severity.OK, False),
        (fills_in(35.9), "slow", Severity.OK, False),
        (fills_in(36.1), "slow", Severity.OK, True),
        (fills_in(12, 60.0), "slow", Severity.OK, False),
        (fills_in(12, 60.1), "full", Severity.WARNING, True),
        (disk(explained=0.6), "slow", Severity.OK, False),
        (disk(explained=0.61), "full", Severity.WARNING, True),
        (disk(pct_per_s=0.0), "steady", Severity.OK, True),
        (disk(pct_per_s=-1.0), "steady", Severity.OK, True),
        (disk(lately_pct_per_s=0.0), "slow", Severity.OK, True),
        (disk(lately_pct_per_s=STEEP.pct_per_s * 0.49), "slow", Severity.OK, False),
        (disk(turned_pct=80.0), "turns", Severity.OK, True),
        (disk(turned_pct=79.0), "full", Severity.WARNING, True),
    ],
)
def test_limits(one: Disk, key: str, level: Severity, clears: bool) -> None:  # noqa: FBT001
    """Full within 24 h warns, within 6 h is an error, and beyond 36 h it closes."""
    seen = said(one)
    assert (seen.key, seen.fact.key) == ("disk:data:forecast", f"machine.forecast.{key}")
    assert (seen.level, seen.clears) == (level, clears)
    if level:
        assert seen.fact.values["left_s"] == seen.value
        assert seen.threshold == 24 * HOUR_S


def test_too_little_is_known_to_foretell() -> None:
    """It says so, and closes nothing: a restart is no improvement."""
    seen = said(replace(disk(), trend=None))
    assert (seen.fact.key, seen.clears) == ("machine.forecast.young", False)


def test_every_disk_has_its_forecast() -> None:
    """Beside its own level."""
    assert isinstance(HEALTHY.host, Host)
    both = (fills_in(5), replace(fills_in(100), name="state"))
    seen = judge(Resources(), host(disks=both))
    assert seen["disk:data:forecast"].level is Severity.ERROR
    assert seen["disk:state:forecast"].level is Severity.OK
    assert seen["disk:data"].level is Severity.OK


Series = Callable[[np.random.Generator], Sequence[float]]


def noise(rng: np.random.Generator) -> Sequence[float]:
    return list(75 + rng.normal(0, 1, 3 * DAY))


def copied(rng: np.random.Generator) -> Sequence[float]:
    """Ten points in half an hour, and no more."""
    return list(
        62 + 10 * np.clip((np.arange(2 * DAY) - DAY) / 6, 0, 1) + rng.normal(0, 0.1, 2 * DAY)
    )


def small_teeth(rng: np.random.Generator) -> Sequence[float]:
    """A log of five points that is rotated once an hour."""
    return list(80 + 5 * (np.arange(2 * DAY) % 12) / 12 + rng.normal(0, 0.1, 2 * DAY))


def emptied(rng: np.random.Generator) -> Sequence[float]:
    return list(90 - 20 * np.arange(DAY) / DAY + rng.normal(0, 0.1, DAY))


@pytest.mark.parametrize("series", [noise, copied, small_teeth, emptied])
def test_what_does_not_fill_is_not_foretold(series: Series) -> None:
    """Noise, one big copy, logs rotated often, a disk that is emptied."""
    assert alarms(series(np.random.default_rng(1))) == []


@pytest.mark.parametrize(("fills_h", "least_h"), [(6, 3), (12, 8), (24, 18), (48, 20)])
def test_steady_growth_is_told_in_time(fills_h: int, least_h: int) -> None:
    """After a flat half day it fills from 60 %: one alert, with most of the time left."""
    rng = np.random.default_rng(2)
    grows = 60 + 40 * np.arange(fills_h * AN_HOUR) / (fills_h * AN_HOUR)
    used = np.concatenate([np.full(DAY // 2, 60.0), grows])
    seen = list(np.clip(used + rng.normal(0, 0.2, len(used)), 0, 100))
    assert len(alarms(seen)) == 1
    assert len(alarms(seen[: -least_h * AN_HOUR])) == 1


@pytest.mark.parametrize("period_h", [6, 12, 24])
def test_a_disk_that_is_emptied_again_and_again_is_learned(period_h: int) -> None:
    """Its first two teeth may be told; then it is known to turn, until it goes further."""
    rng = np.random.default_rng(3)
    hours = np.arange(6 * DAY) / AN_HOUR
    teeth = 65 + 20 * (hours % period_h) / period_h + rng.normal(0, 0.1, 6 * DAY)
    first = alarms(list(teeth[: 2 * period_h * AN_HOUR + DAY // 24]))
    assert len(alarms(list(teeth))) == len(first) <= 2
    stuck = np.concatenate([teeth, 65 + 20 * np.arange(2 * DAY) / AN_HOUR / period_h])
    assert len(alarms(list(np.clip(stuck, 0, 100)))) == len(first) + 1
