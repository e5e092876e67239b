"""The tracker's reader: what changed is read, what did not is remembered."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from storage.clock import monotonic_s
from storage.opportunities import Opportunities
from storage.tracker.dating import AHEAD, future
from storage.tracker.discovery import Listing, scan
from storage.tracker.memory import Memory
from storage.tracker.reading import Reading
from storage.tracker.roi import Judge
from storage.tracker.snapshot import FileReport, FolderState, ReadOptions, Snapshot, with_finding
from storage.tracker.sources import summarise

# What several sources list is sought after a reading; of a first one, mostly in the idle ones.
FOLDING_S, IDLE_FOLDING_S = 0.02, 0.5


class Look(NamedTuple):
    """A finished reading; it stands until the folder changes, or the clock is turned back."""

    listing: Listing
    snapshot: Snapshot
    now: datetime
    lasting: bool


class Tracker:
    """Reads one folder, again and again; unchanged files are read once, across restarts too."""

    def __init__(self, folder: Path, *, index: Opportunities, options: ReadOptions) -> None:
        self._folder = folder
        self._options = options
        self._memory = Memory(index, Judge(options.rates))
        self._lock = Lock()
        self._last: Look | None = None

    def read(self, *, now: datetime, deadline_s: float | None = None) -> Snapshot:
        """Return what the folder holds. Blocking; never raises for bad input.

        Stops after about `deadline_s` seconds with what it has, and goes on next time.
        """
        with self._lock:
            until_s = float("inf") if deadline_s is None else monotonic_s() + deadline_s
            listing = scan(self._folder)
            if listing.state in {FolderState.MISSING, FolderState.UNREADABLE}:
                return Snapshot(folder=listing.state, reason=listing.reason)
            if self._memory.refresh():
                self._last = None
            if self._last is not None and self._stands(self._last, listing, now):
                self._memory.fold(within_s=IDLE_FOLDING_S)
                return self._last.snapshot
            reading = Reading(
                listing=listing,
                memory=self._memory,
                options=self._options,
                now=now,
                until_s=until_s,
            )
            known = self._memory.known
            reading.run(_newest_first(listing, self._changed(listing)))
            self._memory.forget(known.keys() - listing.stamps.keys())
            self._memory.catch_up()
            self._memory.fold(within_s=FOLDING_S)
            return self._conclude(reading, now)

    def _changed(self, listing: Listing) -> list[str]:
        known = self._memory.known
        return [
            name
            for name, stamp in listing.stamps.items()
            if (before := known.get(name)) is None or before.stamp != stamp
        ]

    def _stands(self, last: Look, listing: Listing, now: datetime) -> bool:
        history = self._memory.index.history
        return (
            last.lasting
            and last.now <= now
            and last.listing.stamps == listing.stamps
            and last.listing.findings == listing.findings
            and last.snapshot.index_error == history.error == ""
        )

    def _conclude(self, reading: Reading, now: datetime) -> Snapshot:
        listing, known = reading.listing, self._memory.known
        files = [
            reading.unstable.get(name) or known[name].report
            for name in sorted(listing.stamps)
            if name in reading.unstable or name in known
        ]
        until = now + AHEAD
        ahead = [n for n, report in enumerate(files) if report.at > until and report.records]
        for n in ahead:
            files[n] = _judged(files[n], now)
        sources = summarise(files, until=until, newest_key=self._newest_keys())
        newest = [source.newest for source in sources.values() if source.newest is not None]
        snapshot = Snapshot(
            folder=listing.state,
            files=tuple(files),
            complete=reading.pending == 0,
            pending=reading.pending,
            sources=sources,
            newest=max(newest, default=None),
            findings=tuple(listing.findings),
            index_error=self._memory.trouble or self._memory.index.history.error,
        )
        lasting = snapshot.complete and not reading.unstable and not ahead
        self._last = Look(listing, snapshot, now, lasting)
        return snapshot

    def _newest_keys(self) -> dict[str, datetime]:
        try:
            return self._memory.index.newest_first_seen()
        except sqlite3.Error:
            return {}


def _judged(report: FileReport, now: datetime) -> FileReport:
    """Add what depends on the hour: a time that lies in the future."""
    ahead = future(report.name, report.at, now)
    return report if ahead is None else with_finding(report, ahead)


def _newest_first(listing: Listing, names: Sequence[str]) -> list[str]:
    """Order files so that a reading cut short still knows how fresh the data are."""
    return sorted(names, key=lambda name: listing.stamps[name].mtime_ns, reverse=True)
