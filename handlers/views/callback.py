"""The data behind buttons: `v1:verb:arg:arg`, 64 bytes at most, nothing trusted on the way back."""

import hashlib
from collections.abc import Iterable

VERSION = "v1"
LIMIT_BYTES = 64
DIGEST = "~"
FIXED, NIGHT = "f", "n"  # in place of seconds: until it is fixed, until the night is over


def pack(verb: str, *args: str | int) -> str:
    """Return the data of a button; the last argument may be a name of any length.

    A name that would not fit, that reads like one or that is no text is replaced by its digest.
    """
    data = ":".join((VERSION, verb, *(str(arg) for arg in args)))
    last = str(args[-1]) if args else ""
    sent = data.encode("utf-8", "replace")
    if len(sent) <= LIMIT_BYTES and sent.decode() == data and not last.startswith(DIGEST):
        return data
    return ":".join((VERSION, verb, *(str(arg) for arg in args[:-1]), digest(last)))


def digest(name: str) -> str:
    """Return the short stand-in for a name."""
    found = hashlib.blake2s(name.encode("utf-8", "surrogatepass"), digest_size=6)
    return DIGEST + found.hexdigest()


def unpack(data: str, args: int) -> tuple[str, ...]:
    """Return the verb's arguments (`args` of them at most; the last may hold colons)."""
    return tuple(data.split(":", 2 + args - 1)[2:]) if args else ()


def verb(data: str) -> str:
    """Return the verb, or nothing for data of another version or shape."""
    parts = data.split(":", 2)
    return parts[1] if len(parts) > 1 and parts[0] == VERSION else ""


def named(word: str, names: Iterable[str]) -> str | None:
    """Return the name a button meant: itself, or the known name with that digest."""
    if not word.startswith(DIGEST):
        return word
    return next((name for name in names if digest(name) == word), None)
