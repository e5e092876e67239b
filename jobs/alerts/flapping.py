"""A key that cannot make up its mind: one message, then a summary an hour until it can. Pure.

The machine runs on underneath: incidents open and close, and their cards are edited; only what
would ring is folded, unless it is worse than anything told since it began.
"""

from dataclasses import replace

from jobs.alerts.policy import FIRING, Step, Tell
from storage.incidents import AlertState, Kind, Phase
from storage.records import Moment, Phrase, Severity, Value

CHANGES = 4
WITHIN_S = 3600.0
STEADY_S = 1800.0
SUMMARY_S = 3600.0
KEPT = 50


def folded(before: AlertState, step: Step, *, at: Moment, factor: float = 1.0) -> Step:
    """Return the step with what it tells folded while the key flaps; `before` is the old state."""
    changed = _changed(before, step)
    if not changed and not before.flaps_s and before.flap_told_s is None:
        return step
    recent = [time for time in before.flaps_s if at.logical_s - time < WITHIN_S * factor]
    flaps = (*recent, *([at.logical_s] if changed else ()))[-KEPT:]
    worst = before.flap_level if before.flaps_s else Severity.OK
    told = worst if step.incident is None else max(worst, step.incident.peak)
    alert = replace(step.alert, flaps_s=flaps, flap_level=told if flaps else Severity.OK)
    if before.flap_told_s is not None:
        return _goes_on(before, replace(step, alert=alert), at=at, factor=factor)
    if not changed or len(flaps) < CHANGES:
        return replace(step, alert=alert)
    begun = replace(step, alert=replace(alert, flap_told_s=at.logical_s, flapped_s=at.logical_s))
    return _saying("flap.begun", begun, worst, factor=factor)


def _changed(before: AlertState, step: Step) -> bool:
    relapsed = before.phase is Phase.RECOVERING and step.alert.phase is Phase.FIRING
    return relapsed or (before.phase in FIRING) is not (step.alert.phase in FIRING)


def _goes_on(before: AlertState, step: Step, *, at: Moment, factor: float) -> Step:
    worst, alert = before.flap_level, step.alert
    last_s = before.flapped_s or 0.0
    if _changed(before, step):
        last_s = at.logical_s
    alert = replace(alert, flapped_s=last_s, flap_level=max(worst, alert.flap_level))
    step = replace(step, alert=alert)
    if at.logical_s - last_s >= STEADY_S * factor:
        return _over(step, worst)
    if at.logical_s - (before.flap_told_s or 0.0) >= SUMMARY_S * factor:
        step = replace(step, alert=replace(alert, flap_told_s=at.logical_s))
        return _saying("flap.still", step, worst, factor=factor)
    return replace(step, tells=_kept(step, worst))


def _over(step: Step, worst: Severity) -> Step:
    alert = replace(
        step.alert, flaps_s=(), flap_level=Severity.OK, flap_told_s=None, flapped_s=None
    )
    note = Tell(Kind.NOTE, Severity.INFO, Phrase("flap.over", {"key": alert.key}))
    untold = step.incident is not None and not step.incident.told
    news = (Tell(Kind.REPEAT, alert.level),) if untold and alert.phase is Phase.FIRING else ()
    return replace(step, alert=alert, tells=(*_kept(step, worst), note, *news))


def _saying(key: str, step: Step, worst: Severity, *, factor: float) -> Step:
    values: dict[str, Value] = {
        "key": step.alert.key,
        "changes": len(step.alert.flaps_s),
        "within_s": WITHIN_S * factor,
    }
    note = Tell(Kind.NOTE, max(worst, step.alert.level), Phrase(key, values))
    return replace(step, tells=(*_kept(step, worst), note))


def _kept(step: Step, worst: Severity) -> tuple[Tell, ...]:
    """Return what is told all the same: edits, and news worse than all before."""
    kept = []
    for tell in step.tells:
        if tell.kind in {Kind.FIRED, Kind.WORSE} and tell.level > worst:
            kept.append(tell)
        elif tell.kind in {Kind.UPDATE, Kind.RESOLVED}:
            kept.append(Tell(Kind.UPDATE, tell.level))
    return tuple(kept)
