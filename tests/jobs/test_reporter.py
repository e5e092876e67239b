"""The report's figures: against a recount by hand, on days with gaps, DST and nothing at all."""

import itertools
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.alerts.quiet import QuietHours
from jobs.report import Report
from jobs.reporter import Now, Reporter, Terms
from storage.history import History
from storage.incidents import Delivery, Incident, Kind, Status
from storage.opportunities import Opportunities, Row
from storage.past import Past
from storage.records import Moment, Phrase, Sample, Severity
from storage.schema import micros
from storage.tracker import FileReport
from storage.tracker.snapshot import SourcePart

PARIS = ZoneInfo("Europe/Paris")
DAY = date(2026, 8, 14)  # a Friday
DUE = datetime(2026, 8, 14, 7, tzinfo=UTC)
HOUR, EVERY = timedelta(hours=1), timedelta(minutes=5)
TERMS = Terms(zone=PARIS, weekly=False)


@dataclass
class Office:
    """History on disk, and what the program would know beside it."""

    path: Path
    terms: Terms = TERMS
    files: list[FileReport] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    last: int = 0

    def __post_init__(self) -> None:
        self.history = History(self.path)
        self.index, self.past = Opportunities(self.history), Past(self.history)

    def report(self, day: date | None = DAY, *, at: datetime = DUE + HOUR) -> Report:
        now = Now(files=lambda: self.files, incidents=lambda: self.incidents)
        maker = Reporter(self.history, terms=self.terms, now=now)
        return maker.build(day=day, at=Moment(wall=at, logical_s=0.0))

    def find(self, at: datetime, roi: float | None = None, *, source: str = "Galxe",
             last: datetime | None = None, deadline: str = "") -> None:  # fmt: skip
        """Have an opportunity be seen first then, and last then or later."""
        self.last += 1
        row = Row(
            key=self.last, source=source, title=f"Quest {self.last}", url="", reward="",
            minutes=None, roi=roi, rank=3 if roi is None else 0, deadline=deadline,
            first_seen=micros(at), last_seen=micros(last or at),
        )  # fmt: skip
        self.history.write(lambda db: self.index.put(db, [row]))

    def looked(self, since: datetime, until: datetime, **up: float) -> None:
        """Have a cycle run every five minutes, after `since` and until `until`."""
        times = []
        at = since + EVERY
        while at <= until:
            times.append(at)
            at += EVERY
        series = {"cycle_s": 0.1, **{f"up:{name}": value for name, value in up.items()}}
        self.history.add(
            Sample(series=name, at=at, value=value)
            for name, value in series.items()
            for at in times
        )

    def ran(self, *times: datetime, source: str = "Galxe") -> None:
        """Have a source write a file at each of the times."""
        part = SourcePart(source=source, records=3)
        self.files += [
            FileReport(name=f"{at:%d%H%M}.json", size=1, at=at, at_from="name", parts=(part,))
            for at in times
        ]

    def told(
        self, *, at: datetime, passed_s: float, level: Severity, dead: bool = False,
        kind: Kind = Kind.FIRED,
    ) -> None:  # fmt: skip
        self.last += 1
        row = Delivery(
            id=self.last, incident=1, key="x", kind=kind, seq=0, channel="7", level=level,
            created=at - timedelta(seconds=passed_s), created_s=0.0, done_s=passed_s,
            status=Status.DEAD if dead else Status.SENT,
        )  # fmt: skip
        self.past.keep([], [row])


def incident(number: int, opened: datetime, *, closed: datetime | None = None,
             peak: Severity = Severity.ERROR, acked: datetime | None = None,
             ) -> Incident:  # fmt: skip
    fact = Phrase("freshness.all.none")
    return Incident(
        number=number, key=f"k:{number}", check="freshness", level=peak, peak=peak, since=opened,
        opened=opened, opened_s=0.0, fact=fact, latest=fact, closed=closed, ack_at=acked,
    )  # fmt: skip


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    found = Office(tmp_path / "history.sqlite")
    yield found
    found.history.close()


def test_without_any_history_everything_is_unknown(office: Office) -> None:
    """No zero stands for what nobody knows; a source that was expected is named all the same."""
    office.terms = Terms(zone=PARIS, sources=("Galxe",))
    report = office.report()
    assert (report.since, report.until) == (DUE - 24 * HOUR, DUE)
    assert report.covered is None
    assert report.new.today is None
    assert report.new.usual is None
    assert report.deliveries is None
    assert report.backup is None
    assert report.verdict is Severity.INFO
    (source,) = report.by_source
    assert (source.name, source.runs, source.new.today) == ("Galxe", None, None)
    assert (source.uptime.up, source.uptime.unknown) == (None, 1.0)
    assert [day.new for day in report.week] == [None] * 7
    assert (report.top, report.incidents, report.scrapers) == ((), (), ())


def test_a_day_that_brought_nothing_is_a_zero(office: Office) -> None:
    """Vigie looked all day and the index is older: nothing new is a figure, and is known."""
    office.find(DUE - 60 * HOUR, 1.0)
    office.looked(DUE - 24 * HOUR, DUE)
    report = office.report()
    assert (report.covered, report.new.today, report.new.days_known) == (1.0, 0, 0)
    assert report.verdict is Severity.OK
    assert report.deliveries is not None
    assert report.deliveries.sent == 0


def test_only_days_that_are_known_make_the_usual(office: Office) -> None:
    """The first day is cut off, a day without a look and a find is unknown: neither is a zero."""
    begun = DUE - 5 * 24 * HOUR + HOUR
    office.find(begun)
    office.find(DUE - 50 * HOUR, 4.0)
    office.find(DUE - 50 * HOUR, 2.0)
    office.looked(DUE - 48 * HOUR, DUE)
    office.find(DUE - HOUR, 5.0)
    report = office.report()
    assert (report.new.today, report.new.usual, report.new.days_known) == (1, 1.0, 2)
    assert [day.new for day in report.week] == [
        None,
        None,
        {"Galxe": 1},
        None,
        {"Galxe": 2},
        {},
        {"Galxe": 1},
    ]
    assert (report.median_roi, report.usual_roi) == (5.0, 3.0)


def test_a_source_is_measured_against_its_own_days(office: Office) -> None:
    """A source that is new here has no days before; one that is silent has a zero."""
    office.find(DUE - 80 * HOUR)
    office.find(DUE - 2 * HOUR, source="Zealy")
    office.looked(DUE - 72 * HOUR, DUE, Galxe=0.0)
    galxe, zealy = office.report().by_source
    assert (galxe.new.today, galxe.new.usual, galxe.new.days_known) == (0, 0.0, 2)
    assert (zealy.new.today, zealy.new.usual, zealy.new.days_known) == (1, None, 0)
    assert (galxe.uptime.up, galxe.uptime.unknown) == (0.0, 0.0)
    assert (zealy.uptime.up, zealy.uptime.unknown) == (None, 1.0)


def test_uptime_is_of_the_time_that_was_looked_at(office: Office) -> None:
    """Six hours nobody looked are unknown, and neither up nor down."""
    office.looked(DUE - 24 * HOUR, DUE - 12 * HOUR, Galxe=1.0)
    office.looked(DUE - 6 * HOUR, DUE, Galxe=0.0)
    report = office.report()
    assert report.covered == pytest.approx(0.75)
    assert report.verdict is Severity.INFO
    assert report.week[-1].up == {"Galxe": pytest.approx(12 / 18)}
    office.ran(DUE - HOUR)
    (source,) = office.report().by_source
    assert (source.uptime.up, source.uptime.unknown) == pytest.approx((12 / 18, 0.25))


def test_parts_of_a_source_share_its_uptime(office: Office) -> None:
    """Freshness is watched for Layer3; its files may say Layer3-LiFi."""
    office.looked(DUE - 24 * HOUR, DUE, Layer3=1.0, Lay=0.0)
    office.ran(DUE - HOUR, source="Layer3-LiFi")
    office.terms = Terms(zone=PARIS, sources=("Layer3",))
    assert [(one.name, one.uptime.up) for one in office.report().by_source] == [
        ("Layer3-LiFi", 1.0)
    ]


def test_runs_are_files_and_gaps_reach_back_to_the_one_before(office: Office) -> None:
    """Two files of one time are one run; the first gap of the day began the day before."""
    office.ran(DUE - 26 * HOUR, DUE - 22 * HOUR, DUE - 20 * HOUR, DUE - 20 * HOUR, DUE - 19 * HOUR)
    office.ran(DUE + HOUR / 2)
    (source,) = office.report().by_source
    assert source.runs == 3
    assert source.median_gap_s == 2 * 3600
    assert source.usual_gap_s is None
    assert source.newest == DUE + HOUR / 2


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 3, 30), 24), (date(2026, 10, 25), 25), (DAY, 24)],
)
def test_the_window_is_from_morning_to_morning(office: Office, day: date, hours: int) -> None:
    """On the days clocks change it has 23 or 25 hours, so that no find is told twice or never."""
    begin = datetime.combine(day, time(9), PARIS).astimezone(UTC)
    report = office.report(day, at=begin + HOUR)
    assert (report.length, report.until) == (timedelta(hours=hours), begin)
    before = office.report(day - timedelta(days=1), at=begin + HOUR)
    assert before.until == report.since


def test_before_it_is_due_it_tells_of_the_hours_until_now(office: Office) -> None:
    """Who asks early, or without a date, gets the last 24 hours."""
    early = DUE - HOUR
    for day in (DAY, None):
        report = office.report(day, at=early)
        assert (report.rolling, report.since, report.until) == (True, early - 24 * HOUR, early)
        assert report.day == DAY
    assert not office.report(DAY, at=DUE).rolling


def test_the_best_is_what_was_still_listed(office: Office) -> None:
    """What was last seen before the window is over; what came after a past window was not there."""
    office.find(DUE - 60 * HOUR, 9.0, last=DUE - 30 * HOUR)
    office.find(DUE - 60 * HOUR, 2.0, last=DUE - HOUR)
    office.find(DUE - 2 * HOUR, 3.0)
    office.find(DUE - 2 * HOUR)
    office.find(DUE + HOUR, 8.0)
    report = office.report(at=DUE + 2 * HOUR)
    assert [one.roi for one in report.top] == [3.0, 2.0]
    away = Reporter(office.history, terms=TERMS, now=Now())
    rest = away.best(report, without=[report.top[0].key])
    assert [one.roi for one in rest.rows] == [2.0]


def test_what_has_ended_is_not_worth_doing(office: Office) -> None:
    """It is counted where it would have been among the best; a date lasts until its end, local."""
    for roi, deadline in (
        (9.0, "2026-08-13"), (8.0, "2026-08-14"), (7.0, "2026-08-14T07:59:00Z"),
        (6.0, "2026-08-14T08:01:00Z"), (5.0, "soon"), (4.0, ""), (3.5, "2026-01-01"),
        (3.0, ""), (2.0, "2026-01-01"),
    ):  # fmt: skip
        office.find(DUE - HOUR, roi, deadline=deadline)
    report = office.report()  # made at 8:00 UTC
    assert [one.roi for one in report.top] == [8.0, 6.0, 5.0, 4.0, 3.0]
    assert report.ended == 3
    maker = Reporter(office.history, terms=TERMS, now=Now())
    rest = maker.best(report, without=[report.top[0].key])
    assert ([one.roi for one in rest.rows], rest.ended) == ([6.0, 5.0, 4.0, 3.0], 4)


def test_many_that_came_later_hide_nothing_that_was_there(office: Office) -> None:
    """A past morning's best are found behind all that is better since."""
    for number in range(60):
        office.find(DUE + HOUR / 2, 10.0 + number)
    office.find(DUE - HOUR, 3.0)
    assert [one.roi for one in office.report().top] == [3.0]


def test_incidents_are_those_of_the_window_as_they_stand_now(office: Office) -> None:
    """History knows them, the program knows them better; the worst first, none twice."""
    closed = DUE - 20 * HOUR
    office.past.keep([
        incident(1, DUE - 30 * HOUR, closed=DUE - 25 * HOUR),
        incident(2, DUE - 26 * HOUR, closed=closed, acked=DUE - 25 * HOUR),
        incident(3, DUE - 3 * HOUR),
        incident(5, DUE + HOUR / 2),
    ], [])  # fmt: skip
    office.incidents = [
        incident(3, DUE - 3 * HOUR, closed=DUE + HOUR / 2, acked=DUE - 2 * HOUR),
        incident(4, DUE - HOUR, peak=Severity.CRITICAL),
        incident(6, DUE + HOUR / 2, peak=Severity.CRITICAL),
    ]
    report = office.report()
    assert [(one.number, one.closed is None) for one in report.incidents] == [
        (4, True), (2, False), (3, False),
    ]  # fmt: skip
    assert report.open == 1
    assert report.longest_s == 6 * 3600
    assert report.ack_median_s == 3600
    assert report.verdict is Severity.CRITICAL
    office.past.keep([], [])


@pytest.mark.parametrize(
    ("peak", "over", "verdict"),
    [
        (Severity.INFO, False, Severity.INFO),
        (Severity.WARNING, False, Severity.WARNING),
        (Severity.CRITICAL, False, Severity.CRITICAL),
        (Severity.WARNING, True, Severity.OK),
        (Severity.ERROR, True, Severity.WARNING),
        (Severity.CRITICAL, True, Severity.WARNING),
    ],
)
def test_the_verdict_is_what_is_open_then_what_was(
    office: Office,
    peak: Severity,
    over: bool,  # noqa: FBT001 — a table
    verdict: Severity,
) -> None:
    """An error that is over leaves a warning; a warning that is over leaves a good day."""
    office.find(DUE - 60 * HOUR)
    office.looked(DUE - 24 * HOUR, DUE)
    closed = DUE - HOUR if over else None
    office.incidents = [incident(1, DUE - 2 * HOUR, closed=closed, peak=peak)]
    assert office.report().verdict is verdict


def test_deliveries_are_counted_and_ranked(office: Office) -> None:
    """The 95th percentile by level is a time that was measured."""
    for number in range(20):
        office.told(at=DUE - HOUR, passed_s=float(number + 1), level=Severity.ERROR)
    office.told(at=DUE - HOUR, passed_s=40.0, level=Severity.INFO)
    office.told(at=DUE - HOUR, passed_s=1.0, level=Severity.INFO, dead=True)
    office.told(at=DUE + HOUR / 2, passed_s=1.0, level=Severity.INFO)
    found = office.report().deliveries
    assert found is not None
    assert (found.sent, found.dead) == (21, 1)
    assert found.p95_s == {Severity.ERROR: 19.0, Severity.INFO: 40.0}


def test_what_quiet_hours_held_back_is_of_last_night(office: Office) -> None:
    """What is worse came through all the same; what began by day did not wait."""
    quiet = QuietHours(start=time(22, 30), end=time(7), zone=PARIS)
    office.terms = Terms(zone=PARIS, quiet_hours=quiet)
    night = DUE - 5 * HOUR  # 04:00
    office.incidents = [
        incident(1, night, peak=Severity.WARNING),
        incident(2, night, peak=Severity.ERROR),
        incident(3, DUE - 20 * HOUR, peak=Severity.WARNING),
        incident(4, night - HOUR, closed=night, peak=Severity.INFO),
    ]
    assert [one.number for one in office.report().held] == [4, 1]
    office.terms = TERMS
    assert office.report().held == ()


def test_monday_sums_up_the_week(office: Office) -> None:
    """Seven mornings against the seven before; only if those are all known."""
    office.terms = Terms(zone=PARIS, weekly=True)
    monday = date(2026, 8, 17)
    due = DUE + 72 * HOUR
    for number in range(10):
        office.find(due - (24 * number + 1) * HOUR, 1.0 + number)
    assert office.report().weekly is None
    week = office.report(monday, at=due + HOUR).weekly
    assert week is not None
    assert (week.since, week.until) == (due - 168 * HOUR, due)
    assert (week.new.today, week.new.usual, week.new.days_known) == (7, None, 7)
    assert week.by_source == {"Galxe": 7}
    assert (week.median_roi, week.median_roi_before) == (4.0, 9.0)
    assert week.best is not None
    assert week.best.roi == 7.0
    for number in range(10, 15):
        office.find(due - (24 * number + 1) * HOUR)
    again = office.report(monday, at=due + HOUR).weekly
    assert again is not None
    assert again.new.usual == 7.0


def test_a_past_day_reads_the_same_again_once_it_is_summed_up(office: Office) -> None:
    """Samples turn to hours after two weeks: uptime and cover stay what they were."""
    office.find(DUE - 60 * HOUR)
    office.looked(DUE - 24 * HOUR, DUE - 6 * HOUR, Galxe=1.0)
    office.ran(DUE - HOUR)
    before = office.report()
    assert office.history.prune(DUE + 30 * 24 * HOUR, within_s=60.0)
    after = office.report()
    assert after.covered == pytest.approx(before.covered, abs=0.05)
    assert after.by_source[0].uptime.up == before.by_source[0].uptime.up


MINUTES = 8 * 24 * 60 + 200
finds = st.tuples(
    st.integers(0, MINUTES),
    st.sampled_from(["Galxe", "Zealy"]),
    st.none() | st.floats(0, 20, allow_nan=False),
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(finds, max_size=40), st.sampled_from([DAY, date(2026, 3, 29), date(2026, 10, 25)]))
def test_figures_equal_a_recount_by_hand(
    tmp_path_factory: pytest.TempPathFactory,
    found: Sequence[tuple[int, str, float | None]],
    day: date,
) -> None:
    """Counted anew from the list itself, window by window, without the store."""
    office = Office(tmp_path_factory.mktemp("office") / "h.sqlite")
    due = datetime.combine(day, time(9), PARIS).astimezone(UTC)
    listed = [(due - timedelta(minutes=ago), source, roi) for ago, source, roi in found]
    for at, source, roi in listed:
        office.find(at, roi, source=source)
    report = office.report(day, at=due + HOUR)
    ends = [
        datetime.combine(day - timedelta(days=back), time(9), PARIS).astimezone(UTC)
        for back in range(8, -1, -1)
    ]
    days = [[each for each in listed if a < each[0] <= b] for a, b in itertools.pairwise(ends)]
    first = min((at for at, _, _ in listed), default=None)
    today = days[-1]
    known = [len(one) for one, since in zip(days[:-1], ends, strict=False)
             if first is not None and first <= since and one]  # fmt: skip
    rates = [roi for _, _, roi in today if roi is not None]
    assert report.new.today == (len(today) or None)
    assert report.new.usual == (statistics.fmean(known) if known else None)
    assert report.median_roi == (statistics.median(rates) if rates else None)
    assert report.mean_roi == (pytest.approx(sum(rates) / len(rates)) if rates else None)
    assert (report.high, report.medium, report.low, report.unknown) == (
        sum(roi >= 5 for roi in rates),
        sum(2 <= roi < 5 for roi in rates),
        sum(roi < 2 for roi in rates),
        len(today) - len(rates),
    )
    best = sorted(
        (roi for at, _, roi in listed if at >= ends[-2] and roi is not None), reverse=True
    )
    assert [one.roi for one in report.top] == best[:5]
    for one, said in zip(days[1:], report.week, strict=True):
        counts = {name: sum(source == name for _, source, _ in one) for name in ("Galxe", "Zealy")}
        assert (said.new or {}) == {name: n for name, n in counts.items() if n}
    office.history.close()


def test_an_edit_is_no_message(office: Office) -> None:
    """What only changes a card neither counts nor is lost, and makes nothing slow."""
    office.told(at=DUE - HOUR, passed_s=20.0, level=Severity.ERROR)
    office.told(at=DUE - HOUR, passed_s=900.0, level=Severity.ERROR, kind=Kind.UPDATE)
    office.told(at=DUE - HOUR, passed_s=900.0, level=Severity.ERROR, kind=Kind.UPDATE, dead=True)
    told = office.report().deliveries
    assert told is not None
    assert (told.sent, told.dead, dict(told.p95_s)) == (1, 0, {Severity.ERROR: 20.0})


@pytest.mark.parametrize(
    ("level", "kind", "took_s"),
    [
        (Severity.WARNING, Kind.FIRED, 20.0),
        (Severity.INFO, Kind.BRIEF, 20.0),
        (Severity.WARNING, Kind.RESOLVED, 6 * 3600.0),
        (Severity.ERROR, Kind.FIRED, 6 * 3600.0),
    ],
)
def test_the_night_is_no_delay(office: Office, level: Severity, kind: Kind, took_s: float) -> None:
    """What quiet hours held took its time from their end on; what they do not hold, all of it."""
    quiet = QuietHours(start=time(22, 30), end=time(7), zone=PARIS)
    office.terms = Terms(zone=PARIS, weekly=False, quiet_hours=quiet)
    at = DUE - 2 * HOUR + timedelta(seconds=20)
    office.told(at=at, passed_s=6 * 3600.0, level=level, kind=kind)
    told = office.report().deliveries
    assert told is not None
    assert told.p95_s == {level: pytest.approx(took_s)}


def test_the_verdict_is_what_is_wrong_now(office: Office) -> None:
    """One that was critical and is open as a warning makes it a warning; its peak stays told."""
    office.find(DUE - 60 * HOUR, 1.0)
    office.looked(DUE - 24 * HOUR, DUE)
    was = incident(1, DUE - HOUR, peak=Severity.CRITICAL)
    office.incidents = [replace(was, level=Severity.WARNING)]
    report = office.report()
    assert (report.verdict, report.open) == (Severity.WARNING, 1)
    assert report.incidents[0].peak is Severity.CRITICAL
