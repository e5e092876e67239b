"""JSON documents: every shape the tracker writes, one bad record costing one record."""

import re
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

import msgspec

from storage.records import Severity
from storage.tracker.content import Content
from storage.tracker.records import Figure, Quest, Record
from storage.tracker.snapshot import FileState
from storage.tracker.text import utf8, without_lone_surrogates

BIG_BYTES = 4 * 1024 * 1024


class Document(msgspec.Struct, gc=False):
    """The shapes that are objects: processed, full pipeline, latest; and an interface's answer."""

    timestamp: Figure = None
    datetime: str | None = None
    categories: dict[str, list[Record]] | None = None
    processed_opportunities: list[Record] | None = None
    opportunities: list[Record] | None = None


class RawDocument(msgspec.Struct):
    """The same, with everything left undecoded."""

    timestamp: msgspec.Raw = msgspec.Raw()
    datetime: msgspec.Raw = msgspec.Raw()
    categories: msgspec.Raw = msgspec.Raw()
    processed_opportunities: msgspec.Raw = msgspec.Raw()
    opportunities: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.Raw()


Raws = list[msgspec.Raw]
_fast = msgspec.json.Decoder(list[Record] | Document)
_record = msgspec.json.Decoder(Record)
_quest = msgspec.json.Decoder(Quest)
_raws = msgspec.json.Decoder(Raws)
_raw_lists = msgspec.json.Decoder(dict[str, Raws])
_raw_document = msgspec.json.Decoder(RawDocument)
_title = attrgetter("title")
_FIELD = re.compile(r" - at `\$\.?([^`]*)`$")
_BYTE = re.compile(r" \(byte (\d+)\)$")
_KINDS = {
    b"{": "object",
    b"[": "array",
    b'"': "string",
    b"t": "boolean",
    b"f": "boolean",
    b"n": "null",
}
_HINTS = (b'"title"', b'"link"', b'"url"', b'"name"')


def read(content: Content, raw: bytes) -> None:
    """Fill `content` from the bytes of a JSON file; never raises for what is in them."""
    try:
        text = utf8(raw)
    except UnicodeDecodeError as error:
        content.torn = error.end >= len(raw) - 1
        content.fail(
            FileState.INVALID, "invalid_text", Severity.ERROR, encoding=error.encoding.upper()
        )
        return
    if not text.data or text.data.isspace():
        content.torn = True
        content.fail(FileState.INVALID, "empty_file", Severity.ERROR)
        return
    if text.encoding:
        content.find("encoding_note", Severity.INFO, encoding=text.encoding)
    try:
        _decode(content, text.data)
    except RecursionError:
        content.fail(FileState.INVALID, "too_deep", Severity.ERROR)
    except msgspec.DecodeError as error:
        _invalid(content, text.data, error)


def why(error: msgspec.DecodeError) -> str:
    """Return the decoder's words, without its prefix and position."""
    return _BYTE.sub("", str(error).removeprefix("JSON is malformed: "))


def _invalid(content: Content, data: bytes, error: msgspec.DecodeError) -> None:
    content.torn = "truncated" in str(error)
    found = _BYTE.search(str(error))
    byte = int(found[1]) if found else len(data)
    content.fail(FileState.INVALID, "invalid", Severity.ERROR, what=why(error), byte=byte)


def _decode(content: Content, data: bytes) -> None:
    if len(data) > BIG_BYTES:  # in small steps, so that other threads may run
        _slow(content, data)
        return
    try:
        found = _fast.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        _slow(content, data)
        return
    records = found if isinstance(found, list) else _listed(content, found)
    if records is None or not all(map(_title, records)):
        _slow(content, data)
    else:
        content.records = records


def _listed(content: Content, found: Document) -> list[Record] | None:
    """Return an object's records, each once though it stands in two lists; None without a list."""
    grouped = None if found.categories is None else list(found.categories.values())
    whole = [found.processed_opportunities, found.opportunities]
    lists = [part for part in whole if part is not None] + (grouped or [])
    if grouped is None and not lists:
        return None
    content.document_s = document_time(found.timestamp, found.datetime)
    if len(lists) == 1:
        return lists[0]
    return list(dict.fromkeys(record for part in lists for record in part))


def _slow(content: Content, data: bytes) -> None:
    """Check the whole syntax first, then convert record by record."""
    try:
        raws = _find_lists(content, data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended = without_lone_surrogates(data)
        if mended == data:
            raise
        raws = _find_lists(content, mended)
    if raws is None or not _look_like_records(raws):
        kind = _KINDS.get(_first(data), "number")
        content.fail(FileState.UNKNOWN_SHAPE, "unknown_shape", Severity.INFO, what=kind)
        return
    for number, raw in enumerate(raws):
        convert(content, number, raw)


def _find_lists(content: Content, data: bytes) -> Raws | None:
    """Return the undecoded records of a known shape, or None; raise DecodeError if not JSON."""
    first = _first(data)
    if first == b"[":
        return _raws.decode(data)
    if first != b"{":
        msgspec.json.decode(data, type=msgspec.Raw)
        return None
    document = _raw_document.decode(data)
    content.document_s = document_time(_plain(document.timestamp), _plain(document.datetime))
    parts = [document.processed_opportunities, document.opportunities, document.data]
    lists = [found for part in parts if (found := _list(part)) is not None]
    grouped = _groups(document.categories)
    lists += grouped or []
    if len(lists) < 2:  # noqa: PLR2004
        return lists[0] if lists else None
    return list({bytes(raw): raw for part in lists for raw in part}.values())


def _first(data: bytes) -> bytes:
    """Return the first character that is not blank, without a copy of the rest."""
    return data[:1] if data[:1] in _KINDS else data.lstrip()[:1]


def _list(raw: msgspec.Raw) -> Raws | None:
    try:
        return _raws.decode(raw) if raw else None
    except msgspec.ValidationError:
        return None


def _groups(raw: msgspec.Raw) -> list[Raws] | None:
    try:
        return list(_raw_lists.decode(raw).values()) if raw else None
    except msgspec.ValidationError:
        return None


def _plain(raw: msgspec.Raw) -> Figure:
    try:
        return msgspec.json.decode(raw, type=Figure) if raw else None
    except msgspec.ValidationError:
        return None


def _look_like_records(raws: Sequence[msgspec.Raw]) -> bool:
    """Tell a list of records, however bad, from a list of anything else; an empty one is fine."""
    return not raws or any(hinted(bytes(raw)) for raw in raws)


def hinted(text: bytes) -> bool:
    """Tell whether the JSON looks like a record: an object with something that names it."""
    return text.startswith(b"{") and any(hint in text for hint in _HINTS)


def convert(content: Content, number: int, raw: msgspec.Raw) -> None:
    """Take one record, or note in which field it is bad."""
    text = bytes(raw)
    try:
        if b'"name"' in text and b'"title"' not in text:
            record = _quest.decode(text).record()
        else:
            record = _record.decode(text)
        content.take(record, number)
    except msgspec.DecodeError as error:
        place = _FIELD.search(str(error))
        what = _FIELD.sub("", why(error))
        content.bad(number, "bad_record", where=place[1] if place else "", what=what)


def document_time(timestamp: Figure, text: str | Figure) -> float | None:
    """Return a document's Unix time: its number (also in ms), else its ISO text, local if naive."""
    if isinstance(timestamp, int | float) and timestamp > 0:
        return timestamp / 1000 if timestamp > 1e11 else float(timestamp)  # noqa: PLR2004
    for value in (timestamp, text):
        if isinstance(value, str):
            try:
                return datetime.fromisoformat(value).timestamp()
            except (ValueError, OverflowError, OSError):
                continue
    return None
