"""What one reading of the tracker's folder says."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from storage.records import Phrase, Severity

MAX_FINDINGS = 20


class FolderState(StrEnum):
    """Whether there is a folder to read; `empty` holds no data file at all."""

    OK = "ok"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    EMPTY = "empty"


class FileState(StrEnum):
    """What became of one file; `unstable` is cut off and still being written."""

    OK = "ok"
    INVALID = "invalid"
    UNKNOWN_SHAPE = "unknown_shape"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    UNSTABLE = "unstable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How to read; `rates` are USD per unit by upper-case currency.

    Files above `max_file_bytes` are refused. A file caught half-written is read again after
    `settle_s`.
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    max_file_bytes: int = 64 * 1024 * 1024
    settle_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something not as it should be: in a file, perhaps in one record (from 0) and field."""

    file: str
    reason: Phrase
    level: Severity
    record: int | None = None
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePart:
    """One source's share of one file.

    `constant` means that the scraper gave all of its several records one and the same ROI.
    """

    source: str
    records: int
    constant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What one file holds; `name` is relative to the folder, with forward slashes.

    `at` is the data's time and `at_from` tells where it was found: name, document or mtime.
    `records` are the understood ones, `bad_records` the others. `own` marks the tracker's
    bookkeeping (scraper_stats.json …), which holds no opportunities. At most MAX_FINDINGS
    findings are kept: `more_findings` counts the rest.
    """

    name: str
    size: int
    at: datetime
    at_from: str
    records: int = 0
    bad_records: int = 0
    state: FileState = FileState.OK
    findings: tuple[Finding, ...] = ()
    more_findings: int = 0
    own: bool = False
    parts: tuple[SourcePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """One source over all files; `stub` means constant or repeated content with no new key.

    `frozen` is the second kind alone: the same again and again, since `newest_key`. `last_count`
    is what the newest file lists, `most_lately` the most of the last two, `usual_count` the
    median of those before, None of too few.
    """

    source: str
    newest: datetime | None
    last_count: int
    stub: bool = False
    frozen: bool = False
    newest_key: datetime | None = None
    most_lately: int = 0
    usual_count: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at the whole folder.

    `files` are sorted by name. Not `complete`: the deadline cut the reading, `pending` files are
    left for the next one and totals are not final. `newest` ignores times more than five minutes
    ahead. `findings` are about the folder (skipped special files …); each file has its own.
    `index_error` says why what was read could not be kept on disk, "" if it was.
    """

    folder: FolderState
    reason: str = ""
    files: tuple[FileReport, ...] = ()
    complete: bool = True
    pending: int = 0
    sources: Mapping[str, SourceReport] = field(default_factory=dict)
    newest: datetime | None = None
    findings: tuple[Finding, ...] = ()
    index_error: str = ""


def with_finding(report: FileReport, finding: Finding) -> FileReport:
    """Return the report with one more finding, which comes first."""
    return replace(report, findings=(finding, *report.findings))
