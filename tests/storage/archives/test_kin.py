"""Whose a snapshot is: another Vigie's must not come back in place of one's own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from storage.archives import listing, zst
from storage.archives.disk import Disk
from storage.archives.errors import RefusedError
from storage.archives.manifest import manifest_name
from storage.archives.store import BackupStore
from tests.storage.archives.tracker import Tracker


@pytest.fixture
def first(tmp_path: Path) -> Tracker:
    """A Vigie with a backup."""
    made = Tracker(tmp_path / "first")
    made.write("data/a.json", '["first"]')
    made.write("state/state.json", '{"of": "first"}')
    made.create()
    return made


@pytest.fixture
def second(tmp_path: Path) -> Tracker:
    """A Vigie on the same machine, not yet backed up."""
    made = Tracker(tmp_path / "second")
    made.write("data/a.json", '["second"]')
    made.write("state/state.json", '{"of": "second"}')
    return made


def beside(tracker: Tracker, backups: Path) -> BackupStore:
    """Its store, with these backups."""
    store = tracker.store
    store.folder = backups
    return store


def the_same(first: Tracker, second: Tracker) -> BackupStore:  # noqa: ARG001
    return first.store


def moved(first: Tracker, second: Tracker) -> BackupStore:
    """Everything was moved, the backups stayed where they are."""
    shutil.rmtree(second.top)
    shutil.copytree(first.top, second.top)
    for folder in (first.data, first.state):
        shutil.rmtree(folder)
    return beside(second, first.backups)


def copied(first: Tracker, second: Tracker) -> BackupStore:
    """All of it was copied, and the old is still there."""
    shutil.rmtree(second.top)
    return first.copy(second.top).store


def new_machine(first: Tracker, second: Tracker) -> BackupStore:
    """The backups alone came along, and the folders have other names here."""
    shutil.copytree(first.backups, second.backups)
    shutil.rmtree(first.top)
    shutil.rmtree(second.data)
    shutil.rmtree(second.state)
    return second.store


def same_place(first: Tracker, second: Tracker) -> BackupStore:
    """The disk with the backups was plugged in again, where it was; the folders are gone."""
    for folder in (first.data, first.state, second.data, second.state):
        shutil.rmtree(folder)
    return beside(second, first.backups)


def one_changed(first: Tracker, second: Tracker) -> BackupStore:
    """STATE_DIR is another one now."""
    store = first.store
    store.roots = {"data": first.data, "state": second.state}
    return store


def through_a_link(first: Tracker, second: Tracker) -> BackupStore:
    """The same folders by another name."""
    (second.top / "link").symlink_to(first.top)
    store = first.store
    store.roots = {name: second.top / "link" / name for name in ("data", "state")}
    return store


def of_an_earlier_vigie(first: Tracker, second: Tracker) -> BackupStore:
    """Its manifest does not say where it was made."""
    known = listing.load(Disk(), first.backups, first.newest().id)
    manifest = msgspec.structs.replace(known, kept_in="")
    packed = zst.packed(msgspec.json.encode(manifest))
    (first.backups / manifest_name(manifest.id)).write_bytes(packed)
    assert listing.load(Disk(), first.backups, manifest.id).kept_in == ""
    return beside(second, first.backups)


@pytest.mark.parametrize(
    ("come", "told"),
    [(the_same, False), (one_changed, False), (through_a_link, False), (moved, True),
     (copied, True), (new_machine, True), (same_place, True), (of_an_earlier_vigie, True)],
)  # fmt: skip
def test_what_is_ones_own_comes_back(
    first: Tracker,
    second: Tracker,
    come: Callable[[Tracker, Tracker], BackupStore],
    *,
    told: bool,
) -> None:
    """However machine, folders and names changed meanwhile; where it is of others, it says so."""
    store = come(first, second)
    (only,) = store.snapshots()
    assert only.strangers == ()
    assert only.made_of == ((str(first.data), str(first.state)) if told else ())
    assert store.restore("latest", None, dry_run=True).preview is not None
    assert store.restore("latest", None).placed
    assert (store.roots["data"] / "a.json").read_text() == '["first"]'
    assert (store.roots["state"] / "state.json").read_text() == '{"of": "first"}'


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("only", [(), ("data/*",), ("a.json",)])
def test_what_is_anothers_does_not(
    first: Tracker, second: Tracker, *, dry_run: bool, only: tuple[str, ...]
) -> None:
    """Said before anything is touched, with the folders; into another folder it may go."""
    store = beside(second, first.backups)
    (one,) = store.snapshots()
    assert one.strangers == (str(first.data), str(first.state))
    before = sorted(second.top.rglob("*"))
    with pytest.raises(RefusedError, match="another Vigie's; use --to") as refused:
        store.restore("latest", None, only=only, dry_run=dry_run)
    assert str(first.data) in str(refused.value)
    assert sorted(second.top.rglob("*")) == before
    assert store.restore("latest", second.top / "to", only=only).placed
    first.state.rename(first.top / "away")
    assert store.restore("latest", None, only=only).placed


def test_the_latest_is_the_latest_of_ones_own(first: Tracker, second: Tracker) -> None:
    """In the night in which another Vigie wrote to the same folder too."""
    intruder = beside(second, first.backups)
    second.now = first.now.replace(hour=4)
    theirs = intruder.create().id
    assert [bool(each.strangers) for each in first.listed()] == [False, True]
    restored = first.store.restore("latest", None)
    assert restored.id != theirs
    assert first.contents()["data/a.json"] == b'["first"]'
    with pytest.raises(RefusedError):
        first.store.restore(theirs, None)


def test_what_another_vigie_left_behind_is_its_own(
    first: Tracker, second: Tracker, tmp_path: Path
) -> None:
    """It was moved, its backups go on: those of before are its own still, and of no newcomer."""
    moved = Tracker(tmp_path / "moved", first.now)
    for name in ("data", "state"):
        shutil.rmtree(moved.top / name)
        (first.top / name).rename(moved.top / name)
    alone = beside(second, first.backups)
    assert [each.strangers for each in alone.snapshots()] == [()]
    owner = beside(moved, first.backups)
    owner.clock = lambda: first.now.replace(hour=5)
    owner.create()
    assert [bool(each.strangers) for each in alone.snapshots()] == [True, True]
    assert [bool(each.strangers) for each in owner.snapshots()] == [False, False]
    with pytest.raises(RefusedError, match="another Vigie's"):
        alone.restore(alone.snapshots()[0].id, None)
    assert owner.restore(owner.snapshots()[0].id, None).placed
