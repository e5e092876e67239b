"""When a file's data are from: its name, then the document itself, then the file system."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from storage.records import Phrase, Severity
from storage.tracker.snapshot import Finding

# Seconds (10 digits) or milliseconds (13), from 2001 on.
_EPOCH = re.compile(r"(?<!\d)(\d{13}|\d{10})(?!\d)")
_DAY = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?!\d)")
_FIRST_S, _LAST_S = 978_307_200.0, 4_102_444_800.0
AHEAD = timedelta(minutes=5)
APART_DOCUMENT_S = 300.0
APART_DISK_S = 3_600.0
_DAY_S = 86_400.0
_ZONE_S = 14 * 3_600.0  # a local day begins up to this much before or after the UTC one


class Dated(NamedTuple):
    """A file's data time, where it was found, and the finding that another place disagrees."""

    at: datetime
    at_from: str
    finding: Finding | None


def date_file(name: str, *, document_s: float | None, mtime_s: float) -> Dated:
    """Return the time of the data; places that disagree are a finding."""
    mtime_s = min(max(mtime_s, _FIRST_S), _LAST_S)
    if document_s is not None and not _FIRST_S <= document_s <= _LAST_S:
        document_s = None
    named_s = epoch_of(name)
    if named_s is not None:
        return _dated(name, named_s, "name", document_s=document_s, mtime_s=mtime_s)
    if document_s is not None:
        return _dated(name, document_s, "document", document_s=None, mtime_s=mtime_s)
    day_s = day_of(name)
    if day_s is None or day_s - _ZONE_S <= mtime_s <= day_s + _DAY_S + _ZONE_S:
        return Dated(_time(mtime_s), "mtime", None)
    return _dated(name, day_s + _DAY_S, "name", document_s=None, mtime_s=mtime_s)


def epoch_of(name: str) -> float | None:
    """Return the Unix time in a file's name, or None."""
    found = _EPOCH.search(name.rsplit("/", 1)[-1])
    if found is None:
        return None
    seconds = int(found[1]) / (1000 if len(found[1]) == 13 else 1)  # noqa: PLR2004
    return seconds if _FIRST_S <= seconds <= _LAST_S else None


def day_of(name: str) -> float | None:
    """Return the Unix time at which the day in a file's name begins (UTC), or None."""
    found = _DAY.search(name.rsplit("/", 1)[-1])
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def future(name: str, at: datetime, now: datetime) -> Finding | None:
    """Return the finding that a file's time lies more than five minutes ahead."""
    if at <= now + AHEAD:
        return None
    values = {"ahead_s": (at - now).total_seconds(), "at_at": at.timestamp()}
    return Finding(file=name, reason=Phrase("tracker.future", values), level=Severity.WARNING)


def _dated(
    name: str, seconds: float, at_from: str, *, document_s: float | None, mtime_s: float
) -> Dated:
    apart = abs(seconds - mtime_s)
    far = apart > APART_DISK_S
    level = Severity.INFO
    if document_s is not None and abs(seconds - document_s) > APART_DOCUMENT_S:
        far, apart, level = True, abs(seconds - document_s), Severity.WARNING
    finding = None
    if far:
        named_s = seconds if at_from == "name" else None
        written_s = seconds if at_from == "document" else document_s
        values = {
            "name_at": named_s,
            "document_at": written_s,
            "mtime_at": mtime_s,
            "apart_s": apart,
        }
        finding = Finding(file=name, reason=Phrase("tracker.times_differ", values), level=level)
    return Dated(_time(seconds), at_from, finding)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
