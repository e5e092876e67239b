"""Where a fallback goes: one URL, written as Apprise writes them, read into what a post needs."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import SplitResult, quote, unquote, urlsplit

SEPARATOR = re.compile(r"[,\s]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
LONG_ENOUGH = 6
SMTP_PORT, SUBMISSION_PORT, SMTPS_PORT = 25, 587, 465
NTFY_CLOUD = "https://ntfy.sh"
NTFY_TOKEN = "tk_"  # noqa: S105 — how ntfy's access tokens begin, not one
SLACK = "https://hooks.slack.com/services"
DISCORD = "https://discord.com/api/webhooks"
WEBHOOK_PARTS = {"slack": 3, "discord": 2}


class AddressError(ValueError):
    """What is wrong with an address, in words that repeat nothing of it."""


class Security(StrEnum):
    """How a mail server is spoken to."""

    NONE = "insecure"
    STARTTLS = "starttls"
    SSL = "ssl"


class Form(StrEnum):
    """What a web service wants to be posted."""

    JSON = "json"
    NTFY = "ntfy"
    SLACK = "slack"
    DISCORD = "discord"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mailbox and the server that takes mail for it; without a user nobody logs in."""

    host: str
    port: int
    security: Security
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    sender: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)

    @property
    def service(self) -> str:
        """What it is, in a word."""
        return "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A web service; `names` renames fields of the JSON form, an empty name leaves one out."""

    form: Form
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)
    topic: str = field(default="", repr=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def service(self) -> str:
        """What it is, in a word."""
        return "webhook" if self.form is Form.JSON else self.form.value


Address: TypeAlias = Mail | Hook


def split(listed: str) -> tuple[str, ...]:
    """Return the URLs of a list; a comma inside one (`to=a@example.org,b@…`) separates nothing."""
    urls = (url.strip(" ,\t\n") for url in SEPARATOR.split(listed))
    return tuple(url for url in urls if url)


def read(url: str) -> Address:
    """Return where the URL leads. Raise AddressError, which names no part of it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        msg = "is no URL: write @, /, : and other signs in a password as %40, %2F, %3A"
        raise AddressError(msg) from None
    reader = READERS.get(parts.scheme.lower())
    if reader is None:
        known = ", ".join(f"{scheme}://" for scheme in READERS)
        msg = f"starts with none of {known}"
        raise AddressError(msg)
    if not parts.hostname:
        msg = f"names nothing after {parts.scheme.lower()}://"
        raise AddressError(msg)
    return reader(parts)


def secrets(url: str) -> tuple[str, ...]:
    """Return what of the URL may be in no log: itself, and each part that opens something."""
    parts = urlsplit(url)
    words = [parts.username, parts.password, parts.path.strip("/"), parts.query]
    words += [value for name, value in _query(parts).items() if name[:1] in {"+", "-"}]
    scheme = parts.scheme.lower()
    if scheme in WEBHOOK_PARTS or (scheme.startswith("ntfy") and not parts.path.strip("/")):
        words.append(_place(parts))  # a webhook's first token, or a topic
    long = [word for word in words if word and len(word) >= LONG_ENOUGH]
    return (url, *long, *(unquote(word) for word in long if unquote(word) != word))


def _mail(parts: SplitResult) -> Mail:
    asked, secure = _query(parts), parts.scheme.lower() == "mailtos"
    domain, user = parts.hostname or "", unquote(parts.username or "")
    mailbox = user if "@" in user else f"{user}@{domain}"
    recipients = tuple(one.strip() for one in asked.get("to", mailbox).split(",") if one.strip())
    sender = asked.get("from", mailbox if user else recipients[0] if recipients else "")
    if not recipients or not all(map(_is_mailbox, (*recipients, sender))):
        msg = "names no mailbox: add ?to=you@example.org, and from= where the server wants it"
        raise AddressError(msg)
    security = _security(asked.get("mode", ""), secure=secure, port=parts.port)
    usual = {Security.NONE: SMTP_PORT, Security.SSL: SMTPS_PORT}.get(security, SUBMISSION_PORT)
    return Mail(
        host=asked.get("smtp", domain),
        port=parts.port or usual,
        security=security,
        user=user if parts.password else "",
        password=unquote(parts.password or ""),
        sender=sender,
        recipients=recipients,
    )


def _security(mode: str, *, secure: bool, port: int | None) -> Security:
    if not mode:
        if not secure:
            return Security.NONE
        return Security.SSL if port == SMTPS_PORT else Security.STARTTLS
    try:
        return Security(mode.lower())
    except ValueError:
        msg = "knows mode=ssl, mode=starttls and mode=insecure only"
        raise AddressError(msg) from None


def _is_mailbox(text: str) -> bool:
    return re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", text) is not None and text.isascii()


def _ntfy(parts: SplitResult) -> Hook:
    path, place = parts.path.strip("/"), _place(parts)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    token = user if user.startswith(NTFY_TOKEN) and not password else ""
    if "/" in path or (not path and parts.port is not None):
        msg = "is written ntfy://topic, or ntfys://server/topic"
        raise AddressError(msg)
    return Hook(
        form=Form.NTFY,
        url=_root(parts) if path else NTFY_CLOUD,
        topic=unquote(path or place),
        headers={"Authorization": f"Bearer {token}"} if token else {},
        login=(user, password) if user and not token else None,
    )


def _json(parts: SplitResult) -> Hook:
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    asked = _query(parts)
    passed = "&".join(
        f"{quote(name[1:])}={quote(value)}" for name, value in asked.items() if name[:1] == "-"
    )
    return Hook(
        form=Form.JSON,
        url=f"{_root(parts)}{parts.path or '/'}{'?' if passed else ''}{passed}",
        headers={name[1:]: value for name, value in asked.items() if name[:1] == "+"},
        login=(user, password) if user else None,
        names={name[1:]: value for name, value in asked.items() if name[:1] == ":"},
    )


def _webhook(parts: SplitResult) -> Hook:
    """Slack's and Discord's incoming webhooks: the tokens are the address."""
    form = Form(parts.scheme.lower())
    tokens = [_place(parts), *(word for word in parts.path.split("/") if word)]
    if len(tokens) != WEBHOOK_PARTS[form] or parts.port is not None:
        wanted = "slack://T…/B…/token" if form is Form.SLACK else "discord://id/token"
        msg = f"is written {wanted}"
        raise AddressError(msg)
    root = SLACK if form is Form.SLACK else DISCORD
    return Hook(form=form, url="/".join((root, *tokens)))


def _root(parts: SplitResult) -> str:
    """Return the server; without encryption only where the scheme asks for it."""
    scheme = "https" if parts.scheme.lower().endswith("s") else "http"
    port = "" if parts.port is None else f":{parts.port}"
    host = parts.hostname or ""
    return f"{scheme}://{f'[{host}]' if _is_v6(host) else host}{port}"


def _place(parts: SplitResult) -> str:
    """Return what stands for the host as it was written: topics and tokens have capitals."""
    return parts.netloc.rpartition("@")[2].partition(":")[0]


def _is_v6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6  # noqa: PLR2004
    except ValueError:
        return False


def _query(parts: SplitResult) -> dict[str, str]:
    """Return the parameters; a `+` is one, in passwords and in front of a header's name."""
    pairs = [item.partition("=") for item in parts.query.split("&") if item]
    return {unquote(name): unquote(value) for name, _, value in pairs}


READERS: Mapping[str, Callable[[SplitResult], Address]] = {
    "mailto": _mail,
    "mailtos": _mail,
    "ntfy": _ntfy,
    "ntfys": _ntfy,
    "json": _json,
    "jsons": _json,
    "slack": _webhook,
    "discord": _webhook,
}
