"""What one look at the tracker, the machine and the bot found: the nouns the checks judge."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from jobs.snapshots import Backups
from storage.habits import Habits
from storage.opportunities import Statistics
from storage.records import Moment, Phrase, Severity
from storage.tracker import Snapshot


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part of the facts that could not be had, and why."""

    reason: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Scraper:
    """The processes that run one scraper command.

    `trees` counts process trees (a launcher and its child are one), `started` is the oldest
    tree's start, `starts` how many trees began within `window_s`. `denied` tells that a
    process which may be the scraper could not be looked into.
    """

    command: str
    trees: int
    pids: tuple[int, ...]
    started: datetime | None
    starts: int
    window_s: float
    zombie: bool = False
    denied: bool = False
    last_seen: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """What runs of the configured scraper commands, in their order."""

    scrapers: tuple[Scraper, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memory in use; `limited` tells that a container's limit, not the machine, is the total."""

    total_bytes: int
    used_bytes: int
    limited: bool = False

    @property
    def used_pct(self) -> float:
        """Return the share in use, 0-100."""
        return 100.0 * self.used_bytes / self.total_bytes if self.total_bytes else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A straight line through the last hours; `explained` (R², 0-1) is how straight it is.

    `lately_pct_per_s` is the slope of its last part alone. `turned_pct` is how full the disk was
    when it was emptied again, the second highest of such times in a week: None below two.
    """

    pct_per_s: float
    lately_pct_per_s: float
    explained: float
    turned_pct: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """One file system; `name` is what it holds (`data`, `state`), `used_pct` as `df` counts.

    `trend` is how it fills, None while too little is known.
    """

    name: str
    mount: str
    total_bytes: int
    free_bytes: int
    used_pct: float
    trend: Trend | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Bytes over all interfaces since the last reading, `over_s` seconds ago."""

    sent_bytes: int
    recv_bytes: int
    over_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The machine; `cpu_pct` is the mean of the last five minutes, None at first."""

    cpu_pct: float | None
    memory: Memory
    disks: tuple[Disk, ...]
    network: Network | None


class JobState(StrEnum):
    """How a calendar job stands today; `due` is not run yet, `late` runs longer than expected."""

    WELL = "well"
    DUE = "due"
    RUNNING = "running"
    LATE = "late"
    RETRYING = "retrying"
    FAILED = "failed"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """A calendar job on the latest date whose time has come, at `begin`.

    `last` is the end of its last success, `following` when it is started next; `level` is how
    bad a failure is. An empty `error` of a run that failed means that it was interrupted.
    """

    name: str
    state: JobState
    level: Severity
    begin: datetime
    last: datetime | None
    following: datetime
    tries: int = 0
    error: str = ""
    running_s: float = 0.0
    limit_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The history on disk, kept for `days` at most; `lost`: the file was damaged a moment ago.

    Who may only read it has not `replaced` it then: the running bot will.
    """

    size_bytes: int
    days: int
    lost: bool = False
    replaced: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The bot itself; an empty `state_error` means its folder can be written.

    `outbox_s`: how long the oldest alert waits for Telegram, None where nobody knows. `shelf` is
    None where there is no history.
    """

    rss_bytes: int
    loop_lag_p95_s: float | None
    state_error: str = ""
    damaged: tuple[str, ...] = ()
    jobs: tuple[JobStanding, ...] = ()
    outbox_s: float | None = None
    shelf: Shelf | None = None


class Why(StrEnum):
    """Why nobody looked: the machine or the bot stood still, its clock jumped, it booted."""

    SLEPT = "slept"
    JUMPED = "jumped"
    BOOTED = "booted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A time without a look in which the scrapers may not have run either; `ended` is the look.

    A clock that jumps forward is one to all who compare times: data are older at once.
    """

    why: Why
    for_s: float
    ended: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One look at the tracker, the machine and the bot.

    `drift_s` is how far the wall clock moved against the steady one since the last look.
    `absence` is the last time nobody looked, None if there was none. `habits` is what is usual.
    """

    at: Moment
    data: Snapshot | Unknown
    business: Statistics | Unknown
    processes: Processes | Unknown
    host: Host | Unknown
    own: Own | Unknown
    took_s: float
    drift_s: float | None = None
    absence: Absence | None = None
    habits: Habits | Unknown = field(default_factory=Habits)
    backups: Backups | Unknown = field(default_factory=Backups)
