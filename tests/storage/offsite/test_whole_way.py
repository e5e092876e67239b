"""From the tracker's files to a machine that lost all of them: by Vigie, and by hand."""

import hashlib
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pyrage.x25519 import Identity

from storage.archives.keep.retention import Policy
from storage.archives.store import BackupStore
from storage.offsite.copies import Offsite
from storage.offsite.place import Place
from storage.offsite.sealing import Seal
from storage.offsite.sums import sums_name
from tests.storage.offsite.backups import START

KEY = Identity.generate()
SEAL = Seal([str(KEY.to_public())], str(KEY))
TOOLS = ("age", "zstd", "tar", "xargs", "sha256sum", "sh")


class Machine:
    """A data folder, its backups, and their copies, over two days."""

    def __init__(self, home: Path, place: Place) -> None:
        self.now = START
        self.data = home / "data"
        self.folder = home / "backups"
        for folder in (self.data / "old", self.folder):
            folder.mkdir(parents=True)
        self.copies = Offsite(place, self.folder, clock=self.clock, seal=SEAL)
        self.store = BackupStore(
            self.folder, {"data": self.data}, clock=self.clock, policy=Policy()
        )

    def clock(self) -> datetime:
        return self.now

    def live(self) -> str:
        """Back up, change, add and delete, back up again; return the newest snapshot's id."""
        for number in range(20):
            (self.data / "old" / f"{number}.json").write_text(f'{{"n": {number}}}')
        self.copies.push(self.store.create().manifest)
        self.now += timedelta(days=1)
        (self.data / "old" / "3.json").write_text('{"n": "changed"}')
        (self.data / "old" / "4.json").unlink()
        (self.data / "naïve name.json").write_text("[1, 2]")
        newest = self.store.create().manifest
        assert newest.diff is not None
        self.copies.push(newest)
        return newest.id


def tree(folder: Path) -> dict[str, str]:
    """Return every file below a folder, with its hash."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_machine_that_lost_everything(place: Place, tmp_path: Path) -> None:
    """Pull and restore bring back every file as it was, and none that was deleted."""
    machine = Machine(tmp_path / "first", place)
    newest = machine.live()
    before = tree(machine.data)
    home = tmp_path / "second"
    home.mkdir()
    pulled = Offsite(place, home / "backups", clock=machine.clock, seal=SEAL).pull()
    assert pulled.id == newest
    store = BackupStore(
        home / "backups", {"data": home / "data"}, clock=machine.clock, policy=Policy()
    )
    assert store.verify("all").bad == ()
    assert store.restore("latest", home / "restored").complete
    assert tree(home / "restored" / "data") == before


@pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}"
)
def test_a_person_with_nothing_but_the_copies(place: Place, tmp_path: Path) -> None:
    """The commands of the RESTORE.txt that lies beside the copies, with the names put in."""
    machine = Machine(tmp_path / "first", place)
    newest = machine.live()
    folder = tmp_path / "download"
    folder.mkdir()
    (folder / "key.txt").write_text(f"{KEY}\n")
    listed = b"".join(place.pieces(sums_name(newest))).decode()
    stored = [name for name in place.names() if name.endswith(".age") and name in listed]
    for name in (*stored, sums_name(newest), "RESTORE.txt"):
        (folder / name).write_bytes(b"".join(place.pieces(name)))
    steps = commands(folder, newest, stored)
    assert [step.split()[0] for step in steps] == [
        "sha256sum", "age", "age", "zstd", "zstd", "xargs", "sha256sum",
    ]  # fmt: skip
    for step in steps:
        subprocess.run(["sh", "-ec", step], cwd=folder, check=True, capture_output=True)
    assert tree(folder / "data") == tree(machine.data)


def commands(folder: Path, newest: str, stored: list[str]) -> list[str]:
    """Return the note's indented lines for this snapshot: its list, its base, its differential."""
    base, diff = (
        next(one for one in stored if one.startswith(kind)) for kind in ("base-", "diff-")
    )
    note = (folder / "RESTORE.txt").read_text()
    lines = [line.strip() for line in note.splitlines() if line.startswith("       ")]
    names = {
        "snap-20260102T030405Z.sha256": sums_name(newest),
        "base-20260101T030405Z.tar.zst.0a1b2c3d.age": base,
        "base-20260101T030405Z.tar.zst": base[: -len(".0a1b2c3d.age")],
        "diff-20260102T030405Z.tar.zst": diff[: -len(".0a1b2c3d.age")],
    }
    steps = []
    for line in lines:
        step = line
        for example, real in names.items():
            step = step.replace(example, real)
        steps.append(step)
        if step.startswith("age "):  # "and the same for the differential"
            steps.append(step.replace(base, diff).replace(base[:-13], diff[:-13]))
    return steps
