"""What one outcome changes in rows, incidents and alerts, inside the ledger's transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from jobs.alerts import enqueue, fallback, policy, story
from jobs.alerts.rules import Rules
from jobs.alerts.tally import Latency, Tally
from storage.alerts import Alerts
from storage.chats import is_relay
from storage.incidents import Delivery, Incident, Kind, Status
from storage.outbox import LIVE, Outbox
from storage.records import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why rows were not accepted; `unsure` says that they may have been after all."""

    reason: str
    text: str = ""
    unsure: bool = False
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Rows that Telegram took as one message, when; `own`: it is of one incident, no digest.

    `cut`: the message had no room for everything; `bare`: it lost its markup.
    """

    rows: Sequence[Delivery]
    message_id: int | None
    own: bool
    at: Moment
    cut: bool = False
    bare: bool = False


class Entries:
    """Made anew for each transaction, as it looks up once which rows belong together."""

    def __init__(self, alerts: Alerts, outbox: Outbox, *, rules: Rules, tally: Tally) -> None:
        self._alerts = alerts
        self._outbox = outbox
        self._rules = rules
        self._tally = tally
        self._index: dict[str, dict[int, list[int]]] = {}

    def pointless(self, row: Delivery, *, at: Moment) -> bool:
        """Return whether a queued row has nothing left to say."""
        if row.kind in enqueue.OWN_WORDS:
            return False
        incident = self._alerts.incident(row.incident)
        if enqueue.outdated(row, incident, self._beside(row)):
            return True
        if incident is None:
            return False
        age_s = at.logical_s - row.created_s
        if enqueue.too_old(row, incident, age_s=age_s):
            return True
        return row.kind in enqueue.REMINDING and policy.acked(incident, at=at)

    def _beside(self, row: Delivery) -> list[Delivery]:
        if row.channel not in self._index:
            index: dict[int, list[int]] = defaultdict(list)
            for other in self._outbox.waiting(row.channel):
                index[other.incident].append(other.id)
            self._index[row.channel] = index
        beside = self._index[row.channel].get(row.incident, [])
        if beside == [row.id]:
            now = self._outbox.get(row.id)  # the caller's may be of before it was given up
            return [now] if now is not None and now.status in LIVE else []
        found = [self._outbox.get(number) for number in sorted({*beside, row.id})]
        return [other for other in found if other is not None and other.status in LIVE]

    def back(self, rows: Iterable[Delivery], trouble: Trouble) -> None:
        """Queue rows again, or supersede those that lost their point while under way."""
        for row in rows:
            self._tally.failed[trouble.reason] += 1
            if trouble.unsure:
                self.note_told(row)
            returned = replace(
                row,
                status=Status.QUEUED,
                last_error=trouble.text,
                attempts=row.attempts if trouble.counts else max(0, row.attempts - 1),
                maybe_dup=row.maybe_dup or trouble.unsure,
            )
            incident = self._alerts.incident(row.incident)
            if enqueue.outdated(row, incident, self._beside(row)):
                self.supersede(returned)
            else:
                self._outbox.put(returned)
            self._correct_closing(row, incident)

    def _correct_closing(self, row: Delivery, incident: Incident | None) -> None:
        if incident is None:
            return
        for other in self._beside(row):
            if other.status is Status.QUEUED:
                self._outbox.put(enqueue.corrected(other, incident))

    def bury(self, rows: Iterable[Delivery], trouble: Trouble, *, at: Moment) -> None:
        """Give rows up, with the reason."""
        for row in rows:
            reason = trouble.text or trouble.reason
            dead = replace(row, status=Status.DEAD, last_error=reason, done_s=at.logical_s)
            self._outbox.put(dead)
            self._tally.dead[trouble.reason] += 1
            self._correct_closing(row, self._alerts.incident(row.incident))

    def supersede(self, row: Delivery) -> None:
        """Put a row aside that need not be told."""
        self._outbox.put(replace(row, status=Status.SUPERSEDED))
        self._tally.superseded += 1

    def take(self, batch: Sequence[Taken]) -> None:
        """Note what Telegram took, in few changes however many chats were told of an incident."""
        heard: dict[int, list[tuple[Delivery, int | None]]] = defaultdict(list)
        loud: dict[str, list[tuple[Delivery, Moment]]] = defaultdict(list)
        pairs = [(row, one) for one in batch for row in one.rows]
        for row, one in pairs:
            self._sent(row, one)
            heard[row.incident].append((row, one.message_id if one.own else None))
            if policy.audible(row.kind, row.level):
                loud[row.key].append((row, one.at))
        for number, told in heard.items():
            self._note_told(number, told)
            self._note_heard(number, (row for row, _ in told))
        for one in batch:
            self._remember(one)
            self._go_on(one)
        for key, rows in loud.items():
            self._keep_distance(key, rows)

    def _sent(self, row: Delivery, one: Taken) -> None:
        done_s = one.at.logical_s
        sent = replace(row, status=Status.SENT, message_id=one.message_id, done_s=done_s)
        self._outbox.put(sent)
        self._tally.sent[row.level, row.kind] += 1
        self._tally.latencies.append(Latency(row.level, max(0.0, done_s - row.since_s)))

    def _remember(self, one: Taken) -> None:
        """Note in the story of each incident that people were reminded of it, or called."""
        for row in one.rows:
            incident, kind = self._alerts.incident(row.incident), story.HEARD.get(row.kind)
            if incident is not None and kind is not None:
                heard = story.heard(incident, kind, since=row.created, at=one.at)
                self._alerts.put_incident(heard)

    def _go_on(self, one: Taken) -> None:
        """Queue what follows from one message: its card catches up, its whole text is attached."""
        if one.bare:
            self._tally.failed["markup"] += 1
        for row in one.rows if one.own else ():
            if row.kind in enqueue.NEWS:
                self._catch_up(row, at=one.at)
                if one.cut:
                    self._attach(row, at=one.at)

    def forget_card(self, row: Delivery) -> None:
        """Put an edit aside whose message somebody deleted; the incident has none there now."""
        self.supersede(row)
        incident = self._alerts.incident(row.incident)
        if incident is not None:
            rest = {c: number for c, number in incident.messages.items() if c != row.channel}
            self._alerts.put_incident(replace(incident, messages=rest))

    def note_told(self, row: Delivery) -> None:
        """Note that a channel knows, or may know, of the incident."""
        self._note_told(row.incident, [(row, None)])

    def _note_told(self, number: int, told: Iterable[tuple[Delivery, int | None]]) -> None:
        """Note who knows of an incident, and its own message in each chat that has one."""
        incident = self._alerts.incident(number)
        if incident is None:
            return
        knows = dict.fromkeys(incident.told)
        messages, attached = dict(incident.messages), dict.fromkeys(incident.attached)
        for row, message_id in told:
            if incident.closed is not None and is_relay(row.channel) and row.channel not in knows:
                self._follow(row, Kind.RESOLVED)  # it ended while this was under way
            if row.kind is not Kind.BRIEF:  # should it be reopened, that would be no alert
                knows[row.channel] = None
            first = row.channel not in messages and row.kind in {Kind.WORSE, Kind.ESCALATED}
            if message_id is not None and (row.kind is Kind.FIRED or first):
                messages[row.channel] = message_id
            if row.kind is Kind.FULL and message_id is not None:
                attached[row.channel] = None
        known = replace(incident, told=tuple(knows), messages=messages, attached=tuple(attached))
        self._alerts.put_incident(known)

    def _note_heard(self, number: int, rows: Iterable[Delivery]) -> None:
        """Note that somebody was told that the incident is CRITICAL: no relay has to."""
        incident = self._alerts.incident(number)
        if incident is not None and any(map(fallback.hears, rows)):
            self._alerts.put_incident(replace(incident, reached=True, untold_s=None))

    def _catch_up(self, row: Delivery, *, at: Moment) -> None:
        """Edit a card that was under way while its incident changed hands or closed."""
        incident = self._alerts.incident(row.incident)
        if incident is None or (incident.closed is None and incident.ack_at is None):
            return
        if row.channel not in incident.messages:  # a relay's mail cannot be edited
            return
        self._follow(replace(row, created=at.wall, created_s=at.logical_s), Kind.UPDATE)

    def _attach(self, row: Delivery, *, at: Moment) -> None:
        """Have the whole text follow an alert that had no room for it, once per incident."""
        incident = self._alerts.incident(row.incident)
        if incident is None or incident.closed is not None or row.channel in incident.attached:
            return
        posted = row.channel in incident.messages
        if posted and not any(other.kind is Kind.FULL for other in self._beside(row)):
            self._follow(replace(row, created=at.wall, created_s=at.logical_s), Kind.FULL)

    def _follow(self, row: Delivery, kind: Kind) -> None:
        fresh = replace(
            row,
            kind=kind,
            attempts=0,
            last_error="",
            maybe_dup=False,
            status=Status.QUEUED,
            tried_s=None,
            done_s=None,
            free_s=None,
        )
        self._outbox.add(fresh)
        self._tally.created += 1

    def _keep_distance(self, key: str, rows: Sequence[tuple[Delivery, Moment]]) -> None:
        """Note when messages with sound about a key were taken, for the next ones."""
        alert, rule = self._alerts.state(key), self._rules.rule(key)
        row, at = rows[-1]
        if len(rows) > 1:
            told_s = {row.channel: at.logical_s for row, at in rows}
            alert = replace(alert, told_s={**alert.told_s, **told_s})
        self._alerts.put_state(policy.accepted(alert, channel=row.channel, at=at, rule=rule))
