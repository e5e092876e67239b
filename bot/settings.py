"""Every setting: read once from the environment and `.env`, checked, secrets hidden."""

import re
from datetime import time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

OFFICIAL_API = "https://api.telegram.org"
UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
SIZES = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
TOKEN = re.compile(r"\d{3,}:[A-Za-z0-9_-]{10,}")
CHANNEL = re.compile(r"-?\d{1,16}(:\d{1,10})?")
LAST_HOUR, LAST_MINUTE = 23, 59
LONGEST_D = 3_650
ENV_FILE = Path(".env")
ALIKE = 0.85


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    if (match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", value.strip().lower())) is None:
        msg = "write a duration as 90s, 5m, 2h or 7d"
        raise ValueError(msg)
    seconds = float(match[1]) * UNITS_S[match[2]]
    if not 0 < seconds <= LONGEST_D * UNITS_S["d"]:
        msg = f"must be longer than 0s, and {LONGEST_D}d at most"
        raise ValueError(msg)
    return timedelta(seconds=seconds)


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]i?b|)", value.strip().lower())
    if match is None:
        msg = "write a size as 64MB, 512KiB or a number of bytes"
        raise ValueError(msg)
    return int(float(match[1]) * SIZES[match[2]])


def _words(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _rates(value: object) -> object:
    """Return `{currency: USD}` from `XP=0.01,POINTS=0.005`."""
    if not isinstance(value, str):
        return value
    rates: dict[str, str] = {}
    for word in value.split(","):
        name, sign, rate = word.partition("=")
        if word.strip() and not sign:
            msg = f"write each rate as NAME=USD, not {word.strip()!r}"
            raise ValueError(msg)
        if sign:
            rates[name.strip().upper()] = rate.strip()
    return rates


def _channel(value: str) -> str:
    if CHANNEL.fullmatch(value) is None:
        msg = f"{value!r} is not a chat id or id:topic"
        raise ValueError(msg)
    return value


def _token(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and TOKEN.fullmatch(value.get_secret_value()) is None:
        msg = "does not look like a bot token (digits, a colon, letters)"
        raise ValueError(msg)
    return value


def _root(value: HttpUrl) -> HttpUrl:
    if "/bot" in (value.path or ""):
        msg = "write the server's root only, without /bot and the token"
        raise ValueError(msg)
    return value


def _folder(value: object) -> object:
    """Refuse nothing at all, which would mean the folder the bot was started in."""
    if isinstance(value, str) and not value.strip():
        msg = "write a folder"
        raise ValueError(msg)
    return value


def _zone(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        msg = f"{value!r} is not a time zone such as Europe/Paris"
        raise ValueError(msg) from None


def _span(value: object) -> object:
    """Return from when to when, from `22:30-07:00`; None for nothing."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    found = re.fullmatch(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)", value.strip())
    numbers = [int(number) for number in found.groups()] if found else [24, 0, 24, 0]
    if max(numbers[0::2]) > LAST_HOUR or max(numbers[1::2]) > LAST_MINUTE:
        msg = "write them as 22:30-07:00, or leave them empty"
        raise ValueError(msg)
    return time(numbers[0], numbers[1]), time(numbers[2], numbers[3])


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Size = Annotated[int, BeforeValidator(_size), Field(gt=0)]
Percent = Annotated[float, Field(gt=0, le=100)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Channels = Annotated[
    tuple[Annotated[str, AfterValidator(_channel)], ...], NoDecode, BeforeValidator(_words)
]
Person = Annotated[int, Field(gt=0, lt=2**53)]
People = Annotated[tuple[Person, ...], NoDecode, BeforeValidator(_words)]
Span = Annotated[tuple[time, time] | None, NoDecode, BeforeValidator(_span)]
Folder = Annotated[Path, BeforeValidator(_folder)]
Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Rates = Annotated[dict[str, Rate], NoDecode, BeforeValidator(_rates)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]


class Settings(BaseSettings):
    """What the owner decides; the names in upper case are the environment's."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8", extra="ignore", frozen=True,
        arbitrary_types_allowed=True, hide_input_in_errors=True,
    )  # fmt: skip

    telegram_bot_token: Annotated[SecretStr, AfterValidator(_token)] = SecretStr("")
    telegram_chat_ids: Channels = ()
    telegram_admin_ids: People = ()
    telegram_api_url: Annotated[HttpUrl, AfterValidator(_root)] = HttpUrl(OFFICIAL_API)

    data_dir: Folder = Path("data")
    state_dir: Folder = Path("var")
    expected_sources: Words = ("Galxe", "Zealy", "Layer3", "TwitterRSS")
    scraper_commands: Words = ("main.py",)
    max_file_size: Size = 64 * 10**6

    timezone: Zone = ZoneInfo("UTC")
    language: Annotated[Literal["en", "fr"], BeforeValidator(_lower)] = "en"

    quiet_hours: Span = None

    health_every: Duration = timedelta(minutes=5)
    fresh_warning: Duration = timedelta(hours=2)
    fresh_error: Duration = timedelta(hours=4)
    fresh_critical: Duration = timedelta(hours=6)
    cpu_warning: Percent = 85
    cpu_error: Percent = 95
    memory_warning: Percent = 85
    memory_error: Percent = 95
    disk_warning: Percent = 85
    disk_error: Percent = 95

    min_roi: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2.0
    low_volume_per_day: Annotated[int, Field(ge=0)] = 50
    reward_rates: Rates = {"XP": 0.01, "POINTS": 0.005, "GAL": 0.50}

    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = (
        "INFO"
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = "text"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Refuse limits that could never fire in the order of their names."""
        steps = [("fresh_warning", "fresh_error"), ("fresh_error", "fresh_critical")]
        steps += [(f"{name}_warning", f"{name}_error") for name in ("cpu", "memory", "disk")]
        wrong = [
            f"{low.upper()} must be below {high.upper()}"
            for low, high in steps
            if getattr(self, low) >= getattr(self, high)
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


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
        name = str(problem["loc"][0]).upper() if problem["loc"] else "limits"
        said = problem["msg"].removeprefix("Value error, ")
        secret = name == "TELEGRAM_BOT_TOKEN"
        value = "" if secret or not problem["loc"] else f" (is {str(problem['input'])[:80]!r})"
        lines.append(f"{name}: {said}{value}")
    return list(dict.fromkeys(lines))
