"""What the backup commands print: how far they are, figures, and why one did not come about."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TextIO

from storage.archives.errors import BackupError, LockedError, RefusedError, UnknownError
from storage.archives.findings import Bad
from storage.archives.results import Step

GOOD, NOTED, REFUSED, FAILED = 0, 1, 2, 3
WIDTH = 24
EVERY_S = 0.1
PHASES = {
    "list": "looking",
    "pack": "packing",
    "verify": "reading back",
    "publish": "publishing",
    "prune": "deleting old ones",
    "extract": "unpacking",
    "swap": "putting in place",
}
SIZES = ("B", "kB", "MB", "GB", "TB")


def say(line: str = "") -> None:
    """Print a line of the answer."""
    sys.stdout.write(f"{line}\n")


def warn(line: str) -> None:
    """Print a line that is no part of the answer."""
    sys.stderr.write(f"{line}\n")


def why(error: BackupError | OSError) -> int:
    """Print why nothing was done; return the exit code: 2 for a refusal, 3 for a failure."""
    if isinstance(error, OSError):
        warn(f"Failed: {error.strerror or type(error).__name__}")
        return FAILED
    warn(f"Failed: {error}")
    return REFUSED if isinstance(error, LockedError | RefusedError | UnknownError) else FAILED


def size(count: int) -> str:
    """Return a size in decimal units: `18.4 MB`."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(SIZES) - 1:  # noqa: PLR2004
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {SIZES[unit]}" if unit else f"{count} B"


def files(n: int) -> str:
    """Return how many files."""
    return of(n, "file")


def of(n: int, what: str) -> str:
    """Return a number and what it counts: `1 file`, `1,000 files`."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def local(at: datetime, zone: tzinfo) -> str:
    """Return a time as the owner's clocks show it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def faults(bad: Sequence[Bad]) -> None:
    """Print every bad file, archive or manifest, a line each."""
    for one in bad:
        inside = f" in {one.archive}" if one.archive and one.archive != one.path else ""
        detail = f" ({one.detail})" if one.detail else ""
        say(f"  bad: {one.path}{inside}: {one.fault}{detail}")


@dataclass(slots=True)
class Bar:
    """Shows each step: a bar on a terminal, else one line a phase. Leaves the line empty."""

    out: TextIO = field(default_factory=lambda: sys.stderr)
    live: bool = field(init=False)
    _phase: str = field(default="", init=False)
    _last_s: float = field(default=0.0, init=False)
    _drawn: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """See whether somebody watches."""
        self.live = self.out.isatty()

    def __call__(self, step: Step) -> None:
        """Show how far it is, ten times a second at most."""
        fresh, self._phase = step.phase != self._phase, step.phase
        now_s = time.monotonic()
        if not self.live:
            if fresh:
                total = f" {files(step.total)}" if step.phase in {"pack", "extract"} else ""
                self.out.write(f"{PHASES[step.phase]}{total if step.total else ''} …\n")
                self.out.flush()
        elif fresh or now_s - self._last_s >= EVERY_S:
            self._last_s = now_s
            self._draw(step)

    def end(self) -> None:
        """Take the bar away."""
        if self._drawn:
            self.out.write(f"\r{' ' * self._drawn}\r")
            self.out.flush()
            self._drawn = 0

    def _draw(self, step: Step) -> None:
        done, total = step.done, step.total
        if step.bytes_total:
            done, total = step.bytes_done, step.bytes_total
        share = min(1.0, done / total) if total else 0.0
        full = round(share * WIDTH)
        figures = f"{size(step.bytes_done)} of {size(step.bytes_total)}" if step.bytes_total else ""
        line = f"[{'#' * full}{'.' * (WIDTH - full)}] {share:4.0%} {PHASES[step.phase]} {figures}"
        self.out.write(f"\r{line.ljust(self._drawn)}")
        self.out.flush()
        self._drawn = len(line)
