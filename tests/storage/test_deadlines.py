"""Deadlines in every shape that scrapers write: which day, and when it is over."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import deadlines

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 8, 14, 8, tzinfo=UTC)  # ten in the morning there
SHAPES = {
    "2026-08-14": False,
    "2026-08-13": True,
    " 2026-08-13 ": True,
    "2026-08-14T07:59:59Z": True,
    "2026-08-14T08:00:01+00:00": False,
    "2026-08-14T09:59:00": True,
    "2026-08-14 10:01": False,
    "Fri, 14 Aug 2026 07:59:00 GMT": True,
    "Fri, 14 Aug 2026 09:59:00 +0200": True,
    "1786694300": True,
    "1786694500": False,
    "1786694300000": True,
    "7": None,
    "soon": None,
    "": None,
    "9" * 30: None,
    "60000000000": None,
    "end of August": None,
    "9999-12-31T23:59:59-12:00": False,
}


@pytest.mark.parametrize(("text", "over"), SHAPES.items())
def test_when_it_is_over(text: str, *, over: bool | None) -> None:
    """A date lasts until its end, a time without a zone is local, what is unclear never ends."""
    assert deadlines.over(text, now=NOW, zone=PARIS) is bool(over)
    known = deadlines.day(text, PARIS) is not None
    assert known is (over is not None and "9999" not in text)


def test_a_date_ends_with_the_local_day() -> None:
    """At midnight in Paris, two hours before that of UTC."""
    for hour, over in ((21, False), (22, True)):
        now = datetime(2026, 8, 14, hour, 0, 1, tzinfo=UTC)
        assert deadlines.over("2026-08-14", now=now, zone=PARIS) is over
    assert deadlines.day("2026-08-14T22:30:00Z", PARIS) == date(2026, 8, 15)


@given(st.text(max_size=50) | st.integers(0, 10**40).map(str))
def test_nothing_a_scraper_writes_is_an_error(text: str) -> None:
    """Whatever is unclear has no day, and is not over."""
    if deadlines.day(text, PARIS) is None:
        assert not deadlines.over(text, now=datetime(1990, 1, 1, tzinfo=UTC), zone=PARIS)
