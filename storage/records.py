"""The nouns: what is observed, alerted, told and listed. No I/O, no imports from the project."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TypeAlias


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
    to close an alert that does.
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


class Phase(StrEnum):
    """Where an alert stands; mute, ack and inhibition are not phases."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """The counters of one key between two cycles; times are logical seconds.

    `lower` counts fails in a row below `level`, `lower_level` is the worst of them; `told_s` says
    when each channel last accepted a message with sound about this key, across incidents.
    """

    key: str
    phase: Phase = Phase.OK
    level: Severity = Severity.OK
    fails: int = 0
    passes: int = 0
    unknowns: int = 0
    since_s: float | None = None
    since: datetime | None = None
    incident: int | None = None
    next_due_s: float | None = None
    repeats: int = 0
    last_told_s: float | None = None
    lower: int = 0
    lower_level: Severity = Severity.OK
    told_s: Mapping[str, float] = field(default_factory=dict)


class TimelineKind(StrEnum):
    """What can happen to an incident."""

    OPENED = "opened"
    WORSE = "worse"
    BETTER = "better"
    REMINDED = "reminded"
    ACKED = "acked"
    RELEASED = "released"
    MUTED = "muted"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of an incident's story; `who` is a display name, never an id."""

    at: datetime
    kind: TimelineKind
    level: Severity = Severity.OK
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One firing episode: everything its messages need, numbered for people (`#214`).

    `told` lists the channels that accepted, or may have accepted, an alert about it; `messages`
    holds the message to edit where it has one of its own (a digest is nobody's own).
    """

    number: int
    key: str
    check: str
    level: Severity
    peak: Severity
    since: datetime
    opened: datetime
    opened_s: float
    fact: Phrase
    latest: Phrase
    value: float | None = None
    threshold: float | None = None
    evidence: tuple[Phrase, ...] = ()
    closed: datetime | None = None
    ack_by: str = ""
    ack_at: datetime | None = None
    ack_until_s: float | None = None
    reminders: int = 0
    messages: Mapping[str, int] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()


class Kind(StrEnum):
    """What a delivery tells; `update` only edits the incident's message into its current state."""

    FIRED = "fired"
    WORSE = "worse"
    UPDATE = "update"
    REPEAT = "repeat"
    RESOLVED = "resolved"
    BRIEF = "brief"
    NOTE = "note"


class Status(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    SUPERSEDED = "superseded"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One outbox row: this incident, told so, to this channel (`chat` or `chat:topic`).

    A `note` belongs to no incident (number 0) and carries its own phrase.
    """

    id: int
    incident: int
    key: str
    kind: Kind
    seq: int
    channel: str
    level: Severity
    created: datetime
    created_s: float
    not_before_s: float = 0.0
    attempts: int = 0
    last_error: str = ""
    status: Status = Status.QUEUED
    maybe_dup: bool = False
    message_id: int | None = None
    note: Phrase | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """A silence: holds back deliveries whose key matches the glob, up to `max_level`."""

    id: int
    glob: str
    max_level: Severity
    until_s: float
    until: datetime
    by: str
    reason: str = ""
    created: datetime


class Provenance(StrEnum):
    """Where an ROI figure comes from, best first."""

    GIVEN = "given"
    COMPUTED = "computed"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """One distinct opportunity as /top5 lists it; `roi` is USD per minute, None if unknown.

    Every text is scraped, hence hostile: views escape it. `seen` times are the files' times.
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


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series at one time, as history keeps it."""

    series: str
    at: datetime
    value: float
