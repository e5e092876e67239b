"""A chat as a store: files in parts, and the index that says which messages hold them. Pure.

Bots may send 50 MB, and fetch 20 MB back: so no part is larger than 19. Telegram finds no file
by its name, so the index is a document too, pinned in the chat: whoever knows the chat finds it.
"""

import re
from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from storage.offsite.place import Stored

PART_BYTES = 19_000_000
INDEX_NAME = "vigie-index.json"
INDEX_BYTES = 1_000_000
CAPTION = "Vigie · part {number}/{count} · sha256 {sha256}"
INDEX_CAPTION = "Vigie · index of the backups in this chat: keep it pinned"
NAME = re.compile(r"[\w.-]{1,200}")


class Part(msgspec.Struct, frozen=True):
    """One message with a piece of a file; `file` is what Telegram calls it for this bot."""

    message: int
    file: str
    size: int
    sha256: str


class Object(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the chat: its parts in order, and what they are put together."""

    size: int
    sha256: str
    plain_sha256: str = ""
    parts: tuple[Part, ...]

    @property
    def stored(self) -> Stored:
        """What is known to lie there."""
        return Stored(size=self.size, sha256=self.sha256, plain_sha256=self.plain_sha256)


Objects: TypeAlias = Mapping[str, Object]


class _Index(msgspec.Struct, frozen=True, kw_only=True):
    format: int = 1
    objects: dict[str, Object]


class Span(msgspec.Struct, frozen=True):
    """Which bytes of a file a part holds."""

    start: int
    size: int


def spans(size: int, *, part_bytes: int = PART_BYTES) -> tuple[Span, ...]:
    """Return how a file is split; an empty one is one empty part."""
    starts = range(0, size, part_bytes) or range(1)
    return tuple(Span(start, min(part_bytes, size - start)) for start in starts)


def part_name(name: str, number: int, count: int) -> str:
    """Return the file name of a part; `cat` in this order puts them together."""
    if count == 1:
        return name
    return f"{name}.part{number:0{len(str(count))}}of{count}"


def caption(number: int, count: int, sha256: str) -> str:
    """Return what stands under a part, for a person who puts them together."""
    return CAPTION.format(number=number, count=count, sha256=sha256)


def encode(objects: Objects) -> bytes:
    """Return the index as a document."""
    return msgspec.json.format(msgspec.json.encode(_Index(objects=dict(objects))), indent=1)


def decode(content: bytes) -> Objects:
    """Return what an index says. Raise ValueError where it is none."""
    try:
        index = msgspec.json.decode(content, type=_Index)
    except msgspec.MsgspecError as error:
        msg = "is no index"
        raise ValueError(msg) from error
    for name, found in index.objects.items():
        whole = sum(part.size for part in found.parts) == found.size
        if NAME.fullmatch(name) is None or not whole or index.format != 1:
            msg = "is no index of ours"
            raise ValueError(msg)
    return index.objects
