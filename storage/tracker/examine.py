"""One file: from its bytes to its report and its records."""

import re
from collections import Counter
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from storage.records import Phrase, Severity
from storage.tracker import documents, tables
from storage.tracker.content import Content
from storage.tracker.dating import date_file
from storage.tracker.discovery import Stamp, why
from storage.tracker.records import MAX_SOURCE, Figure, Record, clean, source_of_name
from storage.tracker.roi import impossible
from storage.tracker.snapshot import FileReport, FileState, SourcePart

# The tracker's bookkeeping and its test tools' output, by the names it gives them.
_OWN = re.compile(
    r"(.*_stats|.*_state|execution_log|project_status|galxe_schema|usage_export_.*"
    r"|test_metrics_.*|package(-lock)?)\.json",
    re.IGNORECASE,
)
_source = attrgetter("source")
_own = attrgetter("roi_usd_per_min")
_own_of = attrgetter("source", "roi_usd_per_min")
_roi = attrgetter("roi")
DUPLICATES = 0.05
SHRINK = 0.5
MIN_COMPARED = 10
_STEP = 10_000


class Examined(NamedTuple):
    """A file's report, its different records, and whether its text ended too early."""

    report: FileReport
    distinct: dict[Record, None]
    torn: bool = False


def is_own(name: str) -> bool:
    """Tell whether the tracker keeps its own books there, and no opportunities."""
    return _OWN.fullmatch(name.rsplit("/", 1)[-1]) is not None


def examine(
    name: str, path: str, stamp: Stamp, *, max_bytes: int, before: FileReport | None
) -> Examined:
    """Read one file; never raises. `before` is its last report, if it was read before."""
    content = Content(name)
    if stamp.size > max_bytes:
        _refuse(content, stamp.size, max_bytes)
    else:
        _load(content, path, stamp.size, max_bytes)
    own = is_own(name)
    if own and content.state in {FileState.OK, FileState.UNKNOWN_SHAPE}:
        content = Content(name, document_s=content.document_s)
    distinct = _distinct(content.records)
    parts = _parts(content)
    _compare(content, before, twice=len(content.records) - len(distinct))
    dated = date_file(name, document_s=content.document_s, mtime_s=stamp.mtime_ns / 1e9)
    if dated.finding is not None and content.records:
        content.findings.append(dated.finding)
    report = FileReport(
        name=name,
        size=stamp.size,
        at=dated.at,
        at_from=dated.at_from,
        records=len(content.records),
        bad_records=content.bad_records,
        state=content.state,
        findings=tuple(content.findings),
        more_findings=content.more_findings,
        own=own,
        parts=parts,
    )
    return Examined(report, distinct, torn=content.torn)


def _load(content: Content, path: str, size: int, max_bytes: int) -> None:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (a string in, hot)
            raw = file.read(size + 1)
            while size < len(raw) <= max_bytes:  # it grew since it was listed
                size = len(raw)
                raw += file.read(max_bytes + 1 - size)
    except OSError as error:
        content.fail(FileState.UNREADABLE, "unreadable", Severity.CRITICAL, what=why(error))
        return
    if len(raw) > max_bytes:
        _refuse(content, len(raw), max_bytes)
    elif path.lower().endswith(".json"):
        documents.read(content, raw)
    elif path.lower().endswith(".csv"):
        tables.read_csv(content, raw)
    else:
        tables.read_lines(content, raw)


def _refuse(content: Content, size: int, max_bytes: int) -> None:
    content.fail(
        FileState.TOO_LARGE, "too_large", Severity.ERROR, size_bytes=size, limit_bytes=max_bytes
    )


def _parts(content: Content) -> tuple[SourcePart, ...]:
    """Count the records by source; note every ROI that cannot be one."""
    records = content.records
    told = [record for record in records if record.roi_usd_per_min is not None]
    figures = set(map(_own, told))
    figures.update(map(_roi, records))
    if any(map(impossible, figures)):
        _impossible(content)
    default = source_of_name(content.name)
    shares: dict[str, Share] = {}
    for source, count in Counter(map(_source, records)).items():
        shares.setdefault(clean(source, MAX_SOURCE) or default, Share()).records += count
    for (source, figure), count in Counter(map(_own_of, told)).items():
        shares[clean(source, MAX_SOURCE) or default].figures[figure] += count
    return tuple(
        SourcePart(source=source, records=share.records, constant=share.is_constant())
        for source, share in sorted(shares.items())
    )


@dataclass(slots=True)
class Share:
    """One source's part of a file: how many records, and the ROI its scraper gave them."""

    records: int = 0
    figures: Counter[Figure] = field(default_factory=Counter)

    def is_constant(self) -> bool:
        """Tell whether several records all have one and the same figure."""
        return self.records > 1 and list(self.figures.values()) == [self.records]


def _impossible(content: Content) -> None:
    for number, record in enumerate(content.records):
        for name in ("roi_usd_per_min", "roi"):
            value = getattr(record, name)
            if impossible(value):
                reason = Phrase("tracker.roi_impossible", {"value": clean(value, 30)})
                content.note(reason, Severity.WARNING, record=number, where=name)


def _distinct(records: list[Record]) -> dict[Record, None]:
    """Return the different records, in small steps so that other threads may run."""
    found: dict[Record, None] = {}
    for start in range(0, len(records), _STEP):
        found.update(dict.fromkeys(records[start : start + _STEP]))
    return found


def _compare(content: Content, before: FileReport | None, *, twice: int) -> None:
    """Note a file that lost half its records, and one that lists the same ones again."""
    count = len(content.records)
    was = 0 if before is None or content.state is not FileState.OK else before.records
    if was >= MIN_COMPARED and count < was * SHRINK:
        content.find("shrunk", Severity.WARNING, was=was, now=count)
    if count >= MIN_COMPARED and twice > count * DUPLICATES:
        content.find("duplicates", Severity.WARNING, duplicates=twice, records=count)
