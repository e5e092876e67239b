"""Does the tracker still find opportunities worth having?"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobs.checks import worth
from jobs.checks.data import belongs, judged
from jobs.checks.result import Verdict
from jobs.checks.saying import Subject
from jobs.checks.volume import Volume
from jobs.checks.waiting import Patience
from jobs.facts import Facts, Unknown
from storage.opportunities import Statistics
from storage.records import Observation, Phrase, Severity, Value

NAME = "metrics"
WINDOW = timedelta(hours=24)
VOLUME = Subject(key="volume:all", check=NAME)
ACTIVE = Subject(key="sources:active", check=NAME)
ROI = Subject(key="roi:median", check=NAME)
SHARE = Subject(key="roi:unknown", check=NAME)
PATIENCE = Patience()


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """Limits on what was first seen within 24 h: how much, from whom, and of which worth.

    Volume and sources are judged only once history reaches back over the whole window; after
    an absence what they lack is waited for. Each source's volume and the median ROI are
    compared with what is usual (`volume`, `worth`).
    """

    sources: tuple[str, ...] = ()
    low_volume: int = 50
    active_share: float = 0.75
    unknown_pct: float = 10.0
    unknown_from: int = 20
    patience: Patience = PATIENCE
    volume: Volume = field(default_factory=lambda: Volume(check=NAME))
    name: str = NAME

    def judge(self, facts: Facts, *, now: datetime) -> Verdict:
        """Call too little, too few and too vague WARNING; no source at all is CRITICAL."""
        data, figures = judged(facts), facts.business
        per_source = [Subject(key=f"volume:{name}", check=NAME) for name in self.sources]
        everything = (VOLUME, *per_source, ACTIVE, ROI, SHARE)
        if isinstance(data, Unknown):
            return Verdict(tuple(one.unknown(data.reason) for one in everything))
        if isinstance(figures, Unknown):
            return Verdict(tuple(one.unknown(figures.reason) for one in everything))
        new = {name: _new(figures, name) for name in self.sources}
        span = timedelta(0) if figures.since is None else max(now - figures.since, timedelta(0))
        volume = self._volume(figures, span)
        seen = [self.patience.waits(volume, facts, data)]
        for name, count in new.items():
            compared = self.volume.judge(name, count, facts, now=now)
            seen += [self.patience.waits(one, facts, data, name=name) for one in compared]
        active = self.patience.waits(self._active(new, span), facts, data)
        seen += [active, worth.judge(ROI, figures, facts.habits), self._share(figures)]
        complete = not isinstance(facts.habits, Unknown)
        return Verdict(tuple(seen), frozenset({"volume:"}) if complete else frozenset())

    def _volume(self, figures: Statistics, span: timedelta) -> Observation:
        values: dict[str, Value] = {"n": figures.new}
        value, threshold = float(figures.new), float(self.low_volume)
        if span < WINDOW:
            fact = Phrase("metrics.volume.young", values | {"history_s": span.total_seconds()})
            return VOLUME.ok(fact, value=value)
        values["limit"] = self.low_volume
        if figures.new >= self.low_volume:
            return VOLUME.ok(Phrase("metrics.volume.ok", values), value=value)
        fact = Phrase("metrics.volume.low" if figures.new else "metrics.volume.none", values)
        evidence = tuple(
            Phrase("metrics.volume.source", {"source": name, "n": count})
            for name, count in sorted(figures.by_source.items())
        )
        return VOLUME.fail(
            Severity.WARNING, fact, value=value, threshold=threshold, evidence=evidence
        )

    def _active(self, new: dict[str, int], span: timedelta) -> Observation:
        active = sum(count > 0 for count in new.values())
        values: dict[str, Value] = {"n": active, "expected": len(new)}
        if span < WINDOW:
            fact = Phrase("metrics.sources.young", values | {"history_s": span.total_seconds()})
            return ACTIVE.ok(fact, value=float(active))
        threshold = self.active_share * len(new)
        if active >= threshold:
            return ACTIVE.ok(Phrase("metrics.sources.ok", values), value=float(active))
        level = Severity.WARNING if active else Severity.CRITICAL
        missing = ", ".join(name for name, count in new.items() if count == 0)
        fact = Phrase("metrics.sources.dead", {"expected": len(new)})
        if active:
            fact = Phrase("metrics.sources.few", values | {"missing": missing})
        return ACTIVE.fail(level, fact, value=float(active), threshold=threshold)

    def _share(self, figures: Statistics) -> Observation:
        # A source that never states a reward would keep this up for ever.
        new = figures.new - figures.rewardless
        unknown = figures.unknown - figures.rewardless
        share_pct = 100.0 * unknown / new if new else 0.0
        values: dict[str, Value] = {"n": unknown, "unknown_pct": share_pct}
        if new < self.unknown_from or share_pct <= self.unknown_pct:
            return SHARE.ok(Phrase("metrics.unknown.ok", values), value=share_pct)
        fact = Phrase("metrics.unknown.high", values | {"limit_pct": self.unknown_pct})
        return SHARE.fail(Severity.WARNING, fact, value=share_pct, threshold=self.unknown_pct)


def _new(figures: Statistics, expected: str) -> int:
    return sum(count for name, count in figures.by_source.items() if belongs(name, expected))
