"""Backups in trouble: a disk that refuses, a folder nobody may read, a copy that differs."""

import shutil
from dataclasses import replace
from datetime import timedelta
from errno import EACCES
from pathlib import Path

import pytest

from jobs import drill
from jobs.backup_work import Workbench
from jobs.probes.backups import BackupsProbe
from storage.archives.create import free
from storage.archives.disk import Disk, Entry
from storage.archives.errors import NoSpaceError
from storage.archives.findings import Bad, Fault
from storage.archives.keep.retention import Health, Policy
from storage.archives.manifest import Flag
from storage.archives.results import Progress, Step, silent
from storage.archives.store import BackupStore
from storage.records import Severity
from tests.jobs.test_backup import START, SUNDAY, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def nights(place: Place, n: int) -> None:
    """Make a backup on each of so many nights, something new in each."""
    for number in range(n):
        place.now = START + timedelta(days=number)
        place.write("data/new.json", [{"night": number}])
        assert (await place.backups.run()).created is not None


async def test_keeping_fewer_makes_room(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the alert advises: what need not stay goes first where the disk is full, no other."""
    await nights(place, 5)
    asked: list[int] = []

    def ensure(room: int, needed: int) -> None:
        asked.append(len(place.backups.bench.store().snapshots()))
        if asked[-1] > 1:
            raise NoSpaceError(needed=needed, free=room)

    monkeypatch.setattr(free, "ensure", ensure)
    place.now = START + timedelta(days=5)
    made = await place.backups.run()
    assert made.trouble is not None
    assert (made.trouble.key, len(made.listing.snapshots)) == ("backups.run.no_space", 3)
    old = place.backups.bench
    place.backups.bench = replace(old, policy=Policy(daily=1))
    made = await place.backups.run()
    assert made.created is not None
    assert (len(made.deleted), len(made.listing.snapshots)) == (3, 1)
    assert asked == [3, 3, 1]


class Sticky(Workbench):
    """Its store's disk refuses to delete manifests, or to open them."""

    refuse = "remove"

    def store(self, progress: Progress = silent) -> BackupStore:
        made = super().store(progress)
        made.disk = SlowDisk(self.refuse)
        return made


class SlowDisk(Disk):
    def __init__(self, refuse: str) -> None:
        self.refuse = refuse

    def remove(self, path: Path) -> None:
        if self.refuse == "remove" and path.name.startswith("snap-"):
            raise OSError(EACCES, "Permission denied")
        super().remove(path)

    def entries(self, folder: Path | str) -> list[Entry]:
        if self.refuse == "entries" and Path(folder).name == "backups":
            raise OSError(EACCES, "Permission denied")
        return super().entries(folder)


def stick(place: Place, refuse: str) -> None:
    """Let the disk refuse from now on."""
    old = place.backups.bench
    place.backups.bench = Sticky(
        folder=old.folder, roots=old.roots, clock=old.clock, policy=old.policy
    )
    Sticky.refuse = refuse


async def test_old_ones_that_stay_are_told_though_the_new_one_is_good(place: Place) -> None:
    """A WARNING with file and reason; the night itself went well."""
    await nights(place, 3)
    stick(place, "remove")
    place.now += timedelta(days=1)
    made = await place.backups.run()
    assert made.created is not None
    assert made.trouble is not None
    assert made.trouble.values["error"] == "Permission denied"
    told = place.told[-1]["backup:run"]
    assert (told.level, told.fact.key) == (Severity.WARNING, "backups.run.not_pruned")
    place.now += timedelta(minutes=1)
    assert await place.backups.nightly(SUNDAY) == ""


async def test_a_folder_that_cannot_be_listed_says_so(place: Place) -> None:
    """To whoever asks for the list, and to whoever asks for a backup."""
    await nights(place, 1)
    stick(place, "entries")
    listing = await place.backups.listing()
    assert listing.trouble is not None
    assert listing.trouble.values["error"] == "Permission denied"
    assert (await place.backups.run()).created is None
    assert (await place.backups.drill()).trouble is not None


async def test_before_the_first_there_is_no_list(place: Place) -> None:
    """And no trouble either."""
    listing = await place.backups.listing()
    assert (listing.snapshots, listing.trouble, listing.free_bytes) == ((), None, None)


async def test_a_file_that_differs_after_the_trial_is_found(place: Place) -> None:
    """Read from the disk again, not from what was unpacked."""
    made = await place.backups.run()
    assert made.created is not None
    target = place.folder / "out"
    shutil.copytree(place.folder / "data", target / "data")
    shutil.copytree(place.folder / "var", target / "state")
    manifest = made.created.manifest
    assert list(drill.compare(Disk(), target, manifest)) == []
    (target / "data/1.json").write_text('[{"id": 7}]')
    (target / "data/2.json").write_text("[]")
    (target / "data/3.json").unlink()
    assert list(drill.compare(Disk(), target, manifest)) == [
        Bad("data/1.json", Fault.HASH), Bad("data/2.json", Fault.SIZE),
        Bad("data/3.json", Fault.MISSING),
    ]  # fmt: skip


async def test_when_every_backup_is_bad_the_trial_names_a_file(place: Place) -> None:
    """Twice in a row, too: a bad one that is known is no reason to say that all is well."""
    await nights(place, 1)
    place.spoil("base-")
    for _ in range(2):
        outcome = await place.backups.drill()
        assert outcome.trouble is not None
        assert outcome.trouble.key == "backups.drill.bad"


async def test_the_probe_reads_manifests_only_when_something_changed(place: Place) -> None:
    """Listing the folder is all it does in between."""
    disk = Counting()
    probe = BackupsProbe(place.backups.folder, disk=disk)
    assert probe(place.clock()).snapshots == ()
    await nights(place, 2)
    first = probe(place.clock())
    opened = disk.opened
    assert [one.files for one in first.snapshots] == [7, 7]
    assert opened >= 2
    assert probe(place.clock()).snapshots is first.snapshots
    assert disk.opened == opened
    place.spoil("base-")
    (path,) = place.backups.folder.glob("diff-*")
    path.unlink()
    seen = probe(place.clock()).snapshots
    assert disk.opened > opened
    assert seen[1].health is Health.BROKEN
    assert "missing" in seen[1].broken


class Counting(Disk):
    """Counts what is opened."""

    opened = 0

    def open(self, path: Path | str) -> int:
        self.opened += 1
        return super().open(path)


async def test_the_probe_tells_of_a_damaged_manifest(place: Place) -> None:
    """It stands for a backup that cannot be restored, of the time in its name."""
    await nights(place, 2)
    newest = max(place.backups.folder.glob("snap-*"))
    newest.write_bytes(b"not zstd")
    seen = place.probe(place.clock()).snapshots
    assert (seen[1].health, seen[1].at) == (Health.BROKEN, START + timedelta(days=1))
    assert place.judged()["backup:verify"].level is Severity.CRITICAL


async def test_the_probe_tells_of_a_folder_nobody_may_read(place: Place) -> None:
    """With the system's word, and looks again the next time."""
    await nights(place, 1)
    probe = BackupsProbe(place.backups.folder, disk=SlowDisk("entries"))
    assert probe(place.clock()).error == "Permission denied"


async def test_the_worst_notes_come_first(place: Place) -> None:
    """However many files are odd, that a folder was empty is not lost behind them."""
    for number in range(120):
        path = place.folder / f"data/bad-{number}.json"
        path.write_text("{")
    await place.backups.run()
    (one,) = place.probe(place.clock()).snapshots
    assert len(one.notes) == 100
    assert {note.flag for note in one.notes} == {Flag.INVALID_JSON}
    place.now += timedelta(days=1)
    for path in (place.folder / "var").iterdir():
        path.unlink()
    await place.backups.run()
    newest = place.probe(place.clock()).snapshots[-1]
    assert newest.notes[0].flag is Flag.EMPTY


async def test_progress_reaches_whoever_asked(place: Place) -> None:
    """Phase by phase, in the working thread."""
    steps: list[Step] = []
    await place.backups.run(steps.append)
    assert {"pack", "verify"} <= {step.phase for step in steps}
