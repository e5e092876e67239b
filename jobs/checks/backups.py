"""Is there a backup one can restore, young enough, whole, and not smaller than it should be?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs.checks.backup_runs import HOUR_S, NAME, drill, offsite, run
from jobs.checks.result import Verdict
from jobs.checks.saying import Ladder, Limit, Subject
from jobs.facts import Facts, Unknown
from jobs.snapshots import Backup, Backups
from storage.archives.keep.retention import Health, Policy
from storage.archives.manifest import Flag, Note
from storage.records import Observation, Phrase, Severity, Value

PREFIX = "backup:"
AGE = Subject(key="backup:age", check=NAME)
VERIFY = Subject(key="backup:verify", check=NAME)
COUNT = Subject(key="backup:count", check=NAME)
CONTENT = Subject(key="backup:content", check=NAME)
DAY = timedelta(days=1)
AHEAD = timedelta(minutes=5)
LATE = timedelta(hours=2)  # the job's own time, and the hour that clocks gain and lose
AGES = Ladder(limits=(Limit(Severity.ERROR, 26 * HOUR_S), Limit(Severity.CRITICAL, 50 * HOUR_S)))
SETTLE_S = 15 * 60.0  # after a start or an absence the daily job catches up first
BUSY_S = 2 * HOUR_S
SETTLED = timedelta(days=4)  # a loss is no news any more, and no less open
MARGIN = 2  # snapshots beyond the policy: the newest, and the newest clean one
MAX_EVIDENCE = 5
# Where several are told, the first of these is named.
DOUBTFUL = (Flag.MISSING, Flag.DAMAGED, Flag.UNREADABLE, Flag.UNSTABLE, Flag.INVALID_JSON)
NOT_COPIED = frozenset({Flag.MISSING, Flag.UNREADABLE, Flag.UNSTABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Safekeeping:
    """Judges the backups by what lies on the disk, whatever the job says; so silence alarms too.

    `policy` is None where none is made by itself: then neither age nor count is judged.
    """

    policy: Policy | None = None
    ages: Ladder = AGES
    name: str = NAME

    def judge(self, facts: Facts, *, now: datetime) -> Verdict:
        """Return how the newest is, what is odd in it, how jobs went, then age and count."""
        known = facts.backups
        if isinstance(known, Unknown):
            return Verdict((VERIFY.unknown(known.reason), AGE.unknown(known.reason)))
        if known.error:
            fact = Phrase("backups.verify.unreadable", {"error": known.error})
            return Verdict((VERIFY.fail(Severity.CRITICAL, fact), AGE.unknown(fact)))
        seen = [_verify(known, now), _content(known.snapshots), run(known), drill(known)]
        if known.copies is not None:
            seen.append(offsite(known, known.copies, now))
        if self.policy is not None:
            seen.append(self._age(facts, known, now))
            seen.append(_count(known, self.policy, now))
        return Verdict(tuple(seen), frozenset({PREFIX}))

    def _age(self, facts: Facts, known: Backups, now: datetime) -> Observation:
        """Judge how old the newest is; one of the future says nothing about today."""
        found = [one for one in _sound(known.snapshots) if one.at <= now + AHEAD]
        newest = max(found, key=lambda one: one.at, default=None)
        begin = known.since if newest is None else newest.at
        if begin is None:
            return AGE.ok(Phrase("backups.none"), clears=False)
        age_s = max(0.0, (now - begin).total_seconds())
        limit = self.ages.reached(age_s)
        values: dict[str, Value] = {"age_s": age_s, "limit_s": self.ages.lowest.value}
        if limit is None and newest is None:
            return AGE.ok(Phrase("backups.none"), value=age_s, clears=False)
        if newest is not None:
            values |= {"at_at": newest.at.timestamp(), "size_bytes": newest.size_bytes}
        if limit is None:
            fact = Phrase("backups.age.ok", values)
            return AGE.ok(fact, value=age_s, limit=self.ages.lowest)
        if _settling(facts, known):
            return replace(AGE.unknown(Phrase("backups.age.due", values)), waits=True)
        values["limit_s"] = limit.value
        fact = Phrase("backups.age.never" if newest is None else "backups.age.old", values)
        return AGE.fail(limit.level, fact, value=age_s, threshold=limit.value)


def _settling(facts: Facts, known: Backups) -> bool:
    """Tell whether one is being made, or will be at once: the job catches up within a day."""
    if known.running_s is not None and known.running_s < BUSY_S:
        return True
    if known.up_s is not None and known.up_s < SETTLE_S:
        return True
    back = facts.absence
    return back is not None and facts.at.logical_s - back.ended.logical_s < SETTLE_S


def _verify(known: Backups, now: datetime) -> Observation:
    snapshots = known.snapshots
    if not snapshots and known.done is not None:
        fact = Phrase("backups.verify.gone", {"done_at": known.done.timestamp()})
        return VERIFY.fail(Severity.CRITICAL, fact)
    if not snapshots:
        return VERIFY.ok(Phrase("backups.none"))
    newest = snapshots[-1]
    return _broken(snapshots) or _lost(snapshots, now) or _older(snapshots) or _whole(newest)


def _whole(newest: Backup) -> Observation:
    values: dict[str, Value] = {"n": newest.files, "verified_at": newest.verified.timestamp()}
    return VERIFY.ok(Phrase("backups.verify.ok", values))


def _broken(snapshots: Sequence[Backup]) -> Observation | None:
    """Return that the newest one cannot be restored: then nothing is safe."""
    newest = snapshots[-1]
    if newest.health is not Health.BROKEN:
        return None
    good = _sound(snapshots)
    values: dict[str, Value] = {"at_at": newest.at.timestamp(), "error": newest.broken}
    if good:
        values["good_at"] = good[-1].at.timestamp()
        return VERIFY.fail(Severity.CRITICAL, Phrase("backups.verify.broken", values))
    return VERIFY.fail(Severity.CRITICAL, Phrase("backups.verify.all_broken", values))


def _lost(snapshots: Sequence[Backup], now: datetime) -> Observation | None:
    """Return that a root lost its files, which are not back: what is empty is told first.

    It stays told, for days as an emergency; what is left of it then is to say: it was meant so.
    """
    newest = snapshots[-1]
    empty = {note.path for note in newest.notes if note.flag is Flag.EMPTY}
    losses = sorted(newest.losses, key=lambda one: (one.root not in empty, one.root))
    if not losses:
        return None
    worst = losses[0]
    values: dict[str, Value] = {
        "root": worst.root, "n": worst.files, "id": worst.id, "good_at": worst.at.timestamp(),
        "found_at": worst.found.timestamp(),
    }  # fmt: skip
    flag = Flag.EMPTY if worst.root in empty else Flag.SHRUNK
    fresh = now - worst.found < SETTLED or flag is Flag.EMPTY
    level = Severity.CRITICAL if fresh else Severity.WARNING
    kept = any(one.at == worst.at for one in _sound(snapshots))
    return VERIFY.fail(level, Phrase(f"backups.verify.{flag if kept else 'unkept'}", values))


def _older(snapshots: Sequence[Backup]) -> Observation | None:
    """Return that earlier ones cannot be restored; the newest can, so that this is no emergency."""
    broken = [one for one in snapshots if one.health is Health.BROKEN]
    if not broken:
        return None
    latest = broken[-1]
    values: dict[str, Value] = {
        "n": len(broken), "kept": len(snapshots), "at_at": latest.at.timestamp(),
        "error": latest.broken,
    }  # fmt: skip
    return VERIFY.fail(Severity.WARNING, Phrase("backups.verify.older", values))


def _content(snapshots: Sequence[Backup]) -> Observation:
    """Return what was odd in the newest; a file not copied twice in a row is worse."""
    found = [] if not snapshots else [one for one in snapshots[-1].notes if one.flag in DOUBTFUL]
    if not found:
        return CONTENT.ok(Phrase("backups.content.ok" if snapshots else "backups.none"))
    found.sort(key=lambda note: (DOUBTFUL.index(note.flag), note.path))
    before = snapshots[-2].notes if len(snapshots) > 1 else ()
    again = _not_copied(found) & _not_copied(before)
    level = Severity.ERROR if again else Severity.WARNING
    first = next((one for one in found if one.path in again), found[0])
    values: dict[str, Value] = {"file": first.path, "n": len(found)}
    key = "backups.content.again" if again else f"backups.content.{first.flag}"
    evidence = tuple(_note(one) for one in found[:MAX_EVIDENCE])
    return CONTENT.fail(level, Phrase(key, values), value=float(len(found)), evidence=evidence)


def _note(note: Note) -> Phrase:
    return Phrase(f"backups.note.{note.flag}", {"file": note.path, "error": note.detail})


def _not_copied(notes: Sequence[Note]) -> set[str]:
    return {one.path for one in notes if one.flag in NOT_COPIED}


def _count(known: Backups, policy: Policy, now: datetime) -> Observation:
    good = _sound(known.snapshots)
    if not good:
        return COUNT.ok(Phrase("backups.none"), clears=False)
    if good[-1].at > now + AHEAD:
        fact = Phrase("backups.count.future", {"at_at": good[-1].at.timestamp()})
        return COUNT.fail(Severity.WARNING, fact)
    n, least = len(good), _least(good, known, policy, now)
    if n < least:
        values: dict[str, Value] = {"n": n, "limit": least}
        fact = Phrase("backups.count.few", values)
        return COUNT.fail(Severity.WARNING, fact, value=float(n), threshold=float(least))
    today = now.astimezone(policy.zone).date()
    most = policy.most + MARGIN + len(good[-1].losses)  # the one before a loss stays, too
    held = any(note.flag is Flag.EMPTY for note in good[-1].notes)  # then all of them stay
    before = sum(one.at.astimezone(policy.zone).date() != today for one in good)
    if before > most and not held:
        fact = Phrase("backups.count.many", {"n": n, "limit": most})
        return COUNT.fail(Severity.WARNING, fact, value=float(n), threshold=float(most))
    values = {"n": n, "oldest_at": good[0].at.timestamp()}
    return COUNT.ok(Phrase("backups.count.ok", values), value=float(n))


def _least(good: Sequence[Backup], known: Backups, policy: Policy, now: datetime) -> int:
    """Return how many there must be: one for each of the last nights, as far as any were made."""
    days = max(0, (now - good[0].at - LATE) // DAY) + 1
    nights = days if known.nights is None else known.nights
    return min(policy.daily, days, nights)


def _sound(snapshots: Sequence[Backup]) -> list[Backup]:
    return [one for one in snapshots if one.health is not Health.BROKEN]
