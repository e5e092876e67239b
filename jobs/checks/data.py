"""What the checks that judge the tracker's data have in common."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from jobs.facts import Facts, Unknown
from storage.records import Phrase
from storage.tracker import FolderState, Snapshot, SourceReport


def judged(facts: Facts) -> Snapshot | Unknown:
    """Return the data if it can be judged, else why not.

    A folder that is missing, or not yet read to the end, tells nothing about age or volume.
    """
    data = facts.data
    if isinstance(data, Unknown):
        return data
    if data.folder in {FolderState.MISSING, FolderState.UNREADABLE}:
        return Unknown(Phrase("data.blind"))
    if not data.complete:
        return Unknown(Phrase("data.pending", {"n": data.pending}))
    return data


def belongs(name: str, expected: str) -> bool:
    """Tell whether a source's name is the expected one or a part of it (`Layer3-LiFi`)."""
    name, expected = name.casefold(), expected.casefold()
    return name == expected or name.startswith(f"{expected}-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An expected source, over all the names its records carry."""

    newest: datetime | None
    last_count: int
    stub: bool


def source(data: Snapshot, expected: str) -> Source | None:
    """Return the expected source as the data have it, None if no file names it."""
    found = list(_reports(data, expected))
    if not found:
        return None
    dated = [report.newest for report in found if report.newest is not None]
    newest = max(dated, default=None)
    latest = [report for report in found if report.newest == newest]
    return Source(
        newest=newest,
        last_count=sum(report.last_count for report in latest),
        stub=all(report.stub for report in latest),
    )


def _reports(data: Snapshot, expected: str) -> Iterator[SourceReport]:
    return (report for name, report in data.sources.items() if belongs(name, expected))
