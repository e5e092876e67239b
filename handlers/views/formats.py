"""One spelling for durations, sizes, shares, ROI, counts and clock times, by a value's unit."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

MINUTE, HOUR, DAY = 60, 3600, 86_400
JUST_NOW_S = 5
LAST_S = 1_900 * 365 * DAY  # later or much earlier, calendars end
LARGEST = 1e300
LEAST_RATE = 0.005  # USD a minute; below that two decimals would read 0
UNGROUPED = frozenset({"pid", "record", "line", "number", "incident", "port", "code", "errno"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Formats:
    """The words and signs of one language that numbers and times are spelled with."""

    decimal: str
    group: str
    sizes: tuple[str, ...]
    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    millisecond: str
    second: str
    minute: str
    hour: str
    hours_minutes: str
    day: str
    pct: str
    roi: str
    ago: str
    ahead: str
    just_now: str
    date: str
    none: str

    def number(self, value: float, digits: int = 0) -> str:
        """Return the number with that many decimals, grouped from five digits on."""
        text = f"{value:,.{digits}f}" if abs(value) >= 10_000 else f"{value:.{digits}f}"  # noqa: PLR2004
        text = text.removeprefix("-") if not any(c in "123456789" for c in text) else text
        swap = {",": self.group, ".": self.decimal, "-": "−"}
        return "".join(swap.get(c, c) for c in text)

    def plain_number(self, value: float) -> str:
        """Return a bare number: whole ones as they are, others to about three digits."""
        if not math.isfinite(value):
            return self.none
        if value == int(value):
            return self.number(value)
        return self.number(value, 2 if abs(value) < 10 else 1)  # noqa: PLR2004

    def duration(self, seconds: float) -> str:
        """Return `12 ms`, `1.8 s`, `12 min`, `3 h 12 min`, `2 d 4 h`: two units at most."""
        sign, s = ("−" if seconds < 0 else ""), abs(seconds)
        if 0 < s < 0.9995:  # noqa: PLR2004
            ms = self.number(max(round(s * 1000), 1))
            return sign + self.millisecond.format(x=ms)
        if s < 10:  # noqa: PLR2004
            whole = round(s, 1) == round(s)
            return sign + self.second.format(x=self.number(s, 0 if whole else 1))
        s = round(s)  # a step of 7,199.997 s is one of two hours
        if s < 2 * MINUTE:
            return sign + self.second.format(x=self.number(s))
        if s < HOUR:
            return sign + self.minute.format(x=int(s // MINUTE))
        if s < 2 * DAY:
            return sign + self._hours(int(s // MINUTE))
        days, hours = int(s // DAY), int(s % DAY // HOUR)
        short = hours == 0 or days >= 14  # noqa: PLR2004
        tail = "" if short else " " + self.hour.format(x=hours)
        return sign + self.day.format(x=self.number(days)) + tail

    def _hours(self, minutes: int) -> str:
        hours, rest = divmod(minutes, 60)
        return self.hours_minutes.format(h=hours, m=rest) if rest else self.hour.format(x=hours)

    def work(self, minutes: float) -> str:
        """Return how long a task takes, as its source says it: one minute is no 60 seconds."""
        return self.minute.format(x=1) if minutes == 1 else self.duration(60.0 * minutes)

    def age(self, seconds: float) -> str:
        """Return an age as a duration, in whole seconds: parts of one say nothing."""
        return self.duration(math.floor(seconds))

    def size(self, count: float) -> str:
        """Return a size in decimal units, three digits: `18.4 MB`."""
        value, unit = abs(count), 0
        while value >= 999.5 and unit < len(self.sizes) - 1:  # noqa: PLR2004
            value, unit = value / 1000, unit + 1
        digits = 1 if unit and value < 99.95 else 0  # noqa: PLR2004
        return f"{'−' if count < 0 else ''}{self.number(value, digits)} {self.sizes[unit]}"

    def share(self, pct: float) -> str:
        """Return a percentage; one decimal below ten unless it is whole."""
        small = abs(pct) < 10 and round(pct, 1) != round(pct)  # noqa: PLR2004
        return self.pct.format(x=self.number(pct, 1 if small else 0))

    def return_rate(self, usd_min: float) -> str:
        """Return an ROI in USD per minute: one decimal, more where it is tiny."""
        size = abs(usd_min)
        if 0 < usd_min < LEAST_RATE:  # little is not nothing
            return f"<{self.roi.format(x=self.number(0.01, 2))}"
        digits = 0 if size >= 1000 else 1 if size >= 0.95 or size == 0 else 2  # noqa: PLR2004
        return self.roi.format(x=self.number(usd_min, digits))

    def moment(self, at: datetime, zone: tzinfo, style: str = "dt") -> str:
        """Return a local time: `d` date, `t` time, `w` weekday, as the letters of `style` say."""
        local = at.astimezone(zone)
        parts = []
        if "w" in style.lower():
            parts.append(self.weekdays[local.weekday()])
        if "d" in style.lower():
            parts.append(self.date.format(d=local.day, m=self.months[local.month - 1]))
        if "t" in style.lower() or not parts:
            parts.append(f"{local:%H:%M:%S}" if "T" in style else f"{local:%H:%M}")
        return " ".join(parts)

    def relative(self, at: datetime, now: datetime) -> str:
        """Return `3 h ago` or `in 30 min`."""
        gap = (now - at).total_seconds()
        if abs(gap) < JUST_NOW_S:
            return self.just_now
        return (self.ago if gap >= 0 else self.ahead).format(x=self.duration(abs(gap)))

    def spell(self, name: str, value: float, zone: tzinfo) -> str:
        """Return a number spelled by the unit at the end of its name."""
        if not abs(value) <= LARGEST:
            return self.none
        if name.endswith("_at"):
            at = from_unix(value)
            return self.none if at is None else self.moment(at, zone)
        for suffix, spelled in self._units():
            if name.endswith(suffix):
                return spelled(value)
        return str(value) if name in UNGROUPED else self.plain_number(value)

    def _units(self) -> tuple[tuple[str, Callable[[float], str]], ...]:
        return (
            ("_usd_min", self.return_rate),
            ("_bytes", self.size),
            ("_pct", self.share),
            ("age_s", self.age),
            ("_s", self.duration),
        )


def from_unix(value: float) -> datetime | None:
    """Return an aware time, or nothing where the calendar has none."""
    if not abs(value) < LAST_S:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
