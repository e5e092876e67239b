import contextlib
import errno
import os
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.archives import checked, listing
from storage.archives.disk import Disk
from storage.archives.errors import DiskError, LockedError, UnknownError
from storage.archives.findings import Fault
from storage.archives.read.doubts import doubts
from storage.archives.results import Step
from storage.archives.store import BackupStore
from storage.archives.workshop import LOCK
from storage.files import ProcessLock
from tests.storage.archives import built
from tests.storage.archives.built import Entry
from tests.storage.archives.faulty import Counted
from tests.storage.archives.tracker import Tracker

BASE = "base-20260301T020000Z.tar.zst"
OTHER = "base-20260308T020000Z.tar.zst"


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    """Three nights: a base, and two differentials."""
    tracker = Tracker(tmp_path / "world")
    tracker.write("data/a.json", '["a"]' * 300)
    tracker.write("data/b.json", '["b"]')
    tracker.write("data/empty.json", "")
    tracker.write("state/state.json", "{}")
    tracker.create()
    tracker.write("data/b.json", '["b2"]')
    tracker.create()
    tracker.write("data/c.json", '["c"]')
    tracker.create()
    return tracker


def flip(path: Path, at: int) -> None:
    """Turn one bit of a file round."""
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1 << at % 8
    path.write_bytes(content)


def archives(tracker: Tracker) -> list[Path]:
    return sorted(tracker.backups.glob("*.tar.zst"))


def store_of(folder: Path) -> BackupStore:
    return Tracker(folder).store


def test_each_archive_is_read_once_for_all_snapshots(tracker: Tracker) -> None:
    """All is good, the base is read once, and when that was is kept beside."""
    opened: list[str] = []

    class Watching(Disk):
        def open(self, path: Path | str) -> int:
            opened.append(Path(path).name)
            return super().open(path)

    tracker.disk = Watching()
    steps: list[Step] = []
    store = tracker.store
    store.progress = steps.append
    found = store.verify("all")
    assert found.good
    assert (found.archives, len(found.snapshots), found.quarantined) == (3, 3, ())
    assert sorted(name for name in opened if name.endswith(".tar.zst")) == [
        path.name for path in archives(tracker)
    ]
    assert found.bytes == sum(
        member.size
        for path, member in {
            (member.archive, member.path): member
            for listed in tracker.listed()
            if listed.manifest
            for member in tracker.store.manifest(listed.id).members
        }.items()
    )
    assert steps[-1].done == steps[-1].total == found.members
    assert steps[-1].bytes_done == steps[-1].bytes_total == found.bytes
    assert [listed.checked_at for listed in tracker.listed()] == [tracker.now] * 3


def test_only_the_latest_or_the_named_one_is_read(tracker: Tracker) -> None:
    """A snapshot is its base and its own differential."""
    first, _, last = tracker.listed()
    assert tracker.store.verify().snapshots == (last.id,)
    assert tracker.store.verify().archives == 2
    assert tracker.store.verify(first.id).archives == 1
    with pytest.raises(UnknownError):
        tracker.store.verify("20200101T000000Z")
    with pytest.raises(UnknownError):
        store_of(tracker.top / "nowhere").verify()


def test_the_quick_way_compares_archives_alone(tracker: Tracker) -> None:
    """It finds a flipped bit as well, without unpacking anything."""
    found = tracker.store.verify("all", deep=False)
    assert found.good
    assert found.bytes == sum(path.stat().st_size for path in archives(tracker))
    flip(archives(tracker)[-1], 70)
    assert not tracker.store.verify("all", deep=False).good


def test_a_bad_base_is_put_aside_and_breaks_its_snapshots(tracker: Tracker) -> None:
    """Read wrong twice, it ends in `.bad`; the next snapshot has a new base, and is good."""
    base = archives(tracker)[0]
    flip(base, base.stat().st_size // 2)
    found = tracker.store.verify("all")
    assert found.quarantined == (base.name,)
    assert not base.exists()
    assert base.with_name(base.name + ".bad").exists()
    assert all(bad.archive == base.name for bad in found.bad)
    assert all(listed.broken for listed in tracker.listed())
    again = tracker.store.verify("all")
    assert {bad.fault for bad in again.bad} == {Fault.MISSING}
    assert tracker.create().base
    assert tracker.store.verify().good


def test_a_passing_error_of_reading_condemns_nothing(tracker: Tracker) -> None:
    """A bit that comes wrong once, and right the next time, is no fault of the archive."""
    first = True

    class Flaky(Disk):
        def read(self, handle: int, most: int) -> bytes:
            nonlocal first
            content = super().read(handle, most)
            if first and content[:4] == b"\x28\xb5\x2f\xfd" and most == 256 * 1024:
                first = False
                return content[:-1] + bytes([content[-1] ^ 1])
            return content

    tracker.disk = Flaky()
    found = tracker.store.verify("all")
    assert not first
    assert found.good
    assert not found.quarantined


def test_what_the_system_cannot_read_is_told_and_not_put_aside(tracker: Tracker) -> None:
    """An I/O error says nothing of the content: the archive keeps its name."""

    class Failing(Disk):
        def read(self, handle: int, most: int) -> bytes:
            if most == 256 * 1024:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().read(handle, most)

    before = archives(tracker)
    tracker.disk = Failing()
    found = tracker.store.verify("all")
    assert {bad.fault for bad in found.bad} == {Fault.UNREADABLE}
    assert {bad.path for bad in found.bad} >= {"data/a.json", before[0].name}
    assert not found.quarantined
    assert archives(tracker) == before


def test_a_check_that_cannot_be_written_down_is_still_made(tracker: Tracker) -> None:
    """The result says so; the bad archive cannot be renamed, and is reported all the same."""
    flip(archives(tracker)[0], 99)

    class ReadOnly(Disk):
        def create(self, path: Path | str) -> int:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

        def replace(self, old: Path, new: Path) -> None:  # noqa: ARG002
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(old))

    tracker.disk = ReadOnly()
    found = tracker.store.verify("all")
    assert found.note_failed == os.strerror(errno.EROFS)
    assert found.bad
    assert not found.quarantined


def test_a_damaged_manifest_is_bad_by_name(tracker: Tracker) -> None:
    """Alone, as the latest, and among all."""
    newest = tracker.newest()
    flip(tracker.backups / f"snap-{newest.id}.json.zst", 30)
    for wanted in ("latest", "all", newest.id):
        found = tracker.store.verify(wanted)
        assert [bad.fault for bad in found.bad] == [Fault.MANIFEST]
        assert newest.id in found.bad[0].path
    assert tracker.store.verify("all").archives == 2


def test_a_lost_note_of_checks_costs_nothing(tracker: Tracker) -> None:
    """Garbage in it counts as none, and is replaced; it tells nothing of another file."""
    note = tracker.backups / checked.NAME
    for garbage in (b"", b"\xff", b"[]", b'{"x": 1}', b"[" * 100_000):
        note.write_bytes(garbage)
        assert checked.load(Disk(), tracker.backups) == {}
    assert tracker.store.verify("all").good
    assert set(checked.load(Disk(), tracker.backups)) == {path.name for path in archives(tracker)}
    assert stat.S_IMODE(note.stat().st_mode) & 0o077 == 0


def test_nobody_reads_while_another_process_works(tracker: Tracker) -> None:
    """A pruning under way would make archives look lost."""
    with ProcessLock(tracker.backups / LOCK), pytest.raises(LockedError):
        tracker.store.verify()


def test_swapped_archives_are_found(tmp_path: Path) -> None:
    """Two good archives under each other's names are two bad ones."""
    folder = tmp_path / "backups"
    built.snapshot(folder, {"data/a.json": b"[1]"})
    other = built.archive(folder, OTHER, built.tar([Entry("data/a.json", b"[2]")]))
    built.publish(folder, built.manifest(other, [built.member("data/a.json", b"[2]", OTHER)]))
    assert store_of(tmp_path).verify("all").good
    (folder / BASE).rename(folder / "third")
    (folder / OTHER).rename(folder / BASE)
    (folder / "third").rename(folder / OTHER)
    found = store_of(tmp_path).verify("all")
    assert {(bad.path, bad.fault, bad.archive) for bad in found.bad} == {
        (path, fault, name)
        for name in (BASE, OTHER)
        for path, fault in (("data/a.json", Fault.HASH), (name, Fault.ARCHIVE))
    }


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ([], Fault.MISSING),
        ([Entry("data/a.json", b"[0]")], Fault.HASH),
        ([Entry("data/a.json", b"[1] ")], Fault.SIZE),
        ([Entry("data/a.json", b"[1]"), Entry("data/a.json", b"[1]")], Fault.DUPLICATE),
        ([Entry("data/a.json", kind=b"2", link="b")], Fault.KIND),
        ([Entry("data/a.json", b"[1]"), Entry("../x", b"x")], Fault.NAME),
    ],
)
def test_an_archive_that_is_what_it_was_and_still_wrong(
    tmp_path: Path, entries: list[Entry], fault: Fault
) -> None:
    """Its SHA-256 may be right: each member is compared nevertheless."""
    folder = tmp_path / "backups"
    folder.mkdir()
    made = built.archive(folder, BASE, built.tar(entries))
    built.publish(folder, built.manifest(made, [built.member("data/a.json", b"[1]", BASE)]))
    found = store_of(tmp_path).verify()
    assert [bad.fault for bad in found.bad] == [fault]
    assert found.quarantined == (BASE,)


@pytest.mark.parametrize(
    "path",
    ["data/../x", "/data/x", "data", "data/", "other/x", "data/\\u002e\\u002e/x", "data/\\u0061"],
)
def test_a_manifest_that_names_what_it_must_not_is_bad(tmp_path: Path, path: str) -> None:
    """No path leads out of its root, none is written in two ways."""
    folder = tmp_path / "backups"
    folder.mkdir()
    made = built.archive(folder, BASE, built.tar([Entry("data/a.json", b"[1]")]))
    good = built.member("data/a.json", b"[1]", BASE)
    evil = msgspec.structs.replace(good, path=path)
    built.publish(folder, built.manifest(made, [good, evil, good]))
    found = store_of(tmp_path).verify()
    assert (path, Fault.NAME) in {(bad.path, bad.fault) for bad in found.bad}
    assert ("data/a.json", Fault.DUPLICATE) in {(bad.path, bad.fault) for bad in found.bad}


def test_a_manifest_of_no_archives_of_ours_is_bad(tmp_path: Path) -> None:
    """Names of archives and roots are looked at, and what is said of a member."""
    folder = tmp_path / "backups"
    first = built.snapshot(folder, {"data/a.json": b"[1]"})
    good = first.members[0]
    strange = [
        msgspec.structs.replace(first, base=msgspec.structs.replace(first.base, name="../x")),
        msgspec.structs.replace(first, roots={"data": "x", "../up": "y"}),
        msgspec.structs.replace(first, format=2),
        msgspec.structs.replace(first, members=(msgspec.structs.replace(good, size=-1),)),
        msgspec.structs.replace(first, members=(msgspec.structs.replace(good, sha256="no"),)),
        msgspec.structs.replace(first, members=(msgspec.structs.replace(good, archive="no"),)),
        msgspec.structs.replace(
            first, members=(msgspec.structs.replace(good, path="data/\\ud800"),)
        ),
    ]
    assert doubts(first) == ()
    for one in strange:
        assert doubts(one)
        built.publish(folder, one)
        assert not store_of(tmp_path).verify().good


def test_manifests_that_contradict_each_other_are_told(tmp_path: Path) -> None:
    """Of one archive, two snapshots say two things."""
    folder = tmp_path / "backups"
    first = built.snapshot(folder, {"data/a.json": b"[1]"})
    diff = built.archive(folder, "diff-20260302T020000Z.tar.zst", built.tar([]))
    lying = built.member("data/a.json", b"[2]", BASE)
    built.publish(folder, built.manifest(first.base, [lying], diff=diff))
    found = store_of(tmp_path).verify("all")
    assert ("data/a.json", Fault.MANIFEST) in {(bad.path, bad.fault) for bad in found.bad}


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_flipped_bit_and_no_cut_is_ever_good(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Anywhere in any archive or manifest; a deep or a quick look, both find it."""
    top = tmp_path_factory.mktemp("flips")
    folder = top / "backups"
    noise = bytes(range(256)) * 5
    manifest = built.snapshot(folder, {"data/a.json": b'["text"]' * 50, "data/noise": noise})
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    content = path.read_bytes()
    if data.draw(st.booleans()):
        path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    else:
        flip(path, data.draw(st.integers(0, len(content) * 8 - 1)))
    assert path.read_bytes() != content
    found = store_of(top).verify("all", deep=data.draw(st.booleans()))
    if found.good:  # zstd has bits that mean nothing: then every word of the manifest is unharmed
        assert path.name.startswith("snap-")
        assert listing.load(Disk(), folder, manifest.id) == manifest


def test_every_call_that_fails_is_an_error_or_a_finding(tracker: Tracker, tmp_path: Path) -> None:
    """With any one call failing, nothing good is condemned, and nothing bad called good."""
    flip(archives(tracker)[0], 60)
    for nth in range(1, 1000):
        copy = tracker.copy(tmp_path / str(nth))
        copy.disk = _failing(nth)
        found = None
        with contextlib.suppress(DiskError):
            found = copy.store.verify("all")
        assert found is None or not found.good
        assert len(archives(copy)) >= 2
        if isinstance(copy.disk, Counted) and len(copy.disk.calls) < nth:
            break


def _failing(nth: int) -> Counted:
    def at(count: int, name: str) -> None:
        if count == nth:
            raise OSError(errno.EIO, os.strerror(errno.EIO), name)

    return Counted(at)
