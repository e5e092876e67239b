"""The running bot's side of the off-site copies: settings in, phrases out."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot import copies, keeping, settings
from handlers.views.i18n import LANGUAGES, catalogue, language
from jobs.copies import phrase, remembered
from storage.archives.keep.retention import Policy
from storage.archives.manifest import Manifest
from storage.offsite.results import Pushed
from storage.offsite.trouble import OffsiteError, Trouble
from tests.storage.offsite.backups import Backups

TOKEN = f"{10**8}:{'A' * 35}"
ZONE = settings.load(_env_file=None).timezone


def found(tmp_path: Path, **changed: object) -> settings.Settings:
    usual = {"backup_dir": tmp_path / "backups", "backup_offsite": f"file://{tmp_path}/usb"}
    return settings.load(_env_file=None, **(usual | changed))


def test_nowhere_is_the_default(tmp_path: Path) -> None:
    """Who sets nothing has no copies, and no error."""
    assert copies.copies(found(tmp_path, backup_offsite="")) is None


def test_a_copy_is_made_checked_and_thinned_out(tmp_path: Path) -> None:
    """All is well: no phrase; of two days the policy keeps what it keeps here."""
    (tmp_path / "usb").mkdir()
    backups = Backups(tmp_path / "backups")
    made = copies.copies(found(tmp_path))
    assert made is not None
    push, check = copies.pushing(made, Policy(daily=1)), copies.checking(made)
    first, second = backups.add(), backups.add()
    assert push(first) is None
    assert push(second) is None
    assert [one.id for one in made.list()] == [second.id]
    assert check(second) is None
    missing = check(first)
    assert missing is not None
    assert missing.key == "offsite.damaged"
    assert made.record.copies == 1
    assert made.record.pushed_at is not None
    assert made.record.pushed_at - second.started > timedelta(0)


def test_keeping_fewer_makes_room_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the advice says: where it is full, what need not stay goes first."""
    (tmp_path / "usb").mkdir()
    backups = Backups(tmp_path / "backups")
    made = copies.copies(found(tmp_path))
    assert made is not None
    for _ in range(3):
        assert copies.pushing(made, Policy())(backups.add()) is None
    push = made.push

    def full(manifest: Manifest) -> Pushed:
        if len(made.list()) > 1:
            raise OffsiteError(Trouble.FULL, made.where)
        return push(manifest)

    monkeypatch.setattr(made, "push", full)
    said = copies.pushing(made, Policy())(newest := backups.add())
    assert said is not None
    assert said.key == "offsite.full"
    assert copies.pushing(made, Policy(daily=1))(newest) is None
    assert [one.id for one in made.list()] == [newest.id]


def test_a_trouble_is_a_phrase(tmp_path: Path) -> None:
    """It names the place; nothing is raised into the backup that went well."""
    made = copies.copies(found(tmp_path))
    assert made is not None
    backups = Backups(tmp_path / "backups")
    for copy in (copies.pushing(made, Policy()), copies.checking(made)):
        said = copy(backups.add())
        assert said is not None
        assert said.key == "offsite.not_there"
        assert f"file://{tmp_path}/usb" in language("fr", ZONE).plain(said.key, **said.values)


def test_why_it_failed_is_remembered_until_it_does_not(tmp_path: Path) -> None:
    """Whoever looks later, in another process, is told the same; asking the network for nothing."""
    backups = Backups(tmp_path / "backups")
    made, bench = copies.copies(found(tmp_path)), keeping.bench(found(tmp_path))
    assert made is not None
    push, check = copies.pushing(made, Policy()), copies.checking(made)
    snapshot = backups.add()
    told = [push(snapshot), check(snapshot)]
    known = remembered(bench.record())
    assert known is not None
    assert known.failed is not None
    assert known.check_failed is not None
    assert [known.failed.fact, known.check_failed.fact] == told
    assert (known.place, known.count, known.newest_at) == (made.where, None, None)
    (tmp_path / "usb").mkdir()
    assert [push(snapshot), check(snapshot)] == [None, None]
    known = remembered(bench.record())
    assert known is not None
    assert (known.failed, known.check_failed, known.count) == (None, None, 1)
    assert known.newest_at == snapshot.started.replace(microsecond=0)


@pytest.mark.parametrize(
    "url", ["file:///mnt/a%20b/", "s3://bucket/prefix/", "s3://bucket", "telegram://-1001234"]
)
def test_a_place_is_called_the_same_unopened(tmp_path: Path, url: str) -> None:
    """So that what is remembered of it is found without opening it."""
    usual = found(tmp_path, backup_offsite=url, telegram_bot_token=TOKEN)
    made = copies.copies(usual)
    assert made is not None
    assert made.where == usual.offsite.where


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_is_said_with_what_helps(code: str, trouble: Trouble) -> None:
    """Cause, effect and advice, in every language."""
    said = phrase(OffsiteError(trouble, "s3://bucket/x", name="base-x"))
    assert {said.key, f"{said.key}.effect", f"{said.key}.try"} <= set(catalogue(code).templates)
    assert language(code, ZONE).plain(said.key, **said.values)
