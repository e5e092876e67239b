"""Mistakes in `.env` are named, misspelt names too, and no mistake shows the token."""

import json
from pathlib import Path

import pytest

from bot import settings
from bot.settings import Settings, SettingsError
from tests.bot.real import running

TOKEN = "123456789:" + "S3cr3t_" * 5


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be where only this test's `.env` is; no setting of the machine's reaches it."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("DATA_DIR=", "DATA_DIR: write a folder"),
        ("STATE_DIR= ", "STATE_DIR: write a folder"),
        ("HEALTH_EVERY=0s", "HEALTH_EVERY: must be longer than 0s"),
        ("HEALTH_EVERY=99999999999999d", "HEALTH_EVERY: must be longer than 0s, and 3650d at"),
        ("TELEGRAM_ADMIN_IDS=-100", "TELEGRAM_ADMIN_IDS: Input should be greater than 0"),
        ("TELEGRAM_ADMIN_IDS=99999999999999999999", "TELEGRAM_ADMIN_IDS"),
        ("TELEGRAM_CHAT_IDS=99999999999999999999", "TELEGRAM_CHAT_IDS"),
        ("TELEGRAM_API_URL=http://127.0.0.1/bot1:x", "TELEGRAM_API_URL: write the server's root"),
    ],
)
def test_a_value_that_could_not_work_is_named(folder: Path, written: str, said: str) -> None:
    """What would fail later, or mean something nobody wants, is refused with its name."""
    (folder / ".env").write_text(written)
    with pytest.raises(SettingsError, match=f"^{said}"):
        settings.load()


@pytest.mark.parametrize("content", [b"TIMEZONE=\xff", "TIMEZONE=UTC".encode("utf-16")])
def test_an_unreadable_file_is_named(folder: Path, content: bytes) -> None:
    """A `.env` that an editor saved in another encoding is said to be one."""
    (folder / ".env").write_bytes(content)
    with pytest.raises(SettingsError, match="UTF-8"):
        settings.load()


def test_misspelt_names_are_told_from_foreign_ones(folder: Path) -> None:
    """The tracker's own variables in the same file are nobody's mistake."""
    (folder / ".env").write_text(
        "TELEGRAM_CHAT_ID=7\ndatadir=x\nCPU_ERRORS=9\nCPU_ERROR=95\nGALXE_KEY=1\nLANG=fr\n"
    )
    assert settings.misspelt() == {"TELEGRAM_CHAT_ID": "TELEGRAM_CHAT_IDS", "DATADIR": "DATA_DIR"}


@pytest.mark.process
@pytest.mark.parametrize("name", ["TELEGRAM_CHAT_IDS", "TELEGRAM_ADMIN_IDS", "TELEGRAM_API_URL"])
async def test_a_token_in_the_wrong_place_is_not_shown(folder: Path, name: str) -> None:
    """Pasted into another setting it is refused there, unseen, by every command."""
    value = f"http://127.0.0.1:9/bot{TOKEN}" if name == "TELEGRAM_API_URL" else TOKEN
    async with running(folder, "selftest", settings={name: value}) as bot:
        assert await bot.ended() == 2
        assert name in bot.said
        assert TOKEN not in bot.said


@pytest.mark.process
async def test_a_misspelt_name_is_pointed_out(folder: Path) -> None:
    """The warning names both; the answer on standard output is whole all the same."""
    (folder / ".env").write_text("TELEGRAM_CHAT_ID=7\nSCRAPER_COMMANDS=\nLOG_FORMAT=json\n")
    async with running(folder, "selftest", settings={}) as bot:
        assert await bot.ended() == 1
        first = json.loads(bot.said.splitlines()[0])
        assert "TELEGRAM_CHAT_ID in .env" in first["message"]
        assert "is TELEGRAM_CHAT_IDS meant?" in first["message"]
        assert "FAIL  DATA_DIR" in bot.said
