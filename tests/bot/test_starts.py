"""Every way a start may find things: with the state of the newest backup, its own, or anew."""

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from bot import backup, health, homecoming, mending, report, restore, settings
from bot.cli import parser
from bot.keeping import bench
from bot.settings import Settings
from storage.archives import errors, zst
from storage.archives.disk import Disk
from storage.archives.listing import load
from storage.archives.manifest import Manifest, manifest_name
from storage.archives.workshop import Workshop
from storage.files import ProcessLock
from tests.storage.archives.mounted import volume

COMMANDS = {
    "backup": backup.main, "health": health.main, "report": report.main, "restore": restore.main,
}  # fmt: skip
FIRST, SECOND, OWN, ANEW = '{"night":1}', '{"night":2}', '{"today":{}}', None


@dataclass
class Machine:
    """A machine after two nights; `found` are its settings now."""

    top: Path
    found: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.found = settings.load(
            data_dir=self.top / "data", state_dir=self.top / "var",
            backup_dir=self.top / "backups", scraper_commands="no-such-scraper.py",
        )  # fmt: skip
        for text in (FIRST, SECOND):
            self.write("data/a.json", "[1]")
            self.write("data/b.json", f"[{text}]")
            self.write("var/state.json", text)
            self.write("var/history.sqlite", "not looked at here")
            self.make()
        self.write("var/state.json", OWN)

    def make(self) -> None:
        bench(self.found).store().create()

    def write(self, name: str, text: str) -> None:
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def wipe(self, *names: str) -> None:
        for name in names:
            shutil.rmtree(self.top / name)

    def run(self, *words: str) -> None:
        """Type a command, whatever comes of it."""
        arguments = parser().parse_args(words)
        COMMANDS[arguments.command](self.found, arguments)

    def start(self) -> str | None:
        """Do what `run` does before anything opens the state; return what it then opens."""
        mending.finish_restore(self.found)
        homecoming.come_home(self.found)
        for name in ("state.json", "state.json.prev"):
            if (self.found.state_dir / name).exists():
                return (self.found.state_dir / name).read_text()
        return ANEW

    @property
    def newest(self) -> Path:
        return max(self.found.backup_dir.glob("snap-*"))

    def spoil(self, pattern: str) -> None:
        """Turn a bit in the middle of each archive of that name."""
        for path in self.found.backup_dir.glob(pattern):
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)

    def rewrite(self, manifest: Manifest) -> None:
        packed = zst.packed(msgspec.json.encode(manifest))
        (self.found.backup_dir / manifest_name(manifest.id)).write_bytes(packed)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.chdir(tmp_path)
    return Machine(tmp_path)


def first_install(machine: Machine) -> None:
    machine.wipe("data", "var", "backups")


def second_start(machine: Machine) -> None:
    pass


def own_state_alone(machine: Machine) -> None:
    machine.wipe("data", "backups")


def previous_alone(machine: Machine) -> None:
    """The state was being replaced: the one before is taken, as ever."""
    (machine.top / "var/state.json").rename(machine.top / "var/state.json.prev")


def new_machine(machine: Machine) -> None:
    machine.wipe("data", "var")


def new_machine_with_other_folders(machine: Machine) -> None:
    machine.wipe("data", "var")
    (machine.top / "backups").rename(machine.top / "kept")
    changed = {"data_dir": "here/data", "state_dir": "here/var", "backup_dir": "kept"}
    paths = {name: machine.top / path for name, path in changed.items()}
    machine.found = machine.found.model_copy(update=paths)


def data_restored_first(machine: Machine) -> None:
    machine.wipe("data", "var")
    machine.run("restore", "--only", "data/*", "--yes")
    assert (machine.top / "data/a.json").exists()


def all_restored_first(machine: Machine) -> None:
    machine.wipe("data", "var")
    machine.run("restore", "--yes")


def an_earlier_one_restored_first(machine: Machine) -> None:
    machine.wipe("data", "var")
    earlier = min(machine.found.backup_dir.glob("snap-*")).name[5:21]
    machine.run("restore", earlier, "--yes")


def looked_at_first(machine: Machine) -> None:
    """It leaves a history, which is kept beside."""
    machine.wipe("data", "var")
    machine.run("health")
    assert (machine.top / "var/history.sqlite").exists()


def reported_first(machine: Machine) -> None:
    machine.wipe("data", "var")
    machine.run("report")


def backed_up_first(machine: Machine) -> None:
    """Without a state: that backup is not the one to take it from."""
    machine.wipe("data", "var")
    machine.write("data/c.json", "[]")
    machine.run("backup")
    assert len(list(machine.found.backup_dir.glob("snap-*"))) == 3


def state_deleted(machine: Machine) -> None:
    machine.wipe("var")


def state_file_deleted(machine: Machine) -> None:
    (machine.top / "var/state.json").unlink()


def begun_anew_on_purpose(machine: Machine) -> None:
    """As docs/operating.md has it."""
    machine.wipe("var")
    machine.write("var/state.json", "{}")


def data_lost(machine: Machine) -> None:
    """The newest backup is no help for the data, and the best for the state."""
    machine.wipe("data")
    machine.make()
    machine.wipe("var")


def newest_damaged(machine: Machine) -> None:
    machine.wipe("data", "var")
    machine.spoil("diff-*")


def newest_put_aside(machine: Machine) -> None:
    newest_damaged(machine)
    bench(machine.found).store().verify("all")


def newest_manifest_damaged(machine: Machine) -> None:
    machine.wipe("var")
    machine.newest.write_bytes(b"no manifest")


def newest_torn(machine: Machine) -> None:
    """Somebody wrote to the state by hand."""
    machine.write("var/state.json", "{")
    machine.make()
    machine.wipe("var")


def all_damaged(machine: Machine) -> None:
    machine.wipe("data", "var")
    machine.spoil("*.tar.zst")


def backups_away(machine: Machine) -> None:
    machine.wipe("var", "backups")


def no_backup_with_a_state(machine: Machine) -> None:
    machine.wipe("var", "backups")
    machine.make()


def of_another_vigie(machine: Machine) -> None:
    """A new one that was given the same BACKUP_DIR."""
    paths = {name: machine.top / "new" / name for name in ("data_dir", "state_dir")}
    machine.found = machine.found.model_copy(update=paths)


STARTS: list[tuple[Callable[[Machine], None], str | None]] = [
    (first_install, ANEW),
    (second_start, OWN),
    (own_state_alone, OWN),
    (previous_alone, OWN),
    (new_machine, SECOND),
    (new_machine_with_other_folders, SECOND),
    (data_restored_first, SECOND),
    (all_restored_first, SECOND),
    (an_earlier_one_restored_first, FIRST),
    (looked_at_first, SECOND),
    (reported_first, SECOND),
    (backed_up_first, SECOND),
    (state_deleted, SECOND),
    (state_file_deleted, SECOND),
    (begun_anew_on_purpose, "{}"),
    (data_lost, OWN),
    (newest_damaged, FIRST),
    (newest_put_aside, FIRST),
    (newest_manifest_damaged, FIRST),
    (newest_torn, SECOND),
    (all_damaged, ANEW),
    (backups_away, ANEW),
    (no_backup_with_a_state, ANEW),
    (of_another_vigie, ANEW),
]


@pytest.mark.parametrize(("found", "state"), STARTS)
def test_a_start(machine: Machine, found: Callable[[Machine], None], state: str | None) -> None:
    """Comes to the state it should, leaves nothing half done, and a second one changes nothing."""
    found(machine)
    assert machine.start() == state
    assert not [path.name for path in machine.top.rglob(".vigie-restore-*")]
    assert machine.start() == state


def test_a_first_start_makes_no_folder(machine: Machine) -> None:
    """Whoever looks for backups finds none, and leaves it at that."""
    first_install(machine)
    machine.start()
    assert not list(machine.top.iterdir())


def test_what_a_look_left_is_kept(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    """The log says where, and which state it is; the history is that of the backup."""
    looked_at_first(machine)
    with caplog.at_level(logging.WARNING, "vigie.homecoming"):
        machine.start()
    (kept,) = machine.top.glob("var.before-restore-*")
    assert (kept / "history.sqlite").exists()
    assert f"backup {machine.newest.name[5:21]}; what was there: {kept}" in caplog.text
    assert (machine.top / "var/history.sqlite").read_text() == "not looked at here"


@pytest.mark.parametrize(
    ("found", "said"),
    [(all_damaged, "not every file of the state is good"), (of_another_vigie, "another Vigie's")],
)
def test_it_says_why_it_begins_anew(
    machine: Machine,
    caplog: pytest.LogCaptureFixture,
    found: Callable[[Machine], None],
    said: str,
) -> None:
    """Where there are backups, and none of them would do."""
    found(machine)
    machine.start()
    assert said in caplog.text


@pytest.mark.parametrize("new", [True, False], ids=["new volumes", "one with a file"])
def test_with_volumes(machine: Machine, *, new: bool) -> None:
    """The state comes home into a folder that cannot be renamed; the data come into theirs."""
    new_machine(machine)
    state, data = machine.found.state_dir, machine.found.data_dir
    with volume(state), volume(data):
        if not new:
            machine.write("var/history.sqlite", "not from here")
        assert machine.start() == SECOND
        assert (state / "history.sqlite").read_text() == "not looked at here"
        kept = [path.read_text() for path in state.glob(".vigie-restore/*/history.sqlite")]
        assert kept == ([] if new else ["not from here"])
        machine.run("restore", "--yes", "--only", "data/*")
        assert sorted(path.name for path in data.iterdir()) == ["a.json", "b.json"]
        assert machine.start() == SECOND


class Ending(Disk):
    """The process ends at the n-th change of a name or of a file's content."""

    def __init__(self, after: int) -> None:
        self.left = after

    def replace(self, old: Path, new: Path) -> None:
        self._end()
        super().replace(old, new)

    def write(self, handle: int, content: bytes | bytearray | memoryview) -> None:
        self._end()
        super().write(handle, content)

    def _end(self) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1


@pytest.mark.parametrize("after", range(0, 21, 2))
@pytest.mark.parametrize("only", [(), ("data/*",), ("state/*",)], ids=["all", "data", "state"])
def test_after_a_restore_that_was_killed(
    machine: Machine, only: tuple[str, ...], after: int
) -> None:
    """On a new machine, anywhere on its way: the state is there, and the restore can go on."""
    new_machine(machine)
    store = bench(machine.found).store()
    store.disk = Ending(after)
    with suppress(KeyboardInterrupt):
        store.restore("latest", None, only=only)
    assert machine.start() == SECOND
    machine.run("restore", "--yes", "--only", "data/*")
    assert (machine.top / "data/a.json").read_text() == "[1]"
    assert machine.start() == SECOND


@pytest.fixture
def at_work(machine: Machine) -> Iterator[Workshop]:
    """Another program that works on the backups."""
    shop = Workshop(Disk(), machine.found.backup_dir)
    yield shop
    shop.__exit__(None, None, None)


def test_while_others_work_on_the_backups(machine: Machine, at_work: Workshop) -> None:
    """A start waits for a state to be had; one that has its own does not mind."""
    at_work.__enter__()
    assert machine.start() == OWN
    new_machine(machine)
    with pytest.raises(errors.LockedError):
        machine.start()
    at_work.__exit__(None, None, None)
    assert machine.start() == SECOND


def test_beneath_a_running_bot(machine: Machine) -> None:
    """That has not written its state yet, say as the disk is full: it is left alone."""
    state_file_deleted(machine)
    running = ProcessLock(machine.found.state_dir / "lock")
    running.acquire()
    assert machine.start() is ANEW
    running.release()
    assert machine.start() == SECOND


def test_a_manifest_that_forgot_where_it_was_made(machine: Machine) -> None:
    """One of an earlier Vigie, on a new machine."""
    new_machine(machine)
    for path in machine.found.backup_dir.glob("snap-*"):
        known = load(Disk(), machine.found.backup_dir, path.name[5:21])
        machine.rewrite(msgspec.structs.replace(known, kept_in=""))
    assert machine.start() == SECOND


def test_where_the_state_cannot_be_put(machine: Machine) -> None:
    """A link to nowhere has its name: it begins anew, and no later start says that one waits."""
    new_machine(machine)
    machine.found.state_dir.symlink_to(machine.top / "nowhere/var")
    (machine.top / "nowhere").write_text("a file")
    assert machine.start() is ANEW
    assert not [path.name for path in machine.top.rglob(".vigie-restore-*")]


@pytest.mark.parametrize("what", ["lock", "state.json"])
def test_where_the_state_cannot_be_looked_at(machine: Machine, what: str) -> None:
    """The bot goes on without, and says so itself."""
    state_deleted(machine)
    machine.write(f"var/{what}/x", "a folder of that name")
    homecoming.come_home(machine.found)
    assert (machine.top / "var" / what / "x").exists()
