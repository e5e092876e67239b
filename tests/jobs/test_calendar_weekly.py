"""A job of one weekday: once per such date, caught up within the week, on DST days too."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import calendar
from jobs.calendar import Job
from jobs.facts import JobState
from storage.job_runs import JobRun, RunStatus
from storage.records import Moment

PARIS = ZoneInfo("Europe/Paris")
DAY = timedelta(days=1)
SUNDAY = 6


async def nothing(_: date) -> str:
    return ""


DRILL = Job(name="drill", at=time(2), catch_up=6 * DAY, zone=PARIS, work=nothing, on=SUNDAY)


def moment(text: str) -> Moment:
    return at(datetime.fromisoformat(text).replace(tzinfo=PARIS))


def at(wall: datetime) -> Moment:
    return Moment(wall=wall.astimezone(UTC), logical_s=wall.timestamp())


def times(first: int, last: int) -> st.SearchStrategy[datetime]:
    """Return any time from one new year to another."""
    begin = datetime(first, 1, 1, tzinfo=UTC)
    return st.timedeltas(timedelta(0), datetime(last, 1, 1, tzinfo=UTC) - begin).map(begin.__add__)


def done(day: date, now: Moment, status: RunStatus = RunStatus.DONE) -> JobRun:
    return JobRun(
        job="drill", local_date=day, status=status, tries=1, started=now.wall,
        started_s=now.logical_s, finished=now.wall, finished_s=now.logical_s,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-08T01:59", None),  # six days after it began, last Sunday is past
        ("2026-03-08T02:00", "2026-03-08"),
        ("2026-03-10T12:00", "2026-03-08"),
        ("2026-03-14T02:00", "2026-03-08"),
        ("2026-03-14T02:01", None),
        ("2026-03-29T03:00", "2026-03-29"),  # 02:00 is left out there
        ("2026-10-25T02:00", "2026-10-25"),  # and comes twice there
    ],
)
def test_which_date_is_due(now: str, due: str | None) -> None:
    """Sunday's, until Saturday."""
    wanted = None if due is None else date.fromisoformat(due)
    assert calendar.due(DRILL, {}, at=moment(now)) == wanted


def test_other_days_do_not_begin() -> None:
    """Neither does a Sunday begin on a Monday."""
    assert calendar.start(DRILL, date(2026, 3, 9)) is None
    assert calendar.start(DRILL, date(2026, 3, 8)) == datetime(2026, 3, 8, 1, tzinfo=UTC)
    assert calendar.start(replace(DRILL, on=None), date(2026, 3, 9)) is not None


@given(times(2025, 2028))
def test_how_it_stands_is_known_at_any_time(wall: datetime) -> None:
    """There is always a Sunday before and one after."""
    now = at(wall)
    stands = calendar.standing(DRILL, {}, at=now, running=False)
    assert stands.begin <= wall < stands.begin + timedelta(days=7, hours=1)
    assert stands.begin.astimezone(PARIS).weekday() == SUNDAY
    day = stands.begin.astimezone(PARIS).date()
    stands = calendar.standing(DRILL, {day: done(day, now)}, at=now, running=False)
    assert stands.state is JobState.WELL
    assert wall < stands.following <= wall + timedelta(days=7, hours=1)
    assert stands.following.astimezone(PARIS).weekday() == SUNDAY


@given(
    st.lists(st.timedeltas(timedelta(0), 4 * DAY), min_size=1, max_size=40),
    times(2026, 2027),
)
def test_each_sunday_at_most_once(steps: list[timedelta], wall: datetime) -> None:
    """Exactly once where somebody looks in the six days after it, whatever the clocks do."""
    runs: dict[date, JobRun] = {}
    looked = []
    for step in steps:
        wall += step
        looked.append(wall)
        day = calendar.due(DRILL, runs, at=at(wall))
        if day is not None:
            assert day not in runs
            assert day.weekday() == SUNDAY
            runs[day] = done(day, at(wall))
    for number in range(-7, 180):
        day = (looked[0] + number * DAY).date()
        begin = calendar.start(DRILL, day)
        if begin is not None and any(begin <= one <= begin + 6 * DAY for one in looked):
            assert day in runs
