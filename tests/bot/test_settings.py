"""Settings: every value has a default, every wrong one is named, no secret is shown."""

import re
from datetime import time, timedelta
from pathlib import Path

import pytest

from bot import settings
from bot.logs import Redactor
from bot.settings import Settings, SettingsError
from tests.conftest import ROOT

TOKEN = "123456:" + "a" * 35


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine's reaches these tests."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_everything_has_a_default() -> None:
    """Without any setting the values of the owner's own defaults hold."""
    found = settings.load()
    assert found.fresh_warning == timedelta(hours=2)
    assert found.expected_sources == ("Galxe", "Zealy", "Layer3", "TwitterRSS")
    assert found.reward_rates == {"XP": 0.01, "POINTS": 0.005, "GAL": 0.5}


def test_every_bad_value_is_listed_at_once() -> None:
    """One error names each bad setting, its value and how to write it."""
    with pytest.raises(SettingsError) as caught:
        settings.load(fresh_warning="2", timezone="Paris", telegram_chat_ids="1,x", cpu_error="0")
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "TELEGRAM_CHAT_IDS",
        "TIMEZONE",
        "FRESH_WARNING",
        "CPU_ERROR",
    ]
    assert "90s, 5m, 2h or 7d" in lines[2]


def test_limits_out_of_order_are_refused() -> None:
    """A warning limit above its error limit could never be seen; it is an error."""
    with pytest.raises(SettingsError, match="FRESH_WARNING must be below FRESH_ERROR"):
        settings.load(fresh_warning="5h")


def test_no_secret_is_shown() -> None:
    """Neither repr nor an error text holds the token."""
    assert TOKEN not in repr(settings.load(telegram_bot_token=TOKEN))
    with pytest.raises(SettingsError) as caught:
        settings.load(telegram_bot_token=TOKEN + "!")
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("1.5h", timedelta(minutes=90)),
        ("7D", timedelta(days=7)),
    ],
)
def test_durations(written: str, read: timedelta) -> None:
    """A duration is a number and a unit."""
    assert settings.load(health_every=written).health_every == read


def test_environment_and_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` is read, and the environment wins over it."""
    (tmp_path / ".env").write_text("DATA_DIR=from-file\nTELEGRAM_CHAT_IDS=-100:7, 42\n")
    monkeypatch.setenv("DATA_DIR", "from-environment")
    found = settings.load()
    assert found.data_dir == Path("from-environment")
    assert found.telegram_chat_ids == ("-100:7", "42")


def test_empty_scraper_commands_mean_no_process_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty list stays empty instead of becoming the default."""
    monkeypatch.setenv("SCRAPER_COMMANDS", "")
    assert settings.load().scraper_commands == ()


def test_the_example_holds_every_setting_with_its_default() -> None:
    """`.env.example` names each setting once, explains it, and loading it changes nothing."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)
    assert names == [name.upper() for name in Settings.model_fields]
    for name in names:
        assert re.search(rf"^# .+\n{name}=", text, re.MULTILINE), f"{name} is not explained"
    loaded = settings.load(_env_file=ROOT / ".env.example")
    assert loaded == settings.load(_env_file=None)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("22:30-07:00", (time(22, 30), time(7))),
        (" 13:00 – 14:00 ", (time(13), time(14))),
        ("", None),
    ],
)
def test_quiet_hours_are_two_times_of_day(written: str, meant: tuple[time, time] | None) -> None:
    """From when to when, or never."""
    assert settings.load(quiet_hours=written).quiet_hours == meant


@pytest.mark.parametrize(
    ("written", "meant"), [("09:00", time(9)), (" 7:45 ", time(7, 45)), ("", None)]
)
def test_the_report_has_an_hour_or_none(written: str, meant: time | None) -> None:
    """Empty means that it comes only when asked for."""
    assert settings.load(report_at=written).report_at == meant


@pytest.mark.parametrize("written", ["9", "24:00", "09:60", "9h", "off"])
def test_an_hour_that_is_none_is_refused(written: str) -> None:
    """The message shows how to write it."""
    with pytest.raises(settings.SettingsError, match="REPORT_AT: write it as 09:00"):
        settings.load(report_at=written)


def test_backups_are_made_at_two_and_seven_days_kept() -> None:
    """The defaults; an empty BACKUP_AT means only when asked for."""
    found = settings.load(backup_exclude="*.log, data/cache/*")
    assert (found.backup_at, found.backup_keep_daily) == (time(2), 7)
    assert (found.backup_keep_weekly, found.backup_keep_monthly) == (0, 0)
    assert found.backup_exclude == ("*.log", "data/cache/*")
    assert settings.load(backup_at="").backup_at is None


@pytest.mark.parametrize("written", ["-1", "1001", "seven", ""])
def test_a_count_of_backups_is_a_small_number(written: str) -> None:
    """What is none is named."""
    with pytest.raises(SettingsError, match="BACKUP_KEEP_DAILY: "):
        settings.load(backup_keep_daily=written)


@pytest.mark.parametrize(
    ("data", "state", "backups", "said"),
    [
        ("data", "var", "data/backups", "BACKUP_DIR must lie outside DATA_DIR"),
        ("data", "var", "var", "BACKUP_DIR must lie outside STATE_DIR"),
        ("data", "var", "x/../var/b", "BACKUP_DIR must lie outside STATE_DIR"),
        ("data", "var", ".", "DATA_DIR must lie outside BACKUP_DIR"),
        ("b/data", "var", "b", "DATA_DIR must lie outside BACKUP_DIR"),
        ("data", "b/var", "b", "STATE_DIR must lie outside BACKUP_DIR"),
        ("data", "var", "link/backups", "BACKUP_DIR must lie outside DATA_DIR"),
    ],
)
def test_backups_lie_apart(tmp_path: Path, data: str, state: str, backups: str, said: str) -> None:
    """Neither inside what is backed up nor around it, by any way there; the line says which."""
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with pytest.raises(SettingsError, match=said):
        settings.load(data_dir=data, state_dir=state, backup_dir=backups)


@pytest.mark.parametrize(
    ("data", "state"),
    [("data", "data"), ("data", "data/var"), ("var/data", "var"), ("data", "link/deep/var"),
     (".", "var"), ("data", "x/../data/var")],
)  # fmt: skip
def test_state_and_data_lie_apart(tmp_path: Path, data: str, state: str) -> None:
    """Neither in the other, by any way there; the line names both and says what to do."""
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with pytest.raises(SettingsError) as refused:
        settings.load(data_dir=data, state_dir=state, backup_dir=tmp_path.parent / "kept")
    assert f"STATE_DIR (is {state}) and DATA_DIR (is {data}) must lie apart" in str(refused.value)
    assert "move the inner one out" in str(refused.value)


def test_a_folder_beside_is_apart() -> None:
    """A name that only begins alike is another folder."""
    assert settings.load(backup_dir="data-backups").backup_dir == Path("data-backups")
    assert settings.load(state_dir="data-state").state_dir == Path("data-state")


@pytest.mark.parametrize("written", ["22-7", "24:00-07:00", "22:30", "night", "22:61-07:00"])
def test_quiet_hours_that_are_none_are_refused(written: str) -> None:
    """The error shows how to write them."""
    with pytest.raises(SettingsError, match="22:30-07:00"):
        settings.load(quiet_hours=written)


FALLBACKS = "mailtos://ada:hunter2-secret@mail.example.org?to=a@x.org,b@x.org, ntfy://hunter2-topic"


def test_fallbacks_are_read_and_hidden() -> None:
    """Two ways, in their order; neither repr nor dump shows them."""
    found = settings.load(fallback_urls=FALLBACKS)
    assert [one.service for one in found.addresses] == ["mail", "ntfy"]
    assert "hunter2" not in repr(found) + str(found.model_dump()) + repr(found.addresses)
    assert {"hunter2-secret", "hunter2-topic"} <= set(found.secrets)
    assert settings.load().addresses == ()


def test_a_fallback_that_leads_nowhere_is_named_by_its_place() -> None:
    """Which one, and how to write it; nothing of what was written."""
    with pytest.raises(SettingsError) as caught:
        settings.load(fallback_urls=f"{FALLBACKS}, https://hunter2.example.org")
    assert str(caught.value).startswith("FALLBACK_URLS: number 3 starts with none of mailto://")
    assert "hunter2" not in str(caught.value)


def test_the_secrets_of_the_settings_are_kept_out_of_the_log() -> None:
    """Whole URLs and their parts, beside the token."""
    found = settings.load(fallback_urls=FALLBACKS, telegram_bot_token=TOKEN)
    redact = Redactor(found.secrets)
    for secret in (TOKEN, *(url.get_secret_value() for url in found.fallback_urls)):
        assert redact(f"trouble at {secret}!") == "trouble at <token>!"
    assert "hunter2" not in redact("user ada, password hunter2-secret, topic hunter2-topic")


@pytest.mark.parametrize(
    "written",
    ["", "s3://bucket", "s3://bucket/some/where", "file:///mnt/usb/vigie", "telegram://-1001"],
)
def test_a_destination_of_copies_is_a_bucket_or_a_folder(written: str) -> None:
    """It is taken as it was written."""
    assert settings.load(backup_offsite=written).offsite.url == written


@pytest.mark.parametrize(
    "written", ["ftp://x/y", "s3://", "/mnt/usb", "file://host/x", "s3://key:hidden@bucket/x"]
)
def test_another_destination_is_refused_without_repeating_it(written: str) -> None:
    """The message shows how to write it; what was written may hold a key."""
    with pytest.raises(settings.SettingsError, match=r"BACKUP_OFFSITE: write s3") as caught:
        settings.load(backup_offsite=written)
    assert "hidden" not in str(caught.value)


def test_keys_go_in_pairs() -> None:
    """Half a pair would fail at night, or leave a copy open to everybody."""
    with pytest.raises(settings.SettingsError, match="belong together"):
        settings.load(backup_offsite="s3://bucket", aws_access_key_id="only-one")
    with pytest.raises(settings.SettingsError, match="BACKUP_AGE_RECIPIENTS: add"):
        settings.load(backup_age_identity="AGE-SECRET-KEY-1")
    with pytest.raises(settings.SettingsError, match="BACKUP_AGE_RECIPIENTS: write") as caught:
        settings.load(backup_age_recipients="AGE-SECRET-KEY-1PASTED")
    assert "PASTED" not in str(caught.value)


def test_every_key_of_the_copies_is_a_secret() -> None:
    """None is shown, all are taken out of logs."""
    found = settings.load(
        aws_access_key_id="the-id",
        aws_secret_access_key="the-secret",  # noqa: S106
        aws_session_token="the-token",  # noqa: S106
        backup_age_identity="AGE-SECRET-KEY-1A, AGE-SECRET-KEY-1B",
        backup_age_recipients="age1" + "q" * 58,
    )
    keys = {"the-id", "the-secret", "the-token", "AGE-SECRET-KEY-1A", "AGE-SECRET-KEY-1B"}
    assert keys <= set(found.secrets)
    assert not any(key in repr(found) or key in repr(found.offsite) for key in keys)


def test_a_service_is_given_by_its_root() -> None:
    """A URL with a path, or with keys in it, is none."""
    assert settings.load(aws_endpoint_url="http://127.0.0.1:9000").offsite.endpoint
    for written in ("127.0.0.1:9000", "https://s3.example.org/bucket", "https://a:b@example.org"):
        with pytest.raises(settings.SettingsError, match="AWS_ENDPOINT_URL: write the service"):
            settings.load(aws_endpoint_url=written)
