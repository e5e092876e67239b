"""The three things a check can say of one key."""

from dataclasses import dataclass

from storage.records import Observation, Outcome, Phrase, Severity


@dataclass(frozen=True, slots=True)
class Limit:
    """A level and the value from which on it applies."""

    level: Severity
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One key of one check family."""

    key: str
    check: str

    def ok(
        self, fact: Phrase, *, value: float | None = None, limit: Limit | None = None,
        clears: bool = True,
    ) -> Observation:  # fmt: skip
        """Say that all is well; not `clears`: not well enough to close an alert."""
        return Observation(
            key=self.key, check=self.check, outcome=Outcome.OK, level=Severity.OK, fact=fact,
            value=value, threshold=None if limit is None else limit.value, clears=clears,
        )  # fmt: skip

    def fail(
        self, level: Severity, fact: Phrase, *, value: float | None = None,
        threshold: float | None = None, evidence: tuple[Phrase, ...] = (),
    ) -> Observation:  # fmt: skip
        """Say what is wrong, and how bad that is."""
        return Observation(
            key=self.key, check=self.check, outcome=Outcome.FAIL, level=level, fact=fact,
            value=value, threshold=threshold, evidence=evidence,
        )  # fmt: skip

    def unknown(self, reason: Phrase) -> Observation:
        """Say that it cannot be told, and why."""
        return Observation(
            key=self.key, check=self.check, outcome=Outcome.UNKNOWN, level=Severity.OK, fact=reason
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Rising limits, mildest first; below the first by `margin`, an alert may close.

    A limit is reached at its very value: data exactly 2 h old is not "less than 2 h old".
    """

    limits: tuple[Limit, ...]
    margin: float = 0.0

    def reached(self, value: float) -> Limit | None:
        """Return the highest limit the value reaches, None below all of them."""
        return max(
            (limit for limit in self.limits if value >= limit.value),
            key=lambda limit: limit.level,
            default=None,
        )

    def clears(self, value: float) -> bool:
        """Tell whether the value is below every limit by the margin."""
        return value < self.lowest.value - self.margin

    @property
    def lowest(self) -> Limit:
        """Return the mildest limit."""
        return self.limits[0]
