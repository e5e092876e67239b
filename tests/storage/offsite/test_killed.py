"""A process that is killed, or whose clock is wrong, while it copies; and what a copy costs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from storage.archives.manifest import manifest_name
from storage.offsite.copies import Offsite
from storage.offsite.folder import FolderPlace
from tests.storage.offsite import servers
from tests.storage.offsite.backups import START, Backups, content, files_of
from tests.storage.offsite.servers import BUCKET, HOST, ROOT, Line, Server

pytestmark = pytest.mark.process
MODULE = "tests.storage.offsite.child"


def child(*words: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*before, sys.executable, "-m", MODULE, *words],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_pull_killed_at_any_disk_call(backups: Backups, tmp_path: Path) -> None:
    """Of the files here each is whole, the manifest comes last, and the next pull completes."""
    usb, wiped = tmp_path / "usb", tmp_path / "wiped"
    usb.mkdir()
    wiped.mkdir()
    backups.add()
    newest = backups.add()
    Offsite(FolderPlace(usb), backups.folder, clock=lambda: START).push(newest)
    here = content(backups.folder)
    with child("killed", "pull", str(wiped), str(usb)) as process:
        said, errors = process.communicate()
    assert errors == ""
    assert int(said) > 25
    for at in range(1, int(said) + 1):
        folder = wiped / str(at)
        if folder.is_dir():
            left = {name: one for name, one in content(folder).items() if ".tmp" not in name}
            assert all(one == here[name] for name, one in left.items())
            assert manifest_name(newest.id) not in left or set(left) == files_of(newest)
        Offsite(FolderPlace(usb), folder, clock=lambda: START).pull()
        assert set(content(folder)) == files_of(newest)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_push_killed_at_any_disk_call(backups: Backups, tmp_path: Path) -> None:
    """No manifest there without its archives, and the next push completes."""
    usb = tmp_path / "usb"
    usb.mkdir()
    backups.add()
    newest = backups.add()
    here = content(backups.folder)
    with child("killed", "push", str(usb), str(backups.folder)) as process:
        said, errors = process.communicate()
    assert errors == ""
    assert int(said) > 40
    for at in range(1, int(said) + 1):
        left = content(usb / str(at))
        ours = {name: one for name, one in left.items() if name in here}
        assert all(one == here[name] for name, one in ours.items())
        assert manifest_name(newest.id) not in ours or set(ours) == files_of(newest)
        (backups.folder / "offsite.json").unlink(missing_ok=True)
        copies = Offsite(FolderPlace(usb / str(at)), backups.folder, clock=lambda: START)
        copies.push(newest)
        assert copies.check(newest).ok
        assert not any(".tmp" in name for name in content(usb / str(at)))


@pytest.mark.parametrize("after", [100_000, 6_000_000, 11_000_000])
def test_an_upload_killed_on_its_way(
    backups: Backups, server: Server, line: Line, prefix: str, after: int
) -> None:
    """Nothing is there under its name before all of it is; the next push completes."""
    manifest = backups.add(size=12_000_000)
    direct = Offsite(servers.bucket(server.port, prefix), backups.folder, clock=lambda: START)
    line.stop_after = after
    url = f"s3://{BUCKET}/{prefix}"
    endpoint = f"http://{HOST}:{line.port}"
    with child("push", url, endpoint, str(backups.folder)) as process:
        assert line.stopped.wait(20)
        process.kill()
    line.heal()
    assert servers.bucket(server.port, prefix).names() == {}
    direct.push(manifest)
    assert direct.check(manifest).ok


def test_a_clock_that_is_wrong(backups: Backups, s3rver: Server, prefix: str) -> None:
    """The server refuses a signature of yesterday: the error says to set the clock."""
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed")
    backups.add()
    url = f"s3://{BUCKET}/{prefix}"
    yesterday = ("faketime", "-f", "-1d")
    with child("push", url, s3rver.url, str(backups.folder), before=yesterday) as process:
        _, said = process.communicate()
    assert "set its time (RequestTimeTooSkewed)" in said
    assert url in said


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory in kB, as Linux does")
def test_a_large_archive_takes_little_memory(backups: Backups, server: Server, prefix: str) -> None:
    """64 MB bound the whole process, whatever the archive's size."""
    backups.add(size=64_000_000)
    url = f"s3://{BUCKET}/{prefix}"
    with child("push", url, server.url, str(backups.folder)) as process:
        said, errors = process.communicate()
    assert errors == ""
    assert int(said) < 64_000


def test_who_sets_no_destination_pays_nothing() -> None:
    """Neither library is loaded until a destination, or a key, is opened."""
    script = (
        "import sys\n"
        "import storage.offsite.opening as opening\n"
        "from storage.offsite.target import Target\n"
        "heavy = lambda: sorted({'obstore', 'pyrage'} & set(sys.modules))\n"
        "print(heavy())\n"
        "opening.open_place(Target(url='file:///x'))\n"
        "print(heavy())\n"
        "opening.open_place(Target(url='s3://x', key_id='a', secret='b'))\n"
        "print(heavy())\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == ["[]", "[]", "['obstore']"]
