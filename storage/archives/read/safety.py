"""Which names of members may be put below a folder. No I/O."""

import re

NOWHERE = frozenset({b"", b".", b".."})
DRIVE = re.compile(rb"[A-Za-z]:")
DEVICE = re.compile(rb"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)")  # names Windows keeps


def safe(name: bytes, *, windows: bool) -> bool:
    """Tell whether a name can only ever mean a file below the folder it is put in."""
    if b"\0" in name or DRIVE.match(name):
        return False
    parts = name.split(b"/")
    if not NOWHERE.isdisjoint(parts):
        return False
    return not windows or not any(map(_strange_to_windows, parts))


def _strange_to_windows(part: bytes) -> bool:
    return (
        any(sign in part for sign in b'\\:*?"<>|')
        or part.endswith((b".", b" "))
        or DEVICE.match(part) is not None
    )
