"""One program run in a fresh process, and what it cost."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

# A process's peak memory counts what its parent held when it was started, so a small one starts it.
LAUNCHER = """
import json, os, sys, time
nowhere = os.open(os.devnull, os.O_WRONLY)
began_s = time.perf_counter()
child = os.posix_spawnp(
    sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 1)]
)
_, status, used = os.wait4(child, 0)
wall_ms = 1000 * (time.perf_counter() - began_s)
cpu_ms = 1000 * (used.ru_utime + used.ru_stime)
print(json.dumps([os.waitstatus_to_exitcode(status), cpu_ms, wall_ms, used.ru_maxrss / 1024]))
"""


class Cost(NamedTuple):
    """What one run cost, its threads and children included; memory in MiB, as goals have it."""

    cpu_ms: float
    wall_ms: float
    peak_mb: float
    durable_ms: float = 0.0  # wall time until what it wrote was on the disk, where that was asked


def run(words: Sequence[str], *, folder: Path, env: Mapping[str, str]) -> Cost:
    """Run it to its end, in this folder. Raises RuntimeError with its own words where it fails."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCHER, *words],
        cwd=folder, env=dict(env), capture_output=True, check=False,
    )  # fmt: skip
    code, *cost = json.loads(done.stdout or "[1]")
    if code or done.returncode:
        raise RuntimeError(" ".join(words[:4]) + ": " + done.stderr.decode(errors="replace"))
    return Cost(*cost)
