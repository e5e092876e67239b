"""Reports to show: a good day, a bad one, one of which nothing is known, one with far too much."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.report import Count, Day, DeliveryDay, Report, ScraperDay, SourceDay, Uptime, Week
from storage.past import PastIncident
from storage.records import Opportunity, Phrase, Provenance, Severity, Value

PARIS = ZoneInfo("Europe/Paris")
UNTIL = datetime(2026, 8, 14, 7, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=1)
BROUGHT = {"Galxe": 61, "TwitterRSS": 88, "Zealy": 34, "Layer3": 22, "AirdropsFallback": 0}
TITLES = (
    "StarkNet Odyssey: bridge and swap",
    "Linea Surge, season 3",
    "Zora Mint Week",
    "Scroll Bounty 12",
    "Base Builders",
)


def opportunity(n: int = 0) -> Opportunity:
    """Return one of the best."""
    return Opportunity(
        key=f"{n:016x}",
        source=list(BROUGHT)[n % 4],
        title=TITLES[n % 5],
        url=f"https://example.org/{n}",
        reward=("$48", "120 USDC", "", "$10-30 estimated", "5 XP")[n % 5],
        minutes=(10.0, 30.0, 5.0, None, 3.0)[n % 5],
        roi=4.8 - 0.7 * n,
        provenance=(Provenance.GIVEN, Provenance.COMPUTED, Provenance.ESTIMATED)[n % 3],
        first_seen=SINCE,
        last_seen=UNTIL,
        deadline=("2026-08-16", "", "2026-08-14T21:30:00Z", "end of August", "")[n % 5],
    )


def incident(n: int = 0, *, peak: Severity = Severity.ERROR, over: bool = True) -> PastIncident:
    """Return an alert of the night."""
    opened = UNTIL - timedelta(hours=5 + n)
    values: dict[str, Value] = {"source": "Galxe", "age_s": 11_520, "limit_s": 7200}
    return PastIncident(
        number=214 + n,
        key="fresh:Galxe",
        check="freshness",
        peak=peak,
        since=opened,
        opened=opened,
        closed=opened + timedelta(hours=3, minutes=40) if over else None,
        acked=opened + timedelta(minutes=4),
        fact=Phrase("freshness.source.stale", values),
    )


def source(name: str, n: int | None, up: float | None = 1.0, unknown: float = 0.0) -> SourceDay:
    """Return a source's day."""
    return SourceDay(
        name=name,
        runs=None if n is None else 12,
        new=Count(today=n, usual=40.0, days_known=7),
        median_gap_s=7300.0,
        usual_gap_s=7200.0,
        uptime=Uptime(up=up, unknown=unknown),
        newest=UNTIL,
    )


def days(names: dict[str, int]) -> tuple[Day, ...]:
    """Return a week with a day off, a day late, and a day without any."""
    made = []
    for back in range(6, -1, -1):
        end = UNTIL - timedelta(days=back)
        new = {name: n * (10 - back) // 10 for name, n in names.items()}
        up = {name: 0.84 if (back, name) == (1, "Galxe") else 1.0 for name in names}
        made.append(
            Day(
                day=end.date(),
                since=end - timedelta(days=1),
                until=end,
                new=None if back == 4 else new,
                median_roi=None if back == 4 else 2.4 - 0.3 * (back % 3),
                up={} if back == 4 else up,
            )
        )
    return tuple(made)


GOOD = Report(
    day=UNTIL.date(),
    since=SINCE,
    until=UNTIL,
    at=UNTIL + timedelta(seconds=2),
    covered=1.0,
    new=Count(today=205, usual=188.0, days_known=7),
    median_roi=2.4,
    mean_roi=3.1,
    usual_roi=2.6,
    high=12,
    medium=40,
    low=61,
    unknown=92,
    by_source=tuple(source(name, n) for name, n in BROUGHT.items()),
    scrapers=(ScraperDay(name="main.py", uptime=Uptime(up=1.0, unknown=0.0)),),
    top=tuple(opportunity(n) for n in range(5)),
    deliveries=DeliveryDay(sent=3, p95_s={Severity.WARNING: 0.8}),
    week=days(BROUGHT),
)
BAD = replace(
    GOOD,
    verdict=Severity.CRITICAL,
    covered=0.91,
    new=Count(today=97, usual=188.4, days_known=7),
    by_source=(
        source("Galxe", 0, 0.84, 0.09),
        source("Zealy", 34, 0.998, 0.09),
        source("TwitterRSS", 63, 1.0, 0.09),
        source("Layer3", None, None, 1.0),
    ),
    incidents=(
        incident(2, peak=Severity.CRITICAL, over=False),
        incident(0, peak=Severity.WARNING),
        incident(1, peak=Severity.WARNING),
    ),
    longest_s=13_200.0,
    ack_median_s=240.0,
    open=1,
    deliveries=DeliveryDay(sent=9, dead=1, p95_s={Severity.CRITICAL: 2.2, Severity.WARNING: 0.8}),
    held=(incident(0, peak=Severity.WARNING),),
)
BLIND = Report(day=UNTIL.date(), since=SINCE, until=UNTIL, at=UNTIL, verdict=Severity.INFO)
YOUNG = replace(
    GOOD,
    new=Count(today=205),
    usual_roi=None,
    by_source=(source("Galxe", 205),),
    deliveries=DeliveryDay(),
    week=tuple(replace(day, new=None, median_roi=None, up={}) for day in GOOD.week[:-1])
    + GOOD.week[-1:],
)
MANY = {f"Source number {n:02}": 40 + 7 * n for n in range(30)}
CROWDED = replace(
    BAD,
    by_source=tuple(source(name, n, 0.5 + n / 600) for name, n in MANY.items()),
    incidents=tuple(incident(n % 5) for n in range(60)),
    held=tuple(incident(n % 5) for n in range(40)),
    week=days(MANY),
)
MONDAY = replace(
    GOOD,
    weekly=Week(
        since=UNTIL - timedelta(days=7),
        until=UNTIL,
        new=Count(today=1_240, usual=1_312.0, days_known=7),
        by_source=BROUGHT,
        median_roi=2.4,
        median_roi_before=2.2,
        incidents=4,
        longest_s=13_200.0,
        best=opportunity(),
    ),
)
REPORTS = (GOOD, BAD, BLIND, YOUNG, CROWDED, MONDAY)
