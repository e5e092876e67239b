"""What the last members of an archive say, for a person with plain tools: sums, and what is gone.

`sha256sum -c` reads the one, `xargs -0 rm -f --` the other.
"""

from collections.abc import Iterable

from storage.archives.manifest import Member
from storage.archives.names import raw

SUMS = ".vigie/SHA256SUMS"
GONE = ".vigie/GONE"
_ESCAPES = ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r"))


def sums(members: Iterable[Member]) -> bytearray:
    """Return the list of a whole snapshot."""
    lines = bytearray()
    for member in members:
        lines += _line(member)
    return lines


def gone(paths: Iterable[str]) -> bytes:
    """Return the paths to delete, each ended by NUL, which no name holds."""
    return b"".join(raw(path) + b"\0" for path in paths)


def _line(member: Member) -> bytes:
    name = raw(member.path)
    plain = name
    for char, escape in _ESCAPES:
        plain = plain.replace(char, escape)
    mark = b"" if plain == name else b"\\"
    return b"%b%b  %b\n" % (mark, member.sha256.encode(), plain)
