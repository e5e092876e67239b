"""Calendar jobs are known by their local date: on both DST days, over steps, stops and failures."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs import calendar
from jobs.calendar import Job
from jobs.facts import JobState
from storage.job_runs import JobRun, RunStatus
from storage.records import Moment, Severity

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def nothing(_: date) -> str:
    return ""


def job(at: time, *, zone: str = "Europe/Paris", hours: float = 24) -> Job:
    return Job(
        name="backup", at=at, catch_up=timedelta(hours=hours), zone=ZoneInfo(zone), work=nothing
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moment(wall: datetime, logical_s: float = 0.0) -> Moment:
    return Moment(wall=wall, logical_s=logical_s)


def run(
    day: str, *, status: RunStatus = RunStatus.DONE, tries: int = 1, at_s: float = 0.0
) -> JobRun:
    ended = status is not RunStatus.RUNNING
    return JobRun(
        job="backup", local_date=date.fromisoformat(day), status=status, tries=tries,
        started=utc(f"{day} 01:00"), started_s=at_s,
        finished=utc(f"{day} 01:10") if ended else None, finished_s=at_s if ended else None,
        error="disk full" if status is RunStatus.FAILED else "",
    )  # fmt: skip


def runs(*found: JobRun) -> dict[date, JobRun]:
    return {one.local_date: one for one in found}


@pytest.mark.parametrize(
    ("zone", "at", "day", "begin"),
    [
        ("Europe/Paris", time(2, 30), "2026-03-29", "2026-03-29 01:30"),  # left out: 03:30 CEST
        ("Europe/Paris", time(2, 30), "2026-10-25", "2026-10-25 00:30"),  # twice: the first
        ("Europe/Paris", time(2), "2026-03-29", "2026-03-29 01:00"),
        ("Europe/Paris", time(2), "2026-10-25", "2026-10-25 00:00"),
        ("Europe/Paris", time(9), "2026-03-29", "2026-03-29 07:00"),
        ("Europe/Paris", time(9), "2026-10-25", "2026-10-25 08:00"),
        ("Australia/Lord_Howe", time(2, 15), "2026-10-04", "2026-10-03 15:45"),  # 02:45 +11
        ("Australia/Lord_Howe", time(1, 45), "2026-04-05", "2026-04-04 14:45"),
        ("America/Sao_Paulo", time(0, 30), "2018-11-04", "2018-11-04 03:30"),  # no midnight
        ("America/Nuuk", time(23, 30), "2024-03-30", "2024-03-31 01:30"),  # after midnight then
        ("Pacific/Apia", time(9), "2011-12-29", "2011-12-29 19:00"),
        ("Pacific/Apia", time(9), "2011-12-31", "2011-12-30 19:00"),
    ],
)
def test_when_a_date_begins(zone: str, at: time, day: str, begin: str) -> None:
    """The first of two, as late as the clocks go forward of none."""
    assert calendar.start(job(at, zone=zone), date.fromisoformat(day)) == utc(begin)


def test_a_date_that_was_left_out_is_none() -> None:
    """Samoa crossed the date line: there was no 30 December 2011, whatever the hour."""
    for hour in range(24):
        assert calendar.start(job(time(hour), zone="Pacific/Apia"), date(2011, 12, 30)) is None


def test_the_window() -> None:
    """Open from the time on, both ends included; closed before and after."""
    report = job(time(9), hours=6)
    for wall, day in (
        ("2026-06-01 06:59:59", None),
        ("2026-06-01 07:00", date(2026, 6, 1)),
        ("2026-06-01 13:00", date(2026, 6, 1)),
        ("2026-06-01 13:00:01", None),
    ):
        assert calendar.due(report, {}, at=moment(utc(wall))) == day


def test_the_hour_that_comes_twice_is_one_date() -> None:
    """Done at the first 02:30 it is not due at the second, nor for the rest of the day."""
    nightly, done = job(time(2, 30)), runs(run("2026-10-24"), run("2026-10-25"))
    for minutes in range(0, 25 * 60, 10):
        at = moment(utc("2026-10-25 00:30") + timedelta(minutes=minutes))
        assert calendar.due(nightly, done, at=at) is None


def test_a_clock_set_back_finds_its_date_done() -> None:
    """And one set forward runs the next date early, once."""
    nightly, done = job(time(2)), runs(run("2026-06-02"))
    assert calendar.due(nightly, done, at=moment(utc("2026-06-02 00:01"))) is None
    ahead = moment(utc("2026-06-03 00:01"))
    assert calendar.due(nightly, done, at=ahead) == date(2026, 6, 3)
    later = runs(run("2026-06-02"), run("2026-06-03"))
    assert calendar.due(nightly, later, at=moment(utc("2026-06-02 23:59"))) is None


def test_another_time_zone_repeats_no_date() -> None:
    """Tokyo's date done, Honolulu is on the day before, and reaches that date when it is its."""
    done = runs(run("2026-06-02"))
    honolulu = job(time(2), zone="Pacific/Honolulu")
    assert calendar.due(honolulu, done, at=moment(utc("2026-06-01 20:00"))) == date(2026, 6, 1)
    both = runs(run("2026-06-01"), run("2026-06-02"))
    assert calendar.due(honolulu, both, at=moment(utc("2026-06-02 20:00"))) is None
    assert calendar.due(honolulu, both, at=moment(utc("2026-06-03 20:00"))) == date(2026, 6, 3)


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.RUNNING])
def test_a_failed_or_interrupted_run_is_tried_again_after_growing_pauses(
    status: RunStatus,
) -> None:
    """1, 5, 25, 60 minutes by the logical clock, whatever the wall clock does; five in all."""
    assert [calendar.pause_s(tries) for tries in range(1, 6)] == [60, 300, 1500, 3600, 3600]
    nightly, wall = job(time(2)), utc("2026-06-02 05:00")
    for tries, pause_s in enumerate((60, 300, 1500, 3600), 1):
        tried = runs(run("2026-06-02", status=status, tries=tries, at_s=1000.0))
        early, ready = moment(wall, 999.0 + pause_s), moment(wall - 2 * HOUR, 1000.0 + pause_s)
        assert calendar.due(nightly, tried, at=early) is None
        assert calendar.due(nightly, tried, at=ready) == date(2026, 6, 2)
    tried = runs(run("2026-06-02", status=status, tries=5))
    assert calendar.due(nightly, tried, at=moment(wall, 1e6)) is None


def test_a_window_that_is_over_is_not_tried_again() -> None:
    """A report of this morning is worth nothing tonight."""
    report, tried = job(time(9), hours=6), runs(run("2026-06-02", status=RunStatus.FAILED))
    assert calendar.due(report, tried, at=moment(utc("2026-06-02 14:00"), 1e6)) is None
    standing = calendar.standing(
        report, tried, at=moment(utc("2026-06-02 14:00"), 1e6), running=False
    )
    assert (standing.state, standing.error) == (JobState.FAILED, "disk full")


STANDINGS = [
    ([], "2026-06-02 05:00", 0.0, False, JobState.DUE, "2026-06-02 05:00"),
    ([], "2026-06-01 23:00", 0.0, False, JobState.DUE, "2026-06-01 23:00"),
    ([run("2026-06-02")], "2026-06-02 05:00", 0.0, False, JobState.WELL, "2026-06-03 00:00"),
    ([run("2026-06-02")], "2026-06-02 23:59", 0.0, False, JobState.WELL, "2026-06-03 00:00"),
    ([run("2026-06-01")], "2026-06-02 05:00", 0.0, False, JobState.DUE, "2026-06-02 05:00"),
    ([run("2026-06-02", status=RunStatus.RUNNING)],
     "2026-06-02 05:00", 600.0, True, JobState.RUNNING, "2026-06-03 00:00"),
    ([run("2026-06-02", status=RunStatus.RUNNING)],
     "2026-06-02 05:00", 601.0, True, JobState.LATE, "2026-06-03 00:00"),
    ([run("2026-06-01", status=RunStatus.RUNNING)],
     "2026-06-02 05:00", 9e4, True, JobState.LATE, "2026-06-02 05:00"),
    ([run("2026-06-02", status=RunStatus.RUNNING)],
     "2026-06-02 05:00", 30.0, False, JobState.RETRYING, "2026-06-02 05:00:30"),
    ([run("2026-06-02", status=RunStatus.FAILED, tries=2)],
     "2026-06-02 05:00", 900.0, False, JobState.RETRYING, "2026-06-02 05:00"),
    ([run("2026-06-02", status=RunStatus.FAILED, tries=5)],
     "2026-06-02 05:00", 900.0, False, JobState.FAILED, "2026-06-03 00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "wall", "logical_s", "running", "state", "following"), STANDINGS)
def test_how_a_job_stands(  # noqa: PLR0913 - one row of the table
    *, found: list[JobRun], wall: str, logical_s: float, running: bool, state: JobState,
    following: str,
) -> None:  # fmt: skip
    """Done, due, running, late, tried again or failed; and when it starts next."""
    at = moment(utc(wall), logical_s)
    standing = calendar.standing(job(time(2)), runs(*found), at=at, running=running)
    assert standing.state is state
    assert standing.following == utc(following)
    assert standing.level is Severity.WARNING


def test_a_date_without_a_run_is_missed_only_by_a_job_that_ran_before() -> None:
    """A bot installed in the afternoon has missed no report."""
    report, evening = job(time(9), hours=6), moment(utc("2026-06-02 20:00"))
    new = calendar.standing(report, {}, at=evening, running=False)
    assert (new.state, new.last) == (JobState.DUE, None)
    old = calendar.standing(report, runs(run("2026-06-01")), at=evening, running=False)
    assert (old.state, old.begin) == (JobState.MISSED, utc("2026-06-02 07:00"))
    assert old.last == utc("2026-06-01 01:10")
    assert old.following == utc("2026-06-03 07:00")


def test_the_next_date_skips_one_that_was_left_out() -> None:
    """Done on 29 December 2011, the next start in Samoa is on the 31st."""
    samoa = job(time(9), zone="Pacific/Apia")
    at = moment(utc("2011-12-29 20:00"))
    standing = calendar.standing(samoa, runs(run("2011-12-29")), at=at, running=False)
    assert standing.following == utc("2011-12-30 19:00")


def test_a_calendar_without_a_next_date_says_a_week() -> None:
    """Dates done ahead of time, by a clock that was wrong, do not hang the search."""
    ahead = runs(*(run(f"2026-06-{day:02}") for day in range(1, 20)))
    at = moment(utc("2026-06-02 05:00"))
    assert calendar.standing(job(time(2)), ahead, at=at, running=False).following > at.wall + DAY


# --- stories ---------------------------------------------------------------------------------

ZONES = (
    "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo",
    "America/Nuuk", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia", "Pacific/Kiritimati",
    "Pacific/Honolulu", "UTC",
)  # fmt: skip
AROUND = (
    "2026-03-28 12:00", "2026-10-24 12:00", "2026-10-03 00:00", "2026-04-04 00:00",
    "2018-11-03 12:00", "2018-02-17 12:00", "2024-03-30 12:00", "2011-12-29 00:00",
    "2026-02-14 12:00", "2026-06-01 12:00",
)  # fmt: skip
TIMES = (time(0), time(0, 30), time(2), time(2, 15), time(2, 30), time(3, 30), time(9),
         time(23, 30), time(23, 59))  # fmt: skip
TICK = timedelta(minutes=15)


def occurrences(
    at: time, zone: ZoneInfo, *, since: datetime, until: datetime
) -> dict[date, datetime]:
    """Return when each local date's time comes, by walking through UTC and reading local clocks.

    An independent reckoning, which never converts local time to UTC: the first time the local
    clock reaches or passes `at` of a date it shows; what a jump leaves out comes as if there were
    none.
    """
    found: dict[date, datetime] = {}
    wall, before = since, since.astimezone(zone).replace(tzinfo=None)
    while wall <= until:
        local = (wall + TICK).astimezone(zone).replace(tzinfo=None)
        for day in sorted({before.date(), local.date()}):
            wanted = datetime.combine(day, at)
            if before < wanted <= local and day not in found:
                found[day] = wall + (wanted - before)
        before, wall = local, wall + TICK
    return found


@dataclass
class Office:
    """A process that ticks while it is up; the wall clock and the machine are not to be trusted."""

    job: Job
    wall: datetime
    logical_s: float = 0.0
    runs: dict[date, JobRun] = field(default_factory=dict)
    done: list[date] = field(default_factory=list)
    fails: int = 0
    seen: list[datetime] = field(default_factory=list)

    def tick(self) -> None:
        self.seen.append(self.wall)
        at = moment(self.wall, self.logical_s)
        standing = calendar.standing(self.job, self.runs, at=at, running=False)
        assert standing.following >= self.wall
        day = calendar.due(self.job, self.runs, at=at)
        if day is None:
            return
        before = self.runs.get(day)
        began = JobRun(
            job=self.job.name, local_date=day, status=RunStatus.RUNNING,
            tries=1 if before is None else before.tries + 1, started=at.wall,
            started_s=at.logical_s,
        )  # fmt: skip
        if self.fails:  # cut short, or failed: every other time
            self.fails -= 1
            failed = replace(began, status=RunStatus.FAILED, finished_s=at.logical_s)
            self.runs[day] = began if self.fails % 2 else failed
            return
        self.runs[day] = replace(began, status=RunStatus.DONE, finished_s=at.logical_s)
        self.done.append(day)

    def pass_by(self, span: timedelta, *, up: bool) -> None:
        end = self.wall + span
        while self.wall < end:
            self.wall = min(self.wall + TICK, end)
            self.logical_s += TICK.total_seconds()
            if up:
                self.tick()


HOURS = st.integers(0, 40).map(lambda n: n * HOUR / 2)
STORY = st.lists(
    st.one_of(
        st.tuples(st.just("up"), HOURS),
        st.tuples(st.just("down"), HOURS),
        st.tuples(st.just("step"), st.integers(-100, 100).map(lambda n: n * HOUR / 2)),
        st.tuples(st.just("fail"), st.integers(1, 3).map(lambda n: n * DAY)),
    ),
    max_size=12,
)
START = st.sampled_from(AROUND).map(utc)
JOBS = st.builds(
    job, st.sampled_from(TIMES), zone=st.sampled_from(ZONES), hours=st.sampled_from((6, 24))
)


def play(office: Office, story: Iterable[tuple[str, timedelta]]) -> None:
    for what, span in story:
        if what == "step":
            office.wall += span
        elif what == "fail":
            office.fails = span // DAY
        else:
            office.pass_by(span, up=what == "up")


@settings(max_examples=60, deadline=None)
@given(JOBS, START, STORY)
def test_at_most_once_per_date_whatever_happens(
    one: Job, begin: datetime, story: list[tuple[str, timedelta]]
) -> None:
    """I16: restarts, stops, steps, failures: no date is done twice, none without its window."""
    office = Office(one, begin)
    play(office, story)
    assert len(office.done) == len(set(office.done))
    for day in office.done:
        opened = calendar.start(one, day)
        assert opened is not None
        assert any(opened <= wall <= opened + one.catch_up for wall in office.seen)


@settings(max_examples=60, deadline=None)
@given(JOBS, START, STORY.filter(lambda story: all(what != "step" for what, _ in story)))
def test_exactly_once_when_up_in_the_window(
    one: Job, begin: datetime, story: list[tuple[str, timedelta]]
) -> None:
    """I16: a date is done iff the process looked within its window, by an own reckoning."""
    office = Office(one, begin)
    play(office, [(what, span) for what, span in story if what != "fail"])
    assert isinstance(one.zone, ZoneInfo)
    found = occurrences(one.at, one.zone, since=begin - 2 * DAY, until=office.wall)
    expected = {
        day
        for day, opened in found.items()
        if any(opened <= wall <= opened + one.catch_up for wall in office.seen)
    }
    assert sorted(office.done) == sorted(expected)


@settings(max_examples=30, deadline=None)
@given(JOBS, START, st.integers(1, 4))
def test_a_run_that_fails_a_few_times_is_done_all_the_same(
    one: Job, begin: datetime, fails: int
) -> None:
    """Up for three days, failed or cut short up to four times: every date is done all the same."""
    steady, shaky = Office(one, begin), Office(one, begin, fails=fails)
    for office in (steady, shaky):
        office.pass_by(3 * DAY, up=True)
    whole = {day for day in steady.done if (calendar.start(one, day) or begin) >= begin}
    assert len(whole) >= 2
    assert whole <= set(shaky.done)
    assert len(shaky.done) == len(set(shaky.done))
    assert shaky.fails == 0


def test_a_run_that_always_fails_is_given_up() -> None:
    """Five tries a date, no more."""
    office = Office(job(time(2)), utc("2026-06-01 00:00"), fails=10**6)
    office.pass_by(3 * DAY, up=True)
    assert office.done == []
    assert {one.tries for one in list(office.runs.values())[:-1]} == {5}
