"""One series over one stretch of time: its figures, and the picture they make. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.views import plots
from handlers.views.i18n import Language
from handlers.views.plots import Mark, Point, Rung
from handlers.views.series import metric
from storage.incidents import Incident
from storage.records import Slot

PERIODS = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
THOUSANDS = (Rung(1.0), Rung(1e3, "{x} k"), Rung(1e6, "{x} M"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What history has of a series from `since` to `until`, by stretches of `step`.

    `now` is the last value, None where there is none just now; gaps are longer than `gap`.
    `first` is when the first one was, of old ones the hour; `silent` when the last one was unless
    that is just now. `incidents` are those to shade.
    """

    series: str
    since: datetime
    until: datetime
    step: timedelta
    gap: timedelta
    slots: Sequence[Slot] = ()
    median: float | None = None
    now: float | None = None
    first: datetime | None = None
    silent: datetime | None = None
    limit: float | None = None
    incidents: Sequence[Incident] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The extremes, and the value that half of all samples stayed below."""

    low: float
    median: float
    high: float


def figures(reading: Reading) -> Figures | None:
    """Return the figures, None without samples."""
    slots = reading.slots
    if not slots or reading.median is None:
        return None
    low, high = min(slot.low for slot in slots), max(slot.high for slot in slots)
    return Figures(low=low, median=reading.median, high=high)


def title(series: str, language: Language) -> str:
    """Return what a series is called, in full."""
    kind, colon, part = series.partition(":")
    return language.plain(f"chart.{kind}.part" if colon else f"chart.{kind}", part=part)


def spelled(series: str, value: float, language: Language) -> str:
    """Return a value of a series in its own unit."""
    return language.value(series.partition(":")[0], value)


def curve(reading: Reading, language: Language, zone: str) -> plots.Curve:
    """Return what to draw."""
    half = reading.step.total_seconds() / 2
    since_s, until_s = reading.since.timestamp(), reading.until.timestamp()
    points = []
    for slot in reading.slots:
        at_s = slot.at_s + half
        points.append(Point(min(max(at_s, since_s), until_s), slot.low, slot.mean, slot.high))
    kind, limit = reading.series.partition(":")[0], reading.limit
    ladder, known = _ladder(kind, language), metric(reading.series)
    said = "" if limit is None else spelled(reading.series, limit, language)
    return plots.Curve(
        title=title(reading.series, language),
        points=tuple(points),
        since_s=since_s,
        until_s=until_s,
        zone=zone,
        gap_s=reading.gap.total_seconds(),
        words=words(language),
        ladder=ladder,
        full=100.0 if kind.endswith("_pct") else 0.0,
        step=1.0 if ladder is THOUSANDS else 0.0,
        limit=limit,
        floor=known is not None and known.floor,
        limit_text=language.plain("chart.limit", limit=said),
        marks=tuple(_mark(incident, reading.until) for incident in reading.incidents),
        now="" if reading.now is None else spelled(reading.series, reading.now, language),
    )


def _mark(incident: Incident, until: datetime) -> Mark:
    end = until if incident.closed is None else incident.closed
    label = f"#{incident.number}"
    return Mark(since_s=incident.opened.timestamp(), until_s=end.timestamp(), label=label)


def words(language: Language) -> plots.Words:
    """Return what every picture says, in the reader's language."""
    formats = language.catalogue.formats
    return plots.Words(
        no_data=language.plain("word.no_data"),
        decimal=formats.decimal,
        units=tuple(language.plain("chart.units").split()),
        months=formats.months,
        date=formats.date,
    )


def _ladder(kind: str, language: Language) -> tuple[Rung, ...]:
    formats = language.catalogue.formats
    if kind.endswith("_pct"):
        return (Rung(1.0, formats.pct),)
    if kind.endswith("_bytes"):
        sizes = enumerate(formats.sizes)
        return tuple(Rung(1000.0**power, f"{{x}} {name}", 1.0) for power, name in sizes)
    if kind.endswith("_usd_min"):
        return (Rung(1.0, formats.roi),)
    if kind.endswith("_s"):
        return (
            Rung(0.001, formats.millisecond),
            Rung(1.0, formats.second, 1.0),
            Rung(60.0, formats.minute),
            Rung(3600.0, formats.hour),
            Rung(86_400.0, formats.day),
        )
    return THOUSANDS
