"""Bytes to UTF-8: what a file may be written in, and what it must not be."""

import json
import re
from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"
_NAMES = {"utf-8-sig": "UTF-8 with BOM", "utf-16": "UTF-16 with BOM", "utf-32": "UTF-32 with BOM"}
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_CHUNK = 4 * 1024 * 1024


class Text(NamedTuple):
    """UTF-8 bytes that were checked; `encoding` names another one they were written in, or ""."""

    data: bytes
    encoding: str = ""


def utf8(raw: bytes) -> Text:
    """Return the text as UTF-8; raise UnicodeDecodeError where it is in no accepted encoding.

    Accepted are UTF-8, UTF-16 and UTF-32, each with a byte order mark or without.
    """
    encoding = json.detect_encoding(raw[:4])
    if encoding == "utf-8":
        if not raw.isascii():
            _check(raw)
        return Text(raw)
    if encoding == "utf-8-sig":
        data = raw.removeprefix(_BOM)
        _check(data)
        return Text(data, _NAMES[encoding])
    decoded = raw.decode(encoding)
    return Text(decoded.encode(), _NAMES.get(encoding, encoding.upper()))


def without_lone_surrogates(data: bytes) -> bytes:
    """Return the JSON with each half of a surrogate pair replaced by U+FFFD."""
    if b"\\ud" not in data and b"\\uD" not in data:
        return data
    return _ESCAPE.sub(lambda m: b"\\ufffd" if m[1] else m[0], data)


def _check(data: bytes) -> None:
    """Raise UnicodeDecodeError unless it is UTF-8; in steps, so that other threads may run."""
    start = 0
    while start < len(data):
        end = start + _CHUNK
        while end < len(data) and data[end] & 0xC0 == 0x80:  # noqa: PLR2004 (within a character)
            end += 1
        data[start:end].decode()
        start = end
