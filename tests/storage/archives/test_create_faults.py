"""Every call of the system fails once, and every call is somebody's last."""

import errno
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from storage.archives.disk import Disk
from storage.archives.errors import BackupError, NoSpaceError
from tests.storage.archives.faulty import CALLS, WRITES, deadly, failing
from tests.storage.archives.tracker import Tracker, leftovers

Contents = dict[str, bytes]


class Nights:
    """A tracker with two snapshots, a base and a differential, and changes since."""

    def __init__(self, top: Path) -> None:
        self.tracker = Tracker(top)
        self.known: dict[str, Contents] = {}
        self.tracker.write("data/a.json", '{"a": 1}')
        self.tracker.write("data/old.json", '"old"')
        self.tracker.write("state/vigie.json", "{}")
        self._keep()
        self.tracker.write("data/b.json", '"b"')
        self._keep()
        self.before = self.tracker.contents()
        self.tracker.write("data/a.json", '{"a": 2}')
        self.tracker.write("data/sub/c.json", '"c"')
        (self.tracker.data / "old.json").unlink()
        self.now = self.tracker.contents()

    def _keep(self) -> None:
        made = self.tracker.create()
        self.known[made.id] = self.tracker.contents()

    def judge(self, tracker: Tracker) -> bool:
        """Assert that nothing is lost or falsely good; tell whether there is a new snapshot."""
        listed = tracker.listed()
        assert {each.id for each in listed} >= self.known.keys()
        fresh = [each for each in listed if each.id not in self.known]
        for each in listed:
            assert each.broken == ""
            assert each.manifest is not None
            content = tracker.restored(tracker.store.manifest(each.id))
            if each.id in self.known:
                assert content == self.known[each.id]
            elif each.manifest.clean:
                assert content == self.now
            else:
                assert all(
                    content[path] in (self.now.get(path), self.before.get(path)) for path in content
                )
        return bool(fresh)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Made once; each case works on a copy."""
    return Nights(tmp_path_factory.mktemp("nights") / "here")


@pytest.fixture
def swift(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is such: thousands of flushes follow."""
    memory = Path("/dev/shm")  # noqa: S108
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def check(nights: Nights, tracker: Tracker) -> bool:
    """Judge, make the next snapshot, judge that; tell whether there was a new one before."""
    there = nights.judge(tracker)
    again = tracker.create()
    assert again.manifest.clean
    assert tracker.restored(again.manifest) == nights.now
    assert not leftovers(tracker.backups)
    assert tracker.store.verify("all").good
    return there


def trouble(tracker: Tracker) -> BackupError | None:
    """Make a snapshot; return why there is none, where there is none."""
    try:
        tracker.create()
    except BackupError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("number", "calls"),
    [
        (errno.EIO, frozenset(CALLS)),
        (errno.ENOSPC, WRITES),
        (getattr(errno, "EDQUOT", errno.ENOSPC), WRITES),
    ],
    ids=["EIO at every call", "ENOSPC at every write", "EDQUOT at every write"],
)
def test_a_call_that_fails_loses_nothing(
    nights: Nights, swift: Path, number: int, calls: frozenset[str]
) -> None:
    """Whichever fails, what there was restores; a new one is right, said to be in doubt, or not."""
    for nth in count(1):
        tracker = nights.tracker.copy(swift / str(nth))
        disk = failing(nth, number, calls)
        tracker.disk = disk
        error = trouble(tracker)
        if sum(name in calls for name in disk.calls) < nth:
            break
        tracker.disk = Disk()
        if error is not None:
            assert number == errno.EIO or isinstance(error, NoSpaceError)
            assert str(swift) not in str(error)
        assert check(nights, tracker) == (error is None)
    assert nth > (15 if calls is WRITES else 60)


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL and fork")
def test_a_kill_at_any_call_loses_nothing(nights: Nights, swift: Path) -> None:
    """A real process, really killed, at each of its calls in turn."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.archives.test_create_faults"])
    driver = context.Process(target=kill_at_each_call, args=(nights.tracker, swift))
    driver.start()
    driver.join()
    assert driver.exitcode == 0
    driver.close()
    killed = sorted(swift.iterdir(), key=lambda top: int(top.name))[:-1]
    assert len(killed) > 60
    tops = [Tracker(top, nights.tracker.now) for top in killed]
    published = [check(nights, tracker) for tracker in tops]
    assert published == sorted(published)
    assert any(published)


def kill_at_each_call(template: Tracker, folder: Path) -> None:
    """What a process without threads does: fork one for each call, until one survives."""
    for nth in count(1):
        tracker = template.copy(folder / str(nth))
        tracker.disk = deadly(nth)
        child = os.fork()
        if child == 0:
            tracker.create()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return
        assert os.WTERMSIG(status) == signal.SIGKILL
