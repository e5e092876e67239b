"""Names of members: how any file name is written in a manifest, and which are never inside."""

import re
from collections.abc import Sequence
from fnmatch import translate

_ODD = re.compile("[\ud800-\udfff\\\\]")  # bytes that are no UTF-8 come as such surrogates
_ESCAPED = re.compile(r"\\(?:\\|u([0-9a-f]{4}))")

SECRET = (
    ".env*",
    "*.env",
    "*.key",
    "*.pem",
    "*.p12",
    "*.pfx",
    "id_rsa*",
    "id_ed25519*",
    "id_ecdsa*",
    "*.session",
    "*.session-journal",
)
PASSING = ("lock", "*.lock", ".lock", "*.tmp", ".tmp*", "*.swp", "*~")
WORK = ".vigie-restore"  # where a restore works, and keeps what was there, inside a mount point
APART = frozenset({WORK, "lost+found"})  # folders in a root that are no part of its data
NEVER = (*SECRET, *PASSING, f"{WORK}*", *APART)
_ENDS = tuple(each[1:] for each in NEVER if each.startswith("*"))
_STARTS = tuple(each[:-1] for each in NEVER if each.endswith("*"))


def encode(path: str) -> str:
    r"""Return the path as a manifest keeps it: what is no UTF-8 as \udc80, a backslash as \\."""
    if path.isascii() and "\\" not in path:  # nearly every path, of thousands a night
        return path
    return _ODD.sub(_escape, path)


def decode(path: str) -> str:
    """Return the path as the system has it."""
    if "\\" not in path:
        return path
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)) if m[1] else "\\", path)


def raw(path: str) -> bytes:
    """Return a manifest's path as the bytes an archive holds."""
    return decode(path).encode("utf-8", "surrogateescape")


class Exclusion:
    """Tells which paths (`data/a/b.json`, as the system has them) are never to be inside.

    A pattern is compared with the name, and with the whole path with and without its root;
    secrets are known by their names, whatever the case.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._named = re.compile("|".join(map(translate, patterns))).match if patterns else None

    def __call__(self, path: str) -> bool:
        """Tell it of one path."""
        name = path.rpartition("/")[2]
        lower = name.lower()
        if lower.endswith(_ENDS) or lower.startswith(_STARTS) or lower in NEVER:
            return True
        if self._named is None:
            return False
        return any(map(self._named, (name, path, path.partition("/")[2])))


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    return "\\\\" if char == "\\" else f"\\u{ord(char):04x}"
