"""How settings are written: durations, sizes, lists, addresses; a wrong one says how to."""

import re
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, SecretStr
from pydantic_settings import NoDecode

from bot import address
from bot.address import AddressError

UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
SIZES = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
TOKEN = re.compile(r"\d{3,}:[A-Za-z0-9_-]{10,}")
CHANNEL = re.compile(r"-?\d{1,16}(:\d{1,10})?")
OFFSITE = re.compile(r"s3://[a-zA-Z0-9][\w.-]*(/[^@?#\s]*)?|file:///[^?#]+|telegram://-?\d{1,16}")
ENDPOINT = re.compile(r"https?://[\w.-]+(:\d+)?/?|https?://\[[\da-fA-F:]+\](:\d+)?/?")
RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")
LAST_HOUR, LAST_MINUTE = 23, 59
LONGEST_D = 3_650
MOST_KEPT = 1_000


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


def upper(value: object) -> object:
    """Return a word in capitals."""
    return value.upper() if isinstance(value, str) else value


def lower(value: object) -> object:
    """Return a word in small letters."""
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


def _offsite(value: str) -> str:
    """Refuse a destination of no known kind, and one with keys inside: they have names."""
    if value and OFFSITE.fullmatch(value) is None:
        msg = "write s3://bucket/prefix, file:///folder or telegram://chat-id, without any key"
        raise ValueError(msg)
    return value


def _endpoint(value: str) -> str:
    if value and ENDPOINT.fullmatch(value) is None:
        msg = "write the service's root, such as https://s3.example.org; empty: Amazon's own"
        raise ValueError(msg)
    return value


def _recipient(value: str) -> str:
    if RECIPIENT.fullmatch(value) is None:
        msg = "write public keys of age (age1…), separated by commas"
        raise ValueError(msg)
    return value


def _root(value: HttpUrl) -> HttpUrl:
    if "/bot" in (value.path or ""):
        msg = "write the server's root only, without /bot and the token"
        raise ValueError(msg)
    return value


def _fallbacks(value: object) -> object:
    """Return the URLs of a list; one that leads nowhere is named by its place, never shown."""
    if not isinstance(value, str):
        return value
    urls = address.split(value)
    for place, url in enumerate(urls, start=1):
        try:
            address.read(url)
        except AddressError as error:
            msg = f"number {place} {error}"
            raise ValueError(msg) from None
    return urls


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


def _hour(value: object) -> object:
    """Return a time of day, from `09:00`; None for nothing."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    found = re.fullmatch(r"(\d{1,2}):(\d\d)", value.strip())
    hour, minute = (int(number) for number in found.groups()) if found else (24, 0)
    if hour > LAST_HOUR or minute > LAST_MINUTE:
        msg = "write it as 09:00, or leave it empty"
        raise ValueError(msg)
    return time(hour, minute)


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
Hour = Annotated[time | None, NoDecode, BeforeValidator(_hour)]
Fallbacks = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_fallbacks)]
Kept = Annotated[int, Field(ge=0, le=MOST_KEPT)]
Folder = Annotated[Path, BeforeValidator(_folder)]
Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Rates = Annotated[dict[str, Rate], NoDecode, BeforeValidator(_rates)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Token = Annotated[SecretStr, AfterValidator(_token)]
Root = Annotated[HttpUrl, AfterValidator(_root)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Offsite = Annotated[str, AfterValidator(_offsite)]
Recipients = Annotated[
    tuple[Annotated[str, AfterValidator(_recipient)], ...], NoDecode, BeforeValidator(_words)
]
