"""What holds a delivery back when it is about to be sent. Pure.

What is only the consequence of another alert waits too, for no time that is known: until a later
commit frees it (see `inhibition`).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from jobs.alerts import policy
from storage.incidents import AlertState, Delivery, Kind, Mute
from storage.records import Moment, Severity


class Why(StrEnum):
    """The reason a delivery waits."""

    MUTED = "muted"
    GAP = "gap"
    CONSEQUENCE = "consequence"
    QUIET = "quiet hours"


@dataclass(frozen=True, slots=True)
class Hold:
    """A delivery waits until then (logical seconds), when it is looked at again."""

    why: Why
    until_s: float


GENERAL = ("mute:", "boot")  # notes of these keys are about no alert
CONSEQUENCE = Hold(Why.CONSEQUENCE, math.inf)


def matches(mute: Mute, key: str, level: Severity) -> bool:
    """Return whether a mute is about this key at this level; `all` is about every key."""
    everything = mute.glob == "all"
    return level <= mute.max_level and (everything or fnmatchcase(key, mute.glob))


def held(
    row: Delivery,
    alert: AlertState,
    mutes: Iterable[Mute],
    *,
    at: Moment,
    min_gap_s: float,
) -> Hold | None:
    """Return what holds the row back now, None where it may go."""
    return _muted(row, mutes, at=at) or _too_soon(row, alert, at=at, min_gap_s=min_gap_s)


def _muted(row: Delivery, mutes: Iterable[Mute], *, at: Moment) -> Hold | None:
    if row.kind is Kind.NOTE and row.key.startswith(GENERAL):
        return None
    ends = [mute.until_s for mute in mutes if at.logical_s < mute.until_s and _covers(mute, row)]
    return Hold(Why.MUTED, max(ends)) if ends else None


def _covers(mute: Mute, row: Delivery) -> bool:
    """Return whether the mute holds the row: what is CRITICAL breaks through, but only once.

    A mute up to ERROR lets the alert and its rise through, and its end; not what repeats them.
    """
    level = row.level
    if mute.max_level is Severity.ERROR and row.kind in {Kind.REPEAT, Kind.NOTE}:
        level = min(level, Severity.ERROR)
    return matches(mute, row.key, level)


def _too_soon(row: Delivery, alert: AlertState, *, at: Moment, min_gap_s: float) -> Hold | None:
    if row.kind is Kind.WORSE or not policy.audible(row.kind, row.level):
        return None
    free_s = alert.told_s.get(row.channel, -math.inf) + min_gap_s
    return Hold(Why.GAP, free_s) if at.logical_s < free_s else None
