"""Encryption of what leaves the machine, in the age format; the only door to pyrage."""

import errno
import hashlib
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import pyrage
from pyrage.x25519 import Identity, Recipient

from storage.offsite.trouble import BrokenSealError, OffsiteError, WrongKeyError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MARK_LENGTH = 8
HEAD_BYTES = 64 * 1024  # of the format's header, which grows with the recipients
PIECE_BYTES, NONCE_BYTES, TAG_BYTES = 64 * 1024, 16, 16  # as the age format has them


class Sink(Protocol):
    """Whatever takes bytes."""

    def write(self, data: bytes, /) -> int:
        """Take them all."""


class Seal:
    """Public keys to encrypt for, and the secret ones to open it again, where there are any.

    Raises ValueError, naming no key, where one is misspelt or the identities cannot open what
    is encrypted for the recipients.
    """

    def __init__(self, recipients: Sequence[str], identity: str = "") -> None:
        try:
            self._recipients = [Recipient.from_str(one) for one in recipients]
        except pyrage.RecipientError:
            msg = "a recipient is no public key of age"
            raise ValueError(msg) from None
        try:
            self._identities = [Identity.from_str(one) for one in _keys(identity)]
        except pyrage.IdentityError:
            msg = "the identity is no secret key of age"
            raise ValueError(msg) from None
        own = {str(one.to_public()) for one in self._identities}
        if not recipients or (own and not own & {str(one) for one in self._recipients}):
            msg = "the identity opens nothing that is encrypted for the recipients"
            raise ValueError(msg)
        told = "\n".join(sorted(str(one) for one in self._recipients))
        self.mark = hashlib.sha256(told.encode()).hexdigest()[:MARK_LENGTH]

    @property
    def opens(self) -> bool:
        """Whether a secret key is here."""
        return bool(self._identities)

    def close(self, pieces: Iterator[bytes], into: Sink) -> None:
        """Encrypt a stream. Raises what reading and writing raise."""
        reader, writer = _Reader(pieces), _Writer(into)
        try:
            pyrage.encrypt_io(reader, writer, self._recipients)
        finally:
            _raise_first(reader, writer)  # the library loses an error of the last write
        if writer.size != _sealed_bytes(reader.size, writer.head):
            raise OSError(errno.EIO, "encrypted short")

    def open(self, pieces: Iterator[bytes], into: Sink) -> None:
        """Decrypt a stream, in pieces that were proven genuine before they are written.

        Raises WrongKeyError, BrokenSealError, and what reading and writing raise.
        """
        reader, writer = _Reader(pieces), _Writer(into)
        try:
            pyrage.decrypt_io(reader, writer, self._identities)
        except pyrage.DecryptError as error:
            _raise_first(reader, writer)
            if "key" in str(error).lower():
                raise WrongKeyError from None
            raise BrokenSealError from None
        except OSError:
            _raise_first(reader, writer)
            raise BrokenSealError from None
        _raise_first(reader, writer)


class _Reader(io.BufferedIOBase):
    """Pieces as a file; keeps what it raised, which Rust would turn into something else."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")
        self.size = 0
        self.error: Exception | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        try:
            while not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    return b""
                self._rest = memoryview(piece)
                self.size += len(piece)
        except (OSError, OffsiteError) as error:
            self.error = error
            raise
        end = len(self._rest) if size is None or size < 0 else size
        given, self._rest = bytes(self._rest[:end]), self._rest[end:]
        return given


class _Writer(io.BufferedIOBase):
    """A sink as a file; keeps what it raised."""

    def __init__(self, into: Sink) -> None:
        self._into = into
        self.head = b""
        self.size = 0
        self.error: Exception | None = None

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            content = bytes(data)
            self.head += content[: HEAD_BYTES - len(self.head)]
            self.size += len(content)
            return self._into.write(content)
        except (OSError, OffsiteError) as error:
            self.error = error
            raise


def _raise_first(*sides: _Reader | _Writer) -> None:
    for side in sides:
        if side.error is not None:
            raise side.error from None


def _sealed_bytes(plain_bytes: int, head: bytes) -> int:
    """Return how long the whole must be: header, nonce, and a tag for each piece of content."""
    header = head.find(b"\n", head.find(b"\n--- ") + 1) + 1
    pieces = max(1, -(-plain_bytes // PIECE_BYTES))
    return header + NONCE_BYTES + plain_bytes + pieces * TAG_BYTES


def _keys(identity: str) -> list[str]:
    """Return the keys of a key file's content, its comments left out, or of a list of them."""
    lines = [line for line in identity.splitlines() if not line.startswith("#")]
    return [key for line in lines for key in line.replace(",", " ").split()]
