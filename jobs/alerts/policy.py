"""The alert state machine: counters + observation + time → counters, incident, what to tell. Pure.

Suppression is not here: the machine runs on while a message is held back (see `silences`).
What one of its steps tells is folded while the key flaps (see `flapping`).
"""

from dataclasses import dataclass, replace

from jobs.alerts import story, window
from jobs.alerts.rules import Rule
from storage.incidents import (
    AlertState,
    Incident,
    Kind,
    Phase,
    TimelineEntry,
    TimelineKind,
)
from storage.records import Moment, Observation, Outcome, Phrase, Severity

KEPT = ("last_told_s", "told_s", "window", "flaps_s", "flap_level", "flap_told_s", "flapped_s")
AUDIBLE = frozenset({Kind.FIRED, Kind.WORSE, Kind.REPEAT, Kind.ESCALATED})
FIRING = frozenset({Phase.FIRING, Phase.RECOVERING})


@dataclass(frozen=True, slots=True)
class Tell:
    """Something to tell every channel about the incident; a note has a phrase of its own."""

    kind: Kind
    level: Severity
    note: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one observation led to; an incident just opened has number 0 until it is stored."""

    alert: AlertState
    incident: Incident | None
    tells: tuple[Tell, ...] = ()


def step(
    alert: AlertState, incident: Incident | None, seen: Observation, *, at: Moment, rule: Rule
) -> Step:
    """Return the next state; `incident` is the alert's open one, None while it does not fire."""
    if seen.outcome is Outcome.UNKNOWN:
        return Step(alert, incident)
    if incident is None:
        alert = window.looked(alert, seen.outcome, at=at)
        if seen.outcome is Outcome.OK:
            return Step(quiet(alert), None)
        return _failed(alert, seen, at=at, rule=rule)
    found = _seen(incident, seen)
    incident = _unacked_if_over(found, at=at)
    follows = _passed if seen.outcome is Outcome.OK else _goes_on
    following = follows(alert, incident, seen, at=at, rule=rule)
    if incident is found or following.alert.phase is Phase.OK:
        return following
    edit = Tell(Kind.UPDATE, following.alert.level)  # the card must not name who had it
    return replace(following, tells=(*following.tells, edit))


def audible(kind: Kind, level: Severity) -> bool:
    """Return whether a delivery counts as a message with sound."""
    return kind in AUDIBLE and level >= Severity.WARNING


def acked(incident: Incident, *, at: Moment) -> bool:
    """Return whether somebody has taken the incident, and that has not run out."""
    return incident.ack_until_s is not None and at.logical_s < incident.ack_until_s


def ack(incident: Incident, *, by: str, at: Moment, rule: Rule) -> Incident:
    """Return the incident as taken by `by`, for as long as its level allows."""
    taken = replace(
        incident,
        ack_by=by,
        ack_at=at.wall,
        ack_until_s=at.logical_s + rule.at(incident.level).ack_s,
    )
    return story.told(taken, TimelineKind.ACKED, at=at, who=by)


def release(incident: Incident, *, by: str, at: Moment) -> Incident:
    """Return the incident as nobody's."""
    free = replace(incident, ack_by="", ack_at=None, ack_until_s=None)
    return story.told(free, TimelineKind.RELEASED, at=at, who=by)


def accepted(alert: AlertState, *, channel: str, at: Moment, rule: Rule) -> AlertState:
    """Return the state after a channel took a message with sound: the next keeps its distance."""
    told_s, due_s = {**alert.told_s, channel: at.logical_s}, alert.next_due_s
    if due_s is not None:
        due_s = max(due_s, at.logical_s + (_interval_s(alert, rule) or 0.0))
    return replace(alert, told_s=told_s, last_told_s=at.logical_s, next_due_s=due_s)


def _failed(alert: AlertState, seen: Observation, *, at: Moment, rule: Rule) -> Step:
    started = alert.since_s is not None and alert.since is not None
    alert = replace(
        alert,
        phase=Phase.PENDING,
        fails=alert.fails + 1,
        level=seen.level,
        since_s=alert.since_s if started else at.logical_s,
        since=alert.since if started else at.wall,
    )
    if not _fires(alert, at=at, rule=rule):
        return Step(alert, None)
    alert = replace(alert, phase=Phase.FIRING, next_due_s=None, repeats=0, window=())
    alert = rescheduled(alert, at=at, rule=rule)
    opened = Incident(
        number=0,
        key=seen.key,
        check=seen.check,
        level=seen.level,
        peak=seen.level,
        since=alert.since or at.wall,
        opened=at.wall,
        opened_s=at.logical_s,
        fact=seen.fact,
        latest=seen.fact,
        value=seen.value,
        threshold=seen.threshold,
        evidence=seen.evidence,
        timeline=(TimelineEntry(at=at.wall, kind=TimelineKind.OPENED, level=seen.level),),
    )
    return Step(alert, opened, (Tell(Kind.FIRED, seen.level),))


def _fires(alert: AlertState, *, at: Moment, rule: Rule) -> bool:
    terms = rule.at(alert.level)
    since_s = at.logical_s if alert.since_s is None else alert.since_s
    in_a_row = alert.fails >= terms.fails and at.logical_s - since_s >= terms.hold_s
    return in_a_row or window.reached(alert.window, fails=terms.fails, hold_s=terms.hold_s, at=at)


def _passed(
    alert: AlertState, incident: Incident, seen: Observation, *, at: Moment, rule: Rule
) -> Step:
    if not seen.clears:
        return Step(alert, incident)
    passes = alert.passes + 1
    if passes < rule.at(alert.level).passes:
        return Step(replace(alert, phase=Phase.RECOVERING, passes=passes), incident)
    closed = replace(incident, closed=at.wall, closed_s=at.logical_s)
    closed = story.told(closed, TimelineKind.CLOSED, at=at)
    return Step(quiet(alert), closed, (Tell(Kind.RESOLVED, incident.peak),))


def _goes_on(
    alert: AlertState, incident: Incident, seen: Observation, *, at: Moment, rule: Rule
) -> Step:
    alert = replace(alert, phase=Phase.FIRING, passes=0)
    if seen.level > alert.level:
        return _worse(alert, incident, seen, at=at, rule=rule)
    return _still(alert, incident, seen.level, at=at, rule=rule)


def _worse(
    alert: AlertState, incident: Incident, seen: Observation, *, at: Moment, rule: Rule
) -> Step:
    level = seen.level
    incident = replace(
        incident,
        fact=seen.fact,
        level=level,
        peak=max(incident.peak, level),
        ack_by="",
        ack_at=None,
        ack_until_s=None,
    )
    incident = story.told(incident, TimelineKind.WORSE, at=at)
    alert = replace(alert, level=level, lower=0, lower_level=Severity.OK)
    return Step(rescheduled(alert, at=at, rule=rule), incident, (Tell(Kind.WORSE, level),))


def _still(
    alert: AlertState, incident: Incident, level: Severity, *, at: Moment, rule: Rule
) -> Step:
    if level == alert.level:
        alert = replace(alert, lower=0, lower_level=Severity.OK)
        return _reminder(alert, incident, at=at, rule=rule)
    worst = max(alert.lower_level, level)
    alert = replace(alert, lower=alert.lower + 1, lower_level=worst)
    if alert.lower < rule.at(alert.level).passes:
        return _reminder(alert, incident, at=at, rule=rule)
    incident = story.told(replace(incident, level=worst), TimelineKind.BETTER, at=at)
    alert = replace(alert, level=worst, lower=0, lower_level=Severity.OK)
    alert = rescheduled(alert, at=at, rule=rule)
    return Step(alert, incident, (Tell(Kind.UPDATE, worst),))


def _reminder(alert: AlertState, incident: Incident, *, at: Moment, rule: Rule) -> Step:
    due = alert.next_due_s
    if due is None or at.logical_s < due or acked(incident, at=at):
        return Step(alert, incident)
    alert = replace(alert, repeats=alert.repeats + 1)
    interval_s = _interval_s(alert, rule)
    alert = replace(alert, next_due_s=None if interval_s is None else at.logical_s + interval_s)
    incident = replace(incident, reminders=incident.reminders + 1)
    return Step(alert, incident, (Tell(Kind.REPEAT, incident.level),))


def rescheduled(alert: AlertState, *, at: Moment, rule: Rule) -> AlertState:
    """Return the state with its reminders begun anew."""
    first_s = rule.at(alert.level).repeat_s
    due_s = None if first_s is None else at.logical_s + first_s
    return replace(alert, repeats=0, next_due_s=due_s)


def _interval_s(alert: AlertState, rule: Rule) -> float | None:
    terms = rule.at(alert.level)
    if terms.repeat_s is None:
        return None
    doublings = min(alert.repeats, 32)  # beyond any cap, and short of an overflow
    return min(terms.repeat_s * 2.0**doublings, terms.repeat_cap_s)


def quiet(alert: AlertState) -> AlertState:
    """Return the state of a key that is well: what outlives an incident is kept."""
    fresh = AlertState(key=alert.key)
    if alert == fresh:  # nearly every key of nearly every cycle
        return alert
    return replace(fresh, **{name: getattr(alert, name) for name in KEPT})


def _seen(incident: Incident, seen: Observation) -> Incident:
    return replace(
        incident,
        latest=seen.fact,
        value=seen.value,
        threshold=incident.threshold if seen.threshold is None else seen.threshold,
        evidence=seen.evidence or incident.evidence,
    )


def _unacked_if_over(incident: Incident, *, at: Moment) -> Incident:
    if incident.ack_until_s is None or acked(incident, at=at):
        return incident
    return release(incident, by="", at=at)
