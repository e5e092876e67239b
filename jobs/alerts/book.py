"""What one commit writes about alerts: states and incidents, and what is told of them."""

from collections.abc import Iterable
from dataclasses import replace

from jobs.alerts import (
    boot,
    escalation,
    flapping,
    inhibition,
    intake,
    policy,
    reopening,
    rows,
    stripping,
    tidy,
)
from jobs.alerts.boot import Resumed
from jobs.alerts.inhibition import Causes
from jobs.alerts.policy import Step, Tell
from jobs.alerts.rules import Rules
from jobs.alerts.telling import Live, Telling
from jobs.checks.result import absent
from storage.alerts import Alerts
from storage.database import Database
from storage.incidents import AlertState, Kind, Phase
from storage.outbox import LIVE, Outbox
from storage.records import Moment, Observation, Outcome, Severity


class Book:
    """Changes alerts, incidents and rows together, inside the caller's transaction."""

    def __init__(
        self,
        database: Database,
        *,
        rules: Rules,
        telling: Telling,
        copies: tidy.Copies | None = None,
    ) -> None:
        self._alerts = Alerts(database)
        self._outbox = Outbox(database)
        self._rules = rules
        self._telling = telling
        self._copies = copies

    def complete(self, seen: Iterable[Observation], complete: frozenset[str]) -> list[Observation]:
        """Return what a whole cycle says beyond what it saw.

        Whether each family of checks answers; and an ok for each alert under the prefixes that
        it reported in full and does not mention any more, and for chats that are not listed.
        """
        seen = list(seen)
        answers = intake.broken(seen)
        prefixes = (*complete, "check:") if answers else tuple(complete)
        known = {one.key for one in (*seen, *answers)}
        gone = [
            absent(state.key, check=self._family(state))
            for state in self._alerts.states()
            if (state.phase is not Phase.OK or state.window or state.flaps_s)
            and state.key not in known
            and (state.key.startswith(prefixes) or self._unlisted(state.key))
        ]
        return [*gone, *answers]

    def _unlisted(self, key: str) -> bool:
        family, _, chat = key.partition(":")
        return family == "channel" and not self._telling.known(int(chat))

    def _family(self, state: AlertState) -> str:
        incident = self._alerts.incident(state.incident)
        return "" if incident is None else incident.check

    def take(self, observations: Iterable[Observation], *, at: Moment) -> None:
        """Run observations through the policy and write down what follows."""
        live = self._telling.live()
        for seen in observations:
            alert = self._alerts.state(seen.key)
            rule = self._rules.rule(seen.key)
            incident = self._alerts.incident(alert.incident)
            step = policy.step(alert, incident, seen, at=at, rule=rule)
            if seen.outcome is not Outcome.UNKNOWN:
                step = flapping.folded(alert, step, at=at, factor=self._rules.factor)
            if step.alert is not alert or step.incident is not None or step.tells:
                self._keep(step, live, at=at)

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
                self._telling.remark(alert.key, tell.note, level=tell.level, live=live, at=at)
            elif incident is not None:
                self._telling.tell(incident, tell, live=live, at=at)

    def causes(self) -> Causes:
        """Return what explains other alerts just now."""
        return inhibition.causes(self._alerts.open())

    def hold_back(self, before: Causes, seen: Iterable[Observation]) -> None:
        """Mark what is a consequence; one that fails on a cycle after its cause closed is none."""
        after, failing = self.causes(), _failing(seen)
        for incident in self._alerts.open():
            if before.of(incident.key) or after.of(incident.key):
                self._alerts.put_incident(replace(incident, held=True))
            elif incident.held and incident.key in failing:
                self._alerts.put_incident(replace(incident, held=False))

    def escalate(self, seen: Iterable[Observation], *, at: Moment) -> None:
        """Call the admins for what is CRITICAL, as was just seen, and nobody takes."""
        found, failing, factor = self._alerts.open(), _failing(seen), self._rules.factor
        called = self._telling.on_call()
        critical = any(incident.level is Severity.CRITICAL for incident in found)
        live = self._telling.live() if critical else {}
        for incident in found:
            unheard = self._telling.unheard(incident, live) if critical else False
            fails = incident.key in failing and bool(called)
            watched = escalation.watched(
                incident, fails=fails, unheard=unheard, at=at, factor=factor
            )
            self._alerts.put_incident(watched.incident)
            if watched.due:
                tell = Tell(Kind.ESCALATED, incident.level)
                self._telling.tell(watched.incident, tell, live=live, channels=called, at=at)

    def cycle_ended(self, absence: Resumed | None, *, at: Moment) -> None:
        """Note that a whole cycle ended; the first after a longer absence says so."""
        self._alerts.keep_rhythm(at, away=absence is not None)
        self._strip(at=at)
        if absence is None:
            return
        n = sum(state.phase is Phase.FIRING for state in self._alerts.states())
        note = boot.said(absence, n=n)
        for channel in self._telling.open_channels():
            self._telling.add(rows.note("boot", note, channel, level=Severity.INFO, at=at))

    def _strip(self, *, at: Moment) -> None:
        """Take the buttons off the cards of what closed long ago."""
        for incident in stripping.due(self._alerts.incidents(), at=at, factor=self._rules.factor):
            bare = replace(incident, stripped=True)
            self._alerts.put_incident(bare)
            self._telling.tell(bare, Tell(Kind.UPDATE, bare.level), at=at)

    def reopen(self, number: int, *, by: str, at: Moment) -> bool:
        """Open an incident again, taken by `by`; False where that cannot be."""
        incident = self._alerts.incident(number)
        if incident is None:
            return False
        alert, rule = self._alerts.state(incident.key), self._rules.rule(incident.key)
        again = reopening.reopened(alert, incident, by=by, at=at, rule=rule)
        if again is None:
            return False
        self._alerts.put_state(again.alert)
        self._alerts.put_incident(again.incident)
        self._telling.reopened(again.incident, at=at)
        return True

    def tidy(self, *, at: Moment) -> None:
        """Forget what is over."""
        kept = self._outbox.all()
        live = [row for row in kept if row.status in LIVE]
        for row in tidy.old_rows(kept, at=at, copies=self._copies):
            self._outbox.drop(row.id)
        known = self._alerts.incidents()
        for incident in tidy.old_incidents(known, live, at=at, copies=self._copies):
            self._alerts.drop_incident(incident.number)
        for state in self._alerts.states():
            if tidy.idle(state, rules=self._rules, at=at):
                self._alerts.put_state(AlertState(key=state.key))


def _failing(seen: Iterable[Observation]) -> set[str]:
    return {one.key for one in seen if one.outcome is Outcome.FAIL}
