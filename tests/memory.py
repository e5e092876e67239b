"""What something costs this process in memory at its peak, whatever it held before."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")
OWN = Path("/proc/self")
measured = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a peak anew")


def grown(work: Callable[[], T]) -> tuple[T, int]:
    """Return what `work` returns, and by how many bytes the process grew at its peak.

    `ru_maxrss` would not do: it counts what was held at any time before, by the parent too.
    """
    (OWN / "clear_refs").write_text("5")  # the peak counts from here on: proc(5)
    before = _peak_bytes()
    found = work()
    return found, _peak_bytes() - before


def _peak_bytes() -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", (OWN / "status").read_text())
    assert found is not None
    return 1024 * int(found[1])
