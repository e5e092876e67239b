"""Looks at the machine: CPU and network since the last look, memory, disks."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from jobs.facts import Disk, Host, Network
from jobs.probes.memory import read_memory
from jobs.probes.trends import Trends
from storage.records import Moment

SHORTEST_SPAN_S = 1.0
MEAN_S = 300.0
EARLY = 0.9  # a cycle may come a little early: its mean is still one of five minutes
READINGS = 20  # no need to remember more of them than that
SLACK_S = 0.1  # counters are rounded to ticks, and waiting time may even run back


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuReading:
    """The CPU's counters since boot at one time; kept and handed over, it serves a one-shot."""

    busy_s: float
    total_s: float
    at_s: float

    def mean_pct(self, before: "CpuReading") -> float | None:
        """Return the mean load between two readings, 0-100.

        None where they are too close, or the machine started anew in between.
        """
        total_s, busy_s = self.total_s - before.total_s, self.busy_s - before.busy_s
        if self.at_s - before.at_s < SHORTEST_SPAN_S or total_s <= 0:
            return None
        if not -SLACK_S <= busy_s <= total_s + SLACK_S:
            return None
        return 100.0 * min(1.0, max(0.0, busy_s / total_s))


class CpuMean:
    """The mean load over the last five minutes (`over_s`), of readings that come as they please.

    A single reading says nothing, and a short peak little: looks that follow each other quickly
    reach back to the same base.
    """

    def __init__(self, base: CpuReading | None = None, *, over_s: float = MEAN_S) -> None:
        self._base = base
        self._over_s = over_s
        self._later: deque[CpuReading] = deque()

    def add(self, now: CpuReading) -> float | None:
        """Return the mean that ends now; None for the first reading, and after a restart."""
        before = self._base
        if before is None or now.at_s < before.at_s or now.total_s < before.total_s:
            self._base = now
            self._later.clear()
            return None
        while self._later and self._long(self._later[0], now):
            before = self._base = self._later.popleft()
        if not self._later or now.at_s - self._later[-1].at_s >= self._over_s / READINGS:
            self._later.append(now)
        return now.mean_pct(before)

    @property
    def handover(self) -> CpuReading | None:
        """Return the reading another process should go on from."""
        if self._base is None or not self._later or not self._long(self._base, self._later[-1]):
            return self._base
        return self._later[-1]

    def _long(self, before: CpuReading, now: CpuReading) -> bool:
        return now.at_s - before.at_s >= self._over_s * EARLY


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkReading:
    """The network's counters since boot at one time, loopback left out."""

    sent_bytes: int
    recv_bytes: int
    at_s: float

    def since(self, before: "NetworkReading") -> Network | None:
        """Return what went over the network between two readings; None after a restart."""
        sent, recv = self.sent_bytes - before.sent_bytes, self.recv_bytes - before.recv_bytes
        if sent < 0 or recv < 0 or self.at_s <= before.at_s:
            return None
        return Network(sent_bytes=sent, recv_bytes=recv, over_s=self.at_s - before.at_s)


class HostProbe:
    """Call it for the machine's state; `folders` are the ones whose disks matter, by name."""

    def __init__(
        self,
        folders: Mapping[str, Path],
        *,
        cpu: CpuMean | None = None,
        root: Path = Path("/"),
        trends: Trends | None = None,
    ) -> None:
        self.cpu = CpuMean() if cpu is None else cpu
        self._folders = dict(folders)
        self._root = root
        self._network: NetworkReading | None = None
        self._trends = Trends() if trends is None else trends

    def __call__(self, at: Moment) -> Host:
        """Return the machine's state. Blocking."""
        return Host(
            cpu_pct=self.cpu.add(read_cpu(at.logical_s)),
            memory=read_memory(self._root),
            disks=tuple(
                replace(disk, trend=self._trends.add(disk.name, disk.used_pct, at))
                for disk in read_disks(self._folders)
            ),
            network=self._network_since(at.logical_s),
        )

    def _network_since(self, at_s: float) -> Network | None:
        before, self._network = self._network, read_network(at_s)
        if before is None or self._network is None:
            return None
        return self._network.since(before)


def read_cpu(at_s: float) -> CpuReading:
    """Return the CPU's counters now; waiting for a disk is not work."""
    times = psutil.cpu_times()
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    total_s = sum(times) - guests  # Linux counts guests in user and nice already
    idle_s = times.idle + getattr(times, "iowait", 0.0)
    return CpuReading(busy_s=total_s - idle_s, total_s=total_s, at_s=at_s)


def read_network(at_s: float) -> NetworkReading | None:
    """Return the network's counters now, or None where the system has none."""
    cards = psutil.net_io_counters(pernic=True) or {}
    real = [card for name, card in cards.items() if not _is_loopback(name)]
    if not real:
        return None
    return NetworkReading(
        sent_bytes=sum(card.bytes_sent for card in real),
        recv_bytes=sum(card.bytes_recv for card in real),
        at_s=at_s,
    )


def read_disks(folders: Mapping[str, Path]) -> tuple[Disk, ...]:
    """Return the disk of each folder that exists; the first name wins where two share one."""
    found: dict[int, Disk] = {}
    for name, folder in folders.items():
        try:
            device = folder.stat().st_dev
            usage = psutil.disk_usage(str(folder))
        except OSError:  # the folder itself is another check's finding
            continue
        if device not in found:
            found[device] = Disk(
                name=name, mount=str(_mount(folder, device)), total_bytes=usage.total,
                free_bytes=usage.free, used_pct=usage.percent,
            )  # fmt: skip
    return tuple(found.values())


def _mount(folder: Path, device: int) -> Path:
    """Return the uppermost folder on that device, going up from this one."""
    path = folder.resolve()
    while path != path.parent and path.parent.stat().st_dev == device:
        path = path.parent
    return path


def _is_loopback(name: str) -> bool:
    return name in {"lo", "lo0"} or name.lower().startswith("loopback")
