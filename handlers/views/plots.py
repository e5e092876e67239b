"""What the pictures show: their specifications, and the sums behind them, without matplotlib."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

MOST_POINTS = 600
SPANS = ((86_400.0, 3), (3600.0, 2), (60.0, 1), (1.0, 0))
STEPS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the pictures say, in the reader's language; `units` are s, min, h and d."""

    no_data: str
    decimal: str = "."
    units: tuple[str, ...] = ("s", "min", "h", "d")
    months: tuple[str, ...] = tuple(map(str, range(1, 13)))
    date: str = "{d} {m}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One series: (Unix time, value) points, a percentage or, with `duration`, seconds.

    `now` spells the last point; it is shown only where that is recent.
    """

    title: str
    points: tuple[tuple[float, float], ...]
    limit: float | None = None
    limit_text: str = ""
    now: str = ""
    duration: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChart:
    """Small multiples over one time axis; neighbours further apart than `gap_s` stay apart."""

    panels: tuple[Panel, ...]
    since_s: float
    until_s: float
    zone: str
    gap_s: float
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One opportunity; bars of a given ROI are filled, computed ones hatched, others outlined."""

    rank: int
    label: str
    value: float
    text: str
    provenance: str = "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Ranked bars from zero; `floor` marks the value worth the owner's time.

    Without a bar the picture says `empty_text`.
    """

    bars: tuple[Bar, ...]
    floor: float | None = None
    floor_text: str = ""
    empty_text: str = ""


class Point(NamedTuple):
    """A stretch of time: its middle, and the lowest, mean and highest value in it."""

    at_s: float
    low: float
    mean: float
    high: float


class Rung(NamedTuple):
    """How many of a series' own unit a unit is, and how `x` are spelled; used from `begins` on."""

    size: float
    form: str = "{x}"
    begins: float = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A stretch of time to shade, with its name."""

    since_s: float
    until_s: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One series over one stretch of time; neighbours further apart than `gap_s` stay apart.

    `ladder` has the axis's units, the smallest first; the axis reaches from zero to `full` at
    least, in steps of `step` at least. `now` spells the last value, "" if there is none just now.
    `floor`: the limit is one to stay above.
    """

    title: str
    points: tuple[Point, ...]
    since_s: float
    until_s: float
    zone: str
    gap_s: float
    words: Words
    ladder: tuple[Rung, ...] = (Rung(1.0),)
    full: float = 0.0
    step: float = 0.0
    limit: float | None = None
    limit_text: str = ""
    floor: bool = False
    marks: tuple[Mark, ...] = ()
    now: str = ""


class Cell(NamedTuple):
    """A stretch of time: the shares of it something was up and down; for the rest nobody knows."""

    up: float
    down: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """How something was, stretch by stretch; `text` says a word about it."""

    label: str
    cells: tuple[Cell, ...]
    text: str = ""


class Legend(NamedTuple):
    """What the looks of a cell mean."""

    up: str
    down: str
    unknown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StripChart:
    """One strip for each thing, over one time axis."""

    strips: tuple[Strip, ...]
    since_s: float
    until_s: float
    zone: str
    words: Words
    legend: Legend


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One layer of the columns: so many a day, None where nothing is known of the day."""

    label: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekChart:
    """Some days side by side: columns of layers, a line of its own, and a strip for each thing.

    `line` has None where there is no value; `line_texts` spell the others. `more` says what was
    left out of the strips.
    """

    days: tuple[str, ...]
    stacks: tuple[Stack, ...]
    line: tuple[float | None, ...]
    line_texts: tuple[str, ...]
    strips: tuple[Strip, ...]
    titles: tuple[str, str, str]
    words: Words
    legend: Legend
    more: str = ""


Spec: TypeAlias = HealthChart | BarChart | Curve | StripChart | WeekChart


def nice(value: float) -> float:
    """Return the next round number at or above: 1, 2, 3, 4, 5, 6, 8, 10 … of some power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.999)


def thin(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return at most about 600 points: of each group its highest, so that no peak is lost."""
    size = math.ceil(len(points) / MOST_POINTS) or 1
    groups = (points[i : i + size] for i in range(0, len(points), size))
    return [max(group, key=lambda p: p[1]) for group in groups]


def segments(
    points: Sequence[tuple[float, float]], gap_s: float
) -> list[tuple[list[float], list[float]]]:
    """Return runs of points no further apart than `gap_s`, as times and values."""
    runs: list[tuple[list[float], list[float]]] = []
    last = -math.inf
    for at, value in points:
        if at - last > gap_s:
            runs.append(([], []))
        runs[-1][0].append(at)
        runs[-1][1].append(value)
        last = at
    return runs


def time_ticks(since_s: float, until_s: float, zone: str, most: int = 5) -> list[tuple[float, str]]:
    """Return round local times in the span with their labels, `most` at most."""
    span = max(until_s - since_s, 1.0)
    step = next((s for s in STEPS_S if span / s <= most), 86_400)
    local = ZoneInfo(zone)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    first = math.ceil(since_s / 60) * 60
    ticks: list[tuple[float, str]] = []
    for at in range(first, int(until_s) + 1, 60):
        here = (epoch + timedelta(seconds=at)).astimezone(local)
        minutes = here.hour * 60 + here.minute
        if minutes % (step // 60) == 0 and (not ticks or ticks[-1][1] != f"{here:%H:%M}"):
            ticks.append((float(at), f"{here:%H:%M}"))
    return ticks[:: max(1, math.ceil(len(ticks) / (most + 1)))]


def scale_of(panel: Panel, values: Sequence[float], words: Words) -> tuple[float, float, str]:
    """Return the top of the axis, what to divide values by, and the unit."""
    highest = max([*values, 0.0])
    if not panel.duration:
        return 100.0 if highest <= 100 else highest * 1.1, 1.0, "%"  # noqa: PLR2004
    highest = max(highest, (panel.limit or 0.0) * 1.25, 1.0)
    scale, index = next(each for each in SPANS if highest >= 1.5 * each[0] or each[0] == 1.0)
    return nice(highest / scale), scale, words.units[index]
