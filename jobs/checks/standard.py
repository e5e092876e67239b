"""The checks of every cycle, in the order /health lists them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from jobs.checks.backups import Safekeeping
from jobs.checks.business import Business
from jobs.checks.freshness import Freshness
from jobs.checks.integrity import Integrity
from jobs.checks.own import Itself
from jobs.checks.resources import CPU_LIMITS, SPACE_LIMITS, Resources
from jobs.checks.result import Check
from jobs.checks.saying import Ladder
from jobs.checks.scrapers import Scrapers
from jobs.checks.waiting import Patience
from storage.archives.keep.retention import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the owner may set of the checks; percentages are 0-100.

    Without `backups` none is made by itself.
    """

    commands: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    fresh_warning: timedelta = timedelta(hours=2)
    fresh_error: timedelta = timedelta(hours=4)
    fresh_critical: timedelta = timedelta(hours=6)
    low_volume: int = 50
    cpu: Ladder = CPU_LIMITS
    memory: Ladder = SPACE_LIMITS
    disk: Ladder = SPACE_LIMITS
    backups: Policy | None = None


def standard(limits: Limits) -> Sequence[Check]:
    """Return every check, with the owner's limits."""
    return (
        Scrapers(commands=limits.commands, sources=limits.sources),
        Freshness(
            sources=limits.sources,
            warning=limits.fresh_warning,
            error=limits.fresh_error,
            critical=limits.fresh_critical,
        ),
        Integrity(),
        Business(
            sources=limits.sources,
            low_volume=limits.low_volume,
            patience=Patience(at_most=limits.fresh_warning),
        ),
        Resources(cpu=limits.cpu, memory=limits.memory, disk=limits.disk),
        Safekeeping(policy=limits.backups),
        Itself(),
    )
