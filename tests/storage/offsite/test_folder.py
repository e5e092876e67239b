"""A disk as the off-site copy: absent, not mounted, full, torn away, emptied."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.archives.manifest import manifest_name
from storage.files import sha256
from storage.offsite.copies import Offsite
from storage.offsite.folder import FolderPlace
from storage.offsite.opening import open_place
from storage.offsite.place import Stored
from storage.offsite.results import Why
from storage.offsite.sums import sums_name
from storage.offsite.target import Target
from storage.offsite.trouble import OffsiteError, Trouble
from tests.storage.offsite.backups import START, Backups, content, files_of
from tests.storage.offsite.disks import full


def offsite(backups: Backups, place: FolderPlace) -> Offsite:
    return Offsite(place, backups.folder, clock=lambda: START)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of a megabyte; skipped where this user may not mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_an_absent_folder_is_an_error_and_is_not_made(backups: Backups, tmp_path: Path) -> None:
    """A copy on the system's own disk would be none."""
    with pytest.raises(OffsiteError) as caught:
        offsite(backups, FolderPlace(tmp_path / "absent")).push(backups.add())
    assert caught.value.trouble is Trouble.NOT_THERE
    assert "mount the disk" in str(caught.value)
    assert not (tmp_path / "absent").exists()


def test_an_empty_mount_point_is_not_written_to(backups: Backups, tmp_path: Path) -> None:
    """Below /mnt and the like something must be mounted, however deep."""
    usb = tmp_path / "mnt" / "usb" / "vigie"
    usb.mkdir(parents=True)
    place = FolderPlace(usb, mounts=(tmp_path / "mnt",), mounted=lambda _: False)
    with pytest.raises(OffsiteError) as caught:
        offsite(backups, place).push(backups.add())
    assert caught.value.trouble is Trouble.NOT_MOUNTED
    assert list(usb.iterdir()) == []
    for point in (usb, usb.parent, tmp_path / "mnt"):
        mounted = FolderPlace(usb, mounts=(tmp_path / "mnt",), mounted=point.samefile)
        assert mounted.names() == {}
    assert FolderPlace(usb, mounted=lambda _: False).names() == {}


def test_copies_that_were_there_and_are_gone(backups: Backups, tmp_path: Path) -> None:
    """The disk was not mounted this time: an error, unless the owner says it is a new one."""
    usb = tmp_path / "usb"
    usb.mkdir()
    offsite(backups, FolderPlace(usb)).push(backups.add())
    away = usb.rename(tmp_path / "away")
    usb.mkdir()
    newer = backups.add()
    with pytest.raises(OffsiteError) as caught:
        offsite(backups, FolderPlace(usb)).push(newer)
    assert caught.value.trouble is Trouble.NOT_MOUNTED
    assert "offsite.json" in str(caught.value)
    assert list(usb.iterdir()) == []
    usb.rmdir()
    away.rename(usb)
    assert offsite(backups, FolderPlace(usb)).push(newer).kept == (newer.base.name,)
    for path in usb.iterdir():
        path.unlink()
    (backups.folder / "offsite.json").unlink()
    assert offsite(backups, FolderPlace(usb)).push(newer).kept == ()


def test_a_full_disk_there(backups: Backups, small_disk: Path) -> None:
    """What was there stays whole, nothing half is there, and with room the next push completes."""
    copies = offsite(backups, FolderPlace(small_disk))
    older = backups.add()
    copies.push(older)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 500_000)
    newer = backups.add(size=800_000)
    with pytest.raises(OffsiteError) as caught:
        copies.push(newer)
    assert caught.value.trouble is Trouble.FULL
    assert str(caught.value).startswith(f"file://{small_disk}/diff-")
    assert [(one.id, one.complete) for one in copies.list()] == [(older.id, True)]
    assert not any(path.name.startswith(".offsite") for path in small_disk.iterdir())
    ballast.unlink()
    copies.push(newer)
    assert copies.check(newer).ok


def test_a_full_disk_here(backups: Backups, small_disk: Path, tmp_path: Path) -> None:
    """A pull says how much it takes before it begins; nothing half is left."""
    usb = tmp_path / "usb"
    usb.mkdir()
    offsite(backups, FolderPlace(usb)).push(backups.add(size=3_000_000))
    wiped = Offsite(FolderPlace(usb), small_disk, clock=lambda: START)
    with pytest.raises(OffsiteError) as caught:
        wiped.pull()
    assert caught.value.trouble is Trouble.LOCAL_FULL
    assert "3000000 bytes are needed" in str(caught.value)
    assert list(small_disk.iterdir()) == []


def test_a_disk_here_that_fills_at_any_write(backups: Backups, tmp_path: Path) -> None:
    """Whichever write of a pull fails: no manifest without its archives, and the next completes."""
    usb = tmp_path / "usb"
    usb.mkdir()
    backups.add()
    newest = backups.add()
    offsite(backups, FolderPlace(usb)).push(newest)
    for at in range(1, 40):
        folder = tmp_path / f"wiped{at}"
        disk = full(at)
        try:
            Offsite(FolderPlace(usb), folder, clock=lambda: START, disk=disk).pull()
        except OffsiteError as error:
            assert error.trouble is Trouble.LOCAL_FULL  # noqa: PT017
        else:
            break
        left = set(content(folder))
        assert manifest_name(newest.id) not in left or left == files_of(newest)
        assert not any(path.name.endswith(".tmp") for path in folder.iterdir())
        assert Offsite(FolderPlace(usb), folder, clock=lambda: START).pull().id == newest.id
    assert disk.calls < at
    assert at > 9


def test_a_disk_there_that_fails_at_any_call(backups: Backups, tmp_path: Path) -> None:
    """Whichever call of a push fails: every manifest there has its archives, the next completes."""
    backups.add()
    newest = backups.add()
    for at in range(1, 60):
        usb = tmp_path / f"usb{at}"
        usb.mkdir()
        disk = full(at)
        try:
            offsite(backups, FolderPlace(usb, disk=disk)).push(newest)
        except OffsiteError as error:
            assert error.trouble is Trouble.FULL  # noqa: PT017
        else:
            break
        left = set(content(usb))
        assert manifest_name(newest.id) not in left or files_of(newest) <= left
        copies = offsite(backups, FolderPlace(usb))
        copies.push(newest)
        assert copies.check(newest).ok
    assert at > 15


class Losing(FolderPlace):
    """A disk whose file goes once another one is there, as if somebody tidied up meanwhile."""

    def __init__(self, folder: Path, *, file: str, after: str) -> None:
        super().__init__(folder)
        self._lost = folder / file
        self._after = after

    def put(self, name: str, source: Path, content: Stored) -> None:
        """Lose it."""
        super().put(name, source, content)
        if name == self._after:
            self._lost.unlink()


def test_an_archive_that_goes_while_the_next_is_copied(backups: Backups, tmp_path: Path) -> None:
    """No manifest is put beside it, nor a list; the next push mends it."""
    usb = tmp_path / "usb"
    usb.mkdir()
    first = backups.add()
    offsite(backups, FolderPlace(usb)).push(first)
    newest = backups.add()
    assert newest.diff is not None
    losing = Losing(usb, file=newest.base.name, after=newest.diff.name)
    with pytest.raises(OffsiteError) as caught:
        offsite(backups, losing).push(newest)
    assert (caught.value.trouble, caught.value.name) == (Trouble.DAMAGED, newest.base.name)
    assert not any(newest.id in path.name for path in usb.glob("snap-*"))
    copies = offsite(backups, FolderPlace(usb))
    copies.push(newest)
    assert copies.check(newest).ok


@pytest.mark.parametrize("other", ["manifest", "list"])
def test_a_list_that_is_of_something_else(backups: Backups, tmp_path: Path, other: str) -> None:
    """Every byte agrees with it, and yet the snapshot is not there: a check says so."""
    usb = tmp_path / "usb"
    usb.mkdir()
    place = FolderPlace(usb)
    copies = offsite(backups, place)
    first, newest = backups.add(), backups.add()
    copies.push(first)
    copies.push(newest)
    path = usb / sums_name(newest.id)
    lines = path.read_text().splitlines(keepends=True)
    assert newest.diff is not None
    if other == "list":
        path.write_text("".join(one for one in lines if newest.diff.name not in one))
        damage = (newest.diff.name, Why.MISSING)
    else:
        manifest = manifest_name(newest.id)
        own, foreign = usb / manifest, usb / manifest_name(first.id)
        text = path.read_text().replace(sha256(own), sha256(foreign))
        path.write_text(text.replace(f"# {own.stat().st_size} ", f"# {foreign.stat().st_size} "))
        own.write_bytes(foreign.read_bytes())
        damage = (manifest, Why.CONTENT)
    assert [(one.name, one.why) for one in copies.check(newest).damaged] == [damage]


def test_somebody_elses_files_are_left_alone(backups: Backups, tmp_path: Path) -> None:
    """Pruning deletes what bears our names, and nothing else."""
    usb = tmp_path / "my disk é"
    usb.mkdir()
    for name in ("holiday.jpg", "base-camp.txt", "snap-20269999T999999Z.json.zst", ".hidden"):
        (usb / name).write_bytes(b"mine")
    (usb / "folder").mkdir()
    place = open_place(Target(url=f"file://{str(usb).replace(' ', '%20')}"))
    copies = Offsite(place, backups.folder, clock=lambda: START)
    for _ in range(3):
        copies.push(backups.add(base=True))
    copies.prune(())
    left = {path.name for path in usb.iterdir()}
    assert {"holiday.jpg", "base-camp.txt", ".hidden", "folder"} <= left
    assert "snap-20269999T999999Z.json.zst" in left
    assert len(copies.list()) == 1
