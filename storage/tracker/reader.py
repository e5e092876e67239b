"""The tracker's reader: what changed is read, what did not is remembered."""

from datetime import datetime
from pathlib import Path

from storage.opportunities import Opportunities
from storage.tracker.snapshot import FolderState, ReadOptions, Snapshot


class Tracker:
    """Reads one folder, again and again; unchanged files are read once, across restarts too."""

    def __init__(self, folder: Path, *, index: Opportunities, options: ReadOptions) -> None:
        self._folder = folder
        self._index = index
        self._options = options

    def read(self, *, now: datetime, deadline_s: float | None = None) -> Snapshot:
        """Return what the folder holds. Blocking; never raises for bad input.

        Stops after about `deadline_s` seconds with what it has, and goes on next time.
        """
        return Snapshot(folder=FolderState.EMPTY)
