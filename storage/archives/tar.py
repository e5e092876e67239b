"""The headers of an archive, as GNU tar writes them for regular files."""

import msgspec

from storage.archives.names import raw

BLOCK = 512
RECORD_BYTES = 20 * BLOCK
NAME_BYTES = 100
END_BYTES = 2 * BLOCK
BINARY = 1 << 7  # the first bit of a number too large for octal digits
MODE_BITS = 0o777
SECOND_NS = 1_000_000_000


class About(msgspec.Struct, frozen=True):
    """What a header says of a file beside its name."""

    size: int
    mode: int = 0o600
    owner: int = 0
    group: int = 0
    mtime: int = 0


def header(path: str, about: About) -> bytes:
    """Return what stands before a file's content; `path` as a manifest keeps it.

    A name over 100 bytes has a header and a body of its own.
    """
    name = raw(path)
    own = _block(name[:NAME_BYTES], b"0", about)
    if len(name) <= NAME_BYTES:
        return own
    long = name + b"\0"
    return _block(b"././@LongLink", b"L", About(len(long), 0o644)) + padded(long) + own


def padded(body: bytes) -> bytes:
    """Return a body filled up to whole blocks."""
    return body + bytes(padding(len(body)))


def padding(size: int) -> int:
    """Return how many bytes fill the last block of a body."""
    return -size % BLOCK


def end(written: int) -> bytes:
    """Return what ends an archive of so many bytes: two empty blocks, and the record filled up."""
    return bytes(END_BYTES + -(written + END_BYTES) % RECORD_BYTES)


def _block(name: bytes, kind: bytes, about: About) -> bytes:
    before = b"%b%b%b%b%b%b" % (
        name.ljust(NAME_BYTES, b"\0"),
        _number(about.mode & MODE_BITS, 8),
        _number(about.owner, 8),
        _number(about.group, 8),
        _number(about.size, 12),
        _number(about.mtime, 12),
    )
    after = b"%b%bustar  " % (kind, bytes(100)) + bytes(248)
    total = sum(before) + 8 * ord(" ") + sum(after)
    return b"%b%06o\0 %b" % (before, total, after)


def _number(value: int, width: int) -> bytes:
    value = max(value, 0)
    if value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    large = bytearray(value.to_bytes(width, "big"))
    large[0] |= BINARY
    return bytes(large)
