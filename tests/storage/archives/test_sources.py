"""Files that are no good to back up: in motion, unreadable, torn, no files, or oddly named."""

import errno
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.archives.create.steady import LARGE_BYTES
from storage.archives.disk import Disk, Entry
from storage.archives.errors import OthersError
from storage.archives.manifest import Flag, Note
from tests.storage.archives.tracker import NIGHT, Tracker

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links")


class Meddling(Disk):
    """Somebody else is at work on one file: `before` it is opened, or once it was `read`."""

    def __init__(
        self,
        path: Path,
        *,
        before: Callable[[Path], object] | None = None,
        reading: Callable[[Path], object] | None = None,
        times: int = 1,
    ) -> None:
        self._path = path
        self._before = before
        self._reading = reading
        self._left = times
        self._handle = -1

    def open(self, path: Path | str) -> int:
        """Meddle before it is opened."""
        mine = str(path) == os.path.realpath(self._path)
        if mine and self._before is not None and self._left:
            self._left -= 1
            self._before(self._path)
        handle = super().open(path)
        if mine:
            self._handle = handle
        return handle

    def read(self, handle: int, most: int) -> bytes:
        """Meddle once something was read."""
        piece = super().read(handle, most)
        if handle == self._handle and self._reading is not None and self._left:
            self._left -= 1
            self._handle = -1
            self._reading(self._path)
        return piece


class Refusing(Disk):
    """The system refuses one path."""

    def __init__(self, path: Path, number: int) -> None:
        self._path = os.path.realpath(path)
        self._number = number

    def _refuse(self, path: Path | str) -> None:
        if str(path) == self._path:
            raise OSError(self._number, os.strerror(self._number))

    def open(self, path: Path | str) -> int:
        """Refuse to open it."""
        self._refuse(path)
        return super().open(path)

    def entries(self, folder: Path | str) -> list[Entry]:
        """Refuse to list it."""
        self._refuse(folder)
        return super().entries(folder)


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    """Two files."""
    tracker = Tracker(tmp_path)
    tracker.write("data/a.json", '{"a": 1}')
    tracker.write("data/b.json", "[1, 2]")
    return tracker


def grow(path: Path, more: int = 1) -> None:
    """Write on."""
    with path.open("ab") as file:
        file.write(b" " * more)


def shrink(path: Path) -> None:
    """Cut it."""
    os.truncate(path, 3)


def rewrite(path: Path) -> None:
    """Write other content of the same size over it."""
    size = path.stat().st_size
    path.write_bytes(b"9" * size)


def swap(path: Path) -> None:
    """Put another file in its place, as careful programs do."""
    other = path.with_name("other.tmp")
    other.write_bytes(b"[7]")
    other.replace(path)


def link(path: Path) -> None:
    """Put a link to another file in its place."""
    path.unlink()
    path.symlink_to("b.json")


def pipe(path: Path) -> None:
    """Put a pipe in its place."""
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("meddle", [grow, rewrite, swap])
def test_a_file_that_changes_once_while_it_is_read_is_read_again(
    tracker: Tracker, meddle: Callable[[Path], None]
) -> None:
    """The second reading is the one that counts, or the whole older file that was open."""
    path = tracker.data / "a.json"
    old = path.read_bytes()
    tracker.disk = Meddling(path, reading=meddle)
    made = tracker.create()
    assert tracker.restored(made.manifest)["data/a.json"] in {path.read_bytes(), old}
    assert not made.manifest.partial
    tracker.disk = Disk()
    again = tracker.create()
    assert tracker.restored(again.manifest) == tracker.contents()


def test_a_file_that_shrinks_while_it_is_read_is_read_again(tracker: Tracker) -> None:
    """A torn file is stored as it is, and said."""
    tracker.disk = Meddling(tracker.data / "a.json", reading=shrink)
    made = tracker.create()
    assert tracker.restored(made.manifest)["data/a.json"] == b'{"a'
    assert [(note.path, note.flag) for note in made.notes] == [("data/a.json", Flag.INVALID_JSON)]


@pytest.mark.parametrize("large", [False, True])
def test_a_file_in_motion_is_carried_over_from_the_base(tracker: Tracker, *, large: bool) -> None:
    """The version of the night before, flagged; nothing was copied."""
    tracker.create()
    path = tracker.data / "a.json"
    grow(path, LARGE_BYTES if large else 1)
    tracker.disk = Meddling(path, reading=grow, times=99)
    made = tracker.create()
    assert made.notes == (Note("data/a.json", Flag.UNSTABLE, "changed while it was read"),)
    assert made.manifest.partial
    assert made.manifest.diff is None
    assert tracker.restored(made.manifest)["data/a.json"] == b'{"a": 1}'
    tracker.disk = Disk()
    healed = tracker.create()
    assert healed.manifest.clean
    assert tracker.restored(healed.manifest) == tracker.contents()


def test_a_file_in_motion_is_carried_over_from_the_differential(tracker: Tracker) -> None:
    """Copied out of last night's differential into tonight's; and into a new base, too."""
    tracker.create()
    path = tracker.write("data/a.json", "[2]")
    tracker.create()
    grow(path)
    tracker.disk = Meddling(path, reading=grow, times=99)
    for later in (NIGHT, 9 * NIGHT):
        made = tracker.create(later)
        assert made.base == (later > NIGHT)
        assert made.notes == (Note("data/a.json", Flag.UNSTABLE, "changed while it was read"),)
        assert tracker.restored(made.manifest)["data/a.json"] == b"[2]"


def test_a_version_that_cannot_be_carried_over_is_said_to_be_missing(tracker: Tracker) -> None:
    """The differential it lay in was damaged in the meantime."""
    tracker.create()
    path = tracker.write("data/a.json", "[2]")
    second = tracker.create()
    assert second.manifest.diff is not None
    diff = tracker.backups / second.manifest.diff.name
    content = diff.read_bytes()
    diff.write_bytes(content[:30] + bytes([content[30] ^ 255]) + content[31:])
    grow(path)
    tracker.disk = Meddling(path, reading=grow, times=99)
    made = tracker.create()
    assert {note.flag for note in made.notes} == {Flag.UNSTABLE, Flag.MISSING}
    assert "data/a.json" not in tracker.restored(made.manifest)


def test_a_new_file_in_motion_is_missing(tracker: Tracker) -> None:
    """There is no earlier version."""
    path = tracker.data / "a.json"
    tracker.disk = Meddling(path, reading=grow, times=99)
    made = tracker.create()
    assert made.notes == (Note("data/a.json", Flag.MISSING, "changed while it was read"),)
    assert tracker.restored(made.manifest).keys() == {"data/b.json"}


def test_a_file_that_vanishes_is_gone(tracker: Tracker) -> None:
    """Deleted between listing and reading: as if it had been deleted before."""
    tracker.create()
    path = tracker.write("data/a.json", "[2]")
    tracker.disk = Meddling(path, before=Path.unlink)
    made = tracker.create()
    assert not made.notes
    assert made.manifest.gone == ("data/a.json",)
    assert tracker.restored(made.manifest) == tracker.contents()


@posix
@pytest.mark.parametrize(("meddle", "said"), [(link, "link"), (pipe, "pipe")])
def test_what_is_swapped_in_for_a_file_is_not_read(
    tracker: Tracker, meddle: Callable[[Path], None], said: str
) -> None:
    """A link is not followed, a pipe is not waited for."""
    tracker.disk = Meddling(tracker.data / "a.json", before=meddle)
    made = tracker.create()
    assert made.notes == (Note("data/a.json", Flag.SPECIAL, said),)
    assert tracker.restored(made.manifest).keys() == {"data/b.json"}


@posix
def test_what_is_no_file_is_said(tracker: Tracker, tmp_path: Path) -> None:
    """A pipe, links to a file, a folder and nowhere, a socket: named, never stored, no doubt."""
    os.mkfifo(tracker.data / "pipe")
    (tracker.data / "link").symlink_to("a.json")
    (tracker.data / "folder").symlink_to(tmp_path)
    (tracker.data / "nowhere").symlink_to("nothing")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tracker.data)  # a socket's path may have 108 bytes
        server.bind("socket")
        os.chdir(here)
    made = tracker.create()
    assert {note.path.removeprefix("data/"): note.detail for note in made.notes} == {
        "pipe": "pipe",
        "link": "link",
        "folder": "link",
        "nowhere": "link",
        "socket": "socket",
    }
    assert made.manifest.clean
    assert tracker.restored(made.manifest).keys() == {"data/a.json", "data/b.json"}


def test_a_root_may_be_a_link(tracker: Tracker) -> None:
    """Where the owner put it elsewhere."""
    tracker.data.rename(tracker.top / "elsewhere")
    tracker.data.symlink_to("elsewhere")
    made = tracker.create()
    assert tracker.restored(made.manifest).keys() == {"data/a.json", "data/b.json"}


def test_another_vigies_backups_are_left_alone(tracker: Tracker, tmp_path: Path) -> None:
    """Both would thin out the other's; folders that were moved are no other Vigie's."""
    tracker.create()
    other = Tracker(tmp_path / "other")
    other.write("data/b.json", "[1]")
    tracker.now += NIGHT
    store = tracker.store
    store.roots = other.store.roots
    store.create()  # these may be the same folders, copied elsewhere
    tracker.now += NIGHT
    store.create()
    with pytest.raises(OthersError, match="another BACKUP_DIR"):
        tracker.create()
    other.data.rename(other.top / "moved")
    tracker.create()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
def test_an_unreadable_file_is_carried_over(tracker: Tracker, number: int) -> None:
    """With the system's word for it."""
    tracker.create()
    path = tracker.write("data/a.json", "[2]")
    tracker.disk = Refusing(path, number)
    made = tracker.create()
    assert made.notes == (Note("data/a.json", Flag.UNREADABLE, os.strerror(number)),)
    assert tracker.restored(made.manifest)["data/a.json"] == b'{"a": 1}'


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_carried_over(tracker: Tracker) -> None:
    """The same by the system itself."""
    tracker.create()
    tracker.write("data/a.json", "[2]").chmod(0)
    made = tracker.create()
    assert [note.flag for note in made.notes] == [Flag.UNREADABLE]


@pytest.mark.parametrize("folder", ["data", "data/sub"])
def test_an_unreadable_folder_is_not_an_empty_one(tracker: Tracker, folder: str) -> None:
    """What it held the night before is carried over."""
    tracker.write("data/sub/c.json", "3")
    tracker.create()
    tracker.disk = Refusing(tracker.top / folder, errno.EACCES)
    made = tracker.create()
    assert made.notes == (Note(folder, Flag.UNREADABLE, os.strerror(errno.EACCES)),)
    assert tracker.restored(made.manifest) == tracker.contents()


@pytest.mark.parametrize(
    ("content", "sound"),
    [
        (b"{}", True),
        (b'[NaN, -Infinity, Infinity, "NaN"]', True),
        (b'["\\ud800", "\\\\ud800", NaN]', True),
        (b"\xef\xbb\xbf[]", True),
        ('{"é": 1}'.encode("utf-16"), True),
        (b"", False),
        (b'{"a": [1, 2', False),
        (b'"\xff"', False),
        (b"{} {}", False),
        (b"[" * 100_000, False),
    ],
)
@pytest.mark.parametrize("large", [False, True])
def test_json_is_looked_into(tracker: Tracker, content: bytes, *, sound: bool, large: bool) -> None:
    """What Python writes and reads is sound; what is torn is stored as it is, and said."""
    space = b" \0" if content.endswith(b"\0") else b" "
    tracker.write("data/a.json", content + LARGE_BYTES * large * space)
    made = tracker.create()
    flags = [(note.path, note.flag) for note in made.notes]
    assert flags == ([] if sound else [("data/a.json", Flag.INVALID_JSON)])
    assert made.manifest.members[0].checked == sound
    assert made.manifest.clean == sound
    assert tracker.restored(made.manifest) == tracker.contents()


def test_torn_json_is_said_until_it_is_whole(tracker: Tracker) -> None:
    """Each night anew, though it is read no more; and no longer once it is whole."""
    tracker.write("data/a.json", '{"a"')
    first = tracker.create()
    assert tracker.create().notes == first.notes
    tracker.write("data/a.json", '{"a": 3}')
    assert tracker.create().manifest.clean


def test_json_that_is_being_written_is_read_once_more_at_the_end(tracker: Tracker) -> None:
    """Half of it was there at first."""
    path = tracker.write("data/a.json", '{"a"')
    other = tracker.data / "b.json"
    tracker.disk = Meddling(other, before=lambda _: path.write_text('{"a": 4}'))
    made = tracker.create()
    assert made.manifest.clean
    assert tracker.restored(made.manifest)["data/a.json"] == b'{"a": 4}'


def test_a_log_without_its_database_is_a_file(tracker: Tracker) -> None:
    """Nothing of its name is there: it is stored like any other."""
    tracker.write("data/lost.sqlite-wal", "rows")
    assert "data/lost.sqlite-wal" in tracker.restored(tracker.create().manifest)


def test_what_is_no_json_is_not_looked_into(tracker: Tracker) -> None:
    """An empty file and any bytes, by other names."""
    tracker.write("data/empty", b"")
    tracker.write("data/x.log", b"\xff\xfe{")
    made = tracker.create()
    assert made.manifest.clean
    assert tracker.restored(made.manifest) == tracker.contents()


@posix
def test_odd_names_come_back(tracker: Tracker) -> None:
    """No UTF-8, 255 bytes, line ends, backslashes, a deep path, and what looks like an option."""
    names = [
        b"caf\xe9.json",
        b"n" * 255,
        b"line\nend",
        b"return\rin it\r",
        b"back\\slash",
        b"\\udce9",
        b"-rf",
        b" space ",
        "日本.json".encode(),
        b"/".join([b"d" * 200] * 5) + b"/file",
    ]
    for number, name in enumerate(names):
        path = os.fsencode(tracker.data) + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 (bytes)
        Path(os.fsdecode(path)).write_text(str(number))
    made = tracker.create()
    assert len(made.manifest.members) == 2 + len(names)
    assert tracker.restored(made.manifest) == tracker.contents()
    for name in names[:-1]:
        Path(os.fsdecode(os.fsencode(tracker.data) + b"/" + name)).unlink()
    made = tracker.create()
    assert tracker.restored(made.manifest) == tracker.contents()
    assert len(made.manifest.gone) == len(names) - 1
