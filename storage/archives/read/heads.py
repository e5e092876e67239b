"""What a tar header says, as GNU tar writes them; anything else is none."""

import msgspec

from storage.archives.tar import BINARY, NAME_BYTES

MAGIC = b"ustar  \0"
LONG_NAME = b"L"
REGULAR = b"0"


class Head(msgspec.Struct, frozen=True):
    """One header: a name cut at 100 bytes, the size of what follows, and its kind."""

    name: bytes
    size: int
    kind: bytes


def parse(block: bytes) -> Head | None:
    """Return what a header says; None for what is none, or has a wrong checksum."""
    total = _octal(block[148:156])
    if block[257:265] != MAGIC or total != sum(block) - sum(block[148:156]) + 8 * ord(" "):
        return None
    size = _number(block[124:136])
    if size is None:
        return None
    name, _, rest = block[:NAME_BYTES].partition(b"\0")
    if rest.strip(b"\0"):
        name += b"\0"  # something hidden behind the end of the name: no name at all
    kind = block[156:157]
    return Head(name, size, REGULAR if kind == b"\0" else kind)


def _number(field: bytes) -> int | None:
    """Return an octal number, or one of the large ones GNU tar writes in binary."""
    if field[0] == BINARY:
        return int.from_bytes(field[1:], "big")
    return _octal(field)


def _octal(field: bytes) -> int | None:
    digits = field.strip(b"\0 ")
    if not digits or digits.strip(b"01234567"):
        return None
    return int(digits, 8)
