import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage import files

ROOT = Path(__file__).parents[2]


def test_a_write_replaces_the_file_and_keeps_the_previous(tmp_path: Path) -> None:
    """The old content stays under the other name; nothing else is left behind."""
    path, previous = tmp_path / "a", tmp_path / "a.prev"
    files.write_atomic(path, b"one", previous=previous)
    assert not previous.exists()
    files.write_atomic(path, b"two", previous=previous)
    assert (path.read_bytes(), previous.read_bytes()) == (b"two", b"one")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "a.prev"]


def test_what_a_killed_writer_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """Half-made temporary files are written over."""
    path, previous = tmp_path / "a", tmp_path / "a.prev"
    for name in (".a.tmp", ".a.prev.tmp"):
        (tmp_path / name).write_bytes(b"half")
    for content in (b"one", b"two"):
        files.write_atomic(path, content, previous=previous)
    (tmp_path / ".a.prev.tmp").write_bytes(b"half")
    files.write_atomic(path, b"three", previous=previous)
    assert (path.read_bytes(), previous.read_bytes()) == (b"three", b"two")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "a.prev"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_a_written_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """The state names chats and people."""
    files.write_atomic(tmp_path / "a", b"one")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """The write fails on the temporary file, which goes away."""
    path = tmp_path / "a"
    files.write_atomic(path, b"one")
    (tmp_path / ".a.tmp").symlink_to("/dev/full")
    with pytest.raises(OSError, match="space") as caught:
        files.write_atomic(path, b"two")
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """Nobody's folder is created by the way."""
    with pytest.raises(FileNotFoundError):
        files.write_atomic(tmp_path / "no" / "a", b"one")


def test_sha256_is_that_of_the_content(tmp_path: Path) -> None:
    """Also of a file longer than one piece."""
    content = os.urandom(files.CHUNK_BYTES + 5)
    (tmp_path / "a").write_bytes(content)
    assert files.sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_a_lock_is_held_once_and_says_by_whom(tmp_path: Path) -> None:
    """A second one is refused with the holder's process id, and free after the release."""
    path = tmp_path / "lock"
    first, second = files.ProcessLock(path), files.ProcessLock(path)
    with first:
        first.acquire()
        with pytest.raises(files.LockedError) as caught:
            second.acquire()
        assert caught.value.pid == os.getpid()
    first.release()
    with second:
        assert second.holder() == os.getpid()


@pytest.mark.process
def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    """The kernel drops it, whatever the file still says."""
    path = tmp_path / "lock"
    program = (
        "import sys; from pathlib import Path; from storage.files import ProcessLock\n"
        "ProcessLock(Path(sys.argv[1])).acquire(); print('held', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"held"
        with pytest.raises(files.LockedError) as caught:
            files.ProcessLock(path).acquire()
        assert caught.value.pid == child.pid
        child.kill()
        child.wait()
    with files.ProcessLock(path) as lock:
        assert lock.holder() == os.getpid()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"12x"])
def test_an_unreadable_holder_is_nobody(tmp_path: Path, content: bytes) -> None:
    """The name is a help; the lock itself is the kernel's."""
    path = tmp_path / "lock"
    path.write_bytes(content)
    assert files.ProcessLock(path).holder() is None
    assert files.ProcessLock(tmp_path / "none").holder() is None
