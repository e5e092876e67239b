import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jobs.probes.host import (
    CpuMean,
    CpuReading,
    HostProbe,
    NetworkReading,
    read_cpu,
    read_disks,
)
from jobs.probes.memory import read_memory
from tests.jobs.children import now

MIB = 2**20
V2 = "0::/app/bot\n"
V1 = "12:cpuset:/\n4:memory:/app/bot\n0::/\n"


def cgroup(root: Path, groups: str, files: dict[str, str]) -> Path:
    """Lay out a pretended / with these control groups."""
    for name, text in {"proc/self/cgroup": groups, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def v2(level: str, limit: str, used: int, spare: int = 0) -> dict[str, str]:
    """Return the files of one v2 group."""
    top = f"sys/fs/cgroup/{level}"
    return {
        f"{top}/memory.max": f"{limit}\n",
        f"{top}/memory.current": f"{used}\n",
        f"{top}/memory.stat": f"anon 1\ninactive_file {spare}\nodd\ninactive_file x\n",
    }


def test_without_a_container_it_is_the_machines_memory(tmp_path: Path) -> None:
    """What is available decides, not what is free."""
    memory = read_memory(tmp_path)
    host = psutil.virtual_memory()
    assert (memory.total_bytes, memory.limited) == (host.total, False)
    assert abs(memory.used_bytes - (host.total - host.available)) < host.total / 4


@pytest.mark.parametrize(
    ("files", "total", "used"),
    [
        (v2("app/bot", str(64 * MIB), 32 * MIB, 8 * MIB), 64 * MIB, 24 * MIB),
        (v2("app", str(64 * MIB), 32 * MIB, 99 * MIB), 64 * MIB, 0),
        (v2("", str(64 * MIB), 32 * MIB), 64 * MIB, 32 * MIB),
        (v2("app/bot", "max", 8) | v2("app", str(64 * MIB), 60 * MIB), 64 * MIB, 60 * MIB),
        (
            v2("app/bot", str(64 * MIB), MIB) | v2("app", str(32 * MIB), 30 * MIB),
            32 * MIB, 30 * MIB,
        ),
    ],
)  # fmt: skip
def test_a_containers_limit_is_the_total(
    tmp_path: Path, files: dict[str, str], total: int, used: int
) -> None:
    """At whatever level the limit is set, the fullest one counts; cache is not use."""
    memory = read_memory(cgroup(tmp_path, V2, files))
    assert (memory.total_bytes, memory.used_bytes, memory.limited) == (total, used, True)


def test_an_older_container_is_read_too(tmp_path: Path) -> None:
    """cgroup v1 has other names, and counts its children's cache in total_inactive_file."""
    top = "sys/fs/cgroup/memory/app/bot"
    files = {
        f"{top}/memory.limit_in_bytes": f"{64 * MIB}",
        f"{top}/memory.usage_in_bytes": f"{40 * MIB}",
        f"{top}/memory.stat": f"inactive_file 5\ntotal_inactive_file {10 * MIB}\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "1",
    }
    memory = read_memory(cgroup(tmp_path, V1, files))
    assert (memory.total_bytes, memory.used_bytes) == (64 * MIB, 30 * MIB)


@pytest.mark.parametrize(
    ("groups", "files"),
    [
        (V2, v2("app/bot", "max", 5)),
        (V2, v2("app/bot", "0", 5)),
        (V2, v2("app/bot", str(2**62), 5)),
        (V2, {"sys/fs/cgroup/app/bot/memory.max": "5"}),
        ("0::/../../other\n", v2("../other", "5", 5)),
        ("rubbish\n\n::\n", {}),
    ],
)
def test_no_real_limit_means_the_machine(
    tmp_path: Path, groups: str, files: dict[str, str]
) -> None:
    """`max`, a limit above the machine's memory, and what cannot be read are no limits."""
    assert not read_memory(cgroup(tmp_path, groups, files)).limited


@given(
    st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6),
    st.floats(-10, 1e4),
)  # fmt: skip
def test_a_mean_is_a_share_or_nothing(
    busy: float, more_busy: float, idle: float, more_idle: float, after_s: float
) -> None:
    """From 0 to 100 whatever the counters did; a mean of less than a second is none."""
    before = CpuReading(busy_s=busy, total_s=busy + idle, at_s=0.0)
    later = CpuReading(busy_s=more_busy, total_s=more_busy + more_idle, at_s=after_s)
    mean = later.mean_pct(before)
    if mean is None:
        backwards = more_busy < busy or more_idle < idle or later.total_s == before.total_s
        assert after_s < 1 or backwards
    else:
        assume(after_s >= 1)
        assert 0.0 <= mean <= 100.0


def test_a_mean_is_over_the_time_between() -> None:
    """Three of four seconds busy are 75 %."""
    before = CpuReading(busy_s=10.0, total_s=20.0, at_s=0.0)
    assert CpuReading(busy_s=13.0, total_s=24.0, at_s=2.0).mean_pct(before) == 75.0
    assert CpuReading(busy_s=1.0, total_s=2.0, at_s=2.0).mean_pct(before) is None
    assert CpuReading(busy_s=1.0, total_s=24.0, at_s=2.0).mean_pct(before) is None
    assert CpuReading(busy_s=9.99, total_s=24.0, at_s=2.0).mean_pct(before) == 0.0
    assert CpuReading(busy_s=14.05, total_s=24.0, at_s=2.0).mean_pct(before) == 100.0
    assert CpuReading(busy_s=13.0, total_s=24.0, at_s=0.9).mean_pct(before) is None


def test_the_first_look_has_no_cpu_and_the_next_has(tmp_path: Path) -> None:
    """A mean since the last look; counters since boot are not "now"."""
    probe = HostProbe({"data": tmp_path})
    first = probe(now(100.0))
    assert first.cpu_pct is None
    assert first.network is None
    sum(range(2_000_000))  # let the counters move
    second = probe(now(105.0))
    assert second.cpu_pct is None or 0 <= second.cpu_pct <= 100
    if second.network is not None:
        assert second.network.over_s == 5.0


def test_a_reading_handed_over_serves_a_one_shot(tmp_path: Path) -> None:
    """A new process knows the mean since the reading another one kept."""
    current = read_cpu(0.0)
    kept = CpuReading(busy_s=current.busy_s - 30, total_s=current.total_s - 100, at_s=0.0)
    probe = HostProbe({"data": tmp_path}, cpu=CpuMean(kept))
    cpu_pct = probe(now(60.0)).cpu_pct
    assert cpu_pct is not None
    assert cpu_pct == pytest.approx(30, abs=10)
    assert probe.cpu.handover is kept


def load(at_s: float, busy_s: float) -> CpuReading:
    """Return a reading of one CPU that was busy so long since the start."""
    return CpuReading(busy_s=busy_s, total_s=at_s, at_s=at_s)


def test_the_mean_is_one_of_five_minutes() -> None:
    """Each cycle has its own, whatever looks come between; a short peak is a fifth of it."""
    mean = CpuMean()
    assert mean.add(load(0.0, 0.0)) is None
    assert mean.add(load(300.0, 30.0)) == 10.0
    assert mean.add(load(595.0, 60.0)) == pytest.approx(30 / 295 * 100)
    assert mean.add(load(655.0, 120.0)) == pytest.approx(90 / 355 * 100)  # a minute at 100 %
    assert mean.add(load(656.0, 121.0)) == pytest.approx(91 / 356 * 100)
    assert mean.add(load(895.0, 121.0)) == pytest.approx(61 / 300 * 100)


def test_quick_looks_share_their_base() -> None:
    """Cycles every second: a steady load is told as it is, and few readings are remembered."""
    mean = CpuMean()
    mean.add(load(0.0, 0.0))
    for second in range(1, 2000):
        assert mean.add(load(float(second), second / 4)) == pytest.approx(25.0)
    assert len(mean._later) <= 21


def test_what_is_handed_over_is_five_minutes_old_at_most_when_it_can_be() -> None:
    """One-shots a minute apart keep their base until it is old enough; then the latest is it."""
    base: CpuReading | None = None
    bases = []
    for minute in range(8):
        mean = CpuMean(base)
        mean.add(load(60.0 * minute, 0.0))
        base = mean.handover
        bases.append(None if base is None else base.at_s)
    assert bases == [0.0, 0.0, 0.0, 0.0, 0.0, 300.0, 300.0, 300.0]


@pytest.mark.parametrize("then", [load(10.0, 1.0), replace(load(700.0, 1.0), total_s=100.0)])
def test_after_a_restart_or_a_step_back_it_begins_anew(then: CpuReading) -> None:
    """Counters that ran back, or a time before the base, tell nothing; the next look does."""
    mean = CpuMean()
    mean.add(load(300.0, 30.0))
    mean.add(load(600.0, 60.0))
    assert mean.add(then) is None
    later = replace(then, at_s=then.at_s + 60, total_s=then.total_s + 60, busy_s=then.busy_s + 15)
    assert mean.add(later) == 25.0


def test_network_is_told_as_a_difference() -> None:
    """What went over the wire since; nothing after the counters began anew."""
    before = NetworkReading(sent_bytes=100, recv_bytes=200, at_s=0.0)
    network = NetworkReading(sent_bytes=150, recv_bytes=260, at_s=10.0).since(before)
    assert network is not None
    assert (network.sent_bytes, network.recv_bytes, network.over_s) == (50, 60, 10.0)
    assert NetworkReading(sent_bytes=1, recv_bytes=260, at_s=9.0).since(before) is None
    assert NetworkReading(sent_bytes=150, recv_bytes=260, at_s=0.0).since(before) is None


def test_one_disk_is_told_once(tmp_path: Path) -> None:
    """Two folders on one disk are one finding, under the first name."""
    (tmp_path / "data").mkdir()
    (tmp_path / "var").mkdir()
    folders = {"data": tmp_path / "data", "state": tmp_path / "var", "no": tmp_path / "missing"}
    (disk,) = read_disks(folders)
    usage = psutil.disk_usage(str(tmp_path))
    assert (disk.name, disk.total_bytes) == ("data", usage.total)
    assert tmp_path.resolve().is_relative_to(disk.mount)
    assert os.path.ismount(disk.mount)


def test_two_disks_are_two(tmp_path: Path) -> None:
    """Folders on different disks are told apart."""
    other = Path("/proc")
    if not other.is_dir():
        pytest.skip("no second file system at hand")
    disks = read_disks({"data": tmp_path, "state": other})
    assert [disk.name for disk in disks] == ["data", "state"]


def test_a_missing_folder_has_no_disk(tmp_path: Path) -> None:
    """The folder itself is another check's finding."""
    assert read_disks({"data": tmp_path / "missing"}) == ()
