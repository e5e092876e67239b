"""A tracker's folder for tests, with a reader over it."""

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from storage.history import History
from storage.opportunities import Opportunities
from storage.tracker import FileReport, ReadOptions, Snapshot, Tracker

EPOCH_S = 1_754_069_406
NOON = datetime.fromtimestamp(EPOCH_S, UTC)
RATES = {"XP": 0.01, "POINTS": 0.005, "GAL": 0.5}


@dataclass
class Folder:
    """Real files in `path`, real SQLite beside; `now` is settable."""

    root: Path
    now: datetime = NOON
    options: ReadOptions = field(default_factory=lambda: ReadOptions(rates=RATES, settle_s=0.01))
    read_only: bool = False

    def __post_init__(self) -> None:
        self.path = self.root / "data"
        self.path.mkdir()
        self.database = self.root / "state" / "history.sqlite"
        self.open()

    def open(self) -> None:
        """Start the program, so to say: nothing but the disk is remembered."""
        self.history = History(self.database, read_only=self.read_only, retry_s=0.0)
        self.index = Opportunities(self.history)
        self.tracker = Tracker(self.path, index=self.index, options=self.options)

    def restart(self) -> None:
        self.history.close()
        self.open()

    def write(self, name: str, content: object, *, mtime_s: float = EPOCH_S) -> Path:
        """Write bytes as they are, anything else as the tracker would."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes):
            content = json.dumps(content, indent=2, ensure_ascii=False).encode()
        path.write_bytes(content)
        os.utime(path, (mtime_s, mtime_s))
        return path

    def read(self, *, deadline_s: float | None = None) -> Snapshot:
        return self.tracker.read(now=self.now, deadline_s=deadline_s)

    def report(self, name: str, content: object) -> FileReport:
        """Write one file, read, and return what is said about it."""
        self.write(name, content)
        return next(f for f in self.read().files if f.name == name)

    def titles(self) -> set[str]:
        everything = self.index.history.read(
            lambda db: db.execute("SELECT title FROM listed").fetchall()
        )
        return {title for (title,) in everything}


def keys(report: FileReport) -> list[str]:
    """Return the findings' keys without the common prefix."""
    return [finding.reason.key.removeprefix("tracker.") for finding in report.findings]
