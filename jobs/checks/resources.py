"""Has the machine enough left, and does its clock run steadily?"""

from dataclasses import dataclass
from datetime import datetime

from jobs.checks.forecast import Forecast
from jobs.checks.result import Verdict
from jobs.checks.saying import Ladder, Limit, Subject
from jobs.facts import Disk, Facts, Host, Unknown
from storage.records import Observation, Phrase, Severity, Value

NAME = "machine"
GIB = 2**30
CPU = Subject(key="cpu", check=NAME)
MEMORY = Subject(key="mem", check=NAME)
CLOCK = Subject(key="clock", check=NAME)


def load_limits(*, warning: float, error: float) -> Ladder:
    """Return limits in percent for a load, which passes: ERROR at worst."""
    limits = (Limit(Severity.WARNING, warning), Limit(Severity.ERROR, error))
    return Ladder(limits=limits, margin=LOAD_MARGIN_PCT)


def space_limits(*, warning: float, critical: float) -> Ladder:
    """Return limits in percent for what can run out, and stop everything then: CRITICAL."""
    limits = (Limit(Severity.WARNING, warning), Limit(Severity.CRITICAL, critical))
    return Ladder(limits=limits, margin=SPACE_MARGIN_PCT)


LOAD_MARGIN_PCT = 10.0
SPACE_MARGIN_PCT = 5.0
CPU_LIMITS = load_limits(warning=85, error=95)
FORECAST = Forecast()
SPACE_LIMITS = space_limits(warning=85, critical=95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Limits in percent; a disk with less than `min_free_bytes` left is CRITICAL.

    On a disk below ten times that size a tenth of it must be left, or a small one would
    never be well.
    """

    cpu: Ladder = CPU_LIMITS
    memory: Ladder = SPACE_LIMITS
    disk: Ladder = SPACE_LIMITS
    min_free_bytes: int = GIB
    forecast: Forecast = FORECAST
    max_drift_s: float = 60.0
    name: str = NAME

    def judge(self, facts: Facts, *, now: datetime) -> Verdict:  # noqa: ARG002
        """Return one observation each for CPU (from the second look on), memory, disks, clock."""
        clock = () if facts.drift_s is None else (self._clock(facts.drift_s),)
        host = facts.host
        if isinstance(host, Unknown):
            unknown = tuple(one.unknown(host.reason) for one in (CPU, MEMORY))
            return Verdict((*unknown, *clock))
        disks = (
            *(self._disk(disk) for disk in host.disks),
            *(self.forecast.judge(disk, check=NAME) for disk in host.disks),
        )
        seen = (*self._cpu(host), self._memory(host), *disks, *clock)
        return Verdict(seen, frozenset({"disk:"}))

    def _cpu(self, host: Host) -> tuple[Observation, ...]:
        """Nothing in the first look: there is no mean yet, and one sample says nothing."""
        if host.cpu_pct is None:
            return ()
        return (_percent(CPU, self.cpu, host.cpu_pct, {"cpu_pct": host.cpu_pct}),)

    def _memory(self, host: Host) -> Observation:
        memory = host.memory
        values: dict[str, Value] = {
            "memory_pct": memory.used_pct, "used_bytes": memory.used_bytes,
            "total_bytes": memory.total_bytes,
        }  # fmt: skip
        return _percent(MEMORY, self.memory, memory.used_pct, values)

    def _disk(self, disk: Disk) -> Observation:
        subject = Subject(key=f"disk:{disk.name}", check=NAME)
        values: dict[str, Value] = {
            "disk": disk.name, "disk_pct": disk.used_pct, "free_bytes": disk.free_bytes,
        }  # fmt: skip
        least_bytes = min(self.min_free_bytes, disk.total_bytes // 10)
        if disk.free_bytes >= least_bytes:
            return _percent(subject, self.disk, disk.used_pct, values)
        fact = Phrase("machine.disk.low", values | {"limit_bytes": least_bytes})
        return subject.fail(
            Severity.CRITICAL, fact, value=float(disk.free_bytes), threshold=float(least_bytes)
        )

    def _clock(self, drift_s: float) -> Observation:
        if abs(drift_s) <= self.max_drift_s:
            return CLOCK.ok(Phrase("machine.clock.ok"), value=drift_s)
        fact = Phrase(
            f"machine.clock.{'forward' if drift_s > 0 else 'back'}", {"drift_s": abs(drift_s)}
        )
        return CLOCK.fail(Severity.WARNING, fact, value=drift_s, threshold=self.max_drift_s)


def _percent(
    subject: Subject, limits: Ladder, value: float, values: dict[str, Value]
) -> Observation:
    what = subject.key.partition(":")[0]
    limit = limits.reached(value)
    if limit is None:
        fact = Phrase(f"machine.{what}.ok", values | {"limit_pct": limits.lowest.value})
        return subject.ok(fact, value=value, limit=limits.lowest, clears=limits.clears(value))
    fact = Phrase(f"machine.{what}.high", values | {"limit_pct": limit.value})
    return subject.fail(limit.level, fact, value=value, threshold=limit.value)
