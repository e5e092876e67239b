"""Quiet hours, the one deadline that follows the wall clock: people sleep by it. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Protocol

from storage.incidents import Kind
from storage.records import Severity

HELD = frozenset({Kind.FIRED, Kind.WORSE, Kind.REPEAT, Kind.BRIEF})


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From `start` to `end` in `zone`; where they are equal, never."""

    start: time
    end: time
    zone: tzinfo

    def left_s(self, wall: datetime) -> float:
        """Return the seconds until they end, 0 outside them; right on both DST days."""
        local = wall.astimezone(self.zone)
        now = local.time()
        if self.start <= self.end:
            inside = self.start <= now < self.end
        else:
            inside = now >= self.start or now < self.end
        if not inside:
            return 0.0
        day = local.date() + timedelta(days=now >= self.end)
        end = datetime.combine(day, self.end, tzinfo=self.zone).astimezone(UTC)
        return max(0.0, (end - wall).total_seconds())


class Spoken(Protocol):
    """What is told: a row of the outbox, or what history kept of it."""

    @property
    def kind(self) -> Kind:
        """What it tells."""
        ...

    @property
    def level(self) -> Severity:
        """How bad that is."""
        ...


def waits(row: Spoken) -> bool:
    """Return whether the row waits for the morning: up to WARNING, and no edit or answer."""
    return row.kind in HELD and row.level <= Severity.WARNING
