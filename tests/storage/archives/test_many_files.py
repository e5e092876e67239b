"""What each file more costs in memory: a folder of 100,000 small ones still fits beside the bot."""

import os
import sys
from pathlib import Path

import pytest

from tests.bench import watched
from tests.bench.rivals import DOOR, ROOT
from tests.small_files import small

FEW, MANY = 1_000, 12_000
FIRST_BYTES = 1_300  # a file; with 100,000 it is 850: what is freed is used again
NEXT_BYTES = 2_300  # where all have changed, so that both snapshots are in memory
LIST_BYTES = 1_150  # the text of one manifest, twice while it grows; never its members


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="needs posix_spawn and wait4")
def test_a_file_more_costs_little_memory(tmp_path: Path) -> None:
    """Made for the first time, made again with all of them touched, and listed."""
    for files in (FEW, MANY):
        small(tmp_path / f"data-{files}", files)

    def peak_mb(work: str, day: int, files: int) -> float:
        names = (str(tmp_path / f"{kind}-{files}") for kind in ("backups", "data", "nowhere"))
        words = [sys.executable, "-c", DOOR, work, str(day), *names]
        return watched.run(words, folder=ROOT, env={"PATH": os.environ["PATH"]}).peak_mb

    def each_bytes(work: str, day: int) -> float:
        more_mb = peak_mb(work, day, MANY) - peak_mb(work, day, FEW)
        return more_mb * 1024 * 1024 / (MANY - FEW)

    assert 0 < each_bytes("create", 0) < FIRST_BYTES
    for path in sorted(tmp_path.rglob("*.json")):
        os.utime(path, (0, 0))
    assert 0 < each_bytes("create", 1) < NEXT_BYTES
    assert 0 < each_bytes("list", 1) < LIST_BYTES
