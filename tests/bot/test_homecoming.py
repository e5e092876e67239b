"""A wiped disk gets its state back from the copy elsewhere, once, and never over what is there."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from pyrage.x25519 import Identity

from bot import backup, copies, homecoming, restore, settings
from bot.cli import parser
from bot.keeping import bench
from bot.settings import Settings
from jobs.checks.backup_runs import offsite
from jobs.probes.backups import BackupsProbe
from storage.clock import wall_now
from storage.files import ProcessLock
from storage.offsite.trouble import OffsiteError
from storage.records import Moment, Observation


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A machine with data, a state, and a copy of both on another disk."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("data/a.json", "[1]"), ("var/state.json", '{"n": 1}')):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    (tmp_path / "away").mkdir()
    made = settings.load(
        data_dir=tmp_path / "data", state_dir=tmp_path / "var", backup_dir=tmp_path / "backups",
        backup_offsite=(tmp_path / "away").as_uri(),
    )  # fmt: skip
    assert backup.main(made, parser().parse_args(["backup"])) == 0
    return made


def wipe(found: Settings) -> None:
    for folder in (found.data_dir, found.state_dir, found.backup_dir):
        shutil.rmtree(folder)


def test_an_empty_machine_gets_its_state_back(found: Settings) -> None:
    """The backup lies there again, too; the tracker's data is the owner's to restore."""
    wipe(found)
    homecoming.come_home(found)
    assert (found.state_dir / "state.json").read_text() == '{"n": 1}'
    assert len(list(found.backup_dir.glob("snap-*"))) == 1
    assert not found.data_dir.exists()


def test_a_state_that_is_there_is_left_alone(found: Settings) -> None:
    """Only the backups were lost: they come back, nothing else does."""
    shutil.rmtree(found.backup_dir)
    (found.state_dir / "state.json").write_text('{"n": 2}')
    homecoming.come_home(found)
    assert (found.state_dir / "state.json").read_text() == '{"n": 2}'
    assert len(list(found.backup_dir.glob("snap-*"))) == 1


def test_with_a_backup_nobody_is_asked(found: Settings, tmp_path: Path) -> None:
    """Nor without a place, nor where that place has nothing yet."""
    shutil.rmtree(tmp_path / "away")
    homecoming.come_home(found)
    wipe(found)
    (tmp_path / "away").mkdir()
    homecoming.come_home(found)
    homecoming.come_home(found.model_copy(update={"backup_offsite": ""}))
    assert not found.state_dir.exists()


def test_a_place_that_is_away_stops_nobody(
    found: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged; a start without the old state is better than none."""
    wipe(found)
    (tmp_path / "away").rename(tmp_path / "unplugged")
    with caplog.at_level(logging.ERROR, "vigie.homecoming"):
        homecoming.come_home(found)
    assert "could not be brought back" in caplog.text


def test_a_place_that_can_never_do_stops_the_start(found: Settings) -> None:
    """With what to write instead."""
    with pytest.raises(OffsiteError, match="BACKUP_OFFSITE"):
        homecoming.come_home(found.model_copy(update={"backup_offsite": "ftp://x/y"}))


def test_restore_fetches_first(found: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """One command on a new machine: everything is as it was."""
    wipe(found)
    run: Callable[..., int] = restore.main
    assert run(found, parser().parse_args(["restore", "--yes"])) == 0
    assert (found.data_dir / "a.json").read_text() == "[1]"
    assert (found.state_dir / "state.json").read_text() == '{"n": 1}'
    assert "Brought" in capsys.readouterr().out


def test_restore_says_what_is_wrong_with_the_place(
    found: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And exits with 3."""
    wipe(found)
    (tmp_path / "away").rename(tmp_path / "unplugged")
    assert restore.main(found, parser().parse_args(["restore", "--yes"])) == 3
    assert "mount the disk" in capsys.readouterr().err


def push(found: Settings) -> int:
    return backup.main(found, parser().parse_args(["backup"]))


def told(found: Settings) -> Observation:
    """Return what the health check says of the copies, from the disk alone."""
    away = copies.copies(found)
    assert away is not None
    probe = BackupsProbe(found.backup_dir)
    probe.record = lambda: away.record
    seen = probe(Moment(wall=wall_now(), logical_s=0.0))
    assert seen.copies is not None
    return offsite(seen, seen.copies, wall_now())


def test_what_could_not_come_home_is_not_pushed_out(found: Settings, tmp_path: Path) -> None:
    """An empty state's backups stay here, and it is told, until a start brings the good one."""
    wipe(found)
    away, unplugged = tmp_path / "away", tmp_path / "unplugged"
    before = sorted(path.name for path in away.iterdir())
    away.rename(unplugged)
    homecoming.come_home(found)
    for file, text in ((found.data_dir / "b.json", "[2]"), (found.state_dir / "state.json", "0")):
        file.parent.mkdir()
        file.write_text(text)
    unplugged.rename(away)
    assert push(found) == 1
    assert sorted(path.name for path in away.iterdir()) == before
    assert told(found).fact.key == "offsite.owed"
    homecoming.come_home(found)
    assert (found.state_dir / "state.json").read_text() == '{"n": 1}'
    kept = next(tmp_path.glob("var.before-restore-*")) / "state.json"
    assert kept.read_text() == "0"
    assert push(found) == 0
    assert len(list(away.iterdir())) > len(before)
    assert told(found).fact.key == "backups.offsite.ok"


def test_no_state_is_replaced_beneath_a_running_bot(found: Settings, tmp_path: Path) -> None:
    """A second start by mistake, while what lies elsewhere is owed to the first."""
    wipe(found)
    (tmp_path / "away").rename(tmp_path / "unplugged")
    homecoming.come_home(found)
    (tmp_path / "unplugged").rename(tmp_path / "away")
    found.state_dir.mkdir()
    (found.state_dir / "state.json").write_text("0")
    running = ProcessLock(found.state_dir / "lock")
    running.acquire()
    homecoming.come_home(found)
    assert (found.state_dir / "state.json").read_text() == "0"
    running.release()
    homecoming.come_home(found)
    assert (found.state_dir / "state.json").read_text() == '{"n": 1}'


def test_where_nothing_ever_lay_nothing_is_owed(found: Settings, tmp_path: Path) -> None:
    """The disk was unplugged at the very first start: its first copy goes there all the same."""
    wipe(found)
    shutil.rmtree(tmp_path / "away")
    homecoming.come_home(found)
    found.data_dir.mkdir()
    found.state_dir.mkdir()
    for file in (found.data_dir / "a.json", found.state_dir / "state.json"):
        file.write_text("[1]")
    (tmp_path / "away").mkdir()
    assert push(found) == 0
    assert any((tmp_path / "away").glob("snap-*"))


def test_a_backup_by_hand_brings_home_first(found: Settings) -> None:
    """On an empty machine: else what it makes of nothing would be the newest copy there."""
    wipe(found)
    found.data_dir.mkdir()
    (found.data_dir / "b.json").write_text("[2]")
    assert push(found) == 0
    assert (found.state_dir / "state.json").read_text() == '{"n": 1}'


def test_a_backup_without_a_state_is_home_all_the_same(found: Settings, tmp_path: Path) -> None:
    """It was made before the bot ever ran: nothing is owed."""
    wipe(found)
    shutil.rmtree(tmp_path / "away")
    (tmp_path / "away").mkdir()
    found.data_dir.mkdir()
    (found.data_dir / "a.json").write_text("[1]")
    assert push(found) == 0
    found.state_dir.mkdir(exist_ok=True)
    wipe(found)
    homecoming.come_home(found)
    assert told(found).fact.key == "backups.offsite.ok"
    assert any(found.backup_dir.glob("snap-*"))


def test_the_state_of_the_last_whole_one_comes_where_the_newest_has_none(found: Settings) -> None:
    """It was fetched beside the newest one, which was made after the state was lost."""
    (found.state_dir / "state.json").unlink()
    away = copies.copies(found)
    assert away is not None
    away.push(bench(found).store().create().manifest)
    wipe(found)
    homecoming.come_home(found)
    assert (found.state_dir / "state.json").read_text() == '{"n": 1}'
    assert not away.record.owed


def test_encrypted_copies_need_the_key(found: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """Without it the start begins anew, says so and owes; with it the state is there."""
    key = Identity.generate()
    keys = {"backup_age_recipients": (str(key.to_public()),)}
    sealing = found.model_copy(update=keys)
    (found.data_dir / "a.json").write_text("[2]")
    assert push(sealing) == 0
    wipe(found)
    homecoming.come_home(sealing)
    assert "could not be brought back" in caplog.text
    assert told(sealing).fact.key == "offsite.owed"
    assert not found.state_dir.exists()
    homecoming.come_home(sealing.model_copy(update={"backup_age_identity": SecretStr(str(key))}))
    assert (found.state_dir / "state.json").read_text() == '{"n": 1}'
    assert told(sealing).fact.key == "backups.offsite.ok"


def test_data_first_and_the_state_at_the_start(found: Settings) -> None:
    """On a new machine: what `restore` fetched for the data serves the state, too."""
    wipe(found)
    words = ["restore", "--only", "data/*", "--yes"]
    assert restore.main(found, parser().parse_args(words)) == 0
    assert not (found.state_dir / "state.json").exists()
    homecoming.come_home(found)
    assert (found.state_dir / "state.json").read_text() == '{"n": 1}'


@pytest.mark.parametrize("how", ["damaged", "without a state"])
def test_where_none_here_will_do_one_is_fetched(found: Settings, how: str) -> None:
    """The disk that lost the state spoilt the backups, too; or they were made before any state."""
    shutil.rmtree(found.state_dir)
    if how == "damaged":
        for path in found.backup_dir.glob("base-*"):
            path.write_bytes(bytes(path.stat().st_size))
    else:
        shutil.rmtree(found.backup_dir)
        assert push(found.model_copy(update={"backup_offsite": ""})) == 0
    homecoming.come_home(found)
    assert (found.state_dir / "state.json").read_text() == '{"n": 1}'
    assert told(found).fact.key == "backups.offsite.ok"


def test_where_none_there_will_do_either_it_begins_anew(
    found: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And says what is wrong with the one here; what lies there is owed until somebody looks."""
    shutil.rmtree(found.state_dir)
    for folder in (found.backup_dir, tmp_path / "away"):
        for path in folder.glob("base-*"):
            path.write_bytes(bytes(path.stat().st_size))
    homecoming.come_home(found)
    assert "the state could not be brought back" in caplog.text
    assert not found.state_dir.exists()
    assert told(found).fact.key == "offsite.owed"


def test_a_key_kept_elsewhere_is_not_missed_before_there_is_a_state(
    found: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Backups by hand, then the first start: what lies there was made here, without a state."""
    shutil.rmtree(found.state_dir)
    for folder in (found.backup_dir, tmp_path / "away"):
        shutil.rmtree(folder)
    (tmp_path / "away").mkdir()
    keys = {"backup_age_recipients": (str(Identity.generate().to_public()),)}
    sealing = found.model_copy(update=keys)
    assert push(sealing) == 0
    (found.data_dir / "b.json").write_text("[2]")
    assert push(sealing) == 0
    homecoming.come_home(sealing)
    assert "could not be brought back" not in caplog.text
    assert told(sealing).fact.key == "backups.offsite.ok"
