"""Memory in use: of the machine, or of the container whose limit is tighter."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import psutil

from jobs.facts import Memory


def read_memory(root: Path = Path("/")) -> Memory:
    """Return memory by what is available; by a cgroup's limit (v2 or v1) where there is one.

    A limit may be set at any level above this process: the fullest one counts. File cache the
    kernel would give up first is not "used".
    """
    host = psutil.virtual_memory()
    whole = Memory(total_bytes=host.total, used_bytes=host.total - host.available)
    limited = [found for found in _limits(root) if found.total_bytes < host.total]
    return max(limited, key=lambda memory: memory.used_pct, default=whole)


def _limits(root: Path) -> Iterator[Memory]:
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            top, files = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top = root / "sys/fs/cgroup/memory"
            files = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        below = PurePosixPath(path.lstrip("/"))
        for level in (below, *below.parents):
            if ".." not in level.parts and (found := _limit(top / level, *files)) is not None:
                yield found


def _limit(folder: Path, limit: str, usage: str, cache: str) -> Memory | None:
    total, used = _text(folder / limit).strip(), _text(folder / usage).strip()
    if not (total.isdecimal() and used.isdecimal()) or int(total) == 0:
        return None
    spare = 0
    for line in _text(folder / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name == cache and value.isdecimal():
            spare = int(value)
    return Memory(total_bytes=int(total), used_bytes=max(0, int(used) - spare), limited=True)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
