"""Which off-site files go: whatever is asked for, what stays can be restored."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.archives.keep.retention import Policy
from storage.archives.manifest import (
    ARCHIVE_NAME,
    MANIFEST_NAME,
    Flag,
    Manifest,
    Note,
    manifest_name,
    stamp,
)
from storage.offsite import sums, thinning
from storage.offsite.copies import Offsite
from storage.offsite.folder import FolderPlace
from storage.offsite.place import Place
from storage.offsite.sums import Item, Sums, plain_name, sealed_name, sums_name
from tests.storage.offsite.backups import START, Backups

MARKS = st.sampled_from(["", "00000000", "ffffffff"])


def item(name: str, mark: str, size: int = 5) -> Item:
    stored = sealed_name(name, mark) if mark else name
    lying = "b" * 64 if mark else "a" * 64
    return Item(
        name=name, sha256="a" * 64, stored_name=stored, stored_sha256=lying, stored_bytes=size
    )


@st.composite
def places(draw: st.DrawFn) -> tuple[dict[str, int], dict[str, Sums | None]]:
    """Return names with sizes, and the lists, of a place with a past: cuts, losses, new keys."""
    names: dict[str, int] = {}
    lists: dict[str, Sums | None] = {}
    base = ""
    for day in range(draw(st.integers(0, 6))):
        at = stamp(START + timedelta(days=day))
        mark = draw(MARKS)
        fresh = not base or draw(st.booleans())
        base = f"base-{at}.tar.zst" if fresh else base
        archives = [base] if fresh else [base, f"diff-{at}.tar.zst"]
        items = [item(name, mark) for name in (*archives, manifest_name(at))]
        whole = Sums(
            id=at,
            clean=draw(st.booleans()),
            items=tuple(items),
            started=draw(st.sampled_from([None, START + timedelta(days=day, microseconds=7)])),
            empty=draw(st.booleans()),
            whole=draw(st.sampled_from([(), (stamp(START),), (stamp(START), at)])),
        )
        steps = [(one.stored_name, 5) for one in items]
        steps.insert(-1, (sums_name(at), 9))
        names |= dict(steps[: draw(st.integers(1, len(steps)))])
        if sums_name(at) in names:
            lists[at] = whole if draw(st.integers(0, 5)) else None
    for lost in draw(st.lists(st.sampled_from(sorted(names) or ["x"]), max_size=2)):
        names.pop(lost, None)
        if found := sums.SUMS_NAME.fullmatch(lost):
            lists.pop(found[1], None)
    return names, lists


@given(place=places(), data=st.data())
def test_what_stays_is_whole_and_nothing_stays_for_ever(
    place: tuple[dict[str, int], dict[str, Sums | None]], data: st.DataObject
) -> None:
    """Kept snapshots and the newest complete one stay as complete as they were, at every step."""
    names, lists = place
    before = {one.id: one for one in thinning.remotes(names, lists)}
    keep = set(data.draw(st.lists(st.sampled_from(sorted(before) or ["x"]))))
    doomed = thinning.doomed(names, lists, keep=keep)
    newest = max((one.id for one in before.values() if one.complete), default="")
    for cut in range(len(doomed) + 1):
        left = {name: size for name, size in names.items() if name not in doomed[:cut]}
        after = {one.id: one for one in thinning.remotes(left, lists)}
        for one in before.values():
            if one.complete and (one.id in keep or one.id == newest):
                assert after[one.id].complete
        for gone in before.values():  # a manifest never outlives its archives
            manifest = any(plain_name(name) == manifest_name(gone.id) for name in left)
            if gone.complete and manifest and gone.id in lists:
                stays = lists[gone.id]
                assert stays is not None
                if stays.manifest.stored_name in left:
                    assert all(one.stored_name in left for one in stays.archives)
    assert (
        thinning.doomed(
            left, {one: lists[one] for one in lists if sums_name(one) in left}, keep=keep
        )
        == ()
    )
    assert all(
        ARCHIVE_NAME.fullmatch(plain_name(name))
        or MANIFEST_NAME.fullmatch(plain_name(name))
        or sums.SUMS_NAME.fullmatch(name)
        for name in doomed
    )


def copied(day: int, *, base: int) -> tuple[dict[str, int], Sums]:
    """Return what lies there of the snapshot of that day, whose base is of another."""
    at, since = (stamp(START + timedelta(days=each)) for each in (day, base))
    archives = [f"base-{since}.tar.zst", *([f"diff-{at}.tar.zst"] if day != base else [])]
    items = tuple(item(name, "") for name in (*archives, manifest_name(at)))
    there = {one.name: one.stored_bytes for one in items} | {sums_name(at): 9}
    return there, Sums(id=at, clean=True, items=items)


def test_a_copy_on_its_way_is_left_alone() -> None:
    """Its archives and its list are there, its manifest is not yet: none of it goes."""
    first, one = copied(0, base=0)
    second, two = copied(1, base=1)
    second.pop(manifest_name(two.id))
    assert thinning.doomed(first | second, {one.id: one, two.id: two}, keep=()) == ()


def test_a_kept_snapshot_whose_list_is_unreadable_keeps_every_archive() -> None:
    """Nobody can tell which of them it needs."""
    first, one = copied(0, base=0)
    second, two = copied(1, base=1)
    third, three = copied(2, base=2)
    lists = {one.id: one, two.id: None, three.id: three}
    doomed = thinning.doomed(first | second | third, lists, keep={two.id})
    assert doomed == (manifest_name(one.id), sums_name(one.id))
    assert one.archives[0].name in thinning.doomed(first | second | third, lists, keep=())


def test_a_file_of_another_size_is_missing() -> None:
    """Half of it is none of it."""
    there, one = copied(1, base=0)
    name = one.archives[0].name
    found = thinning.remotes(there | {name: 4}, {one.id: one})
    assert [(each.complete, each.missing) for each in found] == [(False, (name,))]


@given(place=places())
def test_every_list_reads_back_as_it_was_written(
    place: tuple[dict[str, int], dict[str, Sums | None]],
) -> None:
    """Encrypted or not, whatever it holds."""
    for one in place[1].values():
        if one is not None:
            assert sums.read(one.id, sums.write(one)) == one


@given(place=places(), data=st.data())
def test_a_torn_or_changed_list_is_none(
    place: tuple[dict[str, int], dict[str, Sums | None]], data: st.DataObject
) -> None:
    """Whatever is cut off its end, it is not taken for a list of fewer files."""
    whole = [one for one in place[1].values() if one is not None]
    if not whole:
        return
    one = data.draw(st.sampled_from(whole))
    text = sums.write(one)
    cut = data.draw(st.integers(0, len(text) - 1))
    try:
        read = sums.read(one.id, text[:cut])
    except ValueError:
        return
    assert read == one


@pytest.mark.parametrize("begun", ["2026-11-03", "2026-11-03T02:00:00", "yesterday"])
def test_a_list_with_a_time_that_is_none_is_none(begun: str) -> None:
    """Nobody takes it for one of the zone he is in; without any the list is an older one."""
    _, one = copied(1, base=0)
    text = sums.write(one)
    first, rest = text.split("\n", 1)
    assert sums.read(one.id, text).started is None
    with pytest.raises(ValueError, match=r"zone|isoformat"):
        sums.read(one.id, f"{first}\n# begun {begun}\n{rest}")


def test_retention_there_is_the_policy_here(backups: Backups, place: Place) -> None:
    """Eleven days under the usual policy leave seven, and the bases they need."""
    now = START + timedelta(days=10, hours=1)
    copies = Offsite(place, backups.folder, clock=lambda: now)
    for day in range(11):
        copies.push(backups.add(base=day % 7 == 0, size=500))
        copies.thin_out(Policy(daily=7))
    left = copies.list()
    assert [one.id for one in left] == [one.id for one in backups.made[4:]]
    assert all(one.complete for one in left)
    bases = {name for name in place.names() if name.startswith("base-")}
    assert bases == {backups.made[0].base.name, backups.made[7].base.name}


def test_a_folder_found_empty_lets_nothing_expire_there(backups: Backups, tmp_path: Path) -> None:
    """As here: what is thinned out on a wiped machine's word would be the last good copy."""
    good = [backups.add() for _ in range(2)]
    empty = Note("data", Flag.EMPTY)
    copies, days = _nightly(tmp_path), range(2, 12)
    for one in [*good, *(backups.add(notes=(empty,), day=day) for day in days)]:
        copies(one)
    assert {one.id for one in backups.made} == {one.id for one in _there(tmp_path).list()}


def test_one_night_with_a_wrong_clock_holds_nothing_there(backups: Backups, tmp_path: Path) -> None:
    """Ids of the future; the manifests here know better."""
    copies = _nightly(tmp_path)
    copies(backups.add(day=365))
    for day in range(12):
        at = START + timedelta(days=365, seconds=day + 1)
        copies(backups.add(at=at, started=START + timedelta(days=day)))
    left = [one.id for one in _there(tmp_path).list()]
    assert left == [one.id for one in (backups.made[0], *backups.made[-7:])]


def _there(tmp_path: Path, now: datetime = START) -> Offsite:
    (tmp_path / "there").mkdir(exist_ok=True)
    return Offsite(FolderPlace(tmp_path / "there"), tmp_path / "backups", clock=lambda: now)


def _nightly(tmp_path: Path) -> Callable[[Manifest], None]:
    def copy(manifest: Manifest) -> None:
        there = _there(tmp_path, manifest.started + timedelta(minutes=1))
        there.push(manifest)
        there.thin_out(Policy(daily=7))

    return copy
