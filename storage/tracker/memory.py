"""What is remembered between two readings: in memory, and on disk where that can be written."""

import sqlite3
from collections.abc import Collection, Mapping
from itertools import islice
from operator import itemgetter

from storage.opportunities import Opportunities
from storage.tracker import manifest
from storage.tracker.batch import Batch
from storage.tracker.manifest import Known
from storage.tracker.roi import Judge

_by_key = itemgetter(0)
_STEP = 5_000  # rows; sorting more at once would hold up other threads


class Memory:
    """The last report of every file. Files and their opportunities are kept in one commit."""

    def __init__(self, index: Opportunities, judge: Judge) -> None:
        self.index = index
        self._judge = judge
        self.known: dict[str, Known] = {}
        self.trouble = ""
        self._generation = -1
        self._unsaved: set[str] = set()

    def refresh(self) -> bool:
        """Load what the disk remembers, at first and after a damaged database was replaced.

        Return whether it was loaded.
        """
        history = self.index.history
        if self._generation == history.generation:
            return False
        try:
            self.known = manifest.load(history)
        except sqlite3.Error as error:
            self.known, self.trouble = {}, str(error)
        self._generation = history.generation
        self._unsaved.clear()
        return True

    def keep(self, batch: Batch, fresh: Mapping[str, Known]) -> None:
        """Commit a batch: its opportunities, and the files they come from."""

        def commit(db: sqlite3.Connection) -> None:
            rows = batch.rows(self._judge)
            while some := sorted(islice(rows, _STEP), key=_by_key):  # neighbours on disk together
                self.index.put(db, some)
            self._save(db, fresh)

        self.known.update(fresh)
        self._write(commit, fresh)

    def forget(self, names: Collection[str]) -> None:
        """Drop files that are gone; what they told stays in the index."""
        if not names:
            return
        for name in names:
            self.known.pop(name, None)
        self._unsaved.difference_update(names)

        def commit(db: sqlite3.Connection) -> None:
            if self.index.history.on_disk:
                manifest.forget(db, names)

        self._write(commit, {})

    def catch_up(self) -> None:
        """Save what could not be saved before, if now it can."""
        if not self._unsaved or self.index.history.read_only:
            return
        late = {name: self.known[name] for name in self._unsaved if name in self.known}
        self._write(lambda db: self._save(db, late), late)

    def fold(self, *, within_s: float) -> None:
        """Find what several sources list, as far as the time reaches; the rest waits."""
        try:
            self.index.fold(within_s=within_s)
        except sqlite3.Error as error:
            self.trouble = str(error)

    def _save(self, db: sqlite3.Connection, fresh: Mapping[str, Known]) -> None:
        if self.index.history.on_disk:
            manifest.save(db, fresh)

    def _write(self, commit: manifest.Commit, fresh: Mapping[str, Known]) -> None:
        history = self.index.history
        try:
            history.write(commit)
        except sqlite3.Error as error:
            self.trouble = str(error)
            self._unsaved.update(fresh)
            return
        self.trouble = ""
        if history.on_disk:
            self._unsaved.difference_update(fresh)
        else:
            self._unsaved.update(fresh)
