"""Objects as they are read back: hashed, opened where they are encrypted, never trusted."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

from storage.archives import zst
from storage.archives.manifest import Manifest
from storage.offsite import sums
from storage.offsite.place import Place
from storage.offsite.results import Why
from storage.offsite.sums import SUMS_NAME, Item, Sums, sums_name
from storage.offsite.trouble import BrokenSealError, OffsiteError, Trouble, WrongKeyError

if TYPE_CHECKING:
    from storage.offsite.sealing import Seal

MANIFEST_BYTES = 256 * 1024 * 1024  # of a manifest, unpacked: a million files
SUMS_BYTES = 64 * 1024


class Sink(Protocol):
    """Whatever takes bytes."""

    def write(self, data: bytes, /) -> int:
        """Take them all."""


class Hashing:
    """Counts and hashes what passes through to another sink."""

    def __init__(self, into: Sink | None = None) -> None:
        self._into = into
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        """Take the bytes, and hand them on."""
        self._digest.update(data)
        self.size += len(data)
        return len(data) if self._into is None else self._into.write(data)

    @property
    def sha256(self) -> str:
        """What has passed so far, in hexadecimal."""
        return self._digest.hexdigest()


class Content:
    """Keeps what passes."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def write(self, data: bytes, /) -> int:
        """Keep it."""
        self.taken += data
        return len(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads one place, with the keys there are."""

    place: Place
    seal: "Seal | None" = None

    def opens(self, item: Item) -> bool:
        """Whether the content itself can be read here."""
        return item.stored_name == item.name or (self.seal is not None and self.seal.opens)

    def fetch(self, item: Item, into: Sink) -> Why | None:
        """Pass the content of an object on; return why it is not what was put there, if so.

        What does not open passes nothing on, and only what lies there is compared.
        """
        lying, plain = Hashing(), Hashing(into)
        try:
            self._pour(item, lying, plain)
        except BrokenSealError:
            return Why.SEAL
        except OffsiteError as error:
            if error.trouble is not Trouble.DAMAGED:
                raise
            return Why.MISSING
        if (lying.size, lying.sha256) != (item.stored_bytes, item.stored_sha256):
            return Why.CHANGED
        if self.opens(item) and plain.sha256 != item.sha256:
            return Why.CONTENT
        return None

    def _pour(self, item: Item, lying: Hashing, plain: Hashing) -> None:
        pieces = through(self.place.pieces(item.stored_name), lying)
        if item.stored_name != item.name and self.seal is not None and self.seal.opens:
            try:
                self.seal.open(pieces, plain)
            except WrongKeyError:
                where = self.place.where
                raise OffsiteError(Trouble.SEALED, where, name=item.stored_name) from None
        elif item.stored_name == item.name:
            for piece in pieces:
                plain.write(piece)
        for _ in pieces:  # what does not open is hashed all the same
            pass

    def all_sums(self, names: Mapping[str, int]) -> Mapping[str, Sums | None]:
        """Return every snapshot's list by id, oldest first; None for one that is no list."""
        ids = sorted(found[1] for name in names if (found := SUMS_NAME.fullmatch(name)))
        return {one: self.sums(one) for one in ids}

    def sums(self, snapshot_id: str) -> Sums | None:
        """Return a snapshot's list, None where there is none, or none that makes sense."""
        text = self.small(sums_name(snapshot_id), SUMS_BYTES)
        try:
            return None if text is None else sums.read(snapshot_id, text.decode("ascii"))
        except ValueError:
            return None

    def small(self, name: str, limit_bytes: int) -> bytes | None:
        """Return a small object, None where there is none, or a larger one."""
        content = bytearray()
        try:
            for piece in self.place.pieces(name):
                content += piece
                if len(content) > limit_bytes:
                    return None
        except OffsiteError as error:
            if error.trouble is not Trouble.DAMAGED:
                raise
            return None
        return bytes(content)


def manifest_of(content: bytes) -> Manifest:
    """Return the manifest a file holds. Raise ValueError where it is none."""
    try:
        return msgspec.json.decode(zst.unpacked([content], limit=MANIFEST_BYTES), type=Manifest)
    except (zst.ZstdError, EOFError, msgspec.MsgspecError) as error:
        msg = "is no manifest"
        raise ValueError(msg) from error


def through(pieces: Iterator[bytes], sink: Sink) -> Iterator[bytes]:
    """Yield the pieces, each given to the sink first."""
    for piece in pieces:
        sink.write(piece)
        yield piece
