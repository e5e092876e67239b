"""Memory in use: of the machine, or of the container whose limit is tighter."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import psutil

from jobs.facts import Memory


@dataclass(frozen=True, slots=True)
class _Names:
    """What a group's files, and the droppable cache in its memory.stat, are called."""

    limit: str
    usage: str
    cache: str


V2 = _Names("memory.max", "memory.current", "inactive_file")
V1 = _Names("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def read_memory(root: Path = Path("/")) -> Memory:
    """Return memory by what is available; by a cgroup's limit (v2 or v1) where there is one.

    A limit may be set at any level above this process: the fullest one counts. File cache the
    kernel would give up first is not "used".
    """
    host = psutil.virtual_memory()
    whole = Memory(total_bytes=host.total, used_bytes=host.total - host.available)
    return max(
        _limits(root, below_bytes=host.total), key=lambda memory: memory.used_pct, default=whole
    )


def _limits(root: Path, *, below_bytes: int) -> Iterator[Memory]:
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            top, names = root / "sys/fs/cgroup", V2
        elif "memory" in controllers.split(","):
            top, names = root / "sys/fs/cgroup/memory", V1
        else:
            continue
        below = PurePosixPath(path.lstrip("/"))
        for level in (below, *below.parents):
            if ".." not in level.parts:
                yield from _limit(top / level, names, below_bytes=below_bytes)


def _limit(folder: Path, names: _Names, *, below_bytes: int) -> Iterator[Memory]:
    """Yield the group's memory if it has a real limit: `max` and huge numbers are none."""
    total = _text(folder / names.limit).strip()
    if not total.isdecimal() or not 0 < int(total) < below_bytes:
        return
    used = _text(folder / names.usage).strip()
    if not used.isdecimal():
        return
    spare_bytes = 0
    for line in _text(folder / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name == names.cache and value.isdecimal():
            spare_bytes = int(value)
    used_bytes = max(0, int(used) - spare_bytes)
    yield Memory(total_bytes=int(total), used_bytes=used_bytes, limited=True)


def _text(path: Path) -> str:
    try:
        with path.open("rb", buffering=0) as file:
            return file.read().decode("ascii", errors="replace")
    except OSError:
        return ""
