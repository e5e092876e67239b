"""How much room a snapshot must find before it is begun. No I/O."""

from storage.archives.errors import NoSpaceError
from storage.archives.manifest import Manifest

RESERVE_BYTES = 32 * 1024 * 1024
FIRST_SHARE = 8  # JSON takes a seventieth; what is no JSON at all fails later, and harms nothing


def ensure(free: int, needed: int) -> None:
    """Raise NoSpaceError, with both figures, where less is free than is needed."""
    if free < needed:
        raise NoSpaceError(needed=needed, free=free)


def needed(previous: Manifest | None, *, base: bool, total: int, largest: int) -> int:
    """Return the room to ask for: twice the last archive of its kind, and a reserve.

    `total` is the size of everything to be packed, `largest` that of the largest file that waits
    beside the archives while it is packed.
    """
    if previous is None:
        last = total // FIRST_SHARE
    elif base or previous.diff is None:
        last = min(previous.base.size, total)
    else:
        last = previous.diff.size
    return 2 * last + largest + RESERVE_BYTES
