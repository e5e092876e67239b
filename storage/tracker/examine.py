"""One file: from its bytes to its report and its records."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from storage.records import Phrase, Severity
from storage.tracker import documents, tables
from storage.tracker.content import Content
from storage.tracker.dating import date_file
from storage.tracker.discovery import Stamp, why
from storage.tracker.records import Figure, clean
from storage.tracker.roi import impossible
from storage.tracker.sights import Sight, Sights, Trait
from storage.tracker.snapshot import FileReport, FileState, SourcePart

# The tracker's bookkeeping and its test tools' output, by the names it gives them.
_OWN = re.compile(
    r"(.*_stats|.*_state|execution_log|project_status|galxe_schema|usage_export_.*"
    r"|test_metrics_.*|package(-lock)?)\.json",
    re.IGNORECASE,
)
_trait = attrgetter("trait")
_wrong = attrgetter("wrong")
DUPLICATES = 0.05
SHRINK = 0.5
MIN_COMPARED = 10
_STEP = 10_000


class Examined(NamedTuple):
    """A file's report, the sights of its records, and whether its text ended too early."""

    report: FileReport
    sights: Collection[Sight]
    torn: bool = False


def is_own(name: str) -> bool:
    """Tell whether the tracker keeps its own books there, and no opportunities."""
    return _OWN.fullmatch(name.rsplit("/", 1)[-1]) is not None


def load(name: str, path: str, *, size: int, max_bytes: int) -> Content:
    """Return what one file holds; never raises."""
    content = Content(name)
    if size > max_bytes:
        _refuse(content, size, max_bytes)
    else:
        _load(content, path, size, max_bytes)
    if is_own(name) and content.state in {FileState.OK, FileState.UNKNOWN_SHAPE}:
        return Content(name, document_s=content.document_s)
    return content


def examine(
    content: Content, stamp: Stamp, *, sights: Sights, before: FileReport | None
) -> Examined:
    """Sum a file up. `before` is its last report, if it was read before."""
    found = _look_up(content, sights)
    traits = Counter(map(_trait, found))
    if any(map(_wrong, traits)):
        found = _note_wrong(content, found)
        traits = Counter(map(_trait, found))
    _compare(content, before, twice=len(found) - len(set(found)))
    name = content.name
    dated = date_file(name, document_s=content.document_s, mtime_s=stamp.mtime_ns / 1e9)
    if dated.finding is not None and found:
        content.findings.append(dated.finding)
    report = FileReport(
        name=name,
        size=stamp.size,
        at=dated.at,
        at_from=dated.at_from,
        records=len(found),
        bad_records=content.bad_records,
        state=content.state,
        findings=tuple(content.findings),
        more_findings=content.more_findings,
        own=is_own(name),
        parts=_parts(traits),
    )
    return Examined(report, found, torn=content.torn)


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


def _look_up(content: Content, sights: Sights) -> list[Sight]:
    """Return the sights of the records, in small steps so that other threads may run."""
    records, look = content.records, sights.__getitem__
    found: list[Sight] = []
    for start in range(0, len(records), _STEP):
        found += map(look, records[start : start + _STEP])
    return found


def _note_wrong(content: Content, found: Sequence[Sight]) -> list[Sight]:
    """Give records up that nothing tells from others; note every ROI that cannot be one."""
    records, content.records = content.records, []
    for number, record in enumerate(records):
        content.take(record, number)
    _impossible(content)
    return [sight for sight in found if not sight.trait.nameless]


def _parts(traits: Mapping[Trait, int]) -> tuple[SourcePart, ...]:
    """Add up the records by source; it is constant if several all have one and the same ROI."""
    counts: dict[str, int] = {}
    figures: dict[str, set[Figure]] = {}
    for trait, count in traits.items():
        source = trait.source
        counts[source] = counts.get(source, 0) + count
        figures.setdefault(source, set()).add(trait.figure)
    return tuple(
        SourcePart(
            source=source,
            records=count,
            constant=count > 1 and len(figures[source]) == 1 and None not in figures[source],
        )
        for source, count in sorted(counts.items())
    )


def _impossible(content: Content) -> None:
    for number, record in enumerate(content.records):
        for name in ("roi_usd_per_min", "roi"):
            value = getattr(record, name)
            if impossible(value):
                reason = Phrase("tracker.roi_impossible", {"value": clean(value, 30)})
                content.note(reason, Severity.WARNING, record=number, where=name)


def _compare(content: Content, before: FileReport | None, *, twice: int) -> None:
    """Note a file that lost half its records, and one that lists the same ones again."""
    count = len(content.records)
    was = 0 if before is None or content.state is not FileState.OK else before.records
    if was >= MIN_COMPARED and count < was * SHRINK:
        content.find("shrunk", Severity.WARNING, was=was, now=count)
    if count >= MIN_COMPARED and twice > count * DUPLICATES:
        content.find("duplicates", Severity.WARNING, duplicates=twice, records=count)
