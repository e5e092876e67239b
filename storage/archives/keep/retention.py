"""Which snapshots are kept, and why: grandfather, father, son by the owner's dates. Pure."""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

import msgspec

from storage.archives.manifest import ARCHIVE_NAME, BAD_END, BASE, when

DAY = timedelta(days=1)
STAMP_LENGTH = len("20260102T030405Z")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How much is kept: the last days, weeks and months that have a snapshot, in `zone`.

    A base older than `base_days` is followed by a new one. All three at zero keep what is never
    deleted: the snapshots of today, the newest, and the newest clean one.
    """

    daily: int = 7
    weekly: int = 0
    monthly: int = 0
    base_days: int = 7
    zone: tzinfo = UTC

    @property
    def most(self) -> int:
        """How many snapshots it keeps at most, today's and the never deleted ones aside."""
        return self.daily + self.weekly + self.monthly


class Health(StrEnum):
    """How a snapshot stands: clean, sound (it restores; something in it is in doubt), or not."""

    CLEAN = "clean"
    SOUND = "sound"
    BROKEN = "broken"  # an archive is missing or damaged, or the manifest cannot be read


BEST_FIRST = tuple(Health)


class Reason(StrEnum):
    """Why a snapshot, or an archive, is kept or deleted."""

    HELD = "held"  # nothing is deleted now: `Plan.hold` says why; or it is of the future itself
    NEWEST = "newest"
    NEWEST_CLEAN = "newest_clean"
    LOSS = "loss"  # the last before a folder lost its files, which have not come back
    TODAY = "today"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    NEEDED = "needed"  # an archive that a kept snapshot lies in
    YOUNG = "young"  # an archive nobody needs, but made less than a day ago
    SUPERSEDED = "superseded"  # another one of that day stands for it
    EXPIRED = "expired"
    ORPHAN = "orphan"  # an archive that no kept snapshot lies in


class Hold(StrEnum):
    """Why nothing is deleted, whatever its age."""

    NONE = ""
    CLOCK = "clock"  # the newest snapshot is of the future: the clock was, or is, wrong
    BROKEN = "broken"  # the newest snapshot cannot be restored
    EMPTY = "empty"  # the newest one was made of an empty folder


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan must know of a snapshot; `archives` None where its manifest is unreadable.

    Ids tell which was made last; behind a night with a wrong clock all are of the future, while
    `started` is when each was begun by the clock of its time, None where that is not known.
    """

    id: str
    health: Health
    archives: tuple[str, ...] | None
    empty: bool = False
    whole: tuple[str, ...] = ()  # the last before the losses that were open when it was made
    started: datetime | None = None

    @property
    def at(self) -> datetime:
        """When it was begun, as far as is known."""
        return self.started or when(self.id)


class Decision(msgspec.Struct, frozen=True):
    """What becomes of one snapshot (its id) or archive (its file name)."""

    name: str
    reason: Reason


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept, and what is deleted in this order: manifests first, then archives."""

    keep: tuple[Decision, ...]
    delete: tuple[Decision, ...] = ()
    keep_archives: tuple[Decision, ...] = ()
    delete_archives: tuple[Decision, ...] = ()
    hold: Hold = Hold.NONE


def plan(
    snapshots: Iterable[Candidate], policy: Policy, *, now: datetime, archives: Collection[str] = ()
) -> Plan:
    """Return what to keep and what to delete of the snapshots, and of the archives on disk.

    Oldest first in every list. A name in `archives` that is no archive's is left alone.
    """
    known = sorted(snapshots, key=lambda each: each.id)
    hold = _hold(known, now)
    if hold is not Hold.NONE:
        return Plan(
            keep=tuple(Decision(each.id, Reason.HELD) for each in known),
            keep_archives=tuple(Decision(name, Reason.HELD) for name in sorted(archives)),
            hold=hold,
        )
    kept = _kept(known, policy, now)
    stay = [each for each in known if each.id in kept]
    keep_archives, delete_archives = _archives(archives, stay, now)
    standing = {_day(each, policy.zone) for each in stay}
    return Plan(
        keep=tuple(Decision(each.id, kept[each.id]) for each in stay),
        delete=tuple(
            Decision(each.id, _gone(each, standing, policy.zone))
            for each in known
            if each.id not in kept
        ),
        keep_archives=keep_archives,
        delete_archives=delete_archives,
    )


def _hold(known: Sequence[Candidate], now: datetime) -> Hold:
    if not known:
        return Hold.NONE
    newest = known[-1]
    if newest.at > now:
        return Hold.CLOCK
    if newest.health is Health.BROKEN:
        return Hold.BROKEN
    return Hold.EMPTY if newest.empty else Hold.NONE


def _kept(known: Sequence[Candidate], policy: Policy, now: datetime) -> dict[str, Reason]:
    """Return what is kept, each with the strongest reason: one that alone would keep it."""
    past = sorted((each for each in known if each.at <= now), key=lambda each: each.at)
    kept = {each.id: Reason.HELD for each in known if each.at > now}
    for reason, count, period in _generations(policy):
        for each in _stand_ins(past, policy.zone, count, period):
            kept.setdefault(each.id, reason)
    today = now.astimezone(policy.zone).date()
    whole = {name for newest in known[-1:] for name in newest.whole}
    kept |= {each.id: Reason.LOSS for each in known if each.id in whole}
    kept |= {each.id: Reason.TODAY for each in past if _day(each, policy.zone) == today}
    clean = [each for each in known if each.health is Health.CLEAN]
    kept |= {each.id: Reason.NEWEST_CLEAN for each in clean[-1:]}
    return kept | {each.id: Reason.NEWEST for each in known[-1:]}


def _week(day: date) -> Hashable:
    return day.isocalendar()[:2]


def _month(day: date) -> Hashable:
    return (day.year, day.month)


def _generations(policy: Policy) -> tuple[tuple[Reason, int, Callable[[date], Hashable]], ...]:
    return (
        (Reason.DAILY, policy.daily, date.toordinal),
        (Reason.WEEKLY, policy.weekly, _week),
        (Reason.MONTHLY, policy.monthly, _month),
    )


def _stand_ins(
    known: Sequence[Candidate], zone: tzinfo, left: int, period: Callable[[date], Hashable]
) -> list[Candidate]:
    """Return one snapshot for each of the last periods that have one.

    A period with nothing but broken ones keeps one, for what can be salvaged of it, and does not
    count: else a bad disk would let the last good snapshots expire.
    """
    groups: dict[Hashable, list[Candidate]] = {}
    for each in reversed(known):
        groups.setdefault(period(_day(each, zone)), []).append(each)
    kept = []
    for group in groups.values():  # the newest period first
        if left <= 0:
            break
        best = min(group, key=lambda each: BEST_FIRST.index(each.health))  # and the newest of it
        kept.append(best)
        left -= best.health is not Health.BROKEN
    return kept


def _gone(each: Candidate, standing: Collection[date], zone: tzinfo) -> Reason:
    return Reason.SUPERSEDED if _day(each, zone) in standing else Reason.EXPIRED


def _archives(
    names: Collection[str], stay: Sequence[Candidate], now: datetime
) -> tuple[tuple[Decision, ...], tuple[Decision, ...]]:
    """Return which archives stay and which go, oldest first."""
    needed = {name for each in stay for name in each.archives or ()}
    # Who knows what an unreadable manifest stands on? Nothing that is younger, so much is certain.
    sheltered = max((each.id for each in stay if each.archives is None), default="")
    newest = max((each.id for each in stay), default="")
    keep, delete = [], []
    for name in sorted((one for one in names if _is_archive(one)), key=_stamp):
        if name.removesuffix(BAD_END) in needed or _stamp(name) <= sheltered:
            keep.append(Decision(name, Reason.NEEDED))
        elif _young(_stamp(name), now, newest):
            keep.append(Decision(name, Reason.YOUNG))
        else:
            delete.append(Decision(name, Reason.ORPHAN))
    return tuple(keep), tuple(delete)


def _young(made: str, now: datetime, newest: str) -> bool:
    """Tell whether that is less than a day ago; the future says so only behind all snapshots."""
    return now - when(made) < DAY and (when(made) <= now or made > newest)


def _is_archive(name: str) -> bool:
    if ARCHIVE_NAME.fullmatch(name.removesuffix(BAD_END)) is None:
        return False
    try:
        when(_stamp(name))
    except ValueError:  # "20261399…": nothing we wrote
        return False
    return True


def _stamp(name: str) -> str:
    """Return the time in an archive's name; `base-` and `diff-` are of one length."""
    return name[len(BASE) : len(BASE) + STAMP_LENGTH]


def _day(each: Candidate, zone: tzinfo) -> date:
    return each.at.astimezone(zone).date()
