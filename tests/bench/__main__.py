"""`make bench`: every figure of the product, beside its reference, in one table.

`python -m tests.bench [part …]` measures only these parts and prints them; all of them together
are also written to docs/benchmarks.md.
"""

import importlib
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.bench.row import Row

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled once, not each run

PARTS = (
    "reading",
    "top",
    "cycle",
    "state",
    "history",
    "report",
    "alerts",
    "chat",
    "oneshot",
    "memory",
    "learning",
    "backups",
)
TARGET = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Every figure is measured beside its reference in the same run, in fresh processes, best of
several rounds; `make bench` writes this page. CPU time unless the row names another unit.
Disk figures hold for the disk they were measured on: {machine}.

| what | ours | reference | ratio | goal | met |
|---|---:|---:|---:|---|---|
"""


def main(names: list[str]) -> int:
    """Measure and print; 0 when every goal is met, 1 otherwise."""
    unknown = set(names) - set(PARTS)
    if unknown:
        sys.stderr.write(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}\n")
        return 2
    found: list[Row] = []
    for name in names or PARTS:
        started = time.monotonic()
        rows: list[Row] = importlib.import_module(f"tests.bench.{name}").rows()
        for row in rows:
            print(line(row), flush=True)
        print(f"({name}: {time.monotonic() - started:.0f} s)", file=sys.stderr, flush=True)
        found += rows
    if not names:
        TARGET.write_text(page(found), encoding="utf-8")
    return 0 if all(row.met for row in found) else 1


def line(row: Row) -> str:
    """Return one row of the table."""
    ratio = row.ours / row.reference_value if row.reference_value else float("nan")
    plain = not ratio < 0.1 or not row.ours  # nothing of something, and something of nothing
    shown = f"{ratio:.2f}×" if plain else f"1/{1 / ratio:.0f}"
    reference = f"{number(row.reference_value)} {row.unit} ({row.reference})"
    met = "yes" if row.met else "**no**"
    ours = f"{number(row.ours)} {row.unit}"
    return f"| {row.name} | {ours} | {reference} | {shown} | {row.goal} | {met} |"


def number(value: float) -> str:
    """Return three significant digits, without an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def page(rows: list[Row]) -> str:
    """Return docs/benchmarks.md."""
    memory_gib = psutil.virtual_memory().total / 2**30
    machine = (
        f"{psutil.cpu_count()} cores, {memory_gib:.0f} GiB, CPython {platform.python_version()}"
    )
    day = datetime.now(UTC).date().isoformat()
    missed = [row.name for row in rows if not row.met]
    tail = f"\n{day}. {len(rows) - len(missed)} of {len(rows)} goals met."
    if missed:
        tail += " Missed: " + "; ".join(missed) + "."
    return HEAD.format(machine=machine) + "\n".join(map(line, rows)) + "\n" + tail + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
