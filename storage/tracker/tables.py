"""Records by the line: CSV with a header, and JSON lines."""

import csv
import io
from collections.abc import Iterable

import msgspec

from storage.records import Severity
from storage.tracker import documents
from storage.tracker.content import Content
from storage.tracker.records import Record
from storage.tracker.snapshot import FileState
from storage.tracker.text import utf8, without_lone_surrogates

# The columns of the tracker's sheet and of its own records, by the field they fill.
COLUMNS = {
    "id": "id",
    "title": "title",
    "name": "title",
    "titre": "title",
    "link": "link",
    "lien": "link",
    "url": "url",
    "source": "source",
    "reward": "reward",
    "reward_currency": "reward_currency",
    "time": "estimated_time",
    "temps": "estimated_time",
    "estimated_time": "estimated_time",
    "time_est_min": "time_est_min",
    "roi": "roi",
    "roi_usd_per_min": "roi_usd_per_min",
    "reward_amount_extracted": "reward_amount_extracted",
    "time_estimated": "time_estimated",
    "deadline": "deadline",
    "end_time": "end_time",
}
_NAMING = frozenset({"id", "title", "link", "url"})


def read_csv(content: Content, raw: bytes) -> None:
    """Fill `content` from a CSV file; what is not UTF-8 is taken for cp1252, with a note."""
    text = _text(content, raw)
    if not text.strip():
        content.torn = True
        content.fail(FileState.INVALID, "empty_file", Severity.ERROR)
        return
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        _rows(content, rows, [name.strip().lower() for name in next(rows)])
    except csv.Error as error:
        content.torn = "unexpected end" in str(error)
        content.fail(FileState.INVALID, "invalid", Severity.ERROR, what=str(error), byte=None)


def _rows(content: Content, rows: Iterable[list[str]], header: list[str]) -> None:
    fields = [COLUMNS.get(name, "") for name in header]
    if not _NAMING & set(fields):
        content.fail(FileState.UNKNOWN_SHAPE, "unknown_shape", Severity.INFO, what="table")
        return
    for number, row in enumerate(rows):
        if not row:
            continue
        if len(row) != len(header):
            what = f"{len(row)} columns instead of {len(header)}"
            content.bad(number, "bad_record", what=what)
            continue
        told = {field: value for field, value in zip(fields, row, strict=True) if field and value}
        content.take(Record(**told), number)


def _text(content: Content, raw: bytes) -> str:
    try:
        text = utf8(raw)
    except UnicodeDecodeError:
        content.find("encoding_note", Severity.INFO, encoding="cp1252")
        return raw.decode("cp1252", "replace")
    if text.encoding:
        content.find("encoding_note", Severity.INFO, encoding=text.encoding)
    return text.data.decode()


def read_lines(content: Content, raw: bytes) -> None:
    """Fill `content` from JSON lines; a bad line costs one record, only bad ones the file."""
    try:
        text = utf8(raw)
    except UnicodeDecodeError as error:
        content.fail(
            FileState.INVALID, "invalid_text", Severity.ERROR, encoding=error.encoding.upper()
        )
        return
    if text.encoding:
        content.find("encoding_note", Severity.INFO, encoding=text.encoding)
    lines = [line for line in text.data.split(b"\n") if line.strip()]
    if not lines:
        content.torn = True
        content.fail(FileState.INVALID, "empty_file", Severity.ERROR)
        return
    parsed = sum([_line(content, number, line) for number, line in enumerate(lines)])
    content.torn = not text.data.endswith(b"\n") and not _is_json(lines[-1])
    if not parsed:
        content.fail(
            FileState.INVALID, "invalid", Severity.ERROR, what="no line is valid JSON", byte=0
        )
    elif not content.records and not content.bad_records:
        content.fail(FileState.UNKNOWN_SHAPE, "unknown_shape", Severity.INFO, what="lines")


def _line(content: Content, number: int, line: bytes) -> bool:
    """Take one line; return whether it is JSON at all."""
    line = without_lone_surrogates(line)
    if not _is_json(line):
        content.bad(number, "bad_record", what="not valid JSON")
        return False
    if documents.hinted(line):
        documents.convert(content, number, msgspec.Raw(line))
    return True


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
