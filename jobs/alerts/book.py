"""Everything one commit writes about alerts: states, incidents, rows per channel; and tidying."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from jobs.alerts import enqueue, escalation, flapping, inhibition, policy, tidy
from jobs.alerts.inhibition import Causes
from jobs.alerts.policy import Step, Tell
from jobs.alerts.rules import Rules
from jobs.alerts.tally import Tally
from jobs.checks.result import absent
from storage.alerts import Alerts
from storage.chats import Chats, parts
from storage.database import Database
from storage.incidents import (
    AlertState,
    Delivery,
    Incident,
    Kind,
    Phase,
    Status,
)
from storage.outbox import LIVE, Outbox
from storage.records import Moment, Observation, Outcome, Phrase, Severity

Live = dict[tuple[int, str], list[Delivery]]
Channels = Callable[[], Sequence[str]] | Sequence[str]


class Book:
    """Changes alerts, incidents and rows together, inside the caller's transaction."""

    def __init__(  # noqa: PLR0913 - parts, all named
        self,
        database: Database,
        *,
        rules: Rules,
        channels: Channels,
        admins: Sequence[str],
        chats: Chats,
        tally: Tally,
    ) -> None:
        self._alerts = Alerts(database)
        self._outbox = Outbox(database)
        self._rules = rules
        self._channels = channels
        self._admins = admins
        self._chats = chats
        self._tally = tally

    def open_channels(self) -> list[str]:
        """Return the channels that can be reached."""
        return self._reachable(self._channels() if callable(self._channels) else self._channels)

    def _reachable(self, channels: Sequence[str]) -> list[str]:
        return [channel for channel in channels if not self._chats.get(parts(channel)[0]).disabled]

    def absent(self, complete: frozenset[str], known: set[str]) -> list[Observation]:
        """Return an ok for each alert that a complete report does not mention any more."""
        prefixes = tuple(complete)
        return [
            absent(state.key, check=self._family(state))
            for state in self._alerts.states()
            if (state.phase is not Phase.OK or state.window or state.flaps_s)
            and state.key not in known
            and state.key.startswith(prefixes)
        ]

    def _family(self, state: AlertState) -> str:
        incident = self._alerts.incident(state.incident)
        return "" if incident is None else incident.check

    def take(self, observations: Iterable[Observation], *, at: Moment) -> None:
        """Run observations through the policy and write down what follows."""
        live = self._live()
        for seen in observations:
            alert = self._alerts.state(seen.key)
            rule = self._rules.rule(seen.key)
            incident = self._alerts.incident(alert.incident)
            step = policy.step(alert, incident, seen, at=at, rule=rule)
            if seen.outcome is not Outcome.UNKNOWN:
                step = flapping.folded(alert, step, at=at, factor=self._rules.factor)
            self._keep(step, live, at=at)

    def causes(self) -> Causes:
        """Return what explains other alerts just now."""
        return inhibition.causes(self._alerts.open())

    def escalate(self, *, at: Moment) -> None:
        """Tell each admin who is in none of the chats what is CRITICAL and nobody has taken."""
        for incident in self._alerts.open():
            seen = escalation.watched(incident, at=at, factor=self._rules.factor)
            self._alerts.put_incident(seen.incident)
            if not seen.due:
                continue
            tell = Tell(Kind.REPEAT, incident.level)
            for channel in self._reachable(self._admins):
                if channel not in self.open_channels():
                    self._add(_row(seen.incident, tell, channel, at=at))

    def hold_back(self, before: Causes, seen: Iterable[Observation]) -> None:
        """Mark what is a consequence; one that fails on a cycle after its cause closed is none."""
        after, failing = self.causes(), {one.key for one in seen if one.outcome is Outcome.FAIL}
        for incident in self._alerts.open():
            if before.of(incident.key) or after.of(incident.key):
                self._alerts.put_incident(replace(incident, held=True))
            elif incident.held and incident.key in failing:
                self._alerts.put_incident(replace(incident, held=False))

    def _keep(self, step: Step, live: Live, *, at: Moment) -> None:
        alert, incident = step.alert, step.incident
        if incident is not None and not incident.number:
            incident = self._alerts.add_incident(incident)
            alert = replace(alert, incident=incident.number)
        elif incident is not None:
            self._alerts.put_incident(incident)
        self._alerts.put_state(alert)
        for tell in step.tells:
            if tell.note is not None:
                self._remark(alert.key, tell, tell.note, live, at=at)
            elif incident is not None:
                self._tell(incident, tell, live, at=at)

    def _remark(self, key: str, tell: Tell, note: Phrase, live: Live, *, at: Moment) -> None:
        """Say something of a key to every channel; it replaces what waits there to be said."""
        for channel in self.open_channels():
            for row in live.get((0, channel), []):
                if row.key == key and row.status is Status.QUEUED:
                    self._outbox.put(replace(row, status=Status.SUPERSEDED))
                    self._tally.superseded += 1
            row = self._add(_note(key, note, channel, level=tell.level, at=at))
            live[0, channel].append(row)

    def tell(self, incident: Incident, tell: Tell, *, at: Moment) -> None:
        """Tell every channel something about one incident."""
        self._tell(incident, tell, self._live(), at=at)

    def _tell(self, incident: Incident, tell: Tell, live: Live, *, at: Moment) -> None:
        called = [admin for admin in self._admins if admin in incident.told]
        channels = [*self.open_channels(), *(self._reachable(called) if incident.closed else ())]
        for channel in dict.fromkeys(channels):
            rows = live.get((incident.number, channel), [])
            plan = enqueue.plan(tell, incident, channel=channel, live=rows)
            for row in plan.superseded:
                self._outbox.put(replace(row, status=Status.SUPERSEDED))
                self._tally.superseded += 1
            for kind in plan.kinds:
                row = self._add(_row(incident, replace(tell, kind=kind), channel, at=at))
                live[incident.number, channel].append(row)

    def _add(self, row: Delivery) -> Delivery:
        self._tally.created += 1
        return self._outbox.add(row)

    def _live(self) -> Live:
        live: Live = defaultdict(list)
        for row in self._outbox.live():
            live[row.incident, row.channel].append(row)
        return live

    def cycle_ended(self, *, away_s: float | None, at: Moment) -> None:
        """Note that a whole cycle ended; the first after a longer absence says so."""
        self._alerts.keep_rhythm(at)
        if away_s is None:
            return
        n = sum(state.phase is Phase.FIRING for state in self._alerts.states())
        key = "boot.back" if n else "boot.quiet"
        note = Phrase(key, {"away_s": away_s, "n": n})
        for channel in self.open_channels():
            self._add(_note("boot", note, channel, level=Severity.INFO, at=at))

    def silence_reminders(self, number: int) -> None:
        """Drop the reminders of an incident that somebody took."""
        for row in self._outbox.live():
            queued = row.status is Status.QUEUED and row.kind is Kind.REPEAT
            if queued and row.incident == number:
                self._outbox.put(replace(row, status=Status.SUPERSEDED))
                self._tally.superseded += 1

    def welcome(self, chat_id: int, *, at: Moment) -> None:
        """Tell a chat of every open incident it was not told of."""
        for incident in self._alerts.open():
            for channel in self.open_channels():
                if parts(channel)[0] == chat_id and channel not in incident.told:
                    tell = Tell(Kind.FIRED, incident.level)
                    self._add(_row(incident, tell, channel, at=at))

    def tidy(self, *, at: Moment) -> None:
        """Forget what is over."""
        rows = self._outbox.all()
        live = [row for row in rows if row.status in LIVE]
        for row in tidy.old_rows(rows, at=at):
            self._outbox.drop(row.id)
        for incident in tidy.old_incidents(self._alerts.incidents(), live, at=at):
            self._alerts.drop_incident(incident.number)
        for state in self._alerts.states():
            if tidy.idle(state, rules=self._rules, at=at):
                self._alerts.put_state(AlertState(key=state.key))


def _row(incident: Incident, tell: Tell, channel: str, *, at: Moment) -> Delivery:
    return Delivery(
        id=0,
        incident=incident.number,
        key=incident.key,
        kind=tell.kind,
        seq=incident.reminders,
        channel=channel,
        level=tell.level,
        created=at.wall,
        created_s=at.logical_s,
    )


def _note(key: str, note: Phrase, channel: str, *, level: Severity, at: Moment) -> Delivery:
    return Delivery(
        id=0,
        incident=0,
        key=key,
        kind=Kind.NOTE,
        seq=0,
        channel=channel,
        level=level,
        created=at.wall,
        created_s=at.logical_s,
        note=note,
    )
