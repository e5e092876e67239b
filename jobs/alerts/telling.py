"""From something to tell to rows of the outbox: to whom, and what becomes pointless by it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date

from jobs.alerts import enqueue, fallback, rows
from jobs.alerts.policy import Tell
from jobs.alerts.tally import Tally
from storage.chats import Chats, is_relay, parts
from storage.database import Database
from storage.incidents import Delivery, Incident, Kind, Status
from storage.outbox import Outbox
from storage.records import Moment, Phrase, Severity

PLAIN = "bot:markup"
REPORT_FOR_S = 6 * 3600.0  # as long as a report is caught up after a downtime
MISSED = frozenset({Status.DEAD, Status.SUPERSEDED})
Live = dict[tuple[int, str], list[Delivery]]
Channels = Callable[[], Sequence[str]] | Sequence[str]


class Telling:
    """Writes rows, inside the caller's transaction; `channels` are listed, admins may be called."""

    def __init__(
        self,
        database: Database,
        *,
        channels: Channels,
        admins: Sequence[str],
        chats: Chats,
        tally: Tally,
    ) -> None:
        self._outbox = Outbox(database)
        self._channels = channels
        self._admins = admins
        self._chats = chats
        self._tally = tally

    def listed(self) -> list[str]:
        """Return every chat that alerts go to, reachable or not."""
        return [*(self._channels() if callable(self._channels) else self._channels)]

    def open_channels(self) -> list[str]:
        """Return the chats that alerts go to, as far as they can be reached."""
        return self._reachable(self.listed())

    def known(self, chat_id: int) -> bool:
        """Return whether a chat is listed or an admin's, under its old id or its present one."""
        ids = {parts(channel)[0] for channel in (*self.listed(), *self._admins)}
        return chat_id in ids | {self._chats.current(one) for one in ids}

    def on_call(self) -> list[str]:
        """Return who is called where nobody takes what is CRITICAL: groups, then admins.

        An admin whose own chat is listed has the reminders there.
        """
        listed = self.open_channels()
        groups = [channel for channel in listed if self._admins and parts(channel)[0] < 0]
        return [*groups, *(one for one in self._reachable(self._admins) if one not in listed)]

    def _reachable(self, channels: Sequence[str]) -> list[str]:
        return [channel for channel in channels if not self._chats.get(parts(channel)[0]).disabled]

    def live(self) -> Live:
        """Return the rows that are not done, by incident and channel."""
        live: Live = defaultdict(list)
        for row in self._outbox.live():
            live[row.incident, row.channel].append(row)
        return live

    def unheard(self, incident: Incident, live: Live) -> bool:
        """Return whether news of the incident still waits in every chat."""
        listed = self.open_channels()
        return bool(listed) and all(
            any(row.kind in enqueue.NEWS for row in live.get((incident.number, channel), ()))
            for channel in listed
        )

    def tell(
        self,
        incident: Incident,
        tell: Tell,
        *,
        live: Live | None = None,
        channels: Iterable[str] | None = None,
        at: Moment,
    ) -> None:
        """Tell channels something about one incident: by default everybody it concerns."""
        live = self.live() if live is None else live
        told = self.about(incident, tell) if channels is None else channels
        for channel in dict.fromkeys(told):
            waiting = live.get((incident.number, channel), [])
            planned = enqueue.relayed if is_relay(channel) else enqueue.plan
            plan = planned(tell, incident, channel=channel, live=waiting)
            for row in plan.superseded:
                self._supersede(row)
            for kind in plan.kinds:
                row = self.add(rows.of(incident, Tell(kind, tell.level), channel, at=at))
                live[incident.number, channel].append(row)

    def about(self, incident: Incident, tell: Tell) -> list[str]:
        """Return who is told: every chat, and of edits and the end whoever was called.

        Of what is wrong with delivery itself, and of the end, the relays that know of it.
        """
        relays = fallback.informed(incident)
        if fallback.own(incident.key):
            return relays
        called = [admin for admin in self._admins if admin in incident.told]
        followed = incident.closed is not None or tell.kind is Kind.UPDATE
        others = [*self._reachable(called), *relays] if followed else []
        return [*self.open_channels(), *others]

    def reopened(self, incident: Incident, *, at: Moment) -> None:
        """Edit the cards of an incident that is open again; who never had the alert gets it now.

        That is also who heard of it in one line when it was over.
        """
        live = self.live()
        for channel in self.about(incident, Tell(Kind.UPDATE, incident.level)):
            waiting = live.get((incident.number, channel), ())
            under_way = any(row.status is Status.SENDING for row in waiting)
            told = channel in incident.told or under_way
            tell = Tell(Kind.UPDATE if told else Kind.FIRED, incident.level)
            self.tell(incident, tell, live=live, channels=[channel], at=at)

    def lost_looks(self, number: int, *, at: Moment) -> None:
        """Tell the admins that a message lost its formatting; every chat where there are none."""
        note = Phrase("note.plain", {"number": number})
        admins = self._reachable(self._admins)
        live = self.live()
        self.remark(PLAIN, note, level=Severity.WARNING, live=live, at=at, channels=admins)

    def remark(  # noqa: PLR0913 - what to say, to whom, all named
        self,
        key: str,
        note: Phrase,
        *,
        level: Severity,
        live: Live,
        at: Moment,
        channels: Sequence[str] = (),
    ) -> None:
        """Say something of a key, to every chat unless said; it replaces what waits there."""
        for channel in channels or self.open_channels():
            for row in live.get((0, channel), []):
                if row.key == key and row.status is Status.QUEUED:
                    self._supersede(row)
            row = self.add(rows.note(key, note, channel, level=level, at=at))
            live[0, channel].append(row)

    def report(self, day: date, *, at: Moment) -> None:
        """Have every chat told the report of a local date; one that is shut, if it is back soon."""
        there = self.open_channels()
        for channel in self.listed():
            row = self.add(rows.report(day, channel, at=at))
            if channel not in there:
                self._supersede(row)

    def welcome(self, incidents: Iterable[Incident], chat_id: int, *, at: Moment) -> None:
        """Tell a chat of those of the incidents that it was not told of, and what it missed."""
        for incident in (one for one in incidents if not fallback.own(one.key)):
            for channel in self.open_channels():
                here = self._chats.current(parts(channel)[0]) == chat_id
                if here and channel not in incident.told:
                    self.add(rows.of(incident, Tell(Kind.FIRED, incident.level), channel, at=at))
        self._report_again(chat_id, at=at)

    def _report_again(self, chat_id: int, *, at: Moment) -> None:
        """Have a chat told the report that came while it was shut, if that is not long ago."""
        lately: dict[str, dict[str, list[Delivery]]] = defaultdict(lambda: defaultdict(list))
        for row in self._outbox.all():
            if row.kind is Kind.REPORT and at.logical_s - row.created_s <= REPORT_FOR_S:
                lately[row.channel][row.key].append(row)
        for channel in self.open_channels():
            if self._chats.current(parts(channel)[0]) != chat_id:
                continue
            for told in lately[channel].values():
                if all(row.status in MISSED for row in told):
                    self.add(rows.report(rows.report_day(told[0]), channel, at=at))

    def silence_reminders(self, number: int) -> None:
        """Drop what asks somebody to take an incident that somebody took."""
        for row in self._outbox.live():
            queued = row.status is Status.QUEUED and row.kind in enqueue.REMINDING
            if queued and row.incident == number:
                self._supersede(row)

    def add(self, row: Delivery) -> Delivery:
        """Queue a row, and return it with its id."""
        self._tally.created += 1
        return self._outbox.add(row)

    def _supersede(self, row: Delivery) -> None:
        self._outbox.put(replace(row, status=Status.SUPERSEDED))
        self._tally.superseded += 1
