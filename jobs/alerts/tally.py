"""Counts of what became of the deliveries since the start, for whoever reads them."""

from collections import Counter, deque
from dataclasses import dataclass, field

from storage.incidents import Kind
from storage.records import Severity

KEPT = 1000


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one alert took from when it might go to its acceptance."""

    level: Severity
    passed_s: float


@dataclass(slots=True)
class Tally:
    """Outcomes since the start; kept in memory, changed under the database's lock only."""

    created: int = 0
    superseded: int = 0
    sent: Counter[tuple[Severity, Kind]] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    latencies: deque[Latency] = field(default_factory=lambda: deque(maxlen=KEPT))
