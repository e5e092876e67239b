"""A Telegram chat as the off-site copy, whoever speaks to it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from storage.archives.disk import Disk
from storage.offsite import parts
from storage.offsite.drafts import pieces
from storage.offsite.parts import PART_BYTES, Object, Objects, Part, Span
from storage.offsite.place import Stored
from storage.offsite.trouble import OffsiteError, Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A document that is in the chat: its message, and the name to fetch it by."""

    message: int
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """The index as it is pinned."""

    message: int
    content: bytes


class Chat(Protocol):
    """What a chat must be able to do. Every method blocks, and raises OffsiteError only."""

    @property
    def where(self) -> str:
        """The chat as a URL."""

    def index(self) -> Pinned | None:
        """Return the pinned index of ours, None where none of ours is pinned."""

    def publish(self, content: bytes, *, over: int | None) -> int:
        """Let the pinned index be this: in the message `over`, or in a new one; return which."""

    def send(self, name: str, source: Path, span: Span, caption: str) -> Sent:
        """Put these bytes of a file into the chat as a document."""

    def fetch(self, file: str, size: int) -> bytes:
        """Return a document, as much of it as there is; Trouble.DAMAGED where it is gone."""

    def forget(self, messages: Sequence[int]) -> None:
        """Delete messages, those of them that Telegram lets the bot delete."""


class ChatPlace:
    """Files in a chat; what its index does not name is not there.

    The index is replaced by one call after every part of a file arrived, so a file is there
    whole or not at all. It is read anew by `names`, and believed until then: one Vigie a chat.
    """

    def __init__(
        self, chat: Chat, *, disk: Disk | None = None, part_bytes: int = PART_BYTES
    ) -> None:
        self._chat = chat
        self._disk = disk or Disk()
        self._part_bytes = part_bytes
        self._message: int | None = None
        self._objects: Objects | None = None

    @property
    def where(self) -> str:
        """The chat as a URL."""
        return self._chat.where

    @property
    def if_empty(self) -> Trouble | None:
        """The index may be unpinned, or hidden by a newer pinned message."""
        return Trouble.UNPINNED

    def names(self) -> Mapping[str, int]:
        """Return what the index names, with sizes; nothing where none of ours is pinned."""
        pinned = self._chat.index()
        if pinned is None:
            self._message, self._objects = None, {}
            return {}
        try:
            self._message, self._objects = pinned.message, parts.decode(pinned.content)
        except ValueError:
            name = parts.INDEX_NAME
            raise OffsiteError(Trouble.DAMAGED, self.where, name=name) from None
        return {name: found.size for name, found in self._objects.items()}

    def stored(self, name: str) -> Stored | None:
        """Return what the index says of a file."""
        found = self._known().get(name)
        return None if found is None else found.stored

    def put(self, name: str, source: Path, content: Stored) -> None:
        """Send a file in parts, then name it in the index."""
        before = self._known()
        spans = parts.spans(content.size, part_bytes=self._part_bytes)
        sent = tuple(
            self._send(name, source, span, f"{number}/{len(spans)}")
            for number, span in enumerate(spans, start=1)
        )
        whole = Object(
            size=content.size,
            sha256=content.sha256,
            plain_sha256=content.plain_sha256,
            parts=sent,
        )
        self._publish({**before, name: whole})
        if name in before:
            self._chat.forget([part.message for part in before[name].parts])

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a file's parts, each compared with its hash before anybody sees it."""
        found = self._known().get(name)
        if found is None:
            raise OffsiteError(Trouble.DAMAGED, self.where, name=name, said="missing")
        for part in found.parts:
            content = self._chat.fetch(part.file, part.size)
            if hashlib.sha256(content).hexdigest() != part.sha256:
                raise OffsiteError(Trouble.DAMAGED, self.where, name=name, said="changed")
            yield content

    def remove(self, name: str) -> None:
        """Take a file out of the index, then its messages away where that is still allowed."""
        before = self._known()
        if name in before:
            self._publish({one: found for one, found in before.items() if one != name})
            self._chat.forget([part.message for part in before[name].parts])

    def _known(self) -> Objects:
        if self._objects is None:
            self.names()
        return self._objects or {}

    def _publish(self, objects: Objects) -> None:
        self._message = self._chat.publish(parts.encode(objects), over=self._message)
        self._objects = objects

    def _send(self, name: str, source: Path, span: Span, place: str) -> Part:
        number, count = (int(one) for one in place.split("/"))
        sha256 = _sha256(self._disk, source, span)
        sent = self._chat.send(
            parts.part_name(name, number, count), source, span, parts.caption(number, count, sha256)
        )
        return Part(sent.message, sent.file, span.size, sha256)


def _sha256(disk: Disk, source: Path, span: Span) -> str:
    digest, at = hashlib.sha256(), 0
    for piece in pieces(disk, source):
        first, last = max(0, span.start - at), span.start + span.size - at
        digest.update(piece[first : max(0, last)])
        at += len(piece)
    return digest.hexdigest()
