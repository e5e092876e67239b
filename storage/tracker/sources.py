"""What the files say about each source, all together."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from storage.tracker.snapshot import FileReport, SourcePart, SourceReport

# When Layer3's interface fails, its scraper writes stubs with a made-up, constant ROI.
ALWAYS_STUB = "Layer3"
CONSTANT_RUNS = 2
REPEATED_RUNS = 6
REPEATED_SPAN = timedelta(hours=6)


class Run(NamedTuple):
    """What one file, or several of one time, held of one source."""

    at: datetime
    records: int
    constant: bool


def summarise(
    files: Collection[FileReport], *, until: datetime, newest_key: Mapping[str, datetime]
) -> dict[str, SourceReport]:
    """Return a report per source over the files that are not from after `until`.

    `newest_key` tells when each source's newest opportunity was first seen.
    """
    runs: dict[str, dict[datetime, SourcePart]] = {}
    for file in files:
        at = file.at
        for part in file.parts if at <= until else ():
            of_source = runs.get(part.source)
            if of_source is None:
                of_source = runs[part.source] = {}
            same = of_source.get(at)
            if same is None or part.records > same.records:
                of_source[at] = part
    ahead = {part.source for file in files if file.at > until for part in file.parts}
    return {
        source: _report(source, runs.get(source, {}), newest_key.get(source))
        for source in sorted(runs.keys() | ahead)
    }


def _report(
    source: str, runs: Mapping[datetime, SourcePart], newest_key: datetime | None
) -> SourceReport:
    if not runs:
        return SourceReport(source=source, newest=None, last_count=0)
    times = sorted(runs, reverse=True)[:REPEATED_RUNS]  # nearly sorted, which costs next to nothing
    last = [Run(at, runs[at].records, runs[at].constant) for at in times]
    return SourceReport(
        source=source,
        newest=last[0].at,
        last_count=last[0].records,
        stub=is_stub(source, last, newest_key),
    )


def is_stub(source: str, last: list[Run], newest_key: datetime | None) -> bool:
    """Tell whether the latest runs (newest first) are stubs, or repetition with no new key."""
    if source.startswith(ALWAYS_STUB) and last[0].constant:
        return True
    if len(last) < CONSTANT_RUNS or newest_key is None:
        return False
    if all(run.constant for run in last[:CONSTANT_RUNS]) and newest_key < last[0].at:
        return True
    spans = last[0].at - last[-1].at >= REPEATED_SPAN
    repeated = len({run.records for run in last}) == 1 and newest_key <= last[-1].at
    return len(last) >= REPEATED_RUNS and spans and repeated
