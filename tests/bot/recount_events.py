"""The report's alerts and messages once more: from what each look saw and what chats were told.

It knows nothing of the program's tables: an alert opens with the first look that fails and ends
with the first that does not, as the story's rules have it, and Telegram's own record says what
was told when.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.bot.switchboard import Heard

LEVELS = ("OK", "INFO", "WARNING", "ERROR", "CRITICAL")
EXPLAINS = {"fresh:all": ("fresh:", "volume:", "roi:", "sources:")}
WAITING = {"fired", "worse", "brief"}  # what quiet hours hold back, up to WARNING


@dataclass(frozen=True)
class Look:
    """One look: what failed at which level, what was well again, and what gave any answer.

    Of what begins like one of `whole`, nothing was left out: what is not there is no more.
    """

    at: datetime
    failed: dict[str, str]
    passed: frozenset[str]
    seen: frozenset[str]
    whole: tuple[str, ...] = ()


@dataclass
class Trouble:
    """One alert, as the looks tell it; `rises` are the times at which it got worse."""

    key: str
    opened: datetime
    peak: str
    closed: datetime | None = None
    acked: datetime | None = None
    rises: list[datetime] = field(default_factory=list)


@dataclass(frozen=True)
class Deliveries:
    """What became of messages in a window."""

    sent: int
    dead: int
    p95_s: dict[str, float]


@dataclass(frozen=True)
class Alerts:
    """What there was in a window, as (key, peak)."""

    found: list[tuple[str, str]]
    open: int
    longest_s: float | None
    ack_median_s: float | None
    held: list[str]


def lines(heard: Sequence[Heard], probed: Sequence[tuple[datetime, int]]) -> list[Look]:
    """Return what Telegram's record says of chats that were lost, and are back."""
    lost = [(one.at, one.chat) for one in heard if one.refused]
    return [
        *(_look(at, {f"channel:{chat}": "ERROR"}) for at, chat in lost),
        *(_look(at, {}, f"channel:{chat}") for at, chat in probed),
    ]


def _look(at: datetime, failed: dict[str, str], *passed: str) -> Look:
    return Look(at, failed, frozenset(passed), frozenset([*failed, *passed]))


def troubles(looks: Sequence[Look], acks: Sequence[tuple[datetime, str]]) -> list[Trouble]:
    """Return every alert there was, in the order they opened."""
    found: list[Trouble] = []
    for look in sorted(looks, key=lambda one: one.at):
        going = {one.key: one for one in found if one.closed is None}
        for key, one in going.items():
            absent = key not in look.seen and key.startswith(look.whole)
            if absent or key in look.passed:
                one.closed = look.at
        for key, level in look.failed.items():
            if key not in going:
                found.append(Trouble(key, look.at, level))
            elif LEVELS.index(level) > LEVELS.index(going[key].peak):
                going[key].peak = level
                going[key].rises.append(look.at)
    _take(found, acks)
    return found


def _take(found: Sequence[Trouble], acks: Sequence[tuple[datetime, str]]) -> None:
    """Note who was taken when, for the first time."""
    for at, key in reversed(acks):
        for one in found:
            if one.key == key and one.opened <= at and (one.closed is None or at <= one.closed):
                one.acked = at


def alerts(
    known: Sequence[Trouble], *, since: datetime, until: datetime, at: datetime,
    night: tuple[datetime, datetime],
) -> Alerts:  # fmt: skip
    """Return what a report made `at` says of a window; `night` is the one before its end."""
    there = [
        one for one in known if one.opened < until and (one.closed is None or one.closed >= since)
    ]
    waited = [(one.acked - one.opened).total_seconds() for one in there if one.acked]
    low = LEVELS[:3]
    return Alerts(
        found=sorted((one.key, one.peak) for one in there),
        open=len([one for one in there if one.closed is None]),
        longest_s=max(
            (((one.closed or at) - one.opened).total_seconds() for one in there), default=None
        ),
        ack_median_s=statistics.median(waited) if waited else None,
        held=sorted(
            one.key for one in there if night[0] <= one.opened < night[1] and one.peak in low
        ),
    )


@dataclass(frozen=True)
class Hush:
    """For a time somebody wants to hear of nothing but what is CRITICAL, and of reports."""

    since: datetime
    until: datetime

    def holds(self, one: Heard) -> bool:
        """Return whether it keeps such a thing from being told."""
        about = one.kind != "report" and not one.key.startswith("mute:")
        return about and one.level != "CRITICAL"


@dataclass(frozen=True)
class Record:
    """All there is to count deliveries by: alerts, what was told, when each report was due."""

    troubles: Sequence[Trouble]
    looks: Sequence[Look]
    reports: dict[str, datetime]
    probed: Sequence[tuple[datetime, int]]
    zone: ZoneInfo
    quiet: tuple[time, time]
    hushed: Sequence[Hush] = ()

    def count(self, heard: Sequence[Heard], *, since: datetime, until: datetime) -> Deliveries:
        """Return what was told and lost in a window, and how long it took from when it could go."""
        there = [one for one in heard if since <= one.at < until]
        took: dict[str, list[float]] = {}
        for one in there:
            if not one.refused:
                passed_s = (one.at - self._free(one)).total_seconds()
                took.setdefault(one.level, []).append(passed_s)
        return Deliveries(
            sent=sum(map(len, took.values())),
            dead=len([one for one in there if one.refused]),
            p95_s={
                level: sorted(found)[math.ceil(0.95 * len(found)) - 1]
                for level, found in took.items()
            },
        )

    def _free(self, one: Heard) -> datetime:
        """Return when it could have gone: as news, to a chat that is back, after hush and night."""
        back = [at for at, chat in self.probed if chat == one.chat and at <= one.at]
        news = self._explained(one, max([self._news(one), *back]))
        ends = [hush.until for hush in self.hushed if hush.holds(one)]
        if one.kind in WAITING and one.level in {"INFO", "WARNING"}:
            ends += self._mornings(news, one.at)
        return max([news, *(end for end in ends if news < end <= one.at)])

    def _mornings(self, since: datetime, until: datetime) -> list[datetime]:
        """Return when nights ended, those in between and some around."""
        first = since.astimezone(self.zone).date()
        days = [first + timedelta(days=n) for n in range((until - since).days + 2)]
        return [datetime.combine(day, self.quiet[1], self.zone).astimezone(UTC) for day in days]

    def _explained(self, one: Heard, news: datetime) -> datetime:
        """Return when it was more than a consequence: it failed once more after its cause."""
        causes = [
            cause.closed
            for cause in self.troubles
            if cause.closed is not None
            and cause.opened <= news <= cause.closed <= one.at
            and cause.key != one.key
            and one.key.startswith(EXPLAINS.get(cause.key, ()))
        ]
        if not causes or one.kind not in {"fired", "worse"}:
            return news
        again = [look.at for look in self.looks if look.at > max(causes) and one.key in look.failed]
        return min(again)

    def _news(self, one: Heard) -> datetime:
        if one.kind == "report":
            return self.reports[one.key.removeprefix("report:")]
        if one.key.startswith("mute:"):
            return max(hush.until for hush in self.hushed if hush.until <= one.at)
        if one.kind == "note":
            return max(look.at for look in self.looks if look.at <= one.at)
        mine = [t for t in self.troubles if t.key == one.key and t.opened <= one.at]
        if one.kind == "fired":
            return mine[-1].opened
        if one.kind == "worse":
            return max(at for at in mine[-1].rises if at <= one.at)
        return max(t.closed for t in mine if t.closed is not None and t.closed <= one.at)
