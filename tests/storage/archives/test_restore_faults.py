import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.archives import names
from storage.archives.errors import BackupError, RefusedError
from storage.archives.restore.places import PREFIX
from storage.archives.store import BackupStore
from tests.storage.archives.faulty import WRITES, Counted, deadly, failing
from tests.storage.archives.mounted import Bound, Pretence
from tests.storage.archives.tracker import Tracker, read

ALL: tuple[str, ...] = ()
FILES = ("data/*/*.json", "state.json")
MOST_CALLS = 1000  # far more than a restore of so few files makes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")


WAYS = pytest.mark.parametrize(
    ("only", "mounted"),
    [(ALL, False), (FILES, False), (ALL, True), (FILES, True)],
    ids=["whole", "files", "whole volume", "files in a volume"],
)


class Quick(Counted):
    """A counting disk that leaves the flushing to the system: a killed process loses none of it."""

    def sync(self, handle: int) -> None:  # noqa: ARG002
        self.step("sync")

    def sync_folder(self, folder: Path) -> None:  # noqa: ARG002
        self.step("sync_folder")


class Volumes(Bound, Quick):
    """The same, where both roots are mount points."""

    def __init__(self, at: Callable[[int, str], None], pretence: Pretence) -> None:
        Quick.__init__(self, at)
        self.pretence = pretence


def disk(tracker: Tracker, at: Callable[[int, str], None] = lambda _, __: None) -> Quick:
    """A disk as that tracker is to have, where that happens at each call."""
    listed = tracker.top / "mounts"
    if not listed.exists():
        return Quick(at)
    return Volumes(at, Pretence((tracker.data, tracker.state), listed))


class World:
    """A tracker with one snapshot, changed since; restored in a copy, again and again."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._copies = 0
        self.tracker = Tracker(top / "original")
        for name in ("data/a.json", "data/galxe/b.json", "data/galxe/deep/c.json"):
            self.tracker.write(name, f'["then {name}"]')
        self.tracker.write("data/empty", b"")
        self.tracker.write("state/state.json", '{"at": "then"}')
        self.id = self.tracker.create().id
        self.then = self.tracker.contents()
        self.tracker.write("data/a.json", '["now"]')
        self.tracker.write("data/galxe/b.json", '["now"]')
        self.tracker.write("data/new/later.json", '["now"]')
        self.tracker.write("data/.env", "KEY=1")
        self.tracker.write("state/state.json", '{"at": "now"}')
        (self.tracker.data / "galxe/deep/c.json").unlink()
        self.now = self.tracker.contents()

    def expected(self, only: tuple[str, ...]) -> dict[str, bytes]:
        """What must be there after a restore."""
        if not only:
            return self.then | {"data/.env": b"KEY=1"}
        chosen = ("data/galxe/b.json", "data/galxe/deep/c.json", "state/state.json")
        return self.now | {name: self.then[name] for name in chosen}

    def copy(self, *, mounted: bool = False) -> Tracker:
        """The same world, untouched; its roots are mount points, as far as its disk knows."""
        self._copies += 1
        tracker = self.tracker.copy(self._top / str(self._copies))
        if mounted:
            (tracker.top / "mounts").touch()
        return tracker

    def nothing_lost(self, tracker: Tracker) -> None:
        """Assert that every file there was is still somewhere, and nothing of ours is left."""
        there = [path for path in tracker.top.rglob("*") if path.is_file()]
        content = {path.read_bytes() for path in there if "backups" not in path.parts}
        assert set(self.now.values()) <= content

    def clean(self, tracker: Tracker) -> None:
        """Assert that neither journal nor staging is left."""
        assert not [path.name for path in tracker.top.rglob("*") if PREFIX in path.name]


def there_now(tracker: Tracker) -> dict[str, bytes]:
    """What a tracker sees of its files: nothing that a restore keeps in them."""
    found = tracker.contents().items()
    return {path: content for path, content in found if names.WORK not in path}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("restores"))


def with_disk(tracker: Tracker, at: Callable[[int, str], None]) -> BackupStore:
    """The store on a disk where that happens at each call."""
    tracker.disk = disk(tracker, at)
    store = tracker.store
    tracker.disk = disk(tracker)
    return store


def killed(job: Callable[[], object]) -> bool:
    """Run it in a child process; tell whether that was killed."""
    child = os.fork()
    if child == 0:
        try:
            job()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def each_call(step: int = 1) -> Iterator[int]:
    yield from range(1, MOST_CALLS, step)
    pytest.fail("a restore of so few files makes no such number of calls")


@pytest.mark.process
@WAYS
def test_killed_at_any_call_it_is_all_old_or_all_new(
    world: World, only: tuple[str, ...], *, mounted: bool
) -> None:
    """After `resume` no root is half restored, no file is lost; a second run restores it all."""
    outcomes = set()
    for nth in each_call():
        tracker = world.copy(mounted=mounted)
        dying = with_disk(tracker, deadly(nth)._at)
        if not killed(lambda: dying.restore(world.id, None, only=only)):  # noqa: B023
            break
        resumed = tracker.store.resume()
        there = there_now(tracker)
        assert there in (world.now, world.expected(only)), f"half restored at call {nth}"
        new = there == world.expected(only)
        assert all((each.outcome == "finished") == new for each in resumed)
        outcomes.add(new)
        world.nothing_lost(tracker)
        if not new and nth % 3:
            continue  # the next of three goes on
        if not new or nth % 7 == 0:
            assert tracker.store.restore(world.id, None, only=only).complete
        assert there_now(tracker) == world.expected(only)
        world.nothing_lost(tracker)
        world.clean(tracker)
    assert outcomes == {False, True}


@pytest.mark.process
def test_killed_while_it_fills_a_new_folder(world: World) -> None:
    """The same restore to the same folder goes on, from wherever it was, and is then whole."""
    tracker = world.copy()
    for nth in each_call(step=3):
        to = tracker.top / f"to-{nth}"
        dying = with_disk(tracker, deadly(nth)._at)
        if not killed(lambda: dying.restore(world.id, to)):  # noqa: B023
            break
        if any(to.glob("state/*")):  # the first journal is the last to go
            assert (to / f"{PREFIX}data.json").exists() or any(to.glob("data/*"))
        try:
            assert tracker.store.restore(world.id, to).complete
        except RefusedError as refused:  # it was whole, and only to be told
            assert refused.why == "occupied"  # noqa: PT017
        assert read(to, ("data", "state")) == world.then
        assert {path.name for path in to.iterdir()} == {"data", "state"}


@pytest.mark.process
@pytest.mark.parametrize("mounted", [False, True], ids=["swap", "volume"])
def test_killed_again_while_it_resumes(world: World, *, mounted: bool) -> None:
    """A crash at every call of the resumption itself loses nothing either."""
    torn = world.copy(mounted=mounted)
    swaps = 0

    def between(_: int, name: str) -> None:
        nonlocal swaps
        swaps += name == "replace"
        if swaps == 8:  # two journals, twice, then each root aside and in: this is amidst those
            os.kill(os.getpid(), signal.SIGKILL)

    assert killed(lambda: with_disk(torn, between).restore(world.id, None))
    assert there_now(torn) not in (world.now, world.expected(ALL))
    for nth in each_call():
        tracker = torn.copy(torn.top.with_name(f"again-{mounted}-{nth}"))
        tracker.disk = disk(tracker)
        if not killed(with_disk(tracker, deadly(nth)._at).resume):
            break
        tracker.store.resume()
        assert there_now(tracker) == world.expected(ALL)
        world.nothing_lost(tracker)
        world.clean(tracker)


@WAYS
@pytest.mark.parametrize("stays", [False, True], ids=["EIO once", "ENOSPC for good"])
def test_a_failing_call_leaves_all_old_or_all_new(
    world: World, only: tuple[str, ...], *, mounted: bool, stays: bool
) -> None:
    """Whatever call fails, once or from then on: a BackupError or a true result, never a loss."""
    told: list[str] = []
    for nth in each_call():
        tracker = world.copy(mounted=mounted)
        at = _from(nth, errno.ENOSPC) if stays else failing(nth, errno.EIO)._at
        store = with_disk(tracker, at)
        try:
            result = store.restore(world.id, None, only=only)
        except BackupError as error:
            told.append(str(error))
        else:
            if result.placed:
                assert there_now(tracker) == world.expected(only)
            assert isinstance(store.disk, Counted)
            counted = [name for name in store.disk.calls if not stays or name in WRITES]
            if len(counted) < nth:
                assert result.complete
                break
        tracker.store.resume()
        there = there_now(tracker)
        assert there in (world.now, world.expected(only)), f"at call {nth}"
        world.nothing_lost(tracker)
        if there == world.now and nth % 3:
            continue  # the next of three goes on
        assert tracker.store.restore(world.id, None, only=only).complete
        assert there_now(tracker) == world.expected(only)
        world.nothing_lost(tracker)
        world.clean(tracker)
    assert told
    assert not [text for text in told if str(tracker.top.parent) in text]


def _from(nth: int, number: int) -> Callable[[int, str], None]:
    """From the n-th call that writes on, every one of these fails."""
    seen = 0

    def at(_: int, name: str) -> None:
        nonlocal seen
        seen += name in WRITES
        if seen >= nth and name in WRITES:
            raise OSError(number, os.strerror(number), name)

    return at
