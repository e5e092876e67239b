"""One pass over the files that changed: within its time, in bounded memory."""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from storage.clock import monotonic_s
from storage.records import Phrase, Severity
from storage.tracker.batch import Batch
from storage.tracker.discovery import Listing, Stamp
from storage.tracker.examine import Examined, examine, load
from storage.tracker.manifest import Known
from storage.tracker.memory import Memory
from storage.tracker.snapshot import FileReport, FileState, Finding, ReadOptions

BATCH_RECORDS = 5_000
BATCH_FILES = 250
YOUNG_S = 5.0
TORN_S = 600.0
SPARE_S = 0.2


class Suspect(NamedTuple):
    """A file that may have been caught half-written, and when it was."""

    name: str
    stamp: Stamp
    examined: Examined
    at_s: float


@dataclass(slots=True, kw_only=True)
class Reading:
    """Reads files into the memory; `unstable` ones are reported but not remembered.

    `pending` files did not fit before `until_s`, by the monotonic clock. `pause` lets writers
    finish; the thread is the reader's own.
    """

    listing: Listing
    memory: Memory
    options: ReadOptions
    now: datetime
    until_s: float
    pause: Callable[[float], object] = time.sleep
    pending: int = 0
    unstable: dict[str, FileReport] = field(default_factory=dict)
    _suspects: list[Suspect] = field(default_factory=list)
    _fresh: dict[str, Known] = field(default_factory=dict)
    _batch: Batch = field(default_factory=Batch)

    def run(self, names: Iterable[str]) -> None:
        """Read the files in this order; re-read at the end those that may be half-written."""
        left = list(reversed(list(names)))
        while left and monotonic_s() < self.until_s:
            name = left.pop()
            stamp = self.listing.stamps[name]
            examined = self._examine(name, stamp)
            if self._may_be_half_written(examined, stamp):
                self._suspects.append(Suspect(name, stamp, examined, monotonic_s()))
            else:
                self._take(name, stamp, examined)
        self.pending = len(left)
        self._flush()
        self._read_again()
        self._flush()

    def _examine(self, name: str, stamp: Stamp) -> Examined:
        content = load(
            name,
            self.listing.paths[name],
            size=stamp.size,
            max_bytes=self.options.max_file_bytes,
        )
        known = self.memory.known.get(name)
        before = None if known is None else known.report
        return examine(content, stamp, sights=self._batch.sights(name), before=before)

    def _may_be_half_written(self, examined: Examined, stamp: Stamp) -> bool:
        age_s = abs(self.now.timestamp() - stamp.mtime_ns / 1e9)
        invalid = examined.report.state is FileState.INVALID
        return (invalid and age_s < YOUNG_S) or (examined.torn and age_s < TORN_S)

    def _take(self, name: str, stamp: Stamp, examined: Examined) -> None:
        self._batch.add(examined)
        self._fresh[name] = Known(stamp, examined.report)
        if self._batch.size >= BATCH_RECORDS or len(self._fresh) >= BATCH_FILES:
            self._flush()

    def _flush(self) -> None:
        if self._fresh:
            self.memory.keep(self._batch, self._fresh)
            self._batch, self._fresh = Batch(), {}

    def _read_again(self) -> None:
        """Give writers time to finish, once for all suspects, and look again."""
        if not self._suspects:
            return
        ready_s = max(suspect.at_s for suspect in self._suspects) + self.options.settle_s
        in_time = ready_s + SPARE_S < self.until_s
        if in_time:
            self.pause(max(0.0, ready_s - monotonic_s()))
        for suspect in self._suspects:
            stamp = _stamp(self.listing.paths[suspect.name], suspect.stamp) if in_time else None
            if stamp is None:
                self._leave(suspect.examined)
                continue
            examined = self._examine(suspect.name, stamp)
            if stamp != suspect.stamp and self._may_be_half_written(examined, stamp):
                self._leave(examined)
            else:
                self._take(suspect.name, stamp, examined)

    def _leave(self, examined: Examined) -> None:
        """Report a file as still being written; the next pass reads it anew."""
        report = examined.report
        finding = Finding(file=report.name, reason=Phrase("tracker.unstable"), level=Severity.INFO)
        self.unstable[report.name] = replace(
            report, state=FileState.UNSTABLE, findings=(finding,), more_findings=0
        )


def _stamp(path: str, before: Stamp) -> Stamp | None:
    try:
        seen = os.stat(path)  # noqa: PTH116 (the raw path of a listing)
    except OSError:
        return None
    inode = seen.st_ino if before.inode else 0  # a listing on Windows has no inodes
    return Stamp(seen.st_size, seen.st_mtime_ns, inode)
