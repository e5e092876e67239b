"""The nouns of alerting: counters, incidents, deliveries, mutes. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from storage.records import Phrase, Severity


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
    `window` holds the last looks while it does not fire (the time of a fail, None for an ok).
    `flaps_s` are the changes between well and firing within the hour, `flap_level` the worst level
    since the first of them; while it flaps, `flap_told_s` is when that was last said and
    `flapped_s` its last change.
    """

    key: str
    phase: Phase = Phase.OK
    level: Severity = Severity.OK
    fails: int = 0
    passes: int = 0
    since_s: float | None = None
    since: datetime | None = None
    incident: int | None = None
    next_due_s: float | None = None
    repeats: int = 0
    last_told_s: float | None = None
    lower: int = 0
    lower_level: Severity = Severity.OK
    told_s: Mapping[str, float] = field(default_factory=dict)
    window: tuple[float | None, ...] = ()
    flaps_s: tuple[float, ...] = ()
    flap_level: Severity = Severity.OK
    flap_told_s: float | None = None
    flapped_s: float | None = None


class TimelineKind(StrEnum):
    """What can happen to an incident."""

    OPENED = "opened"
    WORSE = "worse"
    BETTER = "better"
    REMINDED = "reminded"
    ACKED = "acked"
    RELEASED = "released"
    MUTED = "muted"
    UNMUTED = "unmuted"
    ESCALATED = "escalated"
    CLOSED = "closed"
    REOPENED = "reopened"


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
    holds the message to edit where it has one of its own (a digest is nobody's own). `held`: it
    is, or was until the last cycle, only the consequence of another incident. `critical_s`: since
    when it is CRITICAL and could be taken; `escalated`: the admins were told, as nobody took it.
    `stripped`: it closed so long ago that its card has no buttons any more.
    `untold_s`: since when nobody could be told that it is CRITICAL (logical seconds); `reached`:
    somebody was, or the relays were asked to. `attached` lists the channels that were given
    the whole text as a file, as their message had no room for it.
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
    closed_s: float | None = None
    ack_by: str = ""
    ack_at: datetime | None = None
    ack_until_s: float | None = None
    reminders: int = 0
    messages: Mapping[str, int] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    held: bool = False
    critical_s: float | None = None
    escalated: bool = False
    stripped: bool = False
    untold_s: float | None = None
    reached: bool = False
    attached: tuple[str, ...] = ()


class Kind(StrEnum):
    """What a delivery tells; `update` only edits the incident's message into its current state.

    `full` is the whole text as a file, where the incident's own message had no room for it.
    `report` is the morning report of the local date in its key, made when it is sent.
    """

    FIRED = "fired"
    WORSE = "worse"
    UPDATE = "update"
    FULL = "full"
    REPEAT = "repeat"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    BRIEF = "brief"
    NOTE = "note"
    REPORT = "report"


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

    A `note` belongs to no incident (number 0) and carries its own phrase. `tried_s` is when it
    was sent for the first time (logical seconds), accepted or not, and `done_s` when it was sent
    or given up. `free_s` is since when nothing held it back any more, None where nothing did.
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
    attempts: int = 0
    last_error: str = ""
    status: Status = Status.QUEUED
    maybe_dup: bool = False
    message_id: int | None = None
    note: Phrase | None = None
    tried_s: float | None = None
    done_s: float | None = None
    free_s: float | None = None

    @property
    def since_s(self) -> float:
        """Since when it may go: what took longer is a delay (logical seconds)."""
        return self.created_s if self.free_s is None else max(self.created_s, self.free_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """A silence: holds back deliveries whose key matches the glob, up to `max_level`.

    With `until_fixed` it ends as soon as no open incident matches it, `until_s` at the latest.
    """

    id: int
    glob: str
    max_level: Severity
    until_s: float
    until: datetime
    by: str
    reason: str = ""
    created: datetime
    until_fixed: bool = False
