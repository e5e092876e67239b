"""What the morning report says: figures and facts, without any language or layout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from storage.past import PastIncident
from storage.records import Opportunity, Phrase, Severity

FULL_WEEK = 7  # known mornings from which a usual value means much


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many there were, against the mean of the `days_known` of the 7 windows before.

    `today` is None where nothing is known of the window, `usual` where no day before is.
    """

    today: int | None = None
    usual: float | None = None
    days_known: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """Of a window, 0 to 1: the share it was up of the time it was looked at, and the rest.

    `up` is None where nobody looked; `unknown` is the share of the window nobody did.
    """

    up: float | None = None
    unknown: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDay:
    """One source in the window. A run is a file it wrote; gaps are from file to file.

    `runs` and `new` are None where nothing is known. `newest` is its newest file's time.
    """

    name: str
    runs: int | None = None
    new: Count = field(default_factory=Count)
    median_gap_s: float | None = None
    usual_gap_s: float | None = None
    uptime: Uptime = field(default_factory=Uptime)
    newest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScraperDay:
    """One scraper's process in the window."""

    name: str
    uptime: Uptime = field(default_factory=Uptime)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDay:
    """What became of messages in the window; `p95_s` by level, from free to go to accepted."""

    sent: int = 0
    dead: int = 0
    p95_s: Mapping[Severity, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One window of the last seven, named by the local date it ends on; the last is the report's.

    `new` is None where nothing is known of it, `up` has no source nobody looked at; of the share
    of the window in `unknown` nobody knows whether that source was up.
    """

    day: date
    since: datetime
    until: datetime
    new: Mapping[str, int] | None = None
    median_roi: float | None = None
    up: Mapping[str, float] = field(default_factory=dict)
    unknown: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The seven windows up to the report's against the seven before; `new.today` is their sum.

    `new.usual` is the sum of the week before, None where that is not fully known; `days_known`
    counts this week's. `best` is what paid best of what was new.
    """

    since: datetime
    until: datetime
    new: Count
    by_source: Mapping[str, int]
    median_roi: float | None = None
    median_roi_before: float | None = None
    incidents: int | None = None
    longest_s: float | None = None
    best: Opportunity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything text, picture, table and console say of one window.

    It reaches from REPORT_AT to REPORT_AT, local time: 23 or 25 hours where clocks change, so
    that no minute is told twice or never. With `rolling` it is the 24 hours until somebody asked.
    `at` is when it was made. `verdict` is the worst level an open alert has now, at least WARNING
    where an ERROR was open in the window, INFO where part of it is not known. `covered` is the
    share of the window in which Vigie looked, None where there is nothing at all of it. `high`,
    `medium`, `low` and `unknown` split what was new by ROI, of what was new only; `usual_roi` is
    the median of the seven windows before. `top` is what is worth doing now, best first; what
    would be among them, had it not `ended`, is counted.

    `incidents` overlap the window, the worst first; of these `open` are not over, `longest_s` is
    the longest. `ack_median_s` is None where nobody took one. `backup` is None where nothing is
    known of any, `copies` where none leave this machine. `held` are those that quiet hours kept
    from the chat in the night before.
    """

    day: date
    since: datetime
    until: datetime
    at: datetime
    rolling: bool = False
    verdict: Severity = Severity.OK
    covered: float | None = None
    new: Count = field(default_factory=Count)
    median_roi: float | None = None
    mean_roi: float | None = None
    usual_roi: float | None = None
    high: int = 0
    medium: int = 0
    low: int = 0
    unknown: int = 0
    by_source: tuple[SourceDay, ...] = ()
    scrapers: tuple[ScraperDay, ...] = ()
    top: tuple[Opportunity, ...] = ()
    ended: int = 0
    incidents: tuple[PastIncident, ...] = ()
    longest_s: float | None = None
    ack_median_s: float | None = None
    open: int = 0
    backup: Phrase | None = None
    copies: Phrase | None = None
    deliveries: DeliveryDay | None = None
    held: tuple[PastIncident, ...] = ()
    week: tuple[Day, ...] = ()
    weekly: Week | None = None

    @property
    def length(self) -> timedelta:
        """How long the window is; a day, save where clocks change or somebody asked early."""
        return self.until - self.since
