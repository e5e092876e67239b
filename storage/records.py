"""The nouns: what is observed, alerted, told and listed. No I/O, no imports from the project."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple, TypeAlias


class Severity(IntEnum):
    """How bad a finding is; ordered, so that a rise can be told from a fall."""

    OK = 0
    INFO = 1
    WARNING = 2
    ERROR = 3
    CRITICAL = 4


class Outcome(StrEnum):
    """What one observation says; `unknown` (crashed, timed out) is neither pass nor fail."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One reading of both clocks.

    `wall` (aware, UTC) is for display and the calendar only. `logical_s` never goes back and
    never jumps with the wall clock, across restarts too: every deadline and count uses it.
    """

    wall: datetime
    logical_s: float


Clock: TypeAlias = Callable[[], Moment]

Value: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Something to say in any language: a catalogue key plus values.

    A value's name carries its unit, and views format by it: `…_s` a duration, `…_at` a Unix
    time, `…_bytes` a size, `…_pct` 0-100, `…_usd_min` an ROI; `n` picks the plural form.
    """

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one check saw of one thing.

    `key` names the thing (`fresh:Galxe`, `integrity:a.json`); `check` is the family /health
    lists it under (`scrapers freshness integrity metrics machine bot`). `level` is OK unless the
    outcome is `fail`. `value` and `threshold` share the unit the fact tells. The catalogue may
    hold `<fact.key>.effect` and `<fact.key>.try` beside the fact: what it means, what to do.
    `clears` is False for an ok inside the margin below a limit: too well to fire, not well enough
    to close an alert that does. `waits` is True for an unknown that is expected and will end by
    itself: no sign of a broken check.
    """

    key: str
    check: str
    outcome: Outcome
    level: Severity
    fact: Phrase
    value: float | None = None
    threshold: float | None = None
    evidence: tuple[Phrase, ...] = ()
    clears: bool = True
    waits: bool = False


class Provenance(StrEnum):
    """Where an ROI figure comes from, best first."""

    GIVEN = "given"
    COMPUTED = "computed"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


class Elsewhere(NamedTuple):
    """Another source that lists the same opportunity, and its own link to it, "" if none."""

    source: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """One distinct opportunity as /top5 lists it; `roi` is USD per minute, None if unknown.

    Every text is scraped, hence hostile: views escape it. `seen` times are the files' times.
    `also` is where else it is listed, the best known first.
    """

    key: str
    source: str
    title: str
    url: str
    reward: str
    minutes: float | None
    roi: float | None
    provenance: Provenance
    first_seen: datetime
    last_seen: datetime
    deadline: str = ""
    also: tuple[Elsewhere, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series at one time, as history keeps it."""

    series: str
    at: datetime
    value: float


class Slot(NamedTuple):
    """The `n` samples of one stretch of time, which begins at this Unix time."""

    at_s: float
    low: float
    mean: float
    high: float
    n: int
