"""What a view returns: text, picture, document and buttons, without any Telegram type."""

from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """How a button stands out; old clients show plain buttons."""

    PLAIN = ""
    PRIMARY = "primary"
    SUCCESS = "success"
    DANGER = "danger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One inline button: exactly one of `data` (≤ 64 bytes), `copy` (≤ 256) or `url` is set."""

    label: str
    data: str = ""
    copy: str = ""
    url: str = ""
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file to attach."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to send or to edit into place; `html` is its text, or its photo's caption.

    `cut` says that there was more to tell than fits.
    """

    html: str
    photo: bytes | None = None
    document: Document | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    silent: bool = False
    cut: bool = False
