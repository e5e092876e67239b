"""What delivery reads and writes down: what is due, and what became of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from jobs.alerts.agenda import Agenda, Looking
from jobs.alerts.boot import Boot
from jobs.alerts.entries import Entries, Taken, Trouble
from jobs.alerts.holding import Holding
from jobs.alerts.overdue import Overdue
from jobs.alerts.quiet import QuietHours
from jobs.alerts.rules import Rules
from jobs.alerts.tally import Tally
from storage.alerts import Alerts
from storage.chats import Chats, parts
from storage.database import Database
from storage.incidents import Delivery, Incident, Status
from storage.mutes import Mutes
from storage.outbox import Outbox
from storage.records import Moment, Severity

LONGEST_S = 24 * 3600.0
PROBE_EVERY_S = 3600.0


class Ledger:
    """The outbox as delivery sees it; every method is one commit and may block."""

    def __init__(
        self,
        database: Database,
        *,
        rules: Rules,
        chats: Chats,
        boot: Boot,
        quiet_hours: QuietHours | None = None,
    ) -> None:
        self._database = database
        self._rules = rules
        self._alerts = Alerts(database)
        self._outbox = Outbox(database)
        self._mutes = Mutes(database)
        self._boot = boot
        self._quiet_hours = quiet_hours
        self.factor = rules.factor
        self.chats = chats
        self.tally = Tally()
        self._overdue = Overdue()
        self._looking = Looking(self._outbox, chats, boot)

    def recover(self) -> int:
        """Queue again what was under way when the last process ended; it may be there already."""

        def work() -> int:
            entries = self._entries()
            rows = [row for row in self._outbox.live() if row.status is Status.SENDING]
            entries.back(rows, Trouble(reason="restart", text="restart", unsure=True))
            return len(rows)

        return self._database.commit(work)

    def agenda(self, *, at: Moment) -> Agenda:
        """Return what may go now; rows held back, paused or shut out wait for `next_s`."""
        return self._looking.agenda(self.holding(at), at=at)

    def claim(self, rows: Sequence[Delivery], *, at: Moment) -> list[Delivery]:
        """Mark as `sending` those of the rows that still have something to say, and return them."""

        def work() -> list[Delivery]:
            entries, holding = self._entries(), self.holding(at)
            claimed = []
            for number in (row.id for row in rows):
                row = self._outbox.get(number)
                if row is None or row.status is not Status.QUEUED:
                    continue
                if entries.pointless(row, at=at):
                    entries.supersede(row)
                    continue
                if not holding.free(row.channel) and holding.hold(row) is not None:  # by now
                    continue
                row = replace(
                    row,
                    status=Status.SENDING,
                    attempts=row.attempts + 1,
                    tried_s=at.logical_s if row.tried_s is None else row.tried_s,
                    free_s=self._looking.waits.free_s(row),
                )
                self._outbox.put(row)
                claimed.append(row)
            return claimed

        return self._database.commit(work)

    def under_way(self, rows: Sequence[Delivery]) -> list[Delivery]:
        """Return those of the rows that are marked `sending`, as they stand."""
        found = [self._outbox.get(row.id) for row in rows]
        return [row for row in found if row is not None and row.status is Status.SENDING]

    def accepted(
        self, rows: Sequence[Delivery], *, message_id: int | None, own: bool, at: Moment
    ) -> None:
        """Note that Telegram took the rows as one message, `own` to its incident or a digest."""
        self.together([Taken(rows=rows, message_id=message_id, own=own, at=at)])

    def together(
        self, taken: Sequence[Taken], works: Sequence[Callable[[], object]] = ()
    ) -> list[object]:
        """Note what Telegram took, then do the other works, in one commit; return their results.

        The works are other calls of this ledger. Where one raises, nothing of it all is kept.
        """

        def work() -> list[object]:
            self._entries().take(taken)
            return [each() for each in works]

        return self._database.commit(work)

    def postponed(
        self, rows: Sequence[Delivery], trouble: Trouble, *, until_s: float, at: Moment
    ) -> None:
        """Queue the rows again and let their chat rest; what was tried for a day is given up.

        The day begins with the first try: what a mute held for longer is news all the same. To be
        told to wait is no try.
        """

        def old(row: Delivery) -> bool:
            tried_s = at.logical_s if row.tried_s is None else row.tried_s
            return trouble.counts and at.logical_s - tried_s >= LONGEST_S

        def work() -> None:
            for channel in {row.channel for row in rows}:
                self.chats.pause(parts(channel)[0], until_s=until_s)
            entries = self._entries()
            entries.bury([row for row in rows if old(row)], trouble, at=at)
            entries.back([row for row in rows if not old(row)], trouble)

        self._database.commit(work)

    def vanished(self, rows: Sequence[Delivery]) -> None:
        """Put edits aside whose messages somebody deleted."""

        def work() -> None:
            entries = self._entries()
            for row in rows:
                entries.forget_card(row)

        self._database.commit(work)

    def refused(self, rows: Sequence[Delivery], trouble: Trouble, *, at: Moment) -> None:
        """Give the rows up: they would be refused again."""
        self._database.commit(lambda: self._entries().bury(rows, trouble, at=at))

    def shut(self, channel: str, rows: Sequence[Delivery], trouble: Trouble, *, at: Moment) -> None:
        """Give up these and all other rows of a chat that cannot be reached, until it is probed."""
        chat_id = parts(channel)[0]

        def work() -> None:
            gone = self.chats.current(chat_id)
            others = [
                row
                for row in self._outbox.live()
                if self.chats.current(parts(row.channel)[0]) == gone
            ]
            self.chats.disable(chat_id, reason=trouble.text, probe_s=at.logical_s + PROBE_EVERY_S)
            known = {row.id for row in rows}
            rest = (row for row in others if row.id not in known)
            self._entries().bury([*rows, *rest], trouble, at=at)

        self._database.commit(work)

    def incident(self, number: int) -> Incident | None:
        """Return an incident as it stands now."""
        return self._alerts.incident(number)

    def hushed(self, rows: Sequence[Delivery], *, at: Moment) -> bool:
        """Return whether a message about the rows makes no sound now: only CRITICAL rings."""
        if self._quiet_hours is None or any(row.level is Severity.CRITICAL for row in rows):
            return False
        return self._quiet_hours.left_s(at.wall) > 0

    def _entries(self) -> Entries:
        return Entries(self._alerts, self._outbox, rules=self._rules, tally=self.tally)

    def oldest_s(self, *, at: Moment) -> float:
        """Return how long the oldest alert has waited that may go to its chat, 0 for none.

        After a restart that is known from the first whole cycle on.
        """
        if self._boot.lasts(at=at):
            return 0.0
        holding = self.holding(at)
        waiting = self._outbox.live()
        return self._overdue.oldest_s(waiting, lambda row: holding.hold(row) is not None, at=at)

    def holding(self, at: Moment) -> Holding:
        """Return what suppresses at this moment."""
        return Holding(
            self._alerts,
            self._mutes,
            rules=self._rules,
            quiet_hours=self._quiet_hours,
            at=at,
        )
