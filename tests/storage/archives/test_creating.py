import errno
import hashlib
import os
import time
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.archives.disk import Disk
from storage.archives.errors import EmptyError
from storage.archives.manifest import Flag, when
from storage.archives.results import Step
from storage.archives.workshop import LOCK
from tests.storage.archives.faulty import counting
from tests.storage.archives.tracker import Tracker, leftovers

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    """Three files, one of them Vigie's own."""
    tracker = Tracker(tmp_path)
    tracker.write("data/a.json", '{"a": 1}')
    tracker.write("data/raw/b.json", "[]")
    tracker.write("state/vigie.json", "{}")
    return tracker


def test_a_first_snapshot_is_a_base_with_everything(tracker: Tracker) -> None:
    """It holds every file of both roots, and says what it read."""
    made = tracker.create()
    assert made.base
    assert made.read == 3
    assert made.bytes_read == 12
    assert made.manifest.clean
    assert tracker.restored(made.manifest) == tracker.contents()
    assert sorted(path.name for path in tracker.backups.iterdir()) == [
        ".lock",
        "RESTORE.txt",
        "base-20260302T020000Z.tar.zst",
        "snap-20260302T020000Z.json.zst",
    ]


def test_a_second_one_holds_what_changed(tracker: Tracker) -> None:
    """A changed, a new and a deleted file; the rest lies in the base."""
    first = tracker.create()
    tracker.write("data/a.json", '{"a": 2}')
    tracker.write("data/c.json", "3")
    (tracker.data / "raw/b.json").unlink()
    second = tracker.create()
    assert not second.base
    assert tracker.restored(second.manifest) == tracker.contents()
    assert {member.path: member.archive[:4] for member in second.manifest.members} == {
        "data/a.json": "diff",
        "data/c.json": "diff",
        "state/vigie.json": "base",
    }
    assert second.manifest.gone == ("data/raw/b.json",)
    assert tracker.restored(first.manifest)["data/a.json"] == b'{"a": 1}'


def test_what_was_gone_and_came_back_is_there(tracker: Tracker) -> None:
    """A file deleted one night and written again the next is restored, one deleted stays away."""
    tracker.create()
    tracker.write("data/new.json", "1")
    tracker.create()
    (tracker.data / "new.json").unlink()
    (tracker.data / "a.json").unlink()
    third = tracker.create()
    assert tracker.restored(third.manifest) == tracker.contents()
    tracker.write("data/a.json", "[4]")
    fourth = tracker.create()
    assert tracker.restored(fourth.manifest) == tracker.contents()
    assert fourth.manifest.gone == ("data/new.json",)


def test_nothing_changed_costs_a_manifest(tracker: Tracker) -> None:
    """Where everything is in the base, no archive is made."""
    tracker.create()
    second = tracker.create()
    assert second.manifest.diff is None
    assert second.packed_bytes == 0
    assert tracker.restored(second.manifest) == tracker.contents()


def test_a_touched_file_is_not_stored_twice(tracker: Tracker) -> None:
    """New times, the same content: it stays in the base, with its new times."""
    tracker.create()
    os.utime(tracker.data / "a.json", (1_700_000_000, 1_700_000_000))
    second = tracker.create()
    assert second.manifest.diff is None
    assert second.manifest.members[0].mtime_ns == 1_700_000_000_000_000_000


def test_a_file_changed_within_its_times_is_found(tracker: Tracker) -> None:
    """The same size, and times set back: what is young when it is read is read again."""
    path = tracker.data / "a.json"
    before = path.stat()
    tracker.create()
    path.write_bytes(b'{"a": 9}')
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    made = tracker.create()
    assert tracker.restored(made.manifest)["data/a.json"] == b'{"a": 9}'


class HourLater(Disk):
    """A disk whose clock, which is that of its lock file, is an hour ahead."""

    def look(self, path: Path | str) -> os.stat_result:
        """Set the lock's time forward before it is looked at."""
        if Path(path).name == LOCK:
            later = time.time() + 3600
            os.utime(path, (later, later))
        return super().look(path)


def test_an_old_file_is_not_read_again(tracker: Tracker) -> None:
    """Beyond two seconds, times, size and inode are believed; a changed file is read alone."""
    tracker.disk = HourLater()
    tracker.now = datetime.now(UTC) + timedelta(hours=1)
    tracker.create()
    assert tracker.create().read == 0
    tracker.write("data/a.json", '{"a": 2}')
    made = tracker.create()
    assert made.read == 1
    assert tracker.restored(made.manifest) == tracker.contents()


def test_torn_json_is_said_though_it_is_not_read_again(tracker: Tracker) -> None:
    """What was odd about an unchanged file is odd still."""
    tracker.disk = HourLater()
    tracker.now = datetime.now(UTC) + timedelta(hours=1)
    tracker.write("data/a.json", '{"a"')
    first = tracker.create()
    again = tracker.create()
    assert again.read == 0
    assert [note.flag for note in again.notes] == [Flag.INVALID_JSON]
    assert again.notes == first.notes


def test_a_clock_behind_that_of_the_disk_has_files_read_again(tracker: Tracker) -> None:
    """The earlier of the two clocks says what is young."""
    tracker.disk = HourLater()
    tracker.now = datetime.now(UTC) - timedelta(days=2)
    tracker.create()
    assert tracker.create().read == 3


def test_a_base_is_made_anew_after_a_week(tracker: Tracker) -> None:
    """The eighth night makes the second base; the old one still restores its snapshots."""
    made = [tracker.create() for _ in range(8)]
    assert [each.base for each in made] == [True, *[False] * 6, True]
    assert tracker.restored(made[3].manifest) == tracker.contents()


def test_a_large_change_makes_a_base(tracker: Tracker) -> None:
    """More than half of everything, and more than half a megabyte."""
    tracker.write("data/big.bin", os.urandom(600_000))
    tracker.create()
    tracker.write("data/big.bin", os.urandom(600_000))
    assert tracker.create().base


def test_a_file_that_became_a_folder_makes_a_base(tracker: Tracker) -> None:
    """Plain tar cannot put a folder where its base has a file."""
    tracker.create()
    (tracker.data / "a.json").unlink()
    tracker.write("data/a.json/inside", "1")
    made = tracker.create()
    assert made.base
    assert tracker.restored(made.manifest) == tracker.contents()
    (tracker.data / "a.json/inside").unlink()
    (tracker.data / "a.json").rmdir()
    tracker.write("data/a.json", "2")
    assert tracker.create().base


@pytest.mark.parametrize("trouble", ["gone", "cut", "flipped", "quarantined"])
def test_a_base_that_is_not_what_it_was_is_followed_by_a_new_one(
    tracker: Tracker, trouble: str
) -> None:
    """Nobody builds on a base that is lost or damaged; a damaged one is put aside."""
    first = tracker.create()
    path = tracker.backups / first.manifest.base.name
    content = path.read_bytes()
    if trouble == "gone":
        path.unlink()
    elif trouble == "cut":
        path.write_bytes(content[:-1])
    elif trouble == "flipped":
        path.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    else:
        path.rename(path.with_name(f"{path.name}.bad"))
    made = tracker.create()
    assert made.base
    assert tracker.restored(made.manifest) == tracker.contents()
    broken = [each.broken for each in tracker.listed()]
    assert broken[0] != ""
    assert broken[1] == ""


def test_ids_rise_though_the_clock_steps_back(tracker: Tracker) -> None:
    """The greatest id is that of the snapshot made last, whatever the clock says."""
    first = tracker.create()
    tracker.write("data/a.json", "2")
    second = tracker.create(later=timedelta(days=-400))
    third = tracker.create(later=timedelta(0))
    assert when(second.id) == when(first.id) + timedelta(seconds=1)
    assert when(third.id) == when(second.id) + timedelta(seconds=1)
    assert second.manifest.started < first.manifest.started
    assert [each.id for each in tracker.listed()] == [first.id, second.id, third.id]
    assert tracker.restored(second.manifest)["data/a.json"] == b"2"


def test_an_id_is_not_used_again_after_its_manifest_is_gone(tracker: Tracker) -> None:
    """An archive without a manifest keeps its time for itself."""
    first = tracker.create()
    (tracker.backups / f"snap-{first.id}.json.zst").unlink()
    second = tracker.create(later=timedelta(0))
    assert second.id > first.id
    assert (tracker.backups / first.manifest.base.name).exists()


def test_a_snapshot_of_the_future_does_not_stop_the_next(tracker: Tracker) -> None:
    """A clock that was wrong for a night leaves a future snapshot; the next builds upon it."""
    tracker.create(later=timedelta(days=3650))
    tracker.write("data/a.json", "5")
    made = tracker.create(later=timedelta(days=-3649))
    assert tracker.newest().id == made.id
    assert tracker.restored(made.manifest) == tracker.contents()


def test_no_file_at_all_is_an_error(tmp_path: Path) -> None:
    """Two empty folders make no snapshot."""
    tracker = Tracker(tmp_path)
    with pytest.raises(EmptyError, match="no file in data, state"):
        tracker.create()
    assert not tracker.listed()


def test_an_emptied_root_is_said_as_long_as_it_is_empty(tracker: Tracker) -> None:
    """The snapshot exists, and is not clean; nor is the one after it."""
    tracker.create()
    (tracker.data / "a.json").unlink()
    (tracker.data / "raw/b.json").unlink()
    for _ in range(2):
        made = tracker.create()
        assert [(note.path, note.flag) for note in made.notes] == [("data", Flag.EMPTY)]
        assert made.manifest.partial
    assert tracker.restored(made.manifest) == tracker.contents()


def test_a_root_that_lost_more_than_half_is_said_until_it_is_back(tracker: Tracker) -> None:
    """Two of five files left: shrunk, with the figures."""
    for number in range(3):
        tracker.write(f"data/{number}.json", "1")
    tracker.create()
    before = {
        name: (tracker.data / name).read_bytes() for name in ("a.json", "raw/b.json", "0.json")
    }
    for name in before:
        (tracker.data / name).unlink()
    for _ in range(2):
        made = tracker.create()
        assert [(note.path, note.flag, note.detail) for note in made.notes] == [
            ("data", Flag.SHRUNK, "2 of 5 files")
        ]
    for name, content in before.items():
        tracker.write(f"data/{name}", content)
    assert not tracker.create().notes


def test_a_missing_root_is_an_empty_one(tracker: Tracker) -> None:
    """A disk that is not mounted looks like that."""
    tracker.create()
    tracker.data.rename(tracker.top / "elsewhere")
    made = tracker.create()
    assert [(note.path, note.flag) for note in made.notes] == [("data", Flag.EMPTY)]


def test_secrets_are_never_inside(tracker: Tracker) -> None:
    """Keys, sessions, environment, locks and half-written files; and what the owner names."""
    kept = tracker.contents()
    for name in (
        ".env",
        ".env.local",
        ".ENV",
        "x.key",
        "x.PEM",
        "x.p12",
        "id_rsa",
        "id_ed25519.pub",
        "bot.session",
        "bot.session-journal",
        "vigie.lock",
        ".lock",
        ".state.json.tmp",
        "a.tmp",
        "cache/x.json",
        "keep.log",
        "deep/er/named.json",
    ):
        tracker.write(f"data/{name}", "secret")
    tracker.exclude = ("cache", "*.log", "deep/*/named.json")
    made = tracker.create()
    assert tracker.restored(made.manifest) == kept


def test_backups_and_roots_inside_a_root_are_left_out(tmp_path: Path) -> None:
    """Backups do not hold themselves, and a file that lies in two roots is found once."""
    tracker = Tracker(tmp_path)
    tracker.write("data/a.json", "1")
    tracker.write("data/backups/x.json", "1")
    tracker.write("data/state/y.json", "1")
    store = tracker.store
    store.folder = tracker.data / "backups"
    store.roots["state"] = tracker.data / "state"
    made = store.create()
    assert {member.path for member in made.manifest.members} == {"data/a.json", "state/y.json"}


def test_the_manifest_tells_everything(tracker: Tracker) -> None:
    """Sums, sizes, places, times and the tool are in it."""
    made = tracker.create()
    manifest = tracker.store.manifest(tracker.newest().id)
    assert manifest == made.manifest
    assert manifest.roots == {"data": str(tracker.data), "state": str(tracker.state)}
    assert manifest.members[0].sha256 == hashlib.sha256(b'{"a": 1}').hexdigest()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert manifest.tool == f"Vigie {project['version']}"
    assert manifest.started == tracker.now
    assert manifest.verified >= manifest.started
    assert all(member.checked for member in manifest.members)


def test_nothing_passing_is_left(tracker: Tracker) -> None:
    """What a killed job left behind goes, what is not ours stays."""
    tracker.backups.mkdir()
    for name in (".tmp-1-base-20250101T000000Z.tar.zst", ".RESTORE.txt.tmp", "notes.txt"):
        (tracker.backups / name).write_text("x")
    tracker.create()
    assert not leftovers(tracker.backups)
    assert (tracker.backups / "notes.txt").exists()


def test_the_backups_folder_is_made_with_those_above_it(tracker: Tracker) -> None:
    """And is nobody else's to read."""
    store = tracker.store
    store.folder = tracker.top / "far" / "off"
    store.create()
    assert store.folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in store.folder.iterdir())


def test_a_differential_that_grew_too_large_is_followed_by_a_base(tracker: Tracker) -> None:
    """Half of the base, and more than a quarter of a megabyte."""
    tracker.disk = HourLater()
    tracker.now = datetime.now(UTC) + timedelta(hours=1)
    tracker.write("data/large.bin", os.urandom(1_200_000))
    tracker.create()
    tracker.write("data/other.bin", os.urandom(700_000))
    assert not tracker.create().base
    assert tracker.create().base


def test_a_base_that_cannot_be_read_now_is_left_alone(tracker: Tracker) -> None:
    """The disk refuses it: nobody builds upon it, nobody calls it bad."""
    first = tracker.create()
    name = first.manifest.base.name

    class Refusing(Disk):
        def open(self, path: Path | str) -> int:
            if Path(path).name == name:
                raise OSError(errno.EIO, "no")
            return super().open(path)

    tracker.disk = Refusing()
    assert tracker.create().base
    assert (tracker.backups / name).exists()


def test_how_far_it_is_can_be_followed(tracker: Tracker) -> None:
    """Listing, packing, reading back, publishing, each to its end."""
    steps: list[Step] = []
    store = tracker.store
    store.progress = steps.append
    store.create()
    assert list(dict.fromkeys(step.phase for step in steps)) == [
        "list",
        "pack",
        "verify",
        "publish",
    ]
    last = {step.phase: step for step in steps}
    assert last["pack"].done == last["pack"].total == 3
    assert last["pack"].bytes_done == last["pack"].bytes_total == 12
    assert last["verify"].done == last["verify"].total == 5


def test_a_note_that_cannot_be_written_is_told(tracker: Tracker) -> None:
    """The snapshot is good all the same."""
    (tracker.backups / "RESTORE.txt").mkdir(parents=True)
    made = tracker.create()
    assert made.note_failed
    assert tracker.newest().broken == ""


def test_everything_vanishing_at_once_is_an_error(tracker: Tracker) -> None:
    """Files that were listed, and are gone when they are read."""

    class Vanishing(Disk):
        def open(self, path: Path | str) -> int:
            if str(path).endswith(".json"):
                Path(path).unlink()
            return super().open(path)

    tracker.disk = Vanishing()
    with pytest.raises(EmptyError):
        tracker.create()
    assert not tracker.listed()


def test_nothing_has_its_name_before_it_is_on_the_disk(tracker: Tracker) -> None:
    """Archive and manifest are flushed, then named, the manifest last; RESTORE.txt behind them."""
    tracker.disk = disk = counting()
    tracker.create()
    durable = [call for call in disk.calls if call in {"sync", "replace", "sync_folder"}]
    archive_and_manifest = ["sync", "sync", "replace", "sync_folder", "replace", "sync_folder"]
    assert durable == [*archive_and_manifest, "sync", "replace", "sync_folder"]
    assert disk.calls.index("forget") < disk.calls.index("replace")


def test_an_archive_appears_before_its_manifest(tracker: Tracker) -> None:
    """Whoever looks in between sees an archive that no snapshot names yet."""
    seen: list[list[str]] = []

    class Watched(Disk):
        def replace(self, old: Path, new: Path) -> None:
            super().replace(old, new)
            seen.append(sorted(path.name[:5] for path in tracker.backups.glob("*-*.zst")))

    tracker.disk = Watched()
    tracker.create()
    temporary = ".tmp-"
    assert seen[0] == [temporary, "base-"]
    assert seen[1] == ["base-", "snap-"]
