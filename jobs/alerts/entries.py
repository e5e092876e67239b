"""What one outcome changes in rows, incidents and alerts, inside the ledger's transaction."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from jobs.alerts import enqueue, policy
from jobs.alerts.rules import Rules
from jobs.alerts.tally import Tally
from storage.alerts import Alerts
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
        if row.kind is Kind.NOTE:
            return False
        incident = self._alerts.incident(row.incident)
        if enqueue.outdated(row, incident, self._beside(row)):
            return True
        if incident is None:
            return False
        age_s = at.logical_s - row.created_s
        if enqueue.too_old(row, incident, age_s=age_s):
            return True
        return row.kind is Kind.REPEAT and policy.acked(incident, at=at)

    def _beside(self, row: Delivery) -> list[Delivery]:
        if row.channel not in self._index:
            index: dict[int, list[int]] = defaultdict(list)
            for other in self._outbox.waiting(row.channel):
                index[other.incident].append(other.id)
            self._index[row.channel] = index
        beside = self._index[row.channel].get(row.incident, [])
        if beside == [row.id]:
            return [row] if row.status in LIVE else []
        found = [self._outbox.get(number) for number in sorted({*beside, row.id})]
        return [other for other in found if other is not None and other.status in LIVE]

    def back(self, rows: Iterable[Delivery], trouble: Trouble) -> None:
        """Queue rows again, or supersede those that lost their point while under way."""
        for row in rows:
            self._tally.failed[trouble.reason] += 1
            if trouble.unsure:
                self.note_told(row, None)
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

    def bury(self, rows: Iterable[Delivery], trouble: Trouble) -> None:
        """Give rows up, with the reason."""
        for row in rows:
            reason = trouble.text or trouble.reason
            self._outbox.put(replace(row, status=Status.DEAD, last_error=reason))
            self._tally.dead[trouble.reason] += 1
            self._correct_closing(row, self._alerts.incident(row.incident))

    def supersede(self, row: Delivery) -> None:
        """Put a row aside that need not be told."""
        self._outbox.put(replace(row, status=Status.SUPERSEDED))
        self._tally.superseded += 1

    def note_told(self, row: Delivery, message_id: int | None) -> None:
        """Note that a channel knows of the incident, and its own message where there is one."""
        incident = self._alerts.incident(row.incident)
        if incident is None:
            return
        if row.channel not in incident.told:
            incident = replace(incident, told=(*incident.told, row.channel))
        if message_id is not None and row.kind in enqueue.NEWS:
            incident = replace(incident, messages={**incident.messages, row.channel: message_id})
        self._alerts.put_incident(incident)

    def catch_up(self, row: Delivery, *, at: Moment) -> None:
        """Edit a card that was under way while its incident changed hands or closed."""
        incident = self._alerts.incident(row.incident)
        if incident is None or (incident.closed is None and incident.ack_at is None):
            return
        edit = replace(
            row,
            kind=Kind.UPDATE,
            created=at.wall,
            created_s=at.logical_s,
            attempts=0,
            maybe_dup=False,
            status=Status.QUEUED,
        )
        self._outbox.add(edit)
        self._tally.created += 1

    def keep_distance(self, row: Delivery, *, at: Moment) -> None:
        """Note when a message with sound was taken, for the next one."""
        alert = self._alerts.state(row.key)
        rule = self._rules.rule(row.key)
        self._alerts.put_state(policy.accepted(alert, channel=row.channel, at=at, rule=rule))
