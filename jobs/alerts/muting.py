"""Mutes as people use them: begin, end early, run out, end by themselves; then they are summed up.

A mute is part of the story of the open incidents it is about, and their cards say so.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from jobs.alerts import rows, silences, story
from jobs.alerts.enqueue import CLOSING
from jobs.alerts.policy import Tell
from jobs.alerts.tally import Tally
from jobs.alerts.telling import Telling
from storage.alerts import Alerts
from storage.database import Database
from storage.incidents import Delivery, Incident, Kind, Mute, Status, TimelineKind
from storage.mutes import Mutes
from storage.outbox import Outbox
from storage.records import Moment, Phrase, Severity, Value

DEFAULT = timedelta(hours=1)
LONGEST = timedelta(days=7)
LONGEST_CRITICAL = timedelta(hours=4)
EDITED = 20  # cards a mute of everything may edit, the worst first: a chat takes 15 calls a minute
SILENCING = frozenset({TimelineKind.MUTED, TimelineKind.UNMUTED})


def length(wanted: timedelta | None, max_level: Severity) -> timedelta:
    """Return how long a mute lasts: 1 h unless said, 7 d at most, 4 h where CRITICAL is covered."""
    longest = LONGEST_CRITICAL if max_level >= Severity.CRITICAL else LONGEST
    return max(timedelta(0), min(wanted or DEFAULT, longest))


class Muting:
    """Changes mutes; every method is made inside the caller's transaction."""

    def __init__(self, database: Database, *, telling: Telling, tally: Tally) -> None:
        self._tally = tally
        self._telling = telling
        self._alerts = Alerts(database)
        self._outbox = Outbox(database)
        self._mutes = Mutes(database)

    def begin(self, mute: Mute, *, at: Moment) -> Mute:
        """Keep a mute under its number, or under that of the mute whose place it takes."""
        alike = (one for one in self._in_force(at) if silences.alike(one, mute))
        if (same := next(alike, None)) is None:
            mute = self._mutes.add(mute)
        else:
            mute = replace(mute, id=same.id)
            self._mutes.put(mute)
        about = self._about(mute)
        for incident in about:
            if not _silenced(incident, by=mute.by):
                self._note(incident, TimelineKind.MUTED, who=mute.by, at=at)
        self._edit(about, at=at)
        return mute

    def end(self, number: int, *, at: Moment, by: str = "") -> bool:
        """Remove a mute and sum it up; False where there is none in force."""
        mute = self._mutes.get(number)
        if mute is None:
            return False
        self._mutes.remove(number)
        about = self._about(mute)
        free = [one for one in about if silences.covering(self._in_force(at), one, at=at) is None]
        for incident in free:
            self._note(incident, TimelineKind.UNMUTED, who=by, at=at)
        self._edit(about, at=at)
        self._sum_up(mute, firing=len(free), at=at)
        return at.logical_s < mute.until_s

    def expire(self, *, at: Moment) -> None:
        """End every mute whose time is over, and those until fixed that have nothing left to hold.

        What ended meanwhile under one of these is told by its own closing: there is nothing to sum
        up. A key that flaps is not fixed by one ok: it counts until it is steady.
        """
        for mute in self._mutes.all():
            if mute.until_fixed and not self._needed(mute):
                self._mutes.remove(mute.id)
            elif mute.until_s <= at.logical_s:
                self.end(mute.id, at=at)

    def _needed(self, mute: Mute) -> bool:
        broken = any(silences.thins(mute, one.key, one.level) for one in self._alerts.open())
        return broken or any(
            state.flap_told_s is not None and silences.thins(mute, state.key, state.flap_level)
            for state in self._alerts.states()
        )

    def _in_force(self, at: Moment) -> list[Mute]:
        return [mute for mute in self._mutes.all() if at.logical_s < mute.until_s]

    def _about(self, mute: Mute) -> list[Incident]:
        """Return the open incidents it holds back, the worst and then the newest first."""
        found = [
            incident
            for incident in self._alerts.open()
            if silences.matches(mute, incident.key, incident.level)
        ]
        return sorted(found, key=lambda one: (-one.level, -one.number))

    def _note(self, incident: Incident, kind: TimelineKind, *, who: str, at: Moment) -> None:
        self._alerts.put_incident(story.told(incident, kind, at=at, who=who))

    def _edit(self, incidents: Iterable[Incident], *, at: Moment) -> None:
        """Have the cards say until when they are muted: those that have one, and no thousand."""
        live = self._telling.live()
        for incident in [one for one in incidents if one.messages][:EDITED]:
            self._telling.tell(incident, Tell(Kind.UPDATE, incident.level), live=live, at=at)

    def _sum_up(self, mute: Mute, *, firing: int, at: Moment) -> None:
        for channel in self._telling.open_channels():
            over = self._over(mute, channel, at=at)
            for row in over:
                self._outbox.put(replace(row, status=Status.SUPERSEDED))
            self._tally.superseded += len(over)
            if firing or over:
                values: dict[str, Value] = {"glob": mute.glob, "n": firing, "held": len(over)}
                note, key = Phrase("mute.ended", values), f"mute:{mute.glob}"
                self._telling.add(rows.note(key, note, channel, level=Severity.INFO, at=at))

    def _over(self, mute: Mute, channel: str, *, at: Moment) -> list[Delivery]:
        """Return the queued ends of what was over meanwhile: the sum replaces them."""
        others = self._in_force(at)
        return [
            row
            for row in self._outbox.live()
            if row.kind in CLOSING
            and row.status is Status.QUEUED
            and row.channel == channel
            and silences.matches(mute, row.key, row.level)
            and not any(silences.matches(m, row.key, row.level) for m in others)
        ]


def _silenced(incident: Incident, *, by: str) -> bool:
    """Return whether its story says already that `by` muted it."""
    last = next((entry for entry in reversed(incident.timeline) if entry.kind in SILENCING), None)
    return last is not None and last.kind is TimelineKind.MUTED and last.who == by
