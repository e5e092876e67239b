"""How the last backup, the last trial restore and the last copy off this machine went."""

from datetime import datetime

from jobs.checks.saying import Ladder, Limit, Subject
from jobs.copies import Copies
from jobs.snapshots import Backups
from storage.records import Observation, Phrase, Severity, Value

NAME = "backup"
RUN = Subject(key="backup:run", check=NAME)
DRILL = Subject(key="backup:drill", check=NAME)
OFFSITE = Subject(key="backup:offsite", check=NAME)
HOUR_S = 3600.0
OFFSITE_AGES = Ladder(
    limits=(Limit(Severity.WARNING, 26 * HOUR_S), Limit(Severity.ERROR, 50 * HOUR_S))
)
LEVELS = {
    "backups.run.locked": Severity.WARNING,  # another one is being made
    "backups.run.not_pruned": Severity.WARNING,
    "backups.drill.bad": Severity.CRITICAL,
}


def run(known: Backups) -> Observation:
    """Return why the last one did not come about, until one does, whoever makes it."""
    latest = max((one.verified for one in known.snapshots), default=known.done)
    failed = known.failed
    if failed is not None and (latest is None or failed.at >= latest):
        return RUN.fail(LEVELS.get(failed.fact.key, Severity.ERROR), failed.fact)
    if latest is None:
        return RUN.ok(Phrase("backups.none"))
    return RUN.ok(Phrase("backups.run.ok", {"last_at": latest.timestamp()}))


def drill(known: Backups) -> Observation:
    """Return why the last trial restore failed, until one does not."""
    failed = known.drill_failed
    if failed is not None and (known.drilled is None or failed.at > known.drilled):
        return DRILL.fail(LEVELS.get(failed.fact.key, Severity.ERROR), failed.fact)
    if known.drilled is None:
        return DRILL.ok(Phrase("backups.drill.none"))
    return DRILL.ok(Phrase("backups.drill.ok", {"last_at": known.drilled.timestamp()}))


def offsite(known: Backups, copies: Copies, now: datetime) -> Observation:
    """Judge the copies off this machine: a network may be away for a night, not for two."""
    if copies.owed:
        return OFFSITE.fail(Severity.ERROR, Phrase("offsite.owed", {"place": copies.place}))
    if copies.damaged:
        spoilt: dict[str, Value] = {"place": copies.place, "n": copies.damaged}
        return OFFSITE.fail(Severity.ERROR, Phrase("backups.offsite.damaged", spoilt))
    begin = copies.pushed_at or known.since
    age_s = 0.0 if begin is None else max(0.0, (now - begin).total_seconds())
    limit = OFFSITE_AGES.reached(age_s)
    if copies.failed is not None:
        level = Severity.WARNING if limit is None else limit.level
        return OFFSITE.fail(level, copies.failed.fact, value=age_s)
    values: dict[str, Value] = {"place": copies.place, "age_s": age_s}
    if limit is not None:
        fact = Phrase("backups.offsite.old", values | {"limit_s": limit.value})
        return OFFSITE.fail(limit.level, fact, value=age_s, threshold=limit.value)
    if copies.pushed_at is None:
        return OFFSITE.ok(Phrase("backups.offsite.none", {"place": copies.place}))
    return OFFSITE.ok(Phrase("backups.offsite.ok", values), value=age_s)
