"""Reading the tracker, measured: `python -m tests.bench.reading [thousands of records]`."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.bench.folders import fill
from tests.bench.row import Row

ROUNDS = 3


class Measured(NamedTuple):
    """The best of several fresh processes."""

    ms: float
    peak_mib: float


def measure(
    tasks: Iterable[tuple[str, Path]], rounds: int = ROUNDS
) -> dict[tuple[str, str], Measured]:
    """Run every task in turn, several times over, each time in a fresh process."""
    best: dict[tuple[str, str], Measured] = {}
    for _ in range(rounds):
        for name, folder in tasks:
            command = [sys.executable, "-m", "tests.bench.reading_tasks", name, str(folder)]
            done = subprocess.run(command, check=True, capture_output=True)
            seen = Measured(**json.loads(done.stdout))
            old = best.get((name, folder.name), seen)
            best[name, folder.name] = Measured(
                min(seen.ms, old.ms), min(seen.peak_mib, old.peak_mib)
            )
    return best


def rows(*, thousands: int = 100, big_thousands: int = 1000, rounds: int = ROUNDS) -> list[Row]:
    """Return the rows from "full read" to "restart"; about two minutes at the default sizes."""
    with tempfile.TemporaryDirectory() as temp:
        clean = fill(Path(temp) / "clean", files=thousands * 5, records=200)
        spoilt = fill(Path(temp) / "spoilt", files=thousands * 5, records=200, bad_every=100)
        big = fill(Path(temp) / "big", files=big_thousands * 2, records=500)
        names = ("read_alone", "stdlib", "with_orjson", "with_pandas", "parse_only", "cold",
                 "restart", "unchanged", "new_file", "scandir")  # fmt: skip
        seen = measure([*((name, clean) for name in names), ("read_alone", spoilt)], rounds)
        heavy = ("read_alone", "cold", "lag", "bytes_only", "with_pandas")
        large = measure([(name, big) for name in heavy], rounds=1)
    small = {name: m.ms for (name, folder), m in seen.items() if folder == "clean"}
    return [
        *_full(small, seen["read_alone", "spoilt"].ms, thousands),
        *_cycles(small, thousands),
        *_big({name: m for (name, _), m in large.items()}, big_thousands),
    ]


def _full(ms: dict[str, float], spoilt_ms: float, thousands: int) -> list[Row]:
    ours, floor = ms["read_alone"], ms["parse_only"]
    what = f"full read, {thousands},000 records"
    return [
        Row(what, "stdlib json loop", ours, ms["stdlib"], floor, "≥ 4× faster",
            ms["stdlib"] >= 4 * ours),
        Row(what, "orjson loop", ours, ms["with_orjson"], floor, "faster",
            ms["with_orjson"] >= ours),
        Row(what, "pandas", ours, ms["with_pandas"], floor, "≥ 7× faster",
            ms["with_pandas"] >= 7 * ours),
        Row(what, "simdjson, parse only", ours, floor, floor, "≤ 4×", ours <= 4 * floor),
        Row("the same, 1 % of files with a bad record", "clean read", spoilt_ms, ours, None,
            "≤ 1.3×", spoilt_ms <= 1.3 * ours),
    ]  # fmt: skip


def _cycles(ms: dict[str, float], thousands: int) -> list[Row]:
    cycle = ms["unchanged"]
    what = f"reading part of a cycle, {thousands},000 records, nothing changed"
    return [
        Row(what, "scandir + stat", cycle, ms["scandir"], ms["scandir"], "≤ 5×",
            cycle <= 5 * ms["scandir"]),
        Row(what, "stdlib json loop", cycle, ms["stdlib"], ms["scandir"], "≥ 50× faster",
            ms["stdlib"] >= 50 * cycle),
        Row("one new file of 20 records", "unchanged cycle", ms["new_file"], cycle, None, "≤ 2×",
            ms["new_file"] <= 2 * cycle),
        Row("restart with a persisted manifest", "cold cycle", ms["restart"], ms["cold"], None,
            "≤ 0.4×", ms["restart"] <= 0.4 * ms["cold"]),
    ]  # fmt: skip


def _big(seen: dict[str, Measured], thousands: int) -> list[Row]:
    read, cold = seen["read_alone"], seen["cold"]
    pandas, floor = seen["with_pandas"].peak_mib, seen["bytes_only"].peak_mib
    what = f"{thousands},000 records"
    return [
        Row(f"first read of {what} into the index", "the read alone", cold.ms, read.ms, None,
            "≤ 3×", cold.ms <= 3 * read.ms),
        Row(f"event loop held up meanwhile ({what})", "—", seen["lag"].ms, 50.0, None,
            "≤ 50 ms", seen["lag"].ms <= 50, "ms"),
        Row(f"peak memory of a full read, {what}", "pandas", read.peak_mib, pandas, floor,
            "≤ 1/50", read.peak_mib <= pandas / 50, "MiB"),
        Row(f"peak memory with the index, {what}", "a 512 MB dyno", cold.peak_mib, 512.0, floor,
            "fits, with the bot", cold.peak_mib <= 300, "MiB"),
    ]  # fmt: skip


if __name__ == "__main__":
    for row in rows(thousands=int(sys.argv[1]) if len(sys.argv) > 1 else 100):
        mark = "yes" if row.met else "NO"
        print(
            f"{row.name:55} {row.ours:9.1f} | {row.reference:22} {row.reference_value:9.1f}"
            f" {row.unit:7} {row.ours / row.reference_value:6.2f}× | {row.goal:14} {mark}"
        )
