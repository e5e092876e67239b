"""What tells one start of the machine from the next."""

from collections.abc import Callable
from pathlib import Path

import psutil

ROUGHLY_S = 60.0


def boot_mark(
    known: str = "",
    *,
    root: Path = Path("/"),
    boot_time: Callable[[], float] = psutil.boot_time,
) -> str:
    """Return a text that stays until the machine starts anew; Linux names each start.

    Elsewhere it is the time of the start, which the system may give differently by a few
    seconds each time: then `known`, an earlier mark, is returned. "" where nothing is known.
    """
    try:
        return (root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        pass
    try:
        booted_s = boot_time()
    except (psutil.Error, OSError):
        return ""
    near = known.isdecimal() and abs(int(known) - booted_s) < ROUGHLY_S
    return known if near else str(round(booted_s))
