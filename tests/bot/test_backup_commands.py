"""`python -m bot backup | verify | restore | list`: what they print, change and exit with."""

import argparse
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path

import pytest

from bot import backup, restore, settings, verify
from bot import list as listing
from bot.cli import parser
from bot.keeping import bench
from bot.mending import finish_restore
from bot.settings import Settings
from bot.terminal import Bar, files, size
from storage.archives.disk import Disk
from storage.archives.manifest import stamp
from storage.archives.results import Step
from storage.archives.workshop import Workshop
from storage.clock import wall_now
from storage.files import ProcessLock
from storage.offsite import record
from storage.offsite.record import Failed, Record
from storage.offsite.trouble import Trouble

COMMANDS = {
    "backup": backup.main, "verify": verify.main, "restore": restore.main, "list": listing.main,
}  # fmt: skip


class Console:
    """Runs commands in one folder and keeps what they printed."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.out = self.err = ""
        self.found: Settings = settings.load(
            data_dir=folder / "data", state_dir=folder / "var", backup_dir=folder / "backups",
            backup_keep_daily="2", timezone="Europe/Paris",
        )  # fmt: skip
        for number in range(4):
            self.write(f"data/{number}.json", f'[{{"id": {number}}}]')
        self.write("var/state.json", "{}")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def run(self, *words: str) -> int:
        """Return the exit code."""
        arguments: argparse.Namespace = parser().parse_args(words)
        code = COMMANDS[arguments.command](self.found, arguments)
        said = self.capsys.readouterr()
        self.out, self.err = said.out, said.err
        return code

    def id(self) -> str:
        """Return the id in what was printed last."""
        found = re.search(r"\d{8}T\d{6}Z", self.out)
        assert found is not None
        return found[0]

    def spoil(self) -> None:
        (path,) = (self.folder / "backups").glob("base-*.tar.zst")
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


@pytest.fixture
def console(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Console:
    monkeypatch.chdir(tmp_path)
    return Console(tmp_path, capsys)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock as another process would."""
    with ProcessLock(path):
        yield


def test_a_backup_says_what_it_made(console: Console) -> None:
    """0; files, sizes, where, and how many are kept."""
    assert console.run("backup") == 0
    assert "made and read back" in console.out
    assert "5 files" in console.out
    assert "a new base" in console.out
    assert "1 kept in" in console.out


def test_a_backup_with_something_odd_exits_1(console: Console) -> None:
    """Each odd file is named, with what is odd about it; the rest as a number."""
    for number in range(25):
        console.write(f"data/torn-{number}.json", '[{"id":')
    assert console.run("backup") == 1
    assert "invalid_json: data/torn-0.json" in console.out
    assert "… and 5 more" in console.out


def test_a_backup_beside_another_exits_2(console: Console) -> None:
    """Refused: nothing was made, and nothing is wrong."""
    with Workshop(Disk(), console.folder / "backups"):
        assert console.run("backup") == 2
    assert "at work on these backups" in console.err


def test_a_backup_that_fails_exits_3(console: Console) -> None:
    """A file is in the way of the folder: it names it."""
    console.write("backups", "")
    assert console.run("backup") == 3
    assert "backups" in console.err


def test_the_list(console: Console) -> None:
    """Nothing yet; then a line each, in the owner's time, and why it is kept."""
    assert console.run("list") == 0
    assert "python -m bot backup" in console.out
    assert "wiped machine" not in console.out
    console.run("backup")
    made = console.id()
    assert console.run("list") == 0
    assert made in console.out
    assert "verified" in console.out
    assert "newest" in console.out


def test_the_list_for_machines(console: Console) -> None:
    """One document: ids, times, sizes, what is odd."""
    console.write("data/torn.json", "[")
    console.run("backup")
    made = console.id()
    assert console.run("list", "--json") == 0
    document = json.loads(console.out)
    (row,) = document["backups"]
    assert row["id"] == made
    assert row["files"] == 6
    assert not row["clean"]
    assert row["notes"][0]["path"] == "data/torn.json"


def test_a_broken_backup_is_listed_as_such(console: Console) -> None:
    """And the exit code is 1."""
    console.run("backup")
    (path,) = (console.folder / "backups").glob("base-*")
    path.unlink()
    assert console.run("list") == 1
    assert "BROKEN: base-" in console.out
    (path,) = (console.folder / "backups").glob("snap-*")
    path.write_bytes(b"")
    assert console.run("list") == 1
    assert "damaged manifest" in console.out
    assert console.run("list", "--json") == 1


def test_verifying(console: Console) -> None:
    """Everything is good; after a flipped bit every bad file is named, and what is done."""
    console.run("backup")
    assert console.run("verify") == 0
    assert console.out.startswith("Good: 1 backup in 1 archive, 5 files")
    assert console.run("verify", "latest", "--quick") == 0
    assert console.run("verify", "20200101T000000Z") == 2
    console.spoil()
    assert console.run("verify") == 3
    assert console.out.startswith("BAD")
    assert "bad: " in console.out
    assert "put aside: base-" in console.out


def test_restoring_into_a_folder(console: Console) -> None:
    """Nothing is asked, nothing in place is touched; a folder that is not empty is refused."""
    console.run("backup")
    console.write("data/0.json", "[]")
    assert console.run("restore", "--to", "out") == 0
    assert console.read("out/data/0.json") == '[{"id": 0}]'
    assert console.read("data/0.json") == "[]"
    assert console.run("restore", "--to", "data") == 2
    assert "not empty" in console.err


def test_restoring_in_place_asks_first(console: Console) -> None:
    """Where nobody can answer it is refused; with --yes what was there is kept beside it."""
    console.run("backup")
    console.write("data/0.json", "[]")
    assert console.run("restore") == 2
    assert "--yes" in console.err
    assert console.read("data/0.json") == "[]"
    assert console.run("restore", "--yes", "--only", "data/*") == 0
    assert console.read("data/0.json") == '[{"id": 0}]'
    (kept,) = console.folder.glob("data.before-restore-*")
    assert (kept / "0.json").read_text() == "[]"
    assert kept.name in console.out


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("oui\n", 0), ("\n", 2), ("", 2)])
def test_at_a_terminal_it_shows_the_changes_and_asks(
    console: Console, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    """Only a yes goes on; anything else changes nothing."""
    console.run("backup")
    for number in range(7):
        console.write(f"data/more-{number}.json", "[]")
    console.write("data/0.json", "[]")
    monkeypatch.setattr("sys.stdin", Screen(answer))
    assert console.run("restore") == code
    assert "take away 7 that it does not hold" in console.out
    assert "take away: … and 2 more" in console.out
    assert console.read("data/0.json") == ("[]" if code else '[{"id": 0}]')


def test_what_can_be_saved_is_saved_if_asked(console: Console) -> None:
    """1: the rest is named, and is still in the folder that was there before."""
    for number in range(300):
        console.write(f"data/{number}.json", json.dumps([{"id": number, "x": "ab" * number}]))
    console.run("backup")
    (path,) = (console.folder / "backups").glob("base-*.tar.zst")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    for number in range(300):
        console.write(f"data/{number}.json", "[]")
    assert console.run("restore", "--yes", "--salvage", "--only", "data/*") == 1
    assert "bad: " in console.out
    assert console.read("data/0.json") == '[{"id": 0, "x": ""}]'


def test_old_ones_are_deleted_and_named(console: Console) -> None:
    """Two days are kept: the third night's backup deletes the first's."""
    for day in (3, 2, 1):
        at = datetime.now(UTC) - timedelta(days=day)
        store = bench(console.found).store()
        store.clock = partial(_same, at)
        store.create()
        console.write(f"data/{day}-new.json", "[]")
    assert console.run("backup") == 0
    assert re.search(r"deleted \d{8}T\d{6}Z, \d{8}T\d{6}Z", console.out)
    assert "2 kept" in console.out


def _same(at: datetime) -> datetime:
    return at


def test_a_backup_is_copied_off_this_machine(console: Console) -> None:
    """Where the place is not there, the backup is good all the same, and says what is not."""
    away = console.folder / "away"
    console.found = console.found.model_copy(update={"backup_offsite": away.as_uri()})
    assert console.run("backup") == 1
    assert "The backup is good, but: " in console.err
    assert "mount the disk" in console.err
    console.run("list")
    assert f"Off-site, as remembered here: {away.as_uri()}" in console.out
    assert "no copy known yet; not read back yet" in console.out
    assert re.search(r"the last copy failed .* \(0 hours ago\): .*no such folder", console.out)
    away.mkdir()
    console.write("data/new.json", "[]")
    assert console.run("backup") == 0
    assert len(list(away.glob("snap-*.json.zst"))) == 1
    shutil.rmtree(away)  # what is listed is what is remembered: nobody is asked
    console.run("list")
    assert "copies: 1, the latest of the backup of " in console.out
    assert "failed" not in console.out


def test_what_is_remembered_of_the_copies(console: Console) -> None:
    """None anywhere, then damaged and unreachable ones, then what is owed: in words, and JSON."""
    console.run("list")
    assert "Off-site: no copy, BACKUP_OFFSITE is empty" in console.out
    console.run("list", "--json")
    assert json.loads(console.out)["offsite"] is None
    where = "s3://bucket/vigie"
    console.found = console.found.model_copy(update={"backup_offsite": f"{where}/"})
    at = wall_now() - timedelta(days=3)
    failed = Failed(at=at, trouble=Trouble.UNREACHABLE)
    known = Record(
        where=where, pushed=stamp(at), pushed_at=at, checked=stamp(at), checked_at=at, damaged=2,
        check_failed=failed,
    )  # fmt: skip
    (console.folder / "backups").mkdir()
    record.save(console.folder / "backups", known)
    console.run("list")
    assert "copies: an unknown number, the latest of the backup of " in console.out
    assert "(3 days ago): 2 files damaged or missing" in console.out
    assert "the last reading back failed" in console.out
    console.run("list", "--json")
    document = json.loads(console.out)["offsite"]
    assert (document["place"], document["damaged"]) == (where, 2)
    assert "no answer" in document["check_failed"]
    record.save(console.folder / "backups", Record(where=where, owed=True))
    console.run("list")
    assert "owed: this machine began empty" in console.out


def test_a_wiped_machine_is_told_where_to_look(console: Console) -> None:
    """Rather than to make a backup of nothing."""
    away = console.folder / "away"
    away.mkdir()
    console.found = console.found.model_copy(update={"backup_offsite": away.as_uri()})
    console.run("backup")
    for name in ("data", "var", "backups"):
        shutil.rmtree(console.folder / name)
    assert console.run("list") == 0
    assert "`python -m bot restore --dry-run` brings the newest copy" in console.out
    assert console.run("restore", "--dry-run") == 0
    assert "bring back 5 files" in console.out


def test_a_place_that_can_never_do_is_refused(console: Console) -> None:
    """Before anything is made."""
    console.found = console.found.model_copy(update={"backup_offsite": "ftp://example.org/x"})
    assert console.run("backup") == 2
    assert "BACKUP_OFFSITE" in console.err
    assert not (console.folder / "backups").exists()


def test_a_dry_run_says_what_would_change(console: Console) -> None:
    """And changes nothing."""
    console.run("backup")
    console.write("data/0.json", "[]")
    console.write("data/new.json", "[]")
    (console.folder / "data/1.json").unlink()
    assert console.run("restore", "--dry-run") == 0
    assert "bring back 1 file," in console.out
    assert "change: data/0.json" in console.out
    assert "take away: data/new.json" in console.out
    assert not (console.folder / "data/1.json").exists()


def test_what_was_in_doubt_is_said_before_it_is_restored(console: Console) -> None:
    """Every byte is as it was backed up; that it was torn then is known, and told."""
    console.write("data/torn.json", "[")
    console.run("backup")
    assert console.run("restore", "--yes") == 0
    assert "was made with notes" in console.out
    assert "invalid_json: data/torn.json" in console.out
    for number in range(5):
        console.write(f"data/{number}.json", "{")
    console.run("backup")
    console.run("restore", "--dry-run")
    assert "… and 1 more" in console.out


def test_the_state_of_a_running_bot_is_not_replaced(console: Console) -> None:
    """It would write over it; the data alone may come back."""
    console.run("backup")
    with locked(console.folder / "var/lock"):
        assert console.run("restore", "--yes") == 2
        assert "--only 'data/*'" in console.err
        assert console.run("restore", "--yes", "--only", "data/*") == 0
    assert console.run("restore", "--yes") == 0


def test_a_wiped_machine_gets_everything_back(console: Console) -> None:
    """Neither folder is there any more."""
    console.run("backup")
    for name in ("data", "var"):
        (console.folder / name).rename(console.folder / f"lost-{name}")
    assert console.run("restore", "--yes") == 0
    assert console.read("var/state.json") == "{}"
    assert console.read("data/3.json") == '[{"id": 3}]'


def test_what_is_damaged_is_not_put_in_place_unless_asked(console: Console) -> None:
    """3 and every bad file named; --salvage brings back the good ones, or says there are none."""
    console.run("backup")
    console.spoil()
    console.write("data/0.json", "[]")
    assert console.run("restore", "--yes", "--only", "data/*") == 3
    assert "--salvage" in console.err
    assert "bad: " in console.out
    assert console.read("data/0.json") == "[]"
    assert console.run("restore", "--dry-run") == 3


def test_an_interrupted_restore_is_finished_at_the_start(console: Console) -> None:
    """Where there is none it costs nothing and says nothing."""
    finish_restore(console.found)
    console.run("backup")
    finish_restore(console.found)
    assert console.capsys.readouterr().err == ""


class Ending(Disk):
    """The process ends at the n-th rename."""

    def __init__(self, after: int) -> None:
        self.left = after

    def replace(self, old: Path, new: Path) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        super().replace(old, new)


@pytest.mark.parametrize("after", range(12))
def test_a_restore_killed_anywhere_is_finished_at_the_start(console: Console, after: int) -> None:
    """Data and state are both as they were, or both as they are to be; never without either."""
    console.run("backup")
    console.write("data/0.json", "[]")
    console.write("var/state.json", '{"new": 1}')
    store = bench(console.found).store()
    store.disk = Ending(after)
    try:
        store.restore("latest", None)
    except KeyboardInterrupt:
        finish_restore(console.found)
    pair = console.read("data/0.json"), console.read("var/state.json")
    assert pair in {('[{"id": 0}]', "{}"), ("[]", '{"new": 1}')}
    assert console.run("restore", "--yes") == 0
    assert console.read("data/0.json") == '[{"id": 0}]'


class Screen(StringIO):
    """A terminal, to write to and to answer on."""

    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal() -> None:
    """It grows in place, and is gone at the end."""
    screen = Screen()
    bar = Bar(screen)
    bar(Step(phase="pack", done=0, total=10, bytes_done=0, bytes_total=2_000_000))
    bar(Step(phase="verify", done=5, total=10, bytes_done=1_000_000, bytes_total=2_000_000))
    bar(Step(phase="prune", done=1, total=0))
    assert "[############............]  50% reading back 1.0 MB of 2.0 MB" in screen.getvalue()
    bar.end()
    assert screen.getvalue().endswith("\r")
    assert "\n" not in screen.getvalue()


def test_lines_where_nobody_watches() -> None:
    """One a phase, whatever the number of steps."""
    out = StringIO()
    bar = Bar(out)
    for done in range(5):
        bar(Step(phase="pack", done=done, total=5))
    bar(Step(phase="publish", done=1, total=1))
    bar.end()
    assert out.getvalue() == "packing 5 files …\npublishing …\n"


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (18_400_000, "18.4 MB")]
)
def test_sizes(count: int, words: str) -> None:
    """Decimal units, as disks are sold."""
    assert size(count) == words


def test_one_file() -> None:
    """Is singular."""
    assert (files(1), files(1_000)) == ("1 file", "1,000 files")


def test_a_backup_made_after_the_loss_is_not_the_latest_good_one(console: Console) -> None:
    """A backup of an emptied folder helps nobody: `restore` and RESTORE.txt mean the one before."""
    assert console.run("backup") == 0
    console.run("list", "--json")
    before = json.loads(console.out)["backups"][0]["id"]
    for number in range(4):
        (console.folder / f"data/{number}.json").unlink()
    console.run("backup")
    assert f"base-{before}" in console.read("backups/RESTORE.txt")
    assert console.run("restore", "--only", "data/*", "--yes") == 0
    assert console.read("data/3.json") == '[{"id": 3}]'
    assert "was made after data lost its files" in console.out
    newest = next(line.split()[0] for line in console.out.splitlines() if "is newer" in line)
    assert console.run("restore", newest, "--yes") == 0
    assert "is newer" not in console.out


def test_a_newer_backup_is_told_of_before_anything(console: Console) -> None:
    """Also where the chosen file lies in that one alone, and nothing is restored."""
    console.run("backup")
    for number in range(4):
        (console.folder / f"data/{number}.json").unlink()
    console.write("data/new.json", "[]")
    console.run("backup")
    newest = console.id()
    assert console.run("restore", "--only", "data/new.json", "--yes") == 2
    assert "no file of the snapshot is chosen; name some as 'data/layer1/*'" in console.err
    assert f"`restore {newest}` takes that one all the same" in console.out
    assert console.run("restore", "--dry-run") == 0
    assert f"{newest} is newer" in console.out
    assert console.run("restore", newest, "--only", "data/new.json", "--yes") == 0
    assert "is newer" not in console.out


def test_another_vigies_backup_is_told_and_refused(console: Console, tmp_path: Path) -> None:
    """By `list`, by `restore` of the latest, which is one's own, and by each way to name it."""
    console.run("backup")
    mine, own = console.id(), console.found
    paths = {name: tmp_path / "other" / name for name in ("data_dir", "state_dir")}
    console.found = own.model_copy(update=paths)
    for words in (["restore"], ["restore", "--yes"], ["restore", "--dry-run"]):
        console.write("other/data_dir/theirs.json", "[]")
        console.write("other/state_dir/state.json", "{}")
        assert console.run(*words) == 2
        assert not (tmp_path / "other/data_dir/0.json").exists()
    assert f"{own.data_dir}, {own.state_dir}: they are still there" in console.err
    assert "use --to" in console.err
    console.run("backup")
    theirs = console.id()
    console.found = own
    assert console.run("list") == 0
    assert f"another Vigie's, of {paths['data_dir']}" in console.out
    console.run("list", "--json")
    rows = json.loads(console.out)["backups"]
    assert [bool(row["strangers"]) for row in rows] == [False, True]
    assert console.run("restore", "--yes") == 0
    assert f"{theirs} is newer, but another Vigie's" in console.out
    assert f"Restored {mine}" in console.out
    assert console.run("restore", theirs, "--yes") == 2
    assert console.run("restore", theirs, "--to", "out") == 0


def test_a_backup_of_other_folders_is_told_before_anything(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a new machine: it comes back all the same, and says where from and where to."""
    console.run("backup")
    made, old = console.id(), console.found
    for name in ("data", "var"):
        (console.folder / name).rename(console.folder / f"lost-{name}")
    paths = {name: tmp_path / "new" / name for name in ("data_dir", "state_dir")}
    console.found = old.model_copy(update=paths)
    told = f"{made} was made from {old.data_dir}, {old.state_dir};"
    for words in (["restore", "--dry-run"], ["restore", made, "--dry-run"]):
        assert console.run(*words) == 0
        assert console.out.startswith(told)
        assert f"it goes to {paths['data_dir']}, {paths['state_dir']}." in console.out
    monkeypatch.setattr("sys.stdin", Screen("n\n"))
    assert console.run("restore") == 2
    assert console.out.startswith(told)
    assert console.run("restore", "--to", "out") == 0
    assert told not in console.out
    assert console.run("restore", "--yes") == 0
    assert console.read("new/data_dir/0.json") == '[{"id": 0}]'


def test_what_was_lost_may_be_meant(console: Console) -> None:
    """Said each time until somebody says so; then never again, by whatever process."""
    console.run("backup")
    before = console.id()
    for number in range(3):
        (console.folder / f"data/{number}.json").unlink()
    for _ in range(2):
        assert console.run("backup") == 1
        assert f"data had 4 files in {before}, which stays until they are back" in console.out
    assert console.run("backup", "--meant") == 0
    assert "--meant" not in console.out
    assert console.run("backup") == 0
    assert "--meant" not in console.out
