"""When will a disk be full, if it goes on filling as it does? Pure."""

from dataclasses import dataclass
from datetime import timedelta

from jobs.checks.saying import Subject
from jobs.facts import Disk
from storage.records import Observation, Phrase, Severity, Value

FULL_PCT = 100.0
STILL = 0.5  # of the line's slope is left in its last part: what was copied once is over
TURN_MARGIN_PCT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Limits on the time left, of a disk that is somewhat full and fills in a straight line.

    They are the specification's. What fills in fits and starts (`straight`) is not foretold; once
    told, an alert closes only when more than `clear` is left.
    """

    warning: timedelta = timedelta(hours=24)
    error: timedelta = timedelta(hours=6)
    clear: timedelta = timedelta(hours=36)
    from_pct: float = 60.0
    straight: float = 0.6

    def judge(self, disk: Disk, *, check: str) -> Observation:
        """Call a disk that is full within a day WARNING, within hours ERROR."""
        subject = Subject(key=f"disk:{disk.name}:forecast", check=check)
        values: dict[str, Value] = {"disk": disk.name, "disk_pct": disk.used_pct}
        trend = disk.trend
        if trend is None:
            return subject.ok(Phrase("machine.forecast.young", values), clears=False)
        slope, lately = trend.pct_per_s, trend.lately_pct_per_s
        if slope <= 0:
            return subject.ok(Phrase("machine.forecast.steady", values))
        left_s = (FULL_PCT - disk.used_pct) / slope
        values |= {"left_s": left_s, "growth_pct": slope * 3600.0}
        turns = trend.turned_pct
        if turns is not None and disk.used_pct < turns + TURN_MARGIN_PCT:
            return subject.ok(Phrase("machine.forecast.turns", values | {"turned_pct": turns}))
        limit_s = self.warning.total_seconds()
        fills = disk.used_pct > self.from_pct and trend.explained > self.straight
        if not fills or lately < slope * STILL or left_s >= limit_s:
            slowly = (FULL_PCT - disk.used_pct) / self.clear.total_seconds()
            return subject.ok(
                Phrase("machine.forecast.slow", values), clears=min(slope, lately) < slowly
            )
        level = Severity.ERROR if left_s < self.error.total_seconds() else Severity.WARNING
        fact = Phrase("machine.forecast.full", values)
        return subject.fail(level, fact, value=left_s, threshold=limit_s)
