"""The axes of a curve: round values with their unit, local days and hours. Pure sums."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.views.plots import Rung, Words, time_ticks

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
LARGE_STEPS = (1.0, 2.0, 2.5, 3.0, 5.0, 6.0, 10.0)  # 3 h, 30 min
PARTS = 4
LARGEST, SMALLEST = 1e300, 1e-12  # what is closer together reads as one value
PLAIN_BELOW = 1e5  # larger ones are spelled 2e+09
MOST_DIGITS = 4
HOURS_ONLY_S = 36 * 3600
MOST_DAYS = 6
DAY_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The span of an axis in the series' own unit, and its ticks with their labels.

    `form` spells the topmost label with its unit.
    """

    bottom: float
    top: float
    ticks: tuple[tuple[float, str], ...]
    form: str = "{x}"

    def share(self, value: float) -> float:
        """Return how far up a value is, 0 to 1; what is off the axis is at its end."""
        return min(max((value - self.bottom) / (self.top - self.bottom), 0.0), 1.0)


def value_axis(
    values: Sequence[float], full: float, ladder: Sequence[Rung], words: Words, least: float = 0.0
) -> Axis:
    """Return an axis of few even steps, `least` or more, that holds zero, `full` and all values."""
    high = min(max([0.0, full, *values]), LARGEST)
    low = max(min([0.0, *values]), -LARGEST)
    if high - low < SMALLEST:
        high, low = ladder[0].size, 0.0
    reach = max(high, -low)
    fitting = [rung for rung in ladder if reach >= rung.begins * rung.size]
    rung = fitting[-1] if fitting else ladder[0]
    step = _step(max((high - low) / PARTS, least) / rung.size)
    first, last = math.floor(low / rung.size / step), math.ceil(high / rung.size / step - 1e-9)
    last = max(last, first + 1)
    ticks = [(i * step * rung.size, _label(i * step, step, words)) for i in range(first, last + 1)]
    return Axis(bottom=ticks[0][0], top=ticks[-1][0], ticks=tuple(ticks), form=rung.form)


def _step(value: float) -> float:
    """Return the next round step at or above."""
    power = 10.0 ** math.floor(math.log10(value))
    steps = LARGE_STEPS if power >= 1 else STEPS
    return next(step * power for step in steps if step * power >= value * 0.999)


def _label(value: float, step: float, words: Words) -> str:
    if value == 0:
        return "0"
    if abs(value) >= PLAIN_BELOW:
        sign, _, power = f"{value:.1e}".partition("e")
        text = f"{sign.removesuffix('.0')}e{int(power)}".replace("-", "−")
        return text.replace(".", words.decimal)
    digits = next(
        (d for d in range(MOST_DIGITS) if math.isclose(round(step, d), step)), MOST_DIGITS
    )
    text = f"{value:.{digits}f}".replace("-", "−")
    return text.replace(".", words.decimal)


def clock_axis(since_s: float, until_s: float, zone: str, words: Words) -> list[tuple[float, str]]:
    """Return local hours with their labels, days where the span is longer; midnight is a day."""
    if until_s - since_s > HOURS_ONLY_S:
        return _days(since_s, until_s, ZoneInfo(zone), words)
    return [
        (at, _day(datetime.fromtimestamp(at, ZoneInfo(zone)).date(), words))
        if label == "00:00"
        else (at, label)
        for at, label in time_ticks(since_s, until_s, zone)
    ]


def _days(since_s: float, until_s: float, zone: ZoneInfo, words: Words) -> list[tuple[float, str]]:
    first = datetime.fromtimestamp(since_s, zone).date()
    span = math.ceil((until_s - since_s) / 86_400)
    step = next((s for s in DAY_STEPS if span / s <= MOST_DAYS), DAY_STEPS[-1])
    ticks = []
    for day in (first + timedelta(days=n) for n in range(span + 2)):
        at = datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
        if day.toordinal() % step == 0 and since_s <= at <= until_s:
            ticks.append((at, _day(day, words)))
    return ticks


def _day(day: date, words: Words) -> str:
    return words.date.format(d=day.day, m=words.months[day.month - 1])


def short(value: float, words: Words) -> str:
    """Return a number for an axis: two or three signs, more only where it is very large."""
    if value >= PLAIN_BELOW:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    text = f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"  # noqa: PLR2004
    return text.replace(".", words.decimal)
