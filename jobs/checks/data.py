"""What the checks that judge the tracker's data have in common."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from jobs.facts import Facts, Unknown
from storage.records import Phrase
from storage.tracker import FolderState, Snapshot, SourceReport

SHRINK = 0.5  # the specification's, as for one file that is written anew
MIN_COMPARED = 10


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
    """An expected source, over all the names its records carry; see `SourceReport`."""

    newest: datetime | None
    last_count: int
    stub: bool
    frozen: bool = False
    newest_key: datetime | None = None
    shrunk: SourceReport | None = None


def source(data: Snapshot, expected: str) -> Source | None:
    """Return the expected source as the data have it, None if no file names it."""
    found = list(_reports(data, expected))
    if not found:
        return None
    dated = [report.newest for report in found if report.newest is not None]
    newest = max(dated, default=None)
    latest = [report for report in found if report.newest == newest]
    stub = all(report.stub for report in latest)
    return Source(
        newest=newest,
        last_count=sum(report.last_count for report in latest),
        stub=stub,
        frozen=stub and any(report.frozen for report in latest),
        newest_key=max((r.newest_key for r in found if r.newest_key is not None), default=None),
        shrunk=next((report for report in latest if _shrunk(report)), None),
    )


def _shrunk(report: SourceReport) -> bool:
    """Tell whether its last two files list less than half of what those before did.

    One alone may be chance, where files list only what is new.
    """
    usual = report.usual_count
    return usual is not None and usual >= MIN_COMPARED and report.most_lately < usual * SHRINK


def _reports(data: Snapshot, expected: str) -> Iterator[SourceReport]:
    return (report for name, report in data.sources.items() if belongs(name, expected))
