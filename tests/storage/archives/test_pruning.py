"""Deleting: manifests first, only what still may go, and whole again wherever it is cut short."""

from contextlib import suppress
from datetime import timedelta
from errno import EACCES, EIO
from pathlib import Path

import msgspec
import pytest

from storage.archives import listing
from storage.archives.disk import Disk
from storage.archives.errors import LockedError
from storage.archives.keep.retention import Policy
from storage.archives.manifest import Archive, Flag, Manifest, Note, stamp, when
from storage.archives.results import Step
from storage.archives.store import BackupStore
from storage.archives.workshop import Workshop
from tests.storage.archives import built

DAY = timedelta(days=1)
NOW = built.AT + 10 * DAY
WEEK = range(9, -1, -1)


class Killed(BaseException):
    """The process ends here."""


class Mortal(Disk):
    """Ends at the n-th call that changes the folder; or refuses some names."""

    def __init__(self, *, after: int = 10_000, refuses: str = "") -> None:
        self.left = after
        self.refuses = refuses

    def remove(self, path: Path) -> None:
        self._count()
        if self.refuses and path.name.startswith(self.refuses):
            raise OSError(EACCES, "Permission denied")
        super().remove(path)

    def sync_folder(self, folder: Path) -> None:
        self._count()
        if self.refuses == "sync":
            raise OSError(EIO, "Input/output error")
        super().sync_folder(folder)

    def _count(self) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1


def put(folder: Path, days: int, *, base_days: int, notes: tuple[Note, ...] = ()) -> Manifest:
    """Write a snapshot so many days old, on a base as old as given."""
    folder.mkdir(exist_ok=True)
    base = f"base-{stamp(NOW - base_days * DAY)}.tar.zst"
    diff = f"diff-{stamp(NOW - days * DAY)}.tar.zst"
    for name in dict.fromkeys((base, base if days == base_days else diff)):
        (folder / name).write_bytes(b"x" * 100)
    archives = [Archive(name, 100, "0" * 64) for name in (base, diff)]
    made = built.manifest(archives[0], [], diff=archives[1] if days != base_days else None)
    at = NOW - days * DAY
    return built.publish(
        folder,
        msgspec.structs.replace(made, id=stamp(at), started=at, verified=at, notes=notes),
    )


def ten_nights(folder: Path) -> Path:
    """Write ten nights on two bases; the last three lie on the second."""
    for days in WEEK:
        put(folder, days, base_days=9 if days > 2 else 2)
    return folder


def store(folder: Path, disk: Disk | None = None, *, daily: int = 3) -> BackupStore:
    policy = Policy(daily=daily)
    return BackupStore(folder, {}, clock=lambda: NOW, policy=policy, disk=disk)


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != ".lock"}


def days_of(folder: Path) -> list[int]:
    return [(NOW - when(found.id)).days for found in listing.listed(Disk(), folder)]


def test_the_kills_reach_to_the_end(tmp_path: Path) -> None:
    """The numbers of the test below are as many as a prune has calls, and more."""
    disk = Mortal(after=19)
    of = store(ten_nights(tmp_path / "backups"), disk)
    of.prune(of.plan_prune())
    assert 15 <= 19 - disk.left <= 19


def test_what_is_too_old_goes_with_what_only_it_needed(tmp_path: Path) -> None:
    """Three nights stay on their base; the first base goes with the last that lay on it."""
    folder = ten_nights(tmp_path / "backups")
    (folder / "notes.txt").write_text("mine")
    of = store(folder)
    steps: list[Step] = []
    of.progress = steps.append
    pruned = of.prune(of.plan_prune())
    assert days_of(folder) == [2, 1, 0]
    assert (len(pruned.ids), len(pruned.archives), pruned.left) == (7, 7, ())
    assert pruned.freed_bytes > 7 * 100
    assert "notes.txt" in left(folder)
    assert not any(found.broken for found in listing.listed(Disk(), folder))
    assert [step.phase for step in steps] == ["prune"] * 14
    assert not of.plan_prune().delete


@pytest.mark.parametrize("after", range(20))
def test_killed_anywhere_it_is_simply_done_again(tmp_path: Path, after: int) -> None:
    """Whatever is listed then is whole, the kept ones are all there, the next prune ends it."""
    folder = ten_nights(tmp_path / "backups")
    disk = Mortal(after=after)
    of = store(folder, disk)
    with suppress(Killed):
        of.prune(of.plan_prune())
    found = listing.listed(Disk(), folder)
    assert not any(each.broken for each in found)
    assert days_of(folder)[-3:] == [2, 1, 0]
    again = store(folder)
    assert again.prune(again.plan_prune()).left == ()
    whole = ten_nights(tmp_path / "others")
    other = store(whole)
    other.prune(other.plan_prune())
    assert left(folder) == left(whole)


def test_no_archive_goes_while_a_manifest_that_names_it_cannot(tmp_path: Path) -> None:
    """It says which file and why, and breaks nothing."""
    folder = ten_nights(tmp_path / "backups")
    of = store(folder, Mortal(refuses="snap-"))
    pruned = of.prune(of.plan_prune())
    assert (pruned.ids, pruned.archives, pruned.freed_bytes) == ((), (), 0)
    assert len(pruned.left) == 7
    assert pruned.left[0].detail == "Permission denied"
    assert len(days_of(folder)) == 10
    assert not any(each.broken for each in listing.listed(Disk(), folder))


def test_no_archive_goes_before_its_manifest_is_gone_for_good(tmp_path: Path) -> None:
    """A folder that cannot be synced may bring the manifests back."""
    folder = ten_nights(tmp_path / "backups")
    of = store(folder, Mortal(refuses="sync"))
    pruned = of.prune(of.plan_prune())
    assert (len(pruned.ids), pruned.archives) == (7, ())
    assert pruned.left[0].detail == "Input/output error"


def test_an_archive_that_cannot_go_is_named(tmp_path: Path) -> None:
    """The others go all the same."""
    folder = ten_nights(tmp_path / "backups")
    of = store(folder, Mortal(refuses="base-"))
    pruned = of.prune(of.plan_prune())
    assert len(pruned.archives) == 6
    assert [one.name.partition("-")[0] for one in pruned.left] == ["base"]


def test_a_plan_that_time_overtook_deletes_no_more_than_it_may(tmp_path: Path) -> None:
    """Made a month ahead of the clock it lets everything go; carried out, only what is due."""
    folder = ten_nights(tmp_path / "backups")
    of = store(folder)
    of.clock = lambda: NOW + 30 * DAY
    rash = store(folder, daily=0)
    rash.clock = of.clock
    plan = rash.plan_prune()
    assert len(plan.delete) == 9
    of.clock = lambda: NOW
    of.prune(plan)
    assert days_of(folder) == [2, 1, 0]


def test_a_file_that_is_gone_already_is_no_trouble(tmp_path: Path) -> None:
    """Somebody deleted it between plan and prune."""
    folder = ten_nights(tmp_path / "backups")
    of = store(folder)
    plan = of.plan_prune()
    (folder / f"diff-{stamp(NOW - 8 * DAY)}.tar.zst").unlink()
    assert of.prune(plan).left == ()
    assert days_of(folder) == [2, 1, 0]


def test_nothing_goes_while_the_newest_found_an_empty_folder(tmp_path: Path) -> None:
    """Neither while it is broken: then the old ones are all there is."""
    folder = ten_nights(tmp_path / "backups")
    put(folder, 0, base_days=2, notes=(Note("data", Flag.EMPTY),))
    assert not store(folder).plan_prune().delete
    (folder / f"diff-{stamp(NOW)}.tar.zst").unlink()
    assert not store(folder).plan_prune().delete


def test_an_unreadable_manifest_is_broken_and_shelters_its_archives(tmp_path: Path) -> None:
    """Damage to a few bytes must not cost the archives they name."""
    folder = ten_nights(tmp_path / "backups")
    name = f"snap-{stamp(NOW - DAY)}.json.zst"
    (folder / name).write_bytes(b"\0" * 50)
    of = store(folder)
    pruned = of.prune(of.plan_prune())
    assert pruned.archives == ()
    assert {name, f"diff-{stamp(NOW - DAY)}.tar.zst"} <= left(folder)


def test_somebody_else_at_work_is_waited_for(tmp_path: Path) -> None:
    """The lock holds for deleting, too."""
    folder = ten_nights(tmp_path / "backups")
    of = store(folder)
    plan = of.plan_prune()
    with Workshop(Disk(), folder), pytest.raises(LockedError):
        of.prune(plan)
    assert len(days_of(folder)) == 10
