"""Hostile text made harmless: cleaned, clipped, escaped, and measured as Telegram measures it."""

import re
import unicodedata
from html import escape as html_escape
from html import unescape
from urllib.parse import urlsplit

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
TOAST_UNITS = 200
VALUE_UNITS = 300
WORD_JOINER = "\u2060"
MAX_MARKS = 3
NONCHARACTERS = frozenset({0xFFFE, 0xFFFF})

_INVISIBLE = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})
_MARKS = frozenset({"Mn", "Me", "Mc"})
_TAG = re.compile(r"<[^>]*>")
_LINKABLE = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})|(?<=:)/(?=/)|(?<![\w/])[@#$/](?=\w)")


class Markup(str):
    """HTML that is already escaped; put into a template as it is."""

    __slots__ = ()


def units(text: str) -> int:
    """Return the length in UTF-16 units, the way Telegram counts."""
    return len(text) + sum(ch > "\uffff" for ch in text)


def visible(html: str) -> str:
    """Return what is left of our own HTML once the tags are gone."""
    return unescape(_TAG.sub("", html))


def _drawn(ch: str) -> str:
    """Return the character, a space for white space, or nothing for what must not be seen."""
    if ch.isspace():
        return " "
    if unicodedata.category(ch) in _DROPPED or ch in _INVISIBLE:
        return ""
    nobody = ord(ch) & 0xFFFF in NONCHARACTERS or "\ufdd0" <= ch <= "\ufdef"
    return "" if nobody else ch


def clean(text: str) -> str:
    """Return one line without controls, bidi overrides, zero-width or stacked marks."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept: list[str] = []
    marks = 0
    for ch in text:
        marks = marks + 1 if unicodedata.category(ch) in _MARKS else 0
        if marks <= MAX_MARKS:
            kept.append(_drawn(ch))
    return " ".join("".join(kept).split())


def fold(text: str) -> str:
    """Return a word as people type it in a hurry: no capitals, no accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(ch for ch in parts if unicodedata.category(ch) not in _MARKS)


def clip(text: str, limit: int = VALUE_UNITS) -> str:
    """Return the text in at most `limit` UTF-16 units, an ellipsis in place of the rest."""
    if len(text) * 2 <= limit or units(text) <= limit:
        return text
    left, end = limit - 1, 0
    for ch in text:
        left -= 2 if ch > "\uffff" else 1
        if left < 0:
            break
        end += 1
    while end and unicodedata.category(text[end]) in _MARKS:
        end -= 1
    return text[:end].rstrip() + "…"


def escape(text: str) -> Markup:
    """Return text for the inside of an element or of a quoted attribute."""
    return Markup(html_escape(text, quote=True))


def hostile(text: str, limit: int = 80) -> Markup:
    """Return scraped text cleaned, clipped and escaped, with nothing a client makes a link of."""
    return escape(defuse(clip(clean(text), limit)))


def defuse(text: str) -> str:
    """Return text in which clients find no address, mention, hashtag or command to link."""
    return _LINKABLE.sub(lambda found: f"{found.group()}{WORD_JOINER}", text)


def code(text: str, limit: int = 120) -> Markup:
    """Return a name set as code, which clients do not make links of and people can copy."""
    return Markup(f"<code>{escape(clip(clean(text), limit) or '?')}</code>")


def safe_url(url: str) -> str:
    """Return the URL if it is plain http(s) with a host, else nothing."""
    if len(url) > 500 or clean(url) != url or re.search(r"[\s\"'<>\\^`{|}]", url):  # noqa: PLR2004
        return ""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    plain = parts.scheme in {"http", "https"} and "@" not in parts.netloc
    return url if plain and re.fullmatch(r"[\w.-]+\.\w+", host) else ""


def link(url: str, label: Markup) -> Markup:
    """Return a link if the URL is safe, else the label alone."""
    good = safe_url(url)
    return Markup(f'<a href="{escape(good)}">{label}</a>') if good else label
