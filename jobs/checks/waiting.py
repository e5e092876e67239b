"""After an absence, data may be old because the scrapers could not run: that is waited for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from jobs.checks.data import belongs
from jobs.facts import Facts
from storage.records import Observation, Outcome, Phrase, Severity
from storage.tracker import FileReport, Snapshot

LOOKED_AT = 12  # the latest files: how often they come now, not last year
LEAST_GAPS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long after an absence old data are no news: until the scrapers' next run.

    That is the usual time between a source's files, half of `at_most` where there are too few to
    tell. A scraper that is dead is told `at_most` later than it would have been.
    """

    at_most: timedelta = timedelta(hours=2)

    def waits(
        self, seen: Observation, facts: Facts, data: Snapshot, *, name: str | None = None
    ) -> Observation:
        """Return a fail as an unknown that says what is seen and until when it is waited for."""
        absence = facts.absence
        if absence is None or seen.outcome is not Outcome.FAIL:
            return seen
        waited_s = facts.at.logical_s - absence.ended.logical_s
        if waited_s >= self.at_most.total_seconds():
            return seen
        usual = usual_gap(data, name, before=absence.ended.wall)
        period = self.at_most / 2 if usual is None else min(usual, self.at_most)
        left = period - timedelta(seconds=waited_s)
        if left <= timedelta(0):
            return seen
        until_s = (facts.at.wall + left).timestamp()
        reason = Phrase(f"absence.{absence.why}", {"for_s": absence.for_s, "until_at": until_s})
        return replace(
            seen, outcome=Outcome.UNKNOWN, level=Severity.OK, waits=True,
            evidence=(*seen.evidence, reason),
        )  # fmt: skip


def usual_gap(data: Snapshot, name: str | None, *, before: datetime) -> timedelta | None:
    """Return the median time between the latest files (of one source), None of too few."""
    ours = _of(name)
    times = sorted({f.at for f in data.files if f.records and f.at <= before and ours(f)})
    gaps_s = [(later - early).total_seconds() for early, later in pairwise(times[-LOOKED_AT:])]
    return timedelta(seconds=median(gaps_s)) if len(gaps_s) >= LEAST_GAPS else None


def _of(name: str | None) -> Callable[[FileReport], bool]:
    if name is None:
        return lambda file: not file.own
    return lambda file: any(belongs(part.source, name) for part in file.parts)
