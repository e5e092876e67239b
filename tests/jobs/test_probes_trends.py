"""The line through what was seen of a disk, and what is remembered for it."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.probes.host import HostProbe
from jobs.probes.trends import Kept, Point, Trends, line, turned
from storage.history import History
from storage.records import Moment, Sample
from tests.jobs.looks import NOON

STEP_S = 300.0


def at(number: int) -> Moment:
    """Return the moment of a look."""
    step = timedelta(seconds=number * STEP_S)
    return Moment(wall=NOON + step, logical_s=1000.0 + number * STEP_S)


def test_a_line_is_found_in_points_on_one() -> None:
    """Slope, and that it is straight; flat ones have neither."""
    rising = line([Point(i * STEP_S, 50 + i) for i in range(20)])
    assert rising is not None
    assert rising.pct_per_s == pytest.approx(1 / STEP_S)
    assert rising.lately_pct_per_s == pytest.approx(1 / STEP_S)
    assert rising.explained == pytest.approx(1)
    flat = line([Point(i * STEP_S, 50.0) for i in range(20)])
    assert flat is not None
    assert (flat.pct_per_s, flat.explained) == (0.0, 0.0)


@pytest.mark.parametrize(
    "points",
    [
        [],
        [Point(i * STEP_S, 50.0) for i in range(11)],
        [Point(i * 1200.0, 50.0) for i in range(20)],
    ],
)
def test_too_few_points_are_no_line(points: Sequence[Point]) -> None:
    """Nor are too few of the last hour and a half."""
    assert line(points) is None


def test_a_window_of_six_hours_is_kept() -> None:
    """What is older is forgotten; looks that follow each other at once count once."""
    trends = Trends()
    for number in range(200):
        high = 90.0 if number < 100 else 50.0
        trends.add("data", high, at(number))
        again = trends.add("data", 99.0, at(number))
    assert again is not None
    assert (again.pct_per_s, again.turned_pct) == (0.0, None)
    assert len(trends._disks["data"].points) == 73


def test_what_history_has_is_taken_up_after_a_restart(tmp_path: Path) -> None:
    """On the steady clock, once; turns are looked up every hour."""
    history = History(tmp_path / "history.sqlite")
    before = [at(-n) for n in range(1, 60)]
    history.add(Sample(series="disk_pct:data", at=one.wall, value=50.0) for one in before)
    for day, value in ((3, 85.0), (2.9, 60.0), (2.8, 86.0), (2.7, 60.0)):
        when = NOON - timedelta(days=day)
        history.add([Sample(series="disk_pct:data", at=when, value=value)])
    trends = Trends(Kept(history))
    trend = trends.add("data", 50.0, at(0))
    assert trend is not None
    assert (trend.pct_per_s, trend.turned_pct) == (0.0, 85.0)
    assert len(trends._disks["data"].points) == 60
    history.add([Sample(series="disk_pct:data", at=NOON - timedelta(days=2.6), value=90.0)])
    later = [trends.add("data", 50.0, at(number)) for number in (11, 12)]
    assert [one and one.turned_pct for one in later] == [85.0, 86.0]
    history.close()


def test_a_history_that_cannot_be_read_is_no_memory(tmp_path: Path) -> None:
    """The probe goes on without."""
    history = History(tmp_path / "history.sqlite")
    history.close()
    assert Trends(Kept(history)).add("data", 50.0, at(0)) is None


def test_the_host_probe_tells_trends(tmp_path: Path) -> None:
    """Each disk has its own, once there is one."""
    probe = HostProbe({"data": tmp_path})
    hosts = [probe(at(number)) for number in range(12)]
    assert hosts[0].disks[0].trend is None
    assert hosts[-1].disks[0].trend is not None


@pytest.mark.parametrize(
    ("highs", "turns"),
    [
        ([], None),
        ([50.0], None),
        ([50.0, 60.0, 70.0], None),
        ([50.0, 70.0, 50.0], None),
        ([70.0, 50.0, 72.0, 50.0], 70.0),
        ([50.0, 85.0, 60.0, 65.0, 80.0, 55.0, 60.0, 90.0, 50.0, 55.0], 85.0),
        ([70.0, 69.0, 70.0, 69.0, 70.0, 68.5], None),
        ([70.0, 69.0, 71.0, 50.0, 52.5, 51.0, 49.0], 52.5),
    ],
)
def test_turns(highs: list[float], turns: float | None) -> None:
    """The second highest peak before a fall of more than two points; one fall is no habit."""
    assert turned(highs) == turns
