"""Runs observations through the policy and commits states, incidents and deliveries together."""

import math
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TypeVar

from jobs.alerts import intake, policy, silences
from jobs.alerts.book import Book
from jobs.alerts.boot import Boot, Resumed
from jobs.alerts.ledger import Ledger
from jobs.alerts.muting import LONGEST, Muting, length
from jobs.alerts.policy import Tell
from jobs.alerts.quiet import QuietHours
from jobs.alerts.relaying import Relaying, Surroundings
from jobs.alerts.rules import Rules
from jobs.alerts.telling import Channels, Telling
from jobs.alerts.tidy import Copies
from jobs.checks import own
from storage.alerts import Alerts
from storage.chats import Chats
from storage.database import Database
from storage.incidents import Incident, Kind, Mute
from storage.mutes import Mutes
from storage.records import Moment, Observation, Outcome, Severity

Result = TypeVar("Result")


class AlertManager:
    """The only writer of alert states, incidents and mutes; safe to call from any thread.

    While the disk refuses, everything goes on in memory and `bot:state` fires.
    """

    def __init__(  # noqa: PLR0913 - parts, all named
        self,
        *,
        database: Database,
        channels: Channels,
        rules: Rules | None = None,
        quiet_hours: QuietHours | None = None,
        admins: Sequence[str] = (),
        relays: Sequence[str] = (),
        copies: Copies | None = None,
    ) -> None:
        self._database = database
        self._rules = Rules() if rules is None else rules
        self._alerts = Alerts(database)
        self._mutes = Mutes(database)
        self._listeners: list[Callable[[], object]] = []
        chats = Chats(database)
        self._boot = Boot(self._alerts)
        self.ledger = Ledger(
            database, rules=self._rules, chats=chats, boot=self._boot, quiet_hours=quiet_hours
        )
        tally = self.ledger.tally
        self._telling = Telling(
            database, channels=channels, admins=admins, chats=chats, tally=tally
        )
        self._muting = Muting(database, telling=self._telling, tally=tally)
        self._book = Book(database, rules=self._rules, telling=self._telling, copies=copies)
        around = Surroundings(
            reachable=self._telling.open_channels,
            holding=self.ledger.holding,
            boot=self._boot,
            factor=self._rules.factor,
        )
        self._relaying = Relaying(database, relays=relays, around=around, tally=tally)

    def observe(
        self,
        observations: Sequence[Observation],
        *,
        at: Moment,
        complete: frozenset[str] | None = None,
        resumed: Resumed | None = None,
    ) -> None:
        """Take note of what was seen in one commit; blocking.

        `complete` is given by a whole cycle: a known alert under one of these prefixes that was
        not observed counts as ok, and checks that give no answer are noticed. `resumed` is given
        with the first whole cycle after a reboot or a sleep of the machine.
        """
        seen = [intake.clean(observation) for observation in observations]
        if self._database.error:  # an "ok" judged before this write proved nothing
            seen = [s for s in seen if s.key != own.STATE.key or s.outcome is not Outcome.OK]

        def work() -> None:
            before = self._book.causes()
            self._book.take(seen, at=at)
            self._boot.saw(seen)
            if complete is not None:
                self._book.take(self._book.complete(seen, complete), at=at)
                self._book.cycle_ended(self._boot.ended(resumed, at=at), at=at)
            self._book.hold_back(before, seen)
            self._book.escalate(seen, at=at)
            if not self._boot.lasts(at=at):  # what still fires is not known yet
                self._muting.expire(at=at)
            self._relaying.step(at=at)
            self._book.tidy(at=at)
            self._alerts.keep_moment(at)

        self._commit(work)
        unsaved = self._database.error
        if unsaved and not any(s.key == own.STATE.key and s.outcome is Outcome.FAIL for s in seen):
            self._commit(lambda: self._book.take([own.unsaved(unsaved)], at=at))

    def open(self) -> list[Incident]:
        """Return the open incidents, worst first, then oldest."""
        return sorted(self._alerts.open(), key=lambda one: (-one.level, one.number))

    def incident(self, number: int) -> Incident | None:
        """Return one incident, open or closed not long ago."""
        return self._alerts.incident(number)

    def known(self) -> list[Incident]:
        """Return every incident kept, open or closed not long ago, by number."""
        return self._alerts.incidents()

    def ack(self, number: int, *, by: str, at: Moment) -> bool:
        """Take an open incident, also from who had it; False if it is closed, unknown or theirs."""

        def work() -> bool:
            incident = self._alerts.incident(number)
            if incident is None or incident.closed is not None:
                return False
            who = intake.text(by)
            if incident.ack_by == who and policy.acked(incident, at=at):
                return False
            rule = self._rules.rule(incident.key)
            taken = policy.ack(incident, by=who, at=at, rule=rule)
            self._alerts.put_incident(taken)
            self._telling.silence_reminders(number)
            self._telling.tell(taken, Tell(Kind.UPDATE, taken.level), at=at)
            return True

        return self._commit(work)

    def release(self, number: int, *, by: str, at: Moment) -> bool:
        """Give an incident back; False where nobody had it."""

        def work() -> bool:
            incident = self._alerts.incident(number)
            if incident is None or incident.closed is not None or not incident.ack_by:
                return False
            free = policy.release(incident, by=intake.text(by), at=at)
            self._alerts.put_incident(free)
            self._telling.tell(free, Tell(Kind.UPDATE, free.level), at=at)
            return True

        return self._commit(work)

    def mute(  # noqa: PLR0913 - one command's arguments, all named
        self,
        *,
        glob: str,
        for_: timedelta | None,
        by: str,
        at: Moment,
        reason: str = "",
        max_level: Severity = Severity.ERROR,
        until_fixed: bool = False,
    ) -> Mute:
        """Hold back deliveries whose key matches, for 1 h unless said, 7 d at most.

        With `until_fixed`, until no open incident matches, that long at most. A mute of the same
        things takes the place, and the number, of the one there is: the last word counts.
        """
        longest = LONGEST if until_fixed and for_ is None else for_
        lasts = length(longest, max_level)
        mute = Mute(
            id=0,
            glob=intake.text(glob),
            max_level=max_level,
            until_s=at.logical_s + lasts.total_seconds(),
            until=at.wall + lasts,
            by=intake.text(by),
            reason=intake.text(reason),
            created=at.wall,
            until_fixed=until_fixed,
        )
        return self._commit(lambda: self._muting.begin(mute, at=at))

    def unmute(self, mute_id: int, *, at: Moment, by: str = "") -> bool:
        """End a mute; False where there was none in force."""
        return self._commit(lambda: self._muting.end(mute_id, by=intake.text(by), at=at))

    def reopen(self, number: int, *, by: str, at: Moment) -> bool:
        """Open an incident again that somebody says is not fixed, and who thereby takes it.

        False where it is open or unknown, closed for a day, or its key has another one open.
        """
        return self._commit(lambda: self._book.reopen(number, by=intake.text(by), at=at))

    def cause(self, incident: Incident) -> Incident | None:
        """Return the open incident that this one is only a consequence of just now."""
        return self._book.causes().of(incident.key)

    def covering(self, incident: Incident, *, at: Moment) -> Mute | None:
        """Return the mute in force that holds the incident back the longest, if one does."""
        return silences.covering(self._mutes.all(), incident, at=at)

    def mutes(self, *, at: Moment) -> list[Mute]:
        """Return the mutes in force, the next to end first."""
        return [mute for mute in self._mutes.all() if at.logical_s < mute.until_s]

    def expire(self, *, at: Moment) -> None:
        """End the mutes whose time is over; delivery calls it when one is due."""
        if self._boot.lasts(at=at):  # what still fires is not known yet
            return
        if any(mute.until_s <= at.logical_s for mute in self._mutes.all()):
            self._commit(lambda: self._muting.expire(at=at))

    def fall_back(self, *, at: Moment) -> float:
        """Ask the relays to tell what nobody could be told; return when to look again.

        That is in logical seconds; delivery calls it each time it looks for what is due.
        """
        seen = self._relaying.look(at=at)
        if not all(map(self._relaying.stands, seen)):
            self._commit(lambda: self._relaying.step(at=at))
        return min((one.at_s for one in seen if one.at_s is not None), default=math.inf)

    def lost_looks(self, number: int, *, at: Moment) -> None:
        """Tell the admins that a message was refused for its markup and went as plain text."""
        self._commit(lambda: self._telling.lost_looks(number, at=at))

    def report(self, day: date, *, at: Moment) -> None:
        """Queue the report of a local date for every chat, inside the caller's transaction."""
        self._telling.report(day, at=at)

    def announce(self) -> None:
        """Call the listeners: somebody else committed what there is to deliver."""
        for listener in tuple(self._listeners):
            listener()

    def welcome(self, chat_id: int, *, at: Moment) -> None:
        """Tell a chat that can be reached again of every open incident it was not told of."""
        self._commit(lambda: self._telling.welcome(self._alerts.open(), chat_id, at=at))

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener` after every commit, in the thread that made it; return how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _commit(self, work: Callable[[], Result]) -> Result:
        result = self._database.commit(work)
        self.announce()
        return result
