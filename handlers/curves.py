"""Reads what history has of a series, with its limit and its incidents, and has it drawn."""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.call import Call
from handlers.views.reading import Reading, curve
from handlers.views.series import DELIVERY, SOURCE, metric, of_alert
from jobs.aftermath import arrived, passed_s
from jobs.checks.business import Business
from jobs.checks.data import belongs
from jobs.checks.own import LAG_LIMITS, RSS_LIMITS
from jobs.checks.resources import Resources
from storage.hours import Kept, whole
from storage.incidents import Incident
from storage.past import Past
from storage.records import Slot
from storage.schema import micros, moment

RAW = timedelta(days=14)  # older samples are sums of an hour
HOUR = timedelta(hours=1)
STEPS = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 15, 30, 60, 120, 180))
DAY = timedelta(days=1)
MOST_SLOTS = 300
OTHER_UNITS = ("sources:", "scraper:")  # their limits are not of the series drawn
HUNDRED = 100.0  # a disk that is CRITICAL has a limit in bytes
LIMITS = {
    "rss_bytes": RSS_LIMITS.lowest.value,
    "loop_lag_s": LAG_LIMITS.lowest.value,
    "roi_unknown_pct": Business().unknown_pct,
    "clock_drift_s": Resources().max_drift_s,
    DELIVERY: 3.0,  # what is promised
}


def read(call: Call, series: str, since: datetime, until: datetime) -> Reading:
    """Return a series from `since` to `until`; blocking."""
    summed, single = (kind.summed, kind.single) if (kind := metric(series)) else (False, False)
    step, every = _step(call.at.wall, since, until), call.services.display.health_every_s
    recent = micros(until - timedelta(seconds=max(3 * every, 900.0)))
    found = _kept(call, series, whole(since, step), until)
    last = [each.samples[-1] for each in found if each.samples]
    values = [value for at, value in last if at >= recent]
    ends = [each.ends for each in found if each.ends is not None]
    parts = [each.slots(step) for each in found]
    slots = parts[0] if len(parts) == 1 else _together(parts, summed=summed)
    return Reading(
        series=series,
        since=since,
        until=until,
        step=step,
        gap=timedelta(0) if single else max(timedelta(seconds=3 * every), 1.5 * step),
        slots=slots,
        median=found[0].median() if len(found) == 1 else _median(slots),
        now=(sum(values) if summed else min(values)) if values else None,
        first=_begun(moment(min(first for first, _ in ends)), call.at.wall) if ends else None,
        silent=_silent([last for _, last in ends], recent),
        limit=_limit(call, series),
        incidents=_incidents(call, series, since, until),
    )


def about(reading: Reading, incident: Incident) -> Reading:
    """Return the reading with this incident alone, and the limit it was told with."""
    limit = reading.limit if incident.threshold is None else incident.threshold
    other_unit = incident.key.startswith(OTHER_UNITS) or (
        reading.series.startswith("disk_pct") and limit is not None and limit > HUNDRED
    )
    return replace(reading, incidents=(incident,), limit=None if other_unit else limit)


async def draw(call: Call, reading: Reading) -> bytes | None:
    """Return the picture, or nothing where it cannot be drawn."""
    zone = str(call.services.display.timezone)
    return await call.services.charts.draw(curve(reading, call.language, zone))


def _kept(call: Call, series: str, since: datetime, until: datetime) -> list[Kept]:
    """Return what history has of each part of a series."""
    if series == DELIVERY:
        return [Kept(_passed(call, since, until))]
    history = call.services.history
    return [history.kept(name, since=since, until=until) for name in _names(call, series)]


def _passed(call: Call, since: datetime, until: datetime) -> list[tuple[int, float]]:
    """Return how long each message took, as the report counts it."""
    told, quiet = (
        Past(call.services.history).told(since=since, until=until),
        call.services.display.quiet_hours,
    )
    return [(micros(one.at), passed_s(one, quiet)) for one in told if arrived(one)]


def _names(call: Call, series: str) -> list[str]:
    """Return the series as history names it: an expected source is all that belongs to it."""
    kind, _, part = series.partition(":")
    known = metric(series)
    if known is None or known.part != SOURCE:
        return [series]
    names = call.services.history.names(f"{kind}:")
    return [name for name in names if belongs(name.partition(":")[2], part)] or [series]


def _begun(first: datetime, now: datetime) -> datetime:
    """Return when the first value was; by the hour where it is old enough to be summed up."""
    return first if now - first < RAW else whole(first, HOUR)


def _silent(last: Sequence[int], recent: int) -> datetime | None:
    """Return when the last value was, unless that is just now."""
    return moment(max(last)) if last and max(last) < recent else None


def _median(slots: Sequence[Slot]) -> float | None:
    """Return the median of a curve that is made of several series."""
    return statistics.median(slot.mean for slot in slots) if slots else None


def _step(now: datetime, since: datetime, until: datetime) -> timedelta:
    """Return how long a stretch is: a day over months, as every day has its ups and downs."""
    span = until - since
    wide = next((step for step in STEPS if span <= MOST_SLOTS * step), DAY)
    return max(wide, HOUR) if now - since > RAW else wide


def _together(found: Sequence[Sequence[Slot]], *, summed: bool) -> list[Slot]:
    """Return the parts of one thing as one: counts add up, of ages the least counts."""
    at: dict[float, list[Slot]] = {}
    for slot in (each for slots in found for each in slots):
        at.setdefault(slot.at_s, []).append(slot)
    whole = sum if summed else min
    return [
        Slot(
            start,
            whole(slot.low for slot in parts),
            whole(slot.mean for slot in parts),
            whole(slot.high for slot in parts),
            max(slot.n for slot in parts),
        )
        for start, parts in sorted(at.items())
    ]


def _limit(call: Call, series: str) -> float | None:
    kind, colon, _ = series.partition(":")
    if kind in LIMITS:
        return LIMITS[kind]
    if kind == "new_24h" and colon:
        return None
    name = "data_age_s" if kind == "source_age_s" else kind
    return getattr(call.services.display.limits, name, None)


def _incidents(call: Call, series: str, since: datetime, until: datetime) -> tuple[Incident, ...]:
    """Return the incidents of that time about the series; the fullest disk may be any."""
    found = []
    for each in call.services.alerts.known():
        of = of_alert(each.key) or ""
        same = of == series or of.partition(":")[0] == series == "disk_pct"
        if same and each.opened <= until and (each.closed or until) >= since:
            found.append(each)
    return tuple(found)
