"""Whatever figures and scraped words a report has, Telegram takes it and it can be drawn."""

import csv
import io
import math
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from handlers.views import report as view
from handlers.views.charts import paint
from handlers.views.i18n import LANGUAGES, language
from handlers.views.text import units
from jobs.report import (
    Count,
    Day,
    DeliveryDay,
    Report,
    ScraperDay,
    SourceDay,
    Uptime,
    Week,
)
from storage.past import PastIncident
from storage.records import Opportunity, Phrase, Provenance, Severity, Value
from tests.handlers.reports import PARIS, SINCE, UNTIL
from tests.handlers.strict import problems

NASTY = st.sampled_from(
    [
        "<b>", "</b></blockquote>", "&lt;&amp;&#0;", "\u202egnp.exe", "@all #tag /stop", "a\x00b",
        "https://evil.example/<script>", "\U0010ffff\ufffe", "{who} {n} %s", "\n\n\r\u2028", "",
        " ", "\ud800", "=1+1", '";"\r\n', "$x_{y}$",
    ]
)  # fmt: skip
LONG = st.sampled_from("x🙂\u0301<").map(lambda sign: sign * 2000)
WORDS = st.text(st.characters(), max_size=30) | NASTY | LONG
SHARES = st.floats(0, 1)
MAYBE = st.none() | st.floats(0, 1e12)
COUNTS = st.builds(
    Count,
    today=st.none() | st.integers(0, 10**12),
    usual=MAYBE,
    days_known=st.integers(0, 7),
)
UPTIMES = st.builds(Uptime, up=st.none() | SHARES, unknown=SHARES)
SOURCES = st.builds(
    SourceDay,
    name=WORDS,
    runs=st.none() | st.integers(0, 10**6),
    new=COUNTS,
    median_gap_s=MAYBE,
    usual_gap_s=MAYBE,
    uptime=UPTIMES,
)
OPPORTUNITIES = st.builds(
    Opportunity,
    key=st.just("0" * 16),
    source=WORDS,
    title=WORDS,
    url=WORDS | st.just("https://example.org/x"),
    reward=WORDS,
    minutes=MAYBE,
    roi=st.floats(0, 1e300),
    provenance=st.sampled_from(Provenance),
    first_seen=st.just(SINCE),
    last_seen=st.just(UNTIL),
    deadline=WORDS | st.just("2026-08-16") | st.integers(0, 10**14).map(str),
)


@st.composite
def incidents(draw: st.DrawFn) -> PastIncident:
    """Return any incident."""
    opened = UNTIL - draw(st.timedeltas(timedelta(), timedelta(days=400)))
    what = draw(st.sampled_from(["freshness.source.stale", "tracker.invalid", "no.such.key"]))
    word = draw(WORDS)
    values: dict[str, Value] = {
        "source": word,
        "what": word,
        "age_s": draw(st.floats()),
        "limit_s": None,
    }
    return PastIncident(
        number=draw(st.integers(0, 10**9)),
        key=word,
        check="freshness",
        peak=draw(st.sampled_from(Severity)),
        since=opened,
        opened=opened,
        closed=draw(st.none() | st.just(UNTIL)),
        acked=None,
        fact=Phrase(what, values),
    )


DAYS = st.builds(
    Day,
    day=st.dates(SINCE.date(), UNTIL.date()),
    since=st.just(SINCE),
    until=st.just(UNTIL),
    new=st.none() | st.dictionaries(WORDS, st.integers(0, 10**12), max_size=8),
    median_roi=st.none() | st.floats(0, 1e300) | st.sampled_from([math.inf, math.nan]),
    up=st.dictionaries(WORDS, SHARES, max_size=8),
)
WEEKS = st.builds(
    Week,
    since=st.just(SINCE),
    until=st.just(UNTIL),
    new=COUNTS,
    by_source=st.just({}),
    median_roi=MAYBE,
    median_roi_before=MAYBE,
    incidents=st.none() | st.integers(0, 99),
    best=st.none() | OPPORTUNITIES,
)
REPORTS = st.builds(
    Report,
    day=st.just(UNTIL.date()),
    since=st.just(SINCE),
    until=st.just(UNTIL),
    at=st.just(UNTIL),
    rolling=st.booleans(),
    verdict=st.sampled_from(Severity),
    covered=st.none() | SHARES,
    new=COUNTS,
    median_roi=MAYBE,
    mean_roi=MAYBE,
    usual_roi=MAYBE,
    high=st.integers(0, 10**6),
    medium=st.integers(0, 10**6),
    low=st.integers(0, 10**6),
    unknown=st.integers(0, 10**6),
    by_source=st.lists(SOURCES, max_size=9).map(tuple),
    scrapers=st.lists(st.builds(ScraperDay, name=WORDS, uptime=UPTIMES), max_size=3).map(tuple),
    top=st.lists(OPPORTUNITIES, max_size=5).map(tuple),
    incidents=st.lists(incidents(), max_size=6).map(tuple),
    longest_s=MAYBE,
    ack_median_s=MAYBE,
    open=st.integers(0, 40),
    backup=st.none() | st.just(Phrase("freshness.all.none")),
    deliveries=st.none()
    | st.builds(
        DeliveryDay,
        sent=st.integers(0, 10**6),
        dead=st.integers(0, 10**6),
        p95_s=st.dictionaries(st.sampled_from(Severity), st.floats(0, 1e6)),
    ),
    held=st.lists(incidents(), max_size=4).map(tuple),
    week=st.lists(DAYS, max_size=7).map(tuple),
    weekly=st.none() | WEEKS,
)


@given(REPORTS, st.sampled_from(LANGUAGES))
@settings(max_examples=25, deadline=None)
def test_any_report_makes_messages_telegram_takes(report: Report, code: str) -> None:
    """Caption, text, everything, day by day; the console's line is one line."""
    words = language(code, PARIS, UNTIL)
    for message in (
        view.render(report, language=words, picture=b"png"),
        view.render(report, language=words),
        view.full(report, language=words),
        view.days(report, language=words),
    ):
        assert problems(message) == [], message.html
    assert len(view.line(report, words).splitlines()) == 1


@given(REPORTS, st.sampled_from(LANGUAGES))
@settings(max_examples=25, deadline=None)
def test_any_report_makes_a_table_no_spreadsheet_computes(report: Report, code: str) -> None:
    """Four cells a row, no formula, a name that is one of a file."""
    made = view.csv(report, language(code, PARIS, UNTIL))
    sign = ";" if code == "fr" else ","
    rows = list(csv.reader(io.StringIO(made.content.decode("utf-8-sig"), ""), delimiter=sign))
    assert {len(row) for row in rows} == {4}
    assert not [cell for row in rows for cell in row if cell[:1] in {"=", "+", "-", "@", "\t"}]
    assert made.name.removesuffix(".csv").replace("-", "").isalnum()
    assert units(made.name) < 64


@given(st.lists(DAYS, max_size=7).map(tuple), st.sampled_from(LANGUAGES))
@settings(max_examples=6, deadline=None)
def test_any_week_is_drawn(week: tuple[Day, ...], code: str) -> None:
    """As wide as ever, not too tall for a phone."""
    report = Report(day=UNTIL.date(), since=SINCE, until=UNTIL, at=UNTIL, week=week)
    picture = Image.open(io.BytesIO(paint(view.chart(report, language(code, PARIS, UNTIL)))))
    assert picture.width == 900
    assert 300 < picture.height < 1400
