"""What is kept, what is deleted, and why: every rule as an example, as a property, and in small."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.archives.keep.retention import Candidate, Health, Hold, Plan, Policy, Reason, plan
from storage.archives.manifest import stamp, when

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 3, 12, 2, 5, tzinfo=UTC)  # a Thursday
DAY = timedelta(days=1)
CLEAN, SOUND, BROKEN = Health.CLEAN, Health.SOUND, Health.BROKEN


def made(
    at: datetime, health: Health = CLEAN, *, base: datetime | None = None, empty: bool = False
) -> Candidate:
    """Return a snapshot begun then, on a base of its own or on an earlier one."""
    names = [f"base-{stamp(base or at)}.tar.zst"]
    if base is not None:
        names.append(f"diff-{stamp(at)}.tar.zst")
    return Candidate(id=stamp(at), health=health, archives=tuple(names), empty=empty)


def nights(n: int, health: Health = CLEAN) -> list[Candidate]:
    """Return the snapshots of the last nights, the oldest first; the last was made just now."""
    return [made(NOW - number * DAY, health) for number in reversed(range(n))]


def files(snapshots: Sequence[Candidate]) -> set[str]:
    """Return the archives they lie in."""
    return {name for each in snapshots for name in each.archives or ()}


def ids(names: Sequence[Candidate]) -> list[str]:
    return [each.id for each in names]


def kept(found: Plan) -> dict[str, Reason]:
    return {one.name: one.reason for one in found.keep}


def gone(found: Plan) -> dict[str, Reason]:
    return {one.name: one.reason for one in found.delete}


def test_seven_days_are_kept_by_default() -> None:
    """The eighth is past its time, with what only it lay in."""
    known = nights(9)
    found = plan(known, Policy(), now=NOW, archives=files(known))
    assert gone(found) == dict.fromkeys(ids(known[:2]), Reason.EXPIRED)
    assert list(kept(found)) == ids(known[2:])
    assert kept(found)[known[-1].id] is Reason.NEWEST
    assert kept(found)[known[3].id] is Reason.DAILY
    assert [one.name for one in found.delete_archives] == sorted(files(known[:2]))


def test_days_without_a_backup_do_not_count() -> None:
    """After a month's pause the seven last days that have one are still there."""
    known = [made(NOW - (30 + number) * DAY) for number in reversed(range(9))] + [made(NOW)]
    found = plan(known, Policy(), now=NOW)
    assert ids(known[3:]) == list(kept(found))


def test_the_newest_clean_one_of_a_day_stands_for_it() -> None:
    """Not the last, which is partial; what it stands for goes."""
    yesterday = NOW - DAY
    early, clean, partial = (
        made(yesterday), made(yesterday + timedelta(hours=1)),
        made(yesterday + timedelta(hours=2), SOUND),
    )  # fmt: skip
    found = plan([early, clean, partial, made(NOW)], Policy(), now=NOW)
    assert gone(found) == {early.id: Reason.SUPERSEDED, partial.id: Reason.SUPERSEDED}


def test_todays_stay_until_tomorrow() -> None:
    """Whoever makes three today finds three; tomorrow one of them stands for the day."""
    known = [made(NOW - timedelta(hours=number)) for number in (2, 1, 0)]
    found = plan(known, Policy(), now=NOW)
    assert list(kept(found).values()) == [Reason.TODAY, Reason.TODAY, Reason.NEWEST]
    tomorrow = plan([*known, made(NOW + DAY)], Policy(), now=NOW + DAY)
    assert set(gone(tomorrow).values()) == {Reason.SUPERSEDED}
    assert len(tomorrow.delete) == 2


def test_a_day_is_the_owners() -> None:
    """23:30 and 00:30 in Paris are two dates there, and one in UTC."""
    late = made(datetime(2026, 3, 10, 22, 30, tzinfo=UTC))
    early = made(datetime(2026, 3, 10, 23, 30, tzinfo=UTC))
    known = [late, early, made(NOW)]
    assert not plan(known, Policy(zone=PARIS), now=NOW).delete
    assert gone(plan(known, Policy(), now=NOW)) == {late.id: Reason.SUPERSEDED}


def test_one_night_with_a_wrong_clock_holds_nothing() -> None:
    """All ids are of the future from then on; what was begun when is known all the same."""
    wrong = made(NOW + 365 * DAY)
    late = [
        msgspec.structs.replace(
            made(wrong.at + number * timedelta(seconds=1)), started=NOW + (number - 20) * DAY
        )
        for number in range(1, 21)
    ]
    known = [*nights(30)[:9], wrong, *late]
    found = plan(known, Policy(), now=NOW, archives=files(known))
    assert found.hold is Hold.NONE
    assert list(kept(found)) == ids([wrong, *late[-7:]])
    assert kept(found)[wrong.id] is Reason.HELD
    assert {one.name for one in found.delete_archives} == files([*known[:9], *late[:-7]])


def test_an_archive_behind_the_newest_stays_for_a_day() -> None:
    """Somebody may be at work on it, whatever the clock."""
    known = nights(2)
    ahead = f"base-{stamp(NOW + 2 * DAY)}.tar.zst"
    found = plan(known, Policy(), now=NOW, archives={*files(known), ahead})
    assert found.keep_archives[-1].reason is Reason.YOUNG


def test_the_last_before_an_open_loss_stays() -> None:
    """As long as the newest says so; behind that it goes as any other."""
    known = nights(400)
    known[-1] = msgspec.structs.replace(known[-1], health=SOUND, whole=(known[9].id,))
    found = kept(plan(known, Policy(), now=NOW))
    assert list(found) == ids([known[9], *known[-7:]])
    assert found[known[9].id] is Reason.LOSS
    again = plan([*known, made(NOW + DAY)], Policy(), now=NOW + DAY)
    assert list(kept(again)) == ids([*known[-6:], made(NOW + DAY)])


def test_weeks_and_months_reach_further_back() -> None:
    """The newest of each of the last weeks and months that have one."""
    known = nights(120)
    found = plan(known, Policy(daily=3, weekly=4, monthly=3), now=NOW)
    days = [when(name).date() for name in kept(found)]
    assert days == [
        date(2026, 1, 31), date(2026, 2, 22), date(2026, 2, 28), date(2026, 3, 1),
        date(2026, 3, 8), date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 12),
    ]  # fmt: skip
    reasons = list(kept(found).values())
    assert reasons[:5] == [
        Reason.MONTHLY, Reason.WEEKLY, Reason.MONTHLY, Reason.WEEKLY, Reason.WEEKLY
    ]  # fmt: skip


def test_a_policy_of_zeros_keeps_the_newest_clean_one() -> None:
    """And the newest, and today's; never nothing."""
    known = [*nights(5)[:3], *nights(2, SOUND)]
    found = plan(known, Policy(daily=0), now=NOW)
    assert kept(found) == {known[2].id: Reason.NEWEST_CLEAN, known[4].id: Reason.NEWEST}


@pytest.mark.parametrize(
    ("newest", "hold"),
    [
        (made(NOW + timedelta(seconds=1)), Hold.CLOCK),
        (made(NOW, BROKEN), Hold.BROKEN),
        (made(NOW, SOUND, empty=True), Hold.EMPTY),
    ],
)
def test_nothing_is_deleted_while_the_newest_is_in_doubt(newest: Candidate, hold: Hold) -> None:
    """Of the future, broken or made of nothing: everything stays, whatever its age."""
    known = [*nights(30)[:-1], newest]
    orphan = f"base-{stamp(NOW - 90 * DAY)}.tar.zst"
    found = plan(known, Policy(), now=NOW, archives=[orphan])
    assert found.hold is hold
    assert (found.delete, found.delete_archives) == ((), ())
    assert set(kept(found).values()) == {Reason.HELD}
    assert [one.name for one in found.keep_archives] == [orphan]


def test_no_snapshot_at_all_holds_nothing() -> None:
    """Then an old archive without a manifest is what an interrupted backup left."""
    old, young = (f"base-{stamp(NOW - age)}.tar.zst" for age in (2 * DAY, timedelta(hours=1)))
    found = plan([], Policy(), now=NOW, archives=[young, old, "notes.txt", "base-2026.tar.zst"])
    assert (found.keep, found.hold) == ((), Hold.NONE)
    assert [(one.name, one.reason) for one in found.delete_archives] == [(old, Reason.ORPHAN)]
    assert [(one.name, one.reason) for one in found.keep_archives] == [(young, Reason.YOUNG)]


def test_a_base_in_use_stays_however_old_it_is() -> None:
    """Also where it was set aside as damaged: good files may be saved out of it."""
    base = NOW - 40 * DAY
    known = [made(base), made(NOW - DAY, BROKEN, base=base), made(NOW)]
    bad = f"base-{stamp(base)}.tar.zst.bad"
    found = plan(known, Policy(daily=1), now=NOW, archives=[bad])
    assert gone(found) == {known[0].id: Reason.EXPIRED, known[1].id: Reason.EXPIRED}
    assert [one.name for one in found.delete_archives] == [bad]
    found = plan(known, Policy(daily=2), now=NOW, archives=[bad])
    assert [(one.name, one.reason) for one in found.keep_archives] == [(bad, Reason.NEEDED)]


def test_broken_ones_do_not_push_good_ones_out() -> None:
    """A disk that damaged the last six leaves the good ones before them, and what it damaged."""
    good, bad = nights(14)[:6], nights(7, BROKEN)[:-1]
    found = plan([*good, *bad, made(NOW)], Policy(), now=NOW)
    assert set(ids([*good, *bad])) <= set(kept(found))


def test_an_unreadable_manifest_shelters_what_may_be_its_own() -> None:
    """No archive as old as it, or older, is taken for an orphan."""
    lost = Candidate(id=stamp(NOW - 3 * DAY), health=BROKEN, archives=None)
    older, newer = (f"base-{stamp(NOW - n * DAY)}.tar.zst" for n in (9, 2))
    found = plan([lost, made(NOW)], Policy(), now=NOW, archives=[older, newer])
    assert [one.name for one in found.delete_archives] == [newer]
    assert [one.name for one in found.keep_archives] == [older]


@pytest.mark.parametrize("name", ["base-20269999T000000Z.tar.zst", ".base-x.tmp", "snap-x", ""])
def test_a_strangers_file_is_left_alone(name: str) -> None:
    """Whatever is not ours by its name is neither kept nor deleted."""
    found = plan([], Policy(), now=NOW, archives=[name])
    assert (found.keep_archives, found.delete_archives) == ((), ())


def promises(known: Sequence[Candidate], policy: Policy, now: datetime) -> None:
    """Raise AssertionError where a plan breaks one of its promises."""
    names = files(known)
    found = plan(known, policy, now=now, archives=names)
    stay, leave = set(kept(found)), set(gone(found))
    order = sorted(known, key=lambda each: each.id)
    assert stay | leave == set(ids(known))
    assert not stay & leave
    if not known:
        return
    if order[-1].at > now or order[-1].health is BROKEN:
        assert not leave
        assert not found.delete_archives
        return
    by_id = {each.id: each for each in known}
    assert order[-1].id in stay
    clean = [each.id for each in order if each.health is CLEAN]
    assert not clean or clean[-1] in stay
    # No archive of what stays is deleted, and what goes is old enough.
    needed = files([by_id[name] for name in stay])
    removed = {one.name for one in found.delete_archives}
    assert not needed & removed
    _by_date(order, stay, policy, now)
    # Doing it changes nothing about what is decided: a prune cut short is simply done again.
    again = plan([by_id[name] for name in stay], policy, now=now, archives=names - removed)
    assert not again.delete
    assert not again.delete_archives


def _by_date(order: Sequence[Candidate], stay: set[str], policy: Policy, now: datetime) -> None:
    """Check the days, by counting them another way."""
    days: dict[date, list[Candidate]] = {}
    for each in order:
        days.setdefault(each.at.astimezone(policy.zone).date(), []).append(each)
    good = [day for day, group in days.items() if any(one.health is not BROKEN for one in group)]
    for day, group in days.items():
        later = sum(other > day for other in good)
        present = {one.health for one in group if one.id in stay}
        if later < policy.daily:  # one of the last days: its best stays
            assert min(one.health for one in group if one.health in _best(group)) in present
        if day == now.astimezone(policy.zone).date():
            assert set(ids(group)) <= stay
    sound = [each for each in order if each.id in stay and each.health is not BROKEN]
    today = now.astimezone(policy.zone).date()
    before = [each for each in sound if each.at.astimezone(policy.zone).date() != today]
    assert len(before) <= policy.most + 2


def _best(group: Sequence[Candidate]) -> set[Health]:
    """Return the best health of a group, as a set of one."""
    rank = [CLEAN, SOUND, BROKEN]
    return {min((one.health for one in group), key=rank.index)}


def stories() -> Iterator[list[Candidate]]:
    """Yield every choice of up to four snapshots, of every health, at six times of four days."""
    hours = (0, 1, 24, 30, 48, 72)
    for n in range(5):
        for chosen in combinations(hours, n):
            for healths in product(Health, repeat=n):
                yield [
                    made(NOW - timedelta(hours=hour), health)
                    for hour, health in zip(chosen, healths, strict=True)
                ]


def test_every_small_story_keeps_the_promises() -> None:
    """All of them: 1,909 stories, four policies, seen today, and with a clock set back an hour."""
    policies = (
        Policy(daily=0), Policy(daily=1), Policy(daily=2, zone=PARIS),
        Policy(daily=1, weekly=1, monthly=1),
    )  # fmt: skip
    known = list(stories())
    assert len(known) == 1_909
    for story in known:
        for policy in policies:
            promises(story, policy, NOW)
    for story in known[:400]:
        promises(story, policies[1], NOW - timedelta(minutes=30))


snapshots = st.lists(
    st.builds(
        lambda hours, health, back: made(
            NOW - timedelta(hours=hours),
            health,
            base=NOW - timedelta(hours=hours + back) if back else None,
        ),
        st.integers(-3, 24 * 400),
        st.sampled_from(Health),
        st.integers(0, 24 * 8),
    ),
    unique_by=lambda each: each.id,
    max_size=40,
)
policies = st.builds(
    Policy,
    daily=st.integers(0, 10),
    weekly=st.integers(0, 6),
    monthly=st.integers(0, 14),
    zone=st.sampled_from([UTC, PARIS, ZoneInfo("Pacific/Apia"), ZoneInfo("America/New_York")]),
)


@given(snapshots, policies)
def test_any_story_keeps_the_promises(known: list[Candidate], policy: Policy) -> None:
    """Newest, newest clean, bases and today's stay; each day's best; and again changes nothing."""
    promises(known, policy, NOW)


@settings(max_examples=40)
@given(st.lists(st.sampled_from([None, *Health]), min_size=60, max_size=60), policies)
def test_a_life_never_loses_its_last_clean_backup(
    healths: list[Health | None], policy: Policy
) -> None:
    """Night after night, pruned each time, and some nights nothing is made."""
    known: list[Candidate] = []
    for number, health in enumerate(healths):
        now = NOW + number * DAY
        if health is not None:
            known.append(made(now - timedelta(minutes=5), health))
        clean = [each.id for each in known if each.health is CLEAN]
        stay = kept(plan(known, policy, now=now))
        known = [each for each in known if each.id in stay]
        assert not clean or clean[-1] in stay


@pytest.mark.parametrize("zone", [UTC, PARIS])
def test_a_year_of_nights_keeps_seven(zone: ZoneInfo) -> None:
    """Through both changes of the clocks, and never fewer once there are seven."""
    known: list[Candidate] = []
    for number in range(365):
        now = datetime.combine(date(2026, 1, 1) + number * DAY, NOW.time(), zone).astimezone(UTC)
        known.append(made(now))
        stay = kept(plan(known, Policy(zone=zone), now=now))
        known = [each for each in known if each.id in stay]
        assert len(known) == min(number + 1, 7)
