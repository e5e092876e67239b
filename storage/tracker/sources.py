"""What the files say about each source, all together."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from operator import attrgetter
from statistics import median
from typing import NamedTuple

from storage.tracker.snapshot import FileReport, SourcePart, SourceReport

# When Layer3's interface fails, its scraper writes stubs with a made-up, constant ROI.
ALWAYS_STUB = "Layer3"
CONSTANT_RUNS = 2
REPEATED_RUNS = 6
REPEATED_SPAN = timedelta(hours=6)
LATEST_RUNS = 2
COMPARED_RUNS = 14
_at = attrgetter("at")


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
    runs: dict[str, list[Run]] = {}
    for file in sorted(files, key=_at, reverse=True):  # nearly sorted: costs next to nothing
        at = file.at
        for part in file.parts:
            of_source = runs.get(part.source)
            if of_source is None:
                of_source = runs[part.source] = []
            if len(of_source) <= COMPARED_RUNS and at <= until:
                _take(of_source, at, part)
    return {
        source: _report(source, of_source[:COMPARED_RUNS], newest_key.get(source))
        for source, of_source in sorted(runs.items())
    }


def _take(runs: list[Run], at: datetime, part: SourcePart) -> None:
    """Take one more run; of those of one time the largest counts."""
    run = Run(at, part.records, part.constant)
    if not runs or runs[-1].at != at:
        runs.append(run)
    elif run.records > runs[-1].records:
        runs[-1] = run


def _report(source: str, runs: list[Run], newest_key: datetime | None) -> SourceReport:
    if not runs:
        return SourceReport(source=source, newest=None, last_count=0)
    last = runs[:REPEATED_RUNS]
    made_up = is_made_up(source, last, newest_key)
    frozen = not made_up and is_frozen(last, newest_key)
    before = [run.records for run in runs[LATEST_RUNS:]]
    return SourceReport(
        source=source,
        newest=last[0].at,
        last_count=last[0].records,
        stub=made_up or frozen,
        frozen=frozen,
        newest_key=newest_key,
        most_lately=max(run.records for run in runs[:LATEST_RUNS]),
        usual_count=median(before) if len(before) >= REPEATED_RUNS else None,
    )


def is_made_up(source: str, last: list[Run], newest_key: datetime | None) -> bool:
    """Tell whether the latest runs (newest first) are stubs of one constant ROI."""
    if source.startswith(ALWAYS_STUB) and last[0].constant:
        return True
    if len(last) < CONSTANT_RUNS or newest_key is None:
        return False
    return all(run.constant for run in last[:CONSTANT_RUNS]) and newest_key < last[0].at


def is_frozen(last: list[Run], newest_key: datetime | None) -> bool:
    """Tell whether the latest runs (newest first) are repetition with no new key."""
    if len(last) < REPEATED_RUNS or newest_key is None:
        return False
    spans = last[0].at - last[-1].at >= REPEATED_SPAN
    return spans and len({run.records for run in last}) == 1 and newest_key <= last[-1].at
