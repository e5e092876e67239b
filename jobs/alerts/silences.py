"""What holds a delivery back when it is about to be sent. Pure.

A mute holds back what is said. The edit of a card says nothing aloud: it goes, so that a card
tells at any time what is true, and until when it is muted.

What is only the consequence of another alert waits too, for no time that is known: until a later
commit frees it (see `inhibition`).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from jobs.alerts import policy
from storage.incidents import AlertState, Delivery, Incident, Kind, Mute
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
REPEATING = frozenset({Kind.REPEAT, Kind.ESCALATED, Kind.NOTE})
CONSEQUENCE = Hold(Why.CONSEQUENCE, math.inf)


def matches(mute: Mute, key: str, level: Severity) -> bool:
    """Return whether a mute is about this key at this level; `all` is about every key."""
    everything = mute.glob == "all"
    return level <= mute.max_level and (everything or fnmatchcase(key, mute.glob))


def alike(one: Mute, other: Mute) -> bool:
    """Return whether two mutes are about the same keys and levels."""
    globs = {"*" if mute.glob == "all" else mute.glob for mute in (one, other)}
    return len(globs) == 1 and one.max_level is other.max_level


def covering(mutes: Iterable[Mute], incident: Incident, *, at: Moment) -> Mute | None:
    """Return the mute in force that holds the incident back the longest, if one does."""
    found = [
        mute
        for mute in mutes
        if at.logical_s < mute.until_s and matches(mute, incident.key, incident.level)
    ]
    return max(found, key=lambda mute: mute.until_s, default=None)


def thins(mute: Mute, key: str, level: Severity) -> bool:
    """Return whether a mute holds back what repeats such an alert.

    A mute up to ERROR lets what is CRITICAL through once: the alert and its rise, and its end.
    """
    if mute.max_level is Severity.ERROR:
        level = min(level, Severity.ERROR)
    return matches(mute, key, level)


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
    # An edit makes no sound, and a card left as it was would lie; the report is no alert.
    if row.kind in {Kind.UPDATE, Kind.REPORT}:
        return None
    if row.kind is Kind.NOTE and row.key.startswith(GENERAL):
        return None
    ends = [mute.until_s for mute in mutes if at.logical_s < mute.until_s and _covers(mute, row)]
    return Hold(Why.MUTED, max(ends)) if ends else None


def _covers(mute: Mute, row: Delivery) -> bool:
    about = thins if row.kind in REPEATING else matches
    return about(mute, row.key, row.level)


def _too_soon(row: Delivery, alert: AlertState, *, at: Moment, min_gap_s: float) -> Hold | None:
    if row.kind is Kind.WORSE or not policy.audible(row.kind, row.level):
        return None
    free_s = alert.told_s.get(row.channel, -math.inf) + min_gap_s
    return Hold(Why.GAP, free_s) if at.logical_s < free_s else None
