"""The growing database: samples of every series, and the file others keep their tables in."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from storage.records import Sample


class History:
    """Owns the SQLite file; every method may be called from any thread.

    A damaged file is renamed beside and `damaged` says so. Where the disk cannot be written,
    `error` says why and everything works in memory.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.damaged = ""
        self.error = ""

    def close(self) -> None:
        """Close the file; safe to call twice."""

    def add(self, samples: Iterable[Sample]) -> None:
        """Keep samples; a second value of one series at one time replaces the first."""

    def series(
        self, name: str, *, since: datetime, until: datetime
    ) -> list[tuple[datetime, float]]:
        """Return the series' values with `since <= time <= until`, oldest first."""
        return []

    def names(self, prefix: str) -> list[str]:
        """Return the names of the series that start with `prefix`, sorted."""
        return []
