"""Which alert has a chart, and what people may call one."""

import pytest

from handlers.views.series import charted, metric, of_alert


@pytest.mark.parametrize(
    ("key", "series"),
    [
        ("cpu", "cpu_pct"),
        ("mem", "memory_pct"),
        ("fresh:all", "data_age_s"),
        ("fresh:Galxe", "source_age_s:Galxe"),
        ("fresh:a:b", "source_age_s:a:b"),
        ("volume:all", "new_24h"),
        ("volume:Zealy", "new_24h:Zealy"),
        ("volume:Zealy:spike", "new_24h:Zealy"),
        ("roi:median", "roi_median_usd_min"),
        ("roi:unknown", "roi_unknown_pct"),
        ("sources:active", "new_24h"),
        ("disk:data", "disk_pct:data"),
        ("disk:data:forecast", "disk_pct:data"),
        ("bot:rss", "rss_bytes"),
        ("bot:loop", "loop_lag_s"),
        ("bot:outbox", "delivery_s"),
        ("clock", "clock_drift_s"),
        ("scraper:main.py:process", "scraper_trees:main.py"),
        ("scraper:C:\\run.py:process", "scraper_trees:C:\\run.py"),
    ],
)
def test_an_alert_about_a_figure_has_its_series(key: str, series: str) -> None:
    """The series is one there is a title for."""
    assert of_alert(key) == series
    assert charted(key)
    assert metric(series) is not None


@pytest.mark.parametrize(
    "key",
    [
        "integrity:a.json", "bot:state", "clock:data", "check:machine", "scraper:Galxe:data",
        "scraper:main.py:restarts", "scraper:none", "fresh:", "data:folder", "", "nonsense",
    ],
)  # fmt: skip
def test_an_alert_about_no_figure_has_none(key: str) -> None:
    """A button that leads nowhere is worse than none."""
    assert not charted(key)


@pytest.mark.parametrize("series", ["cpu_pct:x", "source_age_s", "source_age_s:", "net_sent", ""])
def test_what_is_no_series_is_none(series: str) -> None:
    """Button data may say anything."""
    assert metric(series) is None
