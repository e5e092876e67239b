import contextlib
import errno
import json
import os
import sqlite3
import stat
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.archives import names
from storage.archives.create.sqlite_copy import MAGIC
from storage.archives.disk import Disk
from storage.archives.errors import (
    DiskError,
    LockedError,
    NoRoomError,
    RefusedError,
    UnknownError,
)
from storage.archives.findings import Fault
from storage.archives.listing import load
from storage.archives.restore.places import PREFIX
from storage.archives.restore.sites import RESERVE_BYTES
from storage.archives.workshop import LOCK
from storage.files import ProcessLock
from storage.tracker.discovery import scan
from tests.storage.archives import built
from tests.storage.archives.built import Entry
from tests.storage.archives.mounted import Bound, Pretence, volume
from tests.storage.archives.tracker import Tracker, read

BASE = "base-20260301T020000Z.tar.zst"


class Quick(Disk):
    """A disk that leaves the flushing to the system: nobody pulls the plug here."""

    def sync(self, handle: int) -> None:
        """Leave it."""

    def sync_folder(self, folder: Path) -> None:
        """Leave it."""


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    """A tracker with a base and a differential."""
    tracker = Tracker(tmp_path / "world", disk=Quick())
    tracker.write("data/a.json", '["a"]')
    tracker.write("data/galxe/b.json", '["b"]')
    tracker.write("data/gone.json", '["gone"]')
    tracker.write("data/empty", "")
    tracker.write("state/state.json", "{}").chmod(0o600)
    tracker.create()
    tracker.write("data/a.json", '["a2"]')
    (tracker.data / "gone.json").unlink()
    tracker.create()
    return tracker


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)


def ours(folder: Path) -> list[str]:
    """Journals and staging folders that were left."""
    return [path.name for path in folder.iterdir() if PREFIX in path.name]


def test_a_lost_folder_comes_back(tracker: Tracker) -> None:
    """Deleted whole, it is there again, as it was: content, modes and times."""
    before = tracker.contents()
    times = {path: path.stat().st_mtime_ns for path in tracker.data.rglob("*") if path.is_file()}
    tracker.data.rename(tracker.top / "lost")
    done = tracker.store.restore("latest", None, only=["data/*"])
    assert done.complete
    assert not done.bad
    assert [(placed.root, placed.kept) for placed in done.placed] == [("data", None)]
    assert tracker.contents() == before
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert not ours(tracker.top)


def test_what_was_there_is_kept_beside(tracker: Tracker) -> None:
    """Nothing is overwritten: the earlier folder stays, under a name that says when."""
    now = tracker.write("data/later.json", '["later"]')
    before = read(tracker.top, ("data",))
    done = tracker.store.restore(tracker.listed()[0].id, None)
    assert not now.exists()
    kept = {placed.root: placed.kept for placed in done.placed}
    assert kept["data"] is not None
    assert kept["data"].name.startswith("data.before-restore-20260303T")
    assert {
        path.relative_to(kept["data"]).as_posix(): path.read_bytes()
        for path in kept["data"].rglob("*")
        if path.is_file()
    } == {path.removeprefix("data/"): content for path, content in before.items()}
    assert (tracker.data / "gone.json").exists()
    again = tracker.store.restore("latest", None)
    assert {placed.kept for placed in again.placed}.isdisjoint(kept.values())


def test_what_no_backup_holds_stays_in_place(tmp_path: Path) -> None:
    """Keys and excluded folders are not lost by a restore; they are in none of its archives."""
    tracker = Tracker(tmp_path, disk=Quick(), exclude=("cache",))
    tracker.write("data/a.json", "[1]")
    tracker.write("data/.env", "KEY=1")
    tracker.write("data/cache/deep/x.bin", "cached")
    tracker.create()
    tracker.write("data/a.json", "[2]")
    tracker.write("data/state.sqlite3-wal", "of another database")
    done = tracker.store.restore("latest", None)
    assert done.carried == 2
    assert read(tracker.top, ("data",)) == {
        "data/a.json": b"[1]",
        "data/.env": b"KEY=1",
        "data/cache/deep/x.bin": b"cached",
    }


def test_chosen_files_alone(tracker: Tracker) -> None:
    """By name or path; all others stay as they are, and the earlier versions are kept."""
    tracker.write("data/a.json", "[3]")
    tracker.write("data/galxe/b.json", "[3]")
    tracker.write("data/new.json", "[3]")
    done = tracker.store.restore("latest", None, only=["galxe/*", "nothing*"])
    assert done.files == 1
    assert (tracker.data / "a.json").read_text() == "[3]"
    assert (tracker.data / "new.json").read_text() == "[3]"
    assert (tracker.data / "galxe/b.json").read_text() == '["b"]'
    kept = done.placed[0].kept
    assert kept is not None
    assert [path.read_text() for path in kept.rglob("*.json")] == ["[3]"]
    assert tracker.store.touched("latest", only=["galxe/*"]) == ("data",)
    assert tracker.store.touched("latest", only=["*.json"]) == ("data", "state")
    assert tracker.store.touched("latest", only=["state"]) == ("state",)
    with pytest.raises(RefusedError) as refused:
        tracker.store.restore("latest", None, only=["nothing*"])
    assert refused.value.why == "nothing"


def test_a_file_where_a_folder_was_and_the_other_way_round(tracker: Tracker) -> None:
    """What is in the way is moved aside, be it a link; a link is never written through."""
    outside = tracker.write("outside/b.json", "mine")
    (tracker.data / "galxe/b.json").unlink()
    (tracker.data / "galxe").rmdir()
    (tracker.data / "galxe").symlink_to(outside.parent, target_is_directory=True)
    (tracker.data / "a.json").unlink()
    tracker.write("data/a.json/inside", "deep")
    done = tracker.store.restore("latest", None, only=["a.json", "b.json"])
    assert done.complete
    assert outside.read_text() == "mine"
    assert (tracker.data / "galxe/b.json").read_text() == '["b"]'
    assert not (tracker.data / "galxe").is_symlink()
    assert (tracker.data / "a.json").read_text() == '["a2"]'
    kept = done.placed[0].kept
    assert kept is not None
    assert (kept / "a.json/inside").read_text() == "deep"
    assert (kept / "galxe").is_symlink()


def test_a_database_never_meets_the_journal_of_another(tracker: Tracker) -> None:
    """What lies beside the present database is moved aside before the restored one comes."""
    database = tracker.data / "history.sqlite3"
    with contextlib.closing(sqlite3.connect(database)) as link, link:
        link.execute("create table then_ (x)")
    tracker.create()
    sides = [tracker.write(f"data/history.sqlite3-{end}", end) for end in ("wal", "shm")]
    plain = tracker.write("data/a.json-wal", "not of a database")
    done = tracker.store.restore("latest", None, only=["history.sqlite3", "a.json"])
    assert not any(side.exists() for side in sides)
    assert plain.exists()
    kept = done.placed[0].kept
    assert kept is not None
    assert (kept / "history.sqlite3-wal").read_text() == "wal"
    with contextlib.closing(sqlite3.connect(database)) as link:
        assert link.execute("select name from sqlite_master").fetchall() == [("then_",)]


def test_one_root_whole_and_files_of_another(tracker: Tracker) -> None:
    """Each root is restored as it was asked for."""
    tracker.write("data/later.json", "[1]")
    tracker.write("state/later.json", "[1]")
    wish = ["data/*", "state/state.json"]
    seen = tracker.store.restore("latest", None, only=wish, dry_run=True).preview
    assert seen is not None
    assert seen.removed == ("data/later.json",)
    assert tracker.store.restore("latest", None, only=wish).complete
    assert not (tracker.data / "later.json").exists()
    assert (tracker.state / "later.json").exists()


def test_a_rename_that_fails_puts_the_old_folder_back_at_once(tracker: Tracker) -> None:
    """The data are never gone while somebody reads the error; a repeat goes on from there."""

    class Stuck(Quick):
        def replace(self, old: Path, new: Path) -> None:
            if Path(old).name.endswith(".staging"):
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(old))
            super().replace(old, new)

    tracker.write("data/a.json", "[3]")
    before = tracker.contents()
    tracker.disk = Stuck()
    with pytest.raises(DiskError):
        tracker.store.restore("latest", None)
    assert tracker.contents() == before
    tracker.disk = Quick()
    assert {each.outcome for each in tracker.store.resume()} == {"waiting"}
    assert tracker.contents() == before
    assert tracker.store.restore("latest", None).reused == 4
    assert (tracker.data / "a.json").read_text() == '["a2"]'


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_where_files_are_staged_is_never_followed(tracker: Tracker, tmp_path: Path) -> None:
    """Somebody who may write beside the root cannot have anything else deleted or written."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "precious").write_text("mine")
    (tracker.top / f"{PREFIX}data.staging").symlink_to(victim, target_is_directory=True)
    assert tracker.store.restore("latest", None).complete
    assert [path.name for path in victim.iterdir()] == ["precious"]
    assert not tracker.data.is_symlink()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format": 2}', b'{"staging": "../../data"}', b"\xff" * 9]
)
def test_a_journal_that_vigie_did_not_write_counts_for_nothing(
    tracker: Tracker, content: bytes
) -> None:
    """Nothing is moved by it, and a restore replaces it."""
    path = tracker.top / f"{PREFIX}data.json"
    path.write_bytes(content)
    before = tracker.contents()
    assert tracker.store.resume() == ()
    assert tracker.contents() == before
    assert tracker.store.restore("latest", None).complete
    assert not ours(tracker.top)


@pytest.mark.parametrize("field", ["target", "staging", "kept"])
def test_a_journal_moves_nothing_but_its_siblings(tracker: Tracker, field: str) -> None:
    """Names with a slash in them are none."""
    plan = {
        "format": 1,
        "token": "t",
        "id": tracker.newest().id,
        "root": "data",
        "target": "data",
        "staging": f"{PREFIX}data.staging",
        "kept": "kept",
        "way": "swap",
        "phase": "placing",
    }
    (tracker.top / f"{PREFIX}data.json").write_text(json.dumps(plan | {field: "../elsewhere"}))
    assert tracker.store.resume() == ()
    (tracker.top / f"{PREFIX}data.json").write_text(json.dumps(plan))
    assert [each.outcome for each in tracker.store.resume()] == ["finished"]


def test_a_disk_without_hard_links_keeps_copies(tracker: Tracker) -> None:
    """Earlier versions and carried files are copied there."""

    class Fat(Quick):
        def link(self, old: Path, new: Path) -> None:  # noqa: ARG002
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(old))

    tracker.disk = Fat()
    tracker.write("data/a.json", "[3]")
    tracker.write("data/.env", "KEY=1")
    done = tracker.store.restore("latest", None, only=["a.json"])
    kept = done.placed[0].kept
    assert kept is not None
    assert (kept / "a.json").read_text() == "[3]"
    tracker.store.restore("latest", None)
    assert (tracker.data / ".env").read_text() == "KEY=1"


def test_elsewhere_into_a_new_folder_alone(tracker: Tracker, tmp_path: Path) -> None:
    """Each root below it; one that holds anything is refused."""
    to = tmp_path / "new" / "deep"
    done = tracker.store.restore("latest", to)
    assert {placed.path for placed in done.placed} == {to / "data", to / "state"}
    assert read(to, ("data", "state")) == tracker.contents()
    with pytest.raises(RefusedError) as refused:
        tracker.store.restore("latest", to)
    assert refused.value.why == "occupied"
    assert tracker.store.restore("latest", tmp_path / "some", only=["a.json"]).complete
    assert read(tmp_path / "some", ("data", "state")) == {"data/a.json": b'["a2"]'}


def test_an_interrupted_restore_goes_on_with_what_it_had(tracker: Tracker, tmp_path: Path) -> None:
    """Staged files that are whole are not written again; torn and strange ones go."""
    to = tmp_path / "new"

    class Full(Quick):
        room = 2

        def create(self, path: Path | str) -> int:
            if Path(path).name.endswith(".json") and PREFIX not in Path(path).name:
                self.room -= 1
                if self.room < 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            return super().create(path)

    tracker.disk = Full()
    with pytest.raises(NoRoomError):
        tracker.store.restore("latest", to)
    staged = sorted(path for path in to.rglob("*") if path.is_file() and path.suffix == ".json")
    assert len(staged) == 4  # two journals, two files
    tracker.disk = Quick()
    strange = next(path for path in to.iterdir() if path.is_dir()) / "strange.json"
    strange.write_text("not of this snapshot")
    done = tracker.store.restore("latest", to)
    assert done.reused == 2 + 1  # and the empty file
    assert read(to, ("data", "state")) == tracker.contents()
    assert not ours(to)


def test_another_restore_does_not_take_what_was_staged_for_one(tracker: Tracker) -> None:
    """Waiting files of a restore that was given up are deleted, by the next or on demand."""
    first, last = tracker.listed()

    class Failing(Quick):
        def sync(self, handle: int) -> None:
            if stat.S_ISDIR(self.facts(handle).st_mode):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            super().sync(handle)

    tracker.disk = Failing()
    before = tracker.contents()
    with pytest.raises(DiskError):
        tracker.store.restore(first.id, None)
    tracker.disk = Quick()
    assert [(each.id, each.outcome) for each in tracker.store.resume()] == [
        (first.id, "waiting"),
        (first.id, "waiting"),
    ]
    assert tracker.contents() == before
    done = tracker.store.restore(last.id, None)
    assert done.reused == 0
    assert tracker.contents() == before
    tracker.disk = Failing()
    with pytest.raises(DiskError):
        tracker.store.restore(first.id, None)
    tracker.disk = Quick()
    assert tracker.store.give_up() == ("data", "state")
    assert not ours(tracker.top)
    assert tracker.store.resume() == ()


def test_a_tracker_that_writes_between_the_renames_loses_nothing(tracker: Tracker) -> None:
    """A folder made anew while the old one was aside is kept as well."""
    tracker.write("data/a.json", "[3]")

    class Torn(Quick):
        def replace(self, old: Path, new: Path) -> None:
            super().replace(old, new)
            if Path(new).name.startswith("data.before"):
                tracker.write("data/meanwhile.json", "[4]")

    tracker.disk = Torn()
    with pytest.raises(DiskError):
        tracker.store.restore("latest", None, only=["data"])
    tracker.disk = Quick()
    (finished,) = tracker.store.resume()
    assert finished.outcome == "finished"
    assert (tracker.data / "a.json").read_text() == '["a2"]'
    kept = {path.read_text() for path in tracker.top.glob("data.before*/*.json")}
    assert {"[3]", "[4]"} <= kept


def test_a_dry_run_tells_all_and_writes_nothing(tracker: Tracker) -> None:
    """New, changed, same and removed, by path; bad members too."""
    tracker.write("data/a.json", '["A2"]')
    (tracker.data / "empty").unlink()
    tracker.write("data/later.json", "[1]")
    tracker.write("data/.env", "KEY=1")

    class ReadOnly(Quick):
        def create(self, path: Path | str) -> int:
            raise AssertionError(path)

        def replace(self, old: Path, new: Path) -> None:  # noqa: ARG002
            raise AssertionError(old)

        def make_folder(self, path: Path) -> None:
            raise AssertionError(path)

    tracker.disk = ReadOnly()
    done = tracker.store.restore("latest", None, dry_run=True)
    seen = done.preview
    assert seen is not None
    assert (seen.new, seen.changed) == (("data/empty",), ("data/a.json",))
    assert (seen.same, seen.removed) == (
        ("data/galxe/b.json", "state/state.json"),
        ("data/later.json",),
    )
    assert done.complete
    assert not done.placed
    some = tracker.store.restore("latest", None, only=["a.json"], dry_run=True)
    assert some.preview is not None
    assert (some.preview.changed, some.preview.removed) == (("data/a.json",), ())


def damaged(folder: Path) -> Tracker:
    """A snapshot whose archive holds two good members, a wrong one, and lacks one."""
    tracker = Tracker(folder, disk=Quick())
    backups = tracker.backups
    backups.mkdir()
    held = [
        Entry("data/a.json", b"[1]"),
        Entry("data/b.json", b"[0]"),
        Entry("data/c.json", b"[3]"),
    ]
    made = built.archive(backups, BASE, built.tar(held))
    members = [
        built.member(f"data/{name}.json", content, BASE)
        for name, content in (("a", b"[1]"), ("b", b"[2]"), ("c", b"[3]"), ("d", b"[4]"))
    ]
    built.publish(backups, built.manifest(made, members, roots=("data", "state")))
    tracker.write("data/b.json", "[old]")
    return tracker


def test_bad_members_are_all_told_and_nothing_is_put_in_place(tmp_path: Path) -> None:
    """Unless what is good was asked for alone: then that, and only that."""
    tracker = damaged(tmp_path)
    before = tracker.contents()
    done = tracker.store.restore("latest", None)
    assert not done.complete
    assert not done.placed
    expected = [("data/b.json", Fault.HASH), ("data/d.json", Fault.MISSING)]
    assert [(bad.path, bad.fault) for bad in done.bad] == expected
    assert tracker.contents() == before
    saved = tracker.store.restore("latest", None, salvage=True)
    assert [(bad.path, bad.fault) for bad in saved.bad] == expected
    assert saved.reused == saved.files == 2
    assert [placed.root for placed in saved.placed] == ["data"]
    assert tracker.contents() == {"data/a.json": b"[1]", "data/c.json": b"[3]"}


def test_a_damaged_archive_is_made_good_from_elsewhere(tracker: Tracker) -> None:
    """What another archive, or the folder itself, still holds is taken by its SHA-256."""
    tracker.policy = type(tracker.policy)(base_days=1)
    tracker.now += timedelta(days=9)
    tracker.write("data/galxe/only.json", '["only here"]')
    expected = tracker.contents()
    tracker.create()
    newest = tracker.newest()
    assert newest.manifest
    assert newest.manifest.diff is None
    flip(tracker.backups / newest.manifest.base.name, 40)
    (tracker.data / "a.json").unlink()
    (tracker.data / "galxe/b.json").unlink()
    done = tracker.store.restore(newest.id, None)
    assert done.complete
    assert done.bad
    assert tracker.contents() == expected


def test_a_quarantined_base_still_gives_what_is_good(tracker: Tracker) -> None:
    """Its members count by their own SHA-256; the newest whole snapshot is `latest`."""
    first, last = tracker.listed()
    assert first.manifest
    base = tracker.backups / first.manifest.base.name
    content = base.read_bytes()
    base.rename(base.with_name(base.name + ".bad"))
    expected = tracker.contents()
    (tracker.data / "galxe/b.json").unlink()
    done = tracker.store.restore(last.id, None)
    assert done.complete
    assert tracker.contents() == expected
    base.write_bytes(content)
    diff = tracker.backups / f"diff-{last.id}.tar.zst"
    diff.unlink()
    assert tracker.store.restore("latest", None).id == first.id


def test_what_lies_there_is_no_help_where_it_differs(tmp_path: Path) -> None:
    """A file of the same size and other content, a link, a file that cannot be read: not taken."""
    tracker = damaged(tmp_path)
    tracker.write("data/b.json", "[7]")
    (tracker.data / "d.json").symlink_to(tracker.write("aside.json", "[4]"))
    done = tracker.store.restore("latest", None)
    assert not done.placed
    assert {bad.path for bad in done.bad} == {"data/b.json", "data/d.json"}
    tracker.write("data/b.json", "[2]")
    (tracker.data / "d.json").unlink()
    tracker.write("data/d.json", "[4]")

    class Unreadable(Quick):
        def open(self, path: Path | str) -> int:
            if Path(path) == tracker.data / "d.json":
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return super().open(path)

    tracker.disk = Unreadable()
    assert not tracker.store.restore("latest", None).placed
    tracker.disk = Quick()
    done = tracker.store.restore("latest", None)
    assert done.complete
    assert done.reused == 3
    assert (tracker.data / "b.json").read_text() == "[2]"


def test_a_missing_archive_is_told_with_every_member(tmp_path: Path) -> None:
    """The archive by its name, and each file that cannot be had."""
    tracker = damaged(tmp_path)
    (tracker.backups / BASE).unlink()
    done = tracker.store.restore("latest", None, salvage=True)
    assert not done.placed
    assert {bad.path for bad in done.bad} == {BASE} | {f"data/{name}.json" for name in "abcd"}
    assert {bad.fault for bad in done.bad} == {Fault.MISSING}


def test_a_hostile_manifest_writes_nowhere(tmp_path: Path) -> None:
    """Paths and roots that lead elsewhere are bad members, whatever is wished."""
    tracker = Tracker(tmp_path / "world", disk=Quick())
    tracker.backups.mkdir()
    evil = Entry("data/../../escaped", b"x")
    made = built.archive(tracker.backups, BASE, built.tar([evil, Entry("data/a.json", b"[1]")]))
    bad = built.member("data/../../escaped", b"x", BASE)
    good = built.member("data/a.json", b"[1]", BASE)
    built.publish(tracker.backups, built.manifest(made, [bad, good]))
    assert not tracker.store.restore("latest", None).placed
    saved = tracker.store.restore("latest", None, salvage=True)
    assert saved.placed
    assert not saved.complete
    roots = built.manifest(made, [good], roots=("data", ".."))
    built.publish(tracker.backups, roots)
    assert not tracker.store.restore("latest", tmp_path / "to", salvage=True).placed
    assert {path.name for path in tmp_path.iterdir()} <= {"world", "to"}


def test_setuid_is_never_restored_and_owners_stay_alone(tmp_path: Path) -> None:
    """Modes are the manifest's, down to the plain bits; new folders follow their files."""
    tracker = Tracker(tmp_path, disk=Quick())
    built.snapshot(tracker.backups, {"data/sub/run.sh": b"x", "state/s.json": b"{}"}, modes=0o6700)
    to = tmp_path / "to"
    assert tracker.store.restore("latest", to).complete
    assert stat.S_IMODE((to / "data/sub/run.sh").stat().st_mode) == 0o700
    assert stat.S_IMODE((to / "data/sub").stat().st_mode) == 0o700
    tracker.data.chmod(0o2775)
    built.snapshot(tracker.backups, {"data/new/a.json": b"x", "state/s.json": b"{}"}, modes=0o644)
    assert tracker.store.restore("latest", None).complete
    assert stat.S_IMODE((tracker.data / "new/a.json").stat().st_mode) == 0o644
    assert stat.S_IMODE((tracker.data / "new").stat().st_mode) == 0o755
    assert stat.S_IMODE(tracker.data.stat().st_mode) & 0o777 == 0o775


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root alone can")
def test_root_gives_files_to_whom_the_folder_belongs(tracker: Tracker) -> None:
    """A restore run with sudo leaves nothing that the tracker could not write."""
    for folder in (tracker.data, tracker.data / "galxe"):
        os.chown(folder, 1234, 2345)
    tracker.store.restore("latest", None, only=["data"])
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in tracker.data.rglob("*")}
    assert owners | {(tracker.data.stat().st_uid, tracker.data.stat().st_gid)} == {(1234, 2345)}


def test_places_that_must_not_be_swapped_are_refused(tracker: Tracker, tmp_path: Path) -> None:
    """One root in another, the backups in a root, a file instead of a folder, an unknown root."""

    def why(data: Path, state: Path) -> str:
        store = tracker.store
        store.roots = {"data": data, "state": state}
        with pytest.raises(RefusedError) as refused:
            store.restore("latest", None)
        assert refused.value.root in {"data", "state"}
        return refused.value.why

    plain = tracker.write("plain", "x")
    assert why(tracker.data, tracker.data / "state") == "overlap"
    store = tracker.store
    store.roots = {"data": tracker.data, "state": tracker.data / "state"}
    with pytest.raises(RefusedError, match="state: it lies in another folder"):
        store.restore("latest", None, only=["data"])
    assert why(tracker.top, tmp_path / "state") == "backups"
    assert why(plain, tracker.state) == "file"
    if sys.platform == "linux":
        assert why(Path("/proc"), tracker.state) in {"mount", "closed"}
    store = tracker.store
    store.roots = {"data": tracker.data}
    with pytest.raises(RefusedError) as refused:
        store.restore("latest", None)
    assert (refused.value.root, refused.value.why) == ("state", "unknown")
    with pytest.raises(UnknownError):
        tracker.store.restore("20200101T000000Z", None)
    store.folder = tmp_path / "none"
    with pytest.raises(UnknownError):
        store.restore("latest", None)


class Volume(Bound, Quick):
    """A disk on which these folders are mount points."""

    def __init__(self, listed: Path, *points: Path) -> None:
        self.pretence = Pretence(points, listed)


@pytest.mark.skipif(sys.platform == "win32", reason="no such list of mounts there")
def test_a_folder_bound_to_its_place_is_filled_there(tracker: Tracker, tmp_path: Path) -> None:
    """A container's volume, or a sandboxed service's: what was there is kept in a hidden folder."""
    tracker.write("data/a.json", "[3]")
    tracker.write("data/later/deep/new.json", "[4]")
    tracker.write("data/.env", "KEY=1")
    tracker.write("data/lost+found/#12", "the system's")
    tracker.disk = Volume(tmp_path / "mounts", tracker.data)
    done = tracker.store.restore("latest", None)
    assert done.complete
    assert done.carried == 1
    kept = {placed.root: placed.kept for placed in done.placed}
    aside = kept["data"]
    assert aside is not None
    assert aside.parent == tracker.data / names.WORK
    assert kept["state"] is not None
    assert kept["state"].parent == tracker.top
    assert read(aside, ("",)) == {"a.json": b"[3]", "empty": b"", "galxe/b.json": b'["b"]',
                                  "later/deep/new.json": b"[4]"}  # fmt: skip
    assert sorted(path.name for path in tracker.data.iterdir()) == sorted(
        [names.WORK, ".env", "a.json", "empty", "galxe", "lost+found"]
    )
    assert (tracker.data / "a.json").read_text() == '["a2"]'
    assert (tracker.data / ".env").read_text() == "KEY=1"
    assert not [path for path in tracker.data.rglob("*") if PREFIX in path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="no such list of mounts there")
def test_what_is_kept_in_a_volume_is_no_data(tracker: Tracker, tmp_path: Path) -> None:
    """Neither of a tracker, nor of the next backup, nor of what a restore would remove."""
    tracker.write("data/later.json", "[4]")
    tracker.disk = Volume(tmp_path / "mounts", tracker.data)
    (placed, _) = tracker.store.restore("latest", None).placed
    assert placed.kept is not None
    assert sorted(scan(tracker.data).stamps) == ["a.json", "galxe/b.json"]
    made = tracker.create()
    manifest = load(Quick(), tracker.backups, made.id)
    assert not [each.path for each in manifest.members if names.WORK in each.path]
    again = tracker.store.restore(made.id, None, dry_run=True).preview
    assert again is not None
    assert not again.removed
    tracker.write("data/a.json", "[5]")
    (second, _) = tracker.store.restore(made.id, None).placed
    assert second.kept is not None
    assert second.kept != placed.kept
    assert (placed.kept / "later.json").read_text() == "[4]"
    assert (second.kept / "a.json").read_text() == "[5]"


@pytest.mark.skipif(sys.platform == "win32", reason="no such list of mounts there")
def test_volumes_that_cannot_be_filled_are_refused(tracker: Tracker, tmp_path: Path) -> None:
    """Another one mounted in it, something of the depot's name: nothing is touched."""
    before = tracker.contents()

    def why(*points: Path) -> str:
        tracker.disk = Volume(tmp_path / "mounts", *points)
        with pytest.raises(RefusedError) as refused:
            tracker.store.restore("latest", None, only=["data"])
        assert tracker.contents() == before
        return refused.value.why

    assert why(tracker.data / "galxe") == "mount"
    assert why(tracker.data, tracker.data / "galxe") == "mount"
    (tracker.data / names.WORK).symlink_to(tmp_path, target_is_directory=True)
    assert why(tracker.data) == "depot"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mounts", "world"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such list of mounts there")
def test_a_waiting_restore_in_a_volume_is_given_up(tracker: Tracker, tmp_path: Path) -> None:
    """Nothing of it is left; one that cannot go on where a damaged file is missing waits."""
    (base,) = tracker.backups.glob("base-*")
    flip(base, base.stat().st_size // 2)
    tracker.disk = Volume(tmp_path / "mounts", tracker.state)
    (tracker.state / "state.json").unlink()
    assert not tracker.store.restore("latest", None, only=["state/*"]).placed
    assert (tracker.state / names.WORK).is_dir()
    assert tracker.store.give_up(["state"]) == ("state",)
    assert list(tracker.state.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may all")
def test_a_folder_in_one_that_is_closed_is_filled(tracker: Tracker) -> None:
    """It cannot be renamed; where a folder in it is closed too, nothing is touched."""
    tracker.write("data/a.json", "[3]")
    tracker.top.chmod(0o555)
    try:
        (tracker.data / "galxe").chmod(0o555)
        with pytest.raises(RefusedError) as refused:
            tracker.store.restore("latest", None, only=["data"])
        assert refused.value.why == "closed"
        assert not (tracker.data / names.WORK).exists()
        (tracker.data / "galxe").chmod(0o755)
        (placed,) = tracker.store.restore("latest", None, only=["data"]).placed
    finally:
        (tracker.data / "galxe").chmod(0o755)
        tracker.top.chmod(0o755)
    assert (tracker.data / "a.json").read_text() == '["a2"]'
    assert (tracker.data / names.WORK / Path(placed.aside).name / "a.json").read_text() == "[3]"


def test_a_real_volume_is_filled(tracker: Tracker) -> None:
    """A tmpfs; too small for it, nothing is touched."""
    before = tracker.contents()
    with volume(tracker.data):
        done = tracker.store.restore("latest", None)
        assert tracker.contents() == before
        assert {placed.root: placed.kept is None for placed in done.placed}["data"]
        tracker.write("data/a.json", "[3]")
        assert tracker.store.restore("latest", None, only=["a.json"]).complete
        (kept,) = (tracker.data / names.WORK).iterdir()
        assert (kept / "a.json").read_text() == "[3]"
    with volume(tracker.data, size="1m"):
        with pytest.raises(NoRoomError):
            tracker.store.restore("latest", None)
        assert list(tracker.data.iterdir()) == []


def test_a_root_that_is_a_link_stays_one(tracker: Tracker, tmp_path: Path) -> None:
    """The folder it leads to is swapped, where it lies."""
    real = tmp_path / "elsewhere" / "real"
    real.parent.mkdir()
    tracker.data.rename(real)
    tracker.data.symlink_to(real, target_is_directory=True)
    before = tracker.contents()
    (real / "a.json").write_text("[3]")
    tracker.store.restore("latest", None)
    assert tracker.data.is_symlink()
    assert read(tracker.top, ("data", "state")) == before
    assert [path.name[:20] for path in real.parent.iterdir() if path != real] == [
        "real.before-restore-"
    ]


def test_a_disk_too_small_is_told_before_anything_is_written(tracker: Tracker) -> None:
    """With what it takes; files that are staged already are not counted again."""

    class Small(Quick):
        def free_bytes(self, folder: Path) -> int:  # noqa: ARG002
            return 1_000_000

    before = sorted(tracker.top.iterdir())
    tracker.disk = Small()
    with pytest.raises(NoRoomError) as full:
        tracker.store.restore("latest", None)
    assert (full.value.root, full.value.free) == ("data", 1_000_000)
    assert full.value.needed > 1_000_000
    assert "MB are needed, 1.0 MB are free: make room on that disk, or use --to" in str(full.value)
    assert sorted(tracker.top.iterdir()) == before


def test_what_is_staged_already_takes_no_room_again(tracker: Tracker) -> None:
    """A repeat on a disk that is almost full goes on."""
    tracker.write("data/large.bin", os.urandom(1_000_000))
    tracker.create()

    class Torn(Quick):
        def set_mode(self, handle: int, mode: int) -> None:
            if stat.S_ISDIR(self.facts(handle).st_mode):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            super().set_mode(handle, mode)

    class Tight(Quick):
        def free_bytes(self, folder: Path) -> int:  # noqa: ARG002
            return RESERVE_BYTES + 500_000

    tracker.disk = Tight()
    with pytest.raises(NoRoomError):
        tracker.store.restore("latest", None)
    tracker.disk = Torn()
    with pytest.raises(DiskError):
        tracker.store.restore("latest", None)
    tracker.disk = Tight()
    assert tracker.store.restore("latest", None).reused == 5


def test_one_at_a_time(tracker: Tracker) -> None:
    """No restore while another process works on the backups; a write-protected folder is none."""
    with ProcessLock(tracker.backups / LOCK), pytest.raises(LockedError):
        tracker.store.restore("latest", None)

    class Protected(Quick):
        def entries(self, folder: Path | str) -> list[object]:  # type: ignore[override]
            if Path(folder) == tracker.backups and not self.asked:
                self.asked = True
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
            return list(super().entries(folder))

        asked = False

    tracker.disk = Protected()
    assert tracker.store.restore("latest", None).complete


CONTENT = st.binary(max_size=3000).filter(lambda it: not it.startswith(MAGIC))  # as it is
LETTERS = st.characters(codec="utf-8", exclude_characters="/\0")
PART = st.one_of(
    st.text(LETTERS, min_size=1, max_size=12),
    st.binary(min_size=1, max_size=12)
    .filter(lambda raw: b"/" not in raw and b"\0" not in raw)
    .map(os.fsdecode),
    st.just("n" * 255),
).filter(lambda part: part not in {".", ".."} and len(os.fsencode(part)) <= 255)


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    tree=st.dictionaries(
        st.lists(PART, min_size=1, max_size=3).map(tuple),
        st.tuples(CONTENT, st.sampled_from([0o600, 0o644, 0o755, 0o400])),
        min_size=1,
        max_size=8,
    ),
    later=st.dictionaries(st.integers(0, 7), st.binary(max_size=200), max_size=3),
)
def test_what_is_restored_is_what_was_there(
    tmp_path_factory: pytest.TempPathFactory,
    tree: dict[tuple[str, ...], tuple[bytes, int]],
    later: dict[int, bytes],
) -> None:
    """Names of any bytes, empty files, modes and times: create, verify and restore, twice."""
    tracker = Tracker(tmp_path_factory.mktemp("trees"), disk=Quick())
    excluded = names.Exclusion()
    written: list[Path] = []
    for parts, (content, mode) in sorted(tree.items()):
        path = Path(tracker.data, *parts)
        if any(excluded("data/" + part) for part in parts) or path.exists():
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
        path.chmod(mode)
        written.append(path)
    tracker.write("state/state.json", "{}")
    states = []
    for _ in range(2):
        snapshot = tracker.create()
        states.append((snapshot.id, _facts(tracker)))
        for index, content in later.items():
            if index < len(written):
                written[index].chmod(0o600)
                written[index].write_bytes(content)
    assert tracker.store.verify("all").good
    for snapshot_id, expected in reversed(states):
        done = tracker.store.restore(snapshot_id, None)
        assert done.complete
        assert not done.bad
        assert _facts(tracker) == expected


def _facts(tracker: Tracker) -> dict[str, tuple[bytes, int, int]]:
    found = {}
    for root in ("data", "state"):
        for folder, _, files in os.walk(tracker.top / root):
            for name in files:
                path = Path(folder, name)
                facts = path.stat()
                found[str(path)] = (path.read_bytes(), facts.st_mode, facts.st_mtime_ns)
    return found


@pytest.mark.parametrize("only", [["a.json", "galxe/*"], ["data"], []])
@pytest.mark.parametrize("inside", [False, True], ids=["beside", "volume"])
def test_what_the_system_will_never_move_leaves_all_as_it_was(
    tracker: Tracker, tmp_path: Path, only: list[str], *, inside: bool
) -> None:
    """Refused in the middle, every move is taken back, so that the next start is not refused."""
    tracker.write("data/a.json", "[3]")
    tracker.write("data/later.json", "[3]")
    stuck = tracker.write("data/galxe/b.json", "[3]")
    before = tracker.contents()

    class Stuck(Bound):
        def replace(self, old: Path, new: Path) -> None:
            if {old, new} & {stuck, stuck.parents[1]}:
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(new))
            super().replace(old, new)

        def sync(self, handle: int) -> None:
            """Leave it."""

        def sync_folder(self, folder: Path) -> None:
            """Leave it."""

    tracker.disk = Stuck()
    tracker.disk.pretence = Pretence([tracker.data] if inside else [], tmp_path / "mountinfo")
    with pytest.raises(DiskError):
        tracker.store.restore("latest", None, only=only)
    assert {each.outcome for each in tracker.store.resume()} == {"waiting"}
    kept = [path for path in tracker.top.rglob("*before-restore*") if path.is_dir()]
    assert not kept
    there = {
        name: content for name, content in tracker.contents().items() if names.WORK not in name
    }
    assert there == before
