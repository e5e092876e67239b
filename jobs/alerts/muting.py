"""Mutes as people use them: begin, end early, run out; what was held back is then summed up."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from jobs.alerts import silences
from jobs.alerts.enqueue import CLOSING
from jobs.alerts.tally import Tally
from storage.alerts import Alerts
from storage.database import Database
from storage.incidents import Delivery, Kind, Mute, Status
from storage.mutes import Mutes
from storage.outbox import Outbox
from storage.records import Moment, Phrase, Severity, Value

DEFAULT = timedelta(hours=1)
LONGEST = timedelta(days=7)
LONGEST_CRITICAL = timedelta(hours=4)


def length(wanted: timedelta | None, max_level: Severity) -> timedelta:
    """Return how long a mute lasts: 1 h unless said, 7 d at most, 4 h where CRITICAL is covered."""
    longest = LONGEST_CRITICAL if max_level >= Severity.CRITICAL else LONGEST
    return max(timedelta(0), min(wanted or DEFAULT, longest))


class Muting:
    """Changes mutes; every method is made inside the caller's transaction."""

    def __init__(self, database: Database, tally: Tally) -> None:
        self._tally = tally
        self._alerts = Alerts(database)
        self._outbox = Outbox(database)
        self._mutes = Mutes(database)

    def begin(self, mute: Mute) -> Mute:
        """Keep a mute under its number."""
        return self._mutes.add(mute)

    def end(self, number: int, *, channels: Sequence[str], at: Moment) -> bool:
        """Remove a mute and sum it up; False where there is none in force."""
        mute = self._mutes.get(number)
        if mute is None:
            return False
        self._mutes.remove(number)
        self._sum_up(mute, channels=channels, at=at)
        return at.logical_s < mute.until_s

    def expire(self, *, channels: Sequence[str], at: Moment) -> None:
        """End every mute whose time is over."""
        for mute in self._mutes.all():
            if mute.until_s <= at.logical_s:
                self.end(mute.id, channels=channels, at=at)

    def _sum_up(self, mute: Mute, *, channels: Sequence[str], at: Moment) -> None:
        firing = sum(
            silences.matches(mute, incident.key, incident.level) for incident in self._alerts.open()
        )
        for channel in channels:
            over = self._over(mute, channel, at=at)
            for row in over:
                self._outbox.put(replace(row, status=Status.SUPERSEDED))
            self._tally.superseded += len(over)
            if firing or over:
                self._tally.created += 1
                self._outbox.add(_note(mute, channel, firing=firing, over=len(over), at=at))

    def _over(self, mute: Mute, channel: str, *, at: Moment) -> list[Delivery]:
        """Return the queued ends of what was over meanwhile: the sum replaces them."""
        others = [m for m in self._mutes.all() if at.logical_s < m.until_s]
        return [
            row
            for row in self._outbox.live()
            if row.kind in CLOSING
            and row.status is Status.QUEUED
            and row.channel == channel
            and silences.matches(mute, row.key, row.level)
            and not any(silences.matches(m, row.key, row.level) for m in others)
        ]


def _note(mute: Mute, channel: str, *, firing: int, over: int, at: Moment) -> Delivery:
    values: dict[str, Value] = {"glob": mute.glob, "n": firing, "held": over}
    return Delivery(
        id=0,
        incident=0,
        key=f"mute:{mute.glob}",
        kind=Kind.NOTE,
        seq=mute.id,
        channel=channel,
        level=Severity.INFO,
        created=at.wall,
        created_s=at.logical_s,
        note=Phrase("mute.ended", values),
    )
