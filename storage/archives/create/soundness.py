"""Whether the content of a JSON file is JSON, as the programs that write it understand that.

Python's json writes NaN, Infinity and halves of surrogate pairs; a byte order mark and UTF-16 are
somebody's editor. None of that is damage. A file that stops in the middle is.
"""

import json
import re
from codecs import getincrementaldecoder
from mmap import mmap
from typing import TypeAlias

import msgspec

SUFFIX = ".json"
_STEP_BYTES = 4 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\[\s\S])*+"|NaN|-?Infinity')
_ESCAPE = re.compile(rb"\\(?:u[dD][89a-fA-F][0-9a-fA-F]{2}|([\s\S]))")
_decode = msgspec.json.Decoder(msgspec.Raw).decode
Content: TypeAlias = bytes | mmap


def fault(content: Content) -> str:
    """Return what is wrong with it as JSON, "" where nothing is."""
    try:
        _check(content)
    except UnicodeDecodeError as error:
        return f"no {error.encoding}: {error.reason} at byte {error.start}"
    except RecursionError:
        return "nested too deep"
    except msgspec.DecodeError as error:
        return str(error)
    return ""


def _check(content: Content) -> None:
    encoding = json.detect_encoding(content[:4])
    if encoding.startswith(("utf-16", "utf-32")):
        text: Content = content[:].decode(encoding).encode("utf-8", "surrogatepass")
    elif encoding == "utf-8-sig":
        text = content[len(_BOM) :]
    else:
        text = content
    if not (isinstance(text, bytes) and text.isascii()):
        _check_utf8(text)
    try:
        _decode(text)
    except msgspec.DecodeError:
        _decode(_TOKEN.sub(_plain, text))


def _check_utf8(content: Content) -> None:
    """Raise UnicodeDecodeError unless it is UTF-8; in steps, one of them in memory at a time."""
    decode = getincrementaldecoder("utf-8")().decode
    for start in range(0, len(content), _STEP_BYTES):
        step = content[start : start + _STEP_BYTES]
        decode(step, start + _STEP_BYTES >= len(content))


def _plain(found: re.Match[bytes]) -> bytes:
    """Write what Python accepts beyond JSON as JSON, for looking at alone."""
    token = found[0]
    if token[:1] != b'"':
        return b"0"
    return _ESCAPE.sub(lambda half: half[0] if half[1] else b"", token)
