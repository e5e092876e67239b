"""What there is, by manifests and sizes alone: damage is listed, never hidden, never raised."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.archives import checked, listing, zst
from storage.archives.checked import Check
from storage.archives.disk import Disk
from storage.archives.errors import UnknownError
from storage.archives.findings import Fault
from storage.archives.manifest import Figures, Head, Manifest, manifest_name
from tests.storage.archives.faulty import counting
from tests.storage.archives.tracker import Tracker


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    """Two snapshots on one base."""
    tracker = Tracker(tmp_path)
    tracker.write("data/a.json", "1")
    tracker.write("data/b.json", "2")
    tracker.create()
    tracker.write("data/a.json", "3")
    tracker.create()
    return tracker


def test_no_folder_is_no_snapshot(tmp_path: Path) -> None:
    """Nothing was backed up yet, and asking makes no folder."""
    tracker = Tracker(tmp_path)
    assert tracker.listed() == ()
    assert not tracker.backups.exists()


def test_each_is_listed_with_what_it_takes(tracker: Tracker) -> None:
    """Oldest first; its manifest and the archive made for it, and the sizes of all it needs."""
    first, second = tracker.listed()
    assert first.id < second.id
    assert first.manifest is not None
    assert second.manifest is not None
    assert second.manifest.diff is not None
    files = {path.name: path.stat().st_size for path in tracker.backups.iterdir()}
    base, diff = second.manifest.base.name, second.manifest.diff.name
    assert second.sizes == {base: files[base], diff: files[diff]}
    assert first.size_bytes == files[base] + files[manifest_name(first.id)]
    assert second.size_bytes == files[diff] + files[manifest_name(second.id)]
    assert second.checked_at == second.manifest.verified


def test_no_archive_is_read_for_it(tracker: Tracker) -> None:
    """Its cost does not grow with the archives."""
    tracker.disk = disk = counting()
    tracker.listed()
    assert disk.calls.count("open") == 2


@pytest.mark.parametrize(
    ("part", "broken"),
    [("base", (True, True)), ("diff", (False, True)), ("snap", (False, True))],
)
def test_a_lost_file_breaks_what_needs_it(
    tracker: Tracker, part: str, broken: tuple[bool, bool]
) -> None:
    """A base, a differential, a manifest cut to nothing."""
    path = max(tracker.backups.glob(f"{part}-*"))
    if part == "snap":
        path.write_bytes(b"")
    else:
        path.unlink()
    listed = tracker.listed()
    assert tuple(bool(each.broken) for each in listed) == broken
    assert (listed[-1].manifest is None) == (part == "snap")


def test_an_archive_of_another_size_is_broken(tracker: Tracker) -> None:
    """Both figures are named."""
    path = next(tracker.backups.glob("diff-*"))
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-1])
    assert tracker.newest().broken == f"{path.name} has {size - 1} bytes instead of {size}"


def test_an_archive_that_was_put_aside_is_said(tracker: Tracker) -> None:
    """It is there, and wrong."""
    path = next(tracker.backups.glob("diff-*"))
    path.rename(path.with_name(f"{path.name}.bad"))
    assert tracker.newest().broken == f"{path.name} was read back wrong"


@pytest.mark.parametrize("ok", [True, False])
def test_the_last_look_counts_for_the_same_file_alone(tracker: Tracker, *, ok: bool) -> None:
    """When it was, where both archives were right; broken, where one was wrong."""
    manifest = tracker.newest().manifest
    assert manifest is not None
    later = manifest.verified + timedelta(days=3)
    checks = {each.name: Check(each.sha256, later, ok) for each in manifest.archives}
    checked.save(Disk(), tracker.backups, checks)
    assert bool(tracker.newest().broken) != ok
    assert tracker.newest().checked_at == (later if ok else manifest.verified)
    others = {name: Check("0" * 64, later, ok) for name in checks}
    checked.save(Disk(), tracker.backups, others)
    assert tracker.newest().broken == ""
    assert tracker.newest().checked_at == manifest.verified
    (tracker.backups / checked.NAME).write_bytes(b"{")
    assert tracker.newest().checked_at == manifest.verified


@settings(max_examples=60)
@given(part=st.floats(0, 0.9999), bit=st.integers(-1, 7))
def test_a_damaged_manifest_is_broken_by_name(
    part: float, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A flipped bit or a cut anywhere: never good, never raised; the next snapshot is made."""
    tracker = Tracker(tmp_path_factory.mktemp("damage"))
    tracker.write("data/a.json", "1")
    made = tracker.create()
    path = tracker.backups / manifest_name(made.id)
    content = path.read_bytes()
    at = int(part * len(content))
    flipped = content[:at] + bytes([content[at] ^ (1 << max(bit, 0))]) + content[at + 1 :]
    path.write_bytes(content[:at] if bit < 0 else flipped)
    only = tracker.newest()
    assert only.id == made.id
    assert (
        only.broken.startswith("damaged manifest: ")
        or tracker.store.manifest(made.id) == made.manifest
    )
    again = tracker.create()
    assert tracker.restored(again.manifest) == tracker.contents()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b'"format":1', b'"format":2'), "format 2: made by a later Vigie"),
        ((b'"id":"20260302', b'"id":"20260301'), "the manifest is that of 20260301T020000Z"),
        ((b'"members":[', b'"members":[7,'), "damaged manifest: "),
        ((b'"base":', b'"bass":'), "damaged manifest: "),
    ],
)
def test_a_manifest_that_says_something_else_is_broken(
    tracker: Tracker, change: tuple[bytes, bytes], said: str
) -> None:
    """Sound as a file, not as a manifest; the text of a later format is not guessed at."""
    first = tracker.listed()[0]
    path = tracker.backups / manifest_name(first.id)
    text = zst.unpacked([path.read_bytes()], limit=1 << 20)
    path.write_bytes(zst.packed(bytes(text).replace(*change, 1)))
    listed = tracker.listed()
    assert listed[0].broken.startswith(said)
    assert listed[1].broken == ""


def test_a_file_that_is_no_manifest_is_nothing(tracker: Tracker) -> None:
    """Other names are other people's."""
    for name in ("snap-latest.json.zst", "snap-20260302T020000Z.json", "notes.txt"):
        (tracker.backups / name).write_text("x")
    assert len(tracker.listed()) == 2


def test_a_manifest_that_is_thinned_out_meanwhile_is_not_listed(tracker: Tracker) -> None:
    """Deleted between the listing of the folder and its reading."""

    class Racing(Disk):
        def open(self, path: Path | str) -> int:
            Path(path).unlink()
            return super().open(path)

    tracker.disk = Racing()
    assert tracker.listed() == ()


def test_a_manifest_is_read_as_it_was_written(tracker: Tracker) -> None:
    """By its id, in the format it says."""
    newest = tracker.newest()
    found = listing.load(Disk(), tracker.backups, newest.id)
    assert isinstance(found, Manifest)
    assert newest.manifest is not None
    for name in Head.__struct_fields__:
        assert getattr(found, name) == getattr(newest.manifest, name)


def test_a_manifest_that_counts_nothing_is_counted(tracker: Tracker) -> None:
    """Those of an earlier Vigie have no figures of their own."""
    known = [each.manifest for each in tracker.listed()]
    for each in tracker.listed():
        path = tracker.backups / manifest_name(each.id)
        document = msgspec.json.decode(zst.unpacked([path.read_bytes()], limit=1 << 20))
        assert document.pop("figures")
        path.write_bytes(zst.packed(msgspec.json.encode(document)))
    assert [each.manifest for each in tracker.listed()] == known
    assert known[-1] is not None
    assert known[-1].figures == {"data": Figures(files=2, bytes=2, checked=2)}


def test_a_member_that_is_none_is_found_where_members_are_read(tracker: Tracker) -> None:
    """A list passes members over: verified it is named, restored it is refused, not built upon."""
    newest = tracker.newest()
    path = tracker.backups / manifest_name(newest.id)
    text = bytes(zst.unpacked([path.read_bytes()], limit=1 << 20))
    path.write_bytes(zst.packed(text.replace(b'"members":[', b'"members":[{},')))
    assert tracker.newest().broken == ""
    found = tracker.store.verify("all")
    assert [(bad.path, bad.fault) for bad in found.bad] == [(path.name, Fault.MANIFEST)]
    with pytest.raises(UnknownError):
        tracker.store.restore(newest.id, tracker.top / "there")
    tracker.write("data/a.json", "[9]")
    assert tracker.restored(tracker.create().manifest) == tracker.contents()


@pytest.mark.parametrize("n", [1, listing.BATCH, listing.BATCH + 1])
def test_a_manifest_written_in_pieces_is_the_same(tracker: Tracker, n: int) -> None:
    """Whatever their number, the members are one list."""
    made = tracker.store.manifest(tracker.newest().id)
    manifest = msgspec.structs.replace(made, members=made.members[:1] * n, gone=("data/a\\b",))
    assert b"".join(listing.written(manifest)) == msgspec.json.encode(manifest)
