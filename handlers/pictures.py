"""Fetches what the charts show and has it drawn."""

from datetime import datetime, timedelta

from handlers.call import Call, blocking
from handlers.views import plots
from handlers.views.reading import words
from handlers.views.text import clean
from handlers.views.top import MARKS
from handlers.views.top_keys import Page

DAY = timedelta(hours=24)
SHORTEST = timedelta(minutes=10)
SERIES = ("cpu_pct", "memory_pct", "disk_pct", "data_age_s")


async def health(call: Call) -> bytes | None:
    """Return the last 24 h as a picture, or nothing where it cannot be drawn."""
    return await call.services.charts.draw(await blocking(_health, call))


def _health(call: Call) -> plots.HealthChart:
    """Read the series; a history younger than a day fills the width all the same."""
    display, until = call.services.display, call.at.wall
    points = {
        name: call.services.history.series(name, since=until - DAY, until=until) for name in SERIES
    }
    oldest = min((rows[0][0] for rows in points.values() if rows), default=until - DAY)
    since = min(oldest, until - SHORTEST)
    return plots.HealthChart(
        panels=tuple(_panel(name, points[name], call) for name in SERIES),
        since_s=since.timestamp(),
        until_s=until.timestamp(),
        zone=str(display.timezone),
        gap_s=max(3 * display.health_every_s, (until - since).total_seconds() / 100),
        words=words(call.language),
    )


def _panel(name: str, rows: list[tuple[datetime, float]], call: Call) -> plots.Panel:
    limits = call.services.display.limits
    limit = {
        "cpu_pct": limits.cpu_pct,
        "memory_pct": limits.memory_pct,
        "disk_pct": limits.disk_pct,
        "data_age_s": limits.data_age_s,
    }[name]
    return plots.Panel(
        title=call.language.plain(f"chart.{name}"),
        points=tuple((at.timestamp(), value) for at, value in rows),
        limit=limit,
        limit_text=call.language.plain("chart.limit", limit=call.language.value(name, limit)),
        now=call.language.value(name, rows[-1][1]) if rows else "",
        duration=name.endswith("_s"),
    )


async def top(call: Call, page: Page) -> bytes | None:
    """Return the list as bars, or a picture that says there are none."""
    bars = tuple(
        plots.Bar(
            rank=rank,
            label=clean(row.title) or clean(row.source),
            value=row.roi,
            text=clean(f"{call.language.value('roi_usd_min', row.roi)} {MARKS[row.provenance]}"),
            provenance=row.provenance.value,
        )
        for rank, row in enumerate(page.rows, page.query.offset + 1)
        if row.roi is not None
    )
    floor = call.services.display.min_roi
    text = clean(call.language.plain("chart.floor", floor_usd_min=floor))
    empty = call.language.plain("word.no_data")
    spec = plots.BarChart(bars=bars, floor=floor, floor_text=text, empty_text=empty)
    return await call.services.charts.draw(spec)
