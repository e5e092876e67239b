"""Every setting: read once from the environment and `.env`, checked, secrets hidden."""

from datetime import time, timedelta
from difflib import get_close_matches
from os.path import normpath, realpath
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import BeforeValidator, Field, HttpUrl, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot import address
from bot.address import Address
from bot.spelling import (
    Channels,
    Duration,
    Endpoint,
    Fallbacks,
    Folder,
    Hour,
    Kept,
    Offsite,
    People,
    Percent,
    Rates,
    Recipients,
    Root,
    Size,
    Span,
    Token,
    Words,
    Zone,
    lower,
    upper,
)
from storage.offsite.target import Target

OFFICIAL_API = "https://api.telegram.org"
ENV_FILE = Path(".env")
ALIKE = 0.85
SECRET = frozenset({  # recipients and URLs too: somebody may paste a secret key there
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "BACKUP_AGE_IDENTITY",
    "BACKUP_AGE_RECIPIENTS", "BACKUP_OFFSITE", "FALLBACK_URLS", "TELEGRAM_BOT_TOKEN",
})  # fmt: skip


class Settings(BaseSettings):
    """What the owner decides; the names in upper case are the environment's."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8", extra="ignore", frozen=True,
        arbitrary_types_allowed=True, hide_input_in_errors=True,
    )  # fmt: skip

    telegram_bot_token: Token = SecretStr("")
    telegram_chat_ids: Channels = ()
    telegram_admin_ids: People = ()
    telegram_api_url: Root = HttpUrl(OFFICIAL_API)

    data_dir: Folder = Path("data")
    state_dir: Folder = Path("var")
    expected_sources: Words = ("Galxe", "Zealy", "Layer3", "TwitterRSS")
    scraper_commands: Words = ("main.py",)
    max_file_size: Size = 64 * 10**6

    timezone: Zone = ZoneInfo("UTC")
    language: Annotated[Literal["en", "fr"], BeforeValidator(lower)] = "en"

    quiet_hours: Span = None
    fallback_urls: Fallbacks = ()

    report_at: Hour = time(9)
    weekly_report: bool = True

    backup_dir: Folder = Path("backups")
    backup_at: Hour = time(2)
    backup_keep_daily: Kept = 7
    backup_keep_weekly: Kept = 0
    backup_keep_monthly: Kept = 0
    backup_exclude: Words = ()

    backup_offsite: Offsite = ""
    backup_age_recipients: Recipients = ()
    backup_age_identity: SecretStr = SecretStr("")
    aws_endpoint_url: Endpoint = ""
    aws_region: str = "us-east-1"
    aws_access_key_id: SecretStr = SecretStr("")
    aws_secret_access_key: SecretStr = SecretStr("")
    aws_session_token: SecretStr = SecretStr("")

    health_every: Duration = timedelta(minutes=5)
    fresh_warning: Duration = timedelta(hours=2)
    fresh_error: Duration = timedelta(hours=4)
    fresh_critical: Duration = timedelta(hours=6)
    cpu_warning: Percent = 85
    cpu_error: Percent = 95
    memory_warning: Percent = 85
    memory_critical: Percent = 95
    disk_warning: Percent = 85
    disk_critical: Percent = 95

    min_roi: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2.0
    low_volume_per_day: Annotated[int, Field(ge=0)] = 50
    history_days: Annotated[int, Field(ge=15, le=3650)] = 400
    reward_rates: Rates = {"XP": 0.01, "POINTS": 0.005, "GAL": 0.50}

    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(upper)] = (
        "INFO"
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(lower)] = "text"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Refuse limits that could never fire in the order of their names."""
        steps = [("fresh_warning", "fresh_error"), ("fresh_error", "fresh_critical")]
        steps += [("cpu_warning", "cpu_error")]
        steps += [(f"{name}_warning", f"{name}_critical") for name in ("memory", "disk")]
        wrong = [
            f"{low.upper()} must be below {high.upper()}"
            for low, high in steps
            if getattr(self, low) >= getattr(self, high)
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @model_validator(mode="after")
    def _apart(self) -> Self:
        """Refuse backups among what they are made of, or the other way round; and state in data.

        They would hold themselves and grow by half each night; and what deletes the one folder
        would delete its backups. To restore the data would take the state away with them.
        """
        data, state = self.data_dir.absolute(), self.state_dir.absolute()
        if _within(state, data) or _within(data, state):
            msg = (
                f"STATE_DIR (is {self.state_dir}) and DATA_DIR (is {self.data_dir}) must lie "
                "apart: stop Vigie, move the inner one out, and name its new place"
            )
            raise ValueError(msg)
        backups = self.backup_dir.absolute()
        for name in ("data_dir", "state_dir"):
            folder = getattr(self, name).absolute()
            if _within(backups, folder):
                msg = f"BACKUP_DIR must lie outside {name.upper()} (is {self.backup_dir})"
                raise ValueError(msg)
            if _within(folder, backups):
                msg = f"{name.upper()} must lie outside BACKUP_DIR (is {getattr(self, name)})"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _in_pairs(self) -> Self:
        """Refuse half of what works in pairs only: a copy would fail at night, or lie open."""
        target = self.offsite
        if target.url.startswith("s3:") and bool(target.key_id) != bool(target.secret):
            msg = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both or none"
            raise ValueError(msg)
        if target.identity and not target.recipients:
            msg = "BACKUP_AGE_RECIPIENTS: add the public key that belongs to BACKUP_AGE_IDENTITY"
            raise ValueError(msg)
        return self

    @property
    def offsite(self) -> Target:
        """Where copies of the backups go, and with which keys; an empty URL for nowhere."""
        return Target(
            url=self.backup_offsite,
            endpoint=self.aws_endpoint_url,
            region=self.aws_region,
            key_id=self.aws_access_key_id.get_secret_value(),
            secret=self.aws_secret_access_key.get_secret_value(),
            token=self.aws_session_token.get_secret_value(),
            recipients=self.backup_age_recipients,
            identity=self.backup_age_identity.get_secret_value().replace(",", " "),
        )

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where to go when Telegram is away, in the order of FALLBACK_URLS."""
        return tuple(address.read(url.get_secret_value()) for url in self.fallback_urls)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may be in no log, no message and no answer."""
        urls = (url.get_secret_value() for url in self.fallback_urls)
        target = self.offsite
        keys = (target.key_id, target.secret, target.token, *target.identity.split())
        token = self.telegram_bot_token.get_secret_value()
        return (token, *keys, *(part for url in urls for part in address.secrets(url)))


class SettingsError(Exception):
    """What is wrong with the settings, one line each, fit to be printed."""


def load(**overrides: Any) -> Settings:  # noqa: ANN401 — any field, by its own name
    """Return the settings; `overrides` win over the environment. Raise SettingsError."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        said = "\n".join(_lines(error))
    except UnicodeDecodeError:
        said = f"{ENV_FILE}: is not UTF-8 text; save it as UTF-8"
    except OSError as error:
        said = f"{ENV_FILE}: {error.strerror}"
    raise SettingsError(said)


def _within(path: Path, folder: Path) -> bool:
    """Tell whether `path` is the folder or lies in it, as written or through links."""
    real = Path(realpath(path)).is_relative_to(realpath(folder))
    return real or Path(normpath(path)).is_relative_to(normpath(folder))


def misspelt() -> dict[str, str]:
    """Return names in `.env` that are no setting, each with the one that was probably meant."""
    known = [name.upper() for name in Settings.model_fields]
    written = [name.upper() for name in dotenv_values(ENV_FILE)]
    missing = [name for name in known if name not in written]
    strange = [name for name in written if name not in known]
    found = {name: get_close_matches(name, missing, n=1, cutoff=ALIKE) for name in strange}
    return {name: meant[0] for name, meant in found.items() if meant}


def _lines(error: ValidationError) -> list[str]:
    """Say each problem once, with the setting's name and never a secret's value."""
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        said = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:  # about several settings, which it names
            lines.append(said)
            continue
        name = str(problem["loc"][0]).upper()
        secret = name in SECRET
        value = "" if secret else f" (is {str(problem['input'])[:80]!r})"
        lines.append(f"{name}: {said}{value}")
    return list(dict.fromkeys(lines))
