"""The sums behind the report's alerts and messages. Pure."""

import math
import statistics
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from jobs.alerts.quiet import QuietHours, waits
from jobs.report import Count, DeliveryDay
from storage.incidents import Kind, Status
from storage.past import PastIncident, Told
from storage.records import Severity

P95 = 0.95
ENOUGH = 0.9  # of a window looked at, for a verdict without a doubt


def longest_s(incidents: Collection[PastIncident], now: datetime) -> float | None:
    """Return how long the longest lasted, or has lasted until now; None without any."""
    lasted = [((one.closed or now) - one.opened).total_seconds() for one in incidents]
    return max(0.0, *lasted) if lasted else None


def ack_median_s(incidents: Iterable[PastIncident]) -> float | None:
    """Return how long it took until somebody took one; None where nobody took any."""
    waited = [(i.acked - i.opened).total_seconds() for i in incidents if i.acked is not None]
    return max(0.0, statistics.median(waited)) if waited else None


def held(
    incidents: Iterable[PastIncident], quiet: QuietHours | None, *, until: datetime
) -> tuple[PastIncident, ...]:
    """Return what began in the last quiet hours before `until` and waited for their end."""
    if quiet is None:
        return ()
    day = until.astimezone(quiet.zone).date()
    days = [day - timedelta(days=back) for back in range(2)]
    ends = [datetime.combine(one, quiet.end, quiet.zone).astimezone(UTC) for one in days]
    end = next((one for one in ends if one <= until), until)
    begin = end - timedelta(days=1)
    return tuple(
        sorted(
            (
                one
                for one in incidents
                if begin < one.opened < end
                and one.peak <= Severity.WARNING
                and quiet.left_s(one.opened) > 0
            ),
            key=lambda one: one.opened,
        )
    )


def delivered(told: Iterable[Told], quiet: QuietHours | None) -> DeliveryDay:
    """Return what became of messages; the 95th percentile is one that was measured.

    An edit of a card is no message. What was held back took its time from when it no longer was;
    quiet hours are reckoned here, too, for what was told by a program that had ended meanwhile.
    """
    passed: dict[Severity, list[float]] = {}
    dead = 0
    for one in told:
        if one.kind is Kind.UPDATE:
            continue
        if one.status is Status.DEAD:
            dead += 1
        else:
            passed.setdefault(one.level, []).append(passed_s(one, quiet))
    return DeliveryDay(
        sent=sum(map(len, passed.values())),
        dead=dead,
        p95_s={
            level: sorted(found)[math.ceil(P95 * len(found)) - 1]
            for level, found in sorted(passed.items())
        },
    )


def arrived(one: Told) -> bool:
    """Return whether a message was taken; an edit of a card is none."""
    return one.kind is not Kind.UPDATE and one.status is not Status.DEAD


def passed_s(one: Told, quiet: QuietHours | None) -> float:
    """Return how long a message took from when it was free to go."""
    if quiet is None or not waits(one):
        return one.passed_s
    queued = one.at - timedelta(seconds=one.passed_s)
    return max(0.0, one.passed_s - quiet.left_s(queued))


def verdict(incidents: Iterable[PastIncident], covered: float | None, new: Count) -> Severity:
    """Return how the window went, in one word: what is open now, what was, what is not known."""
    incidents = tuple(incidents)
    worst_open = max((one.level for one in incidents if one.closed is None), default=Severity.OK)
    if worst_open >= Severity.WARNING:
        return worst_open
    if any(one.peak >= Severity.ERROR for one in incidents):
        return Severity.WARNING
    doubt = covered is None or covered < ENOUGH or new.today is None
    return Severity.INFO if doubt else worst_open
