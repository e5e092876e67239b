"""Deadlines as scrapers write them, in any of their shapes: which day, and if it is over. Pure."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

LONGEST = 40
LARGEST_UNIX_S = 1e11  # larger ones are milliseconds
LAST_S = 6e10  # where calendars end
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # small numbers are no times
BEGUN = datetime(1970, 1, 1, tzinfo=UTC)


def day(text: str, zone: tzinfo) -> date | None:
    """Return until which local date, None where that cannot be read for sure."""
    found = _read(text.strip())
    if not isinstance(found, datetime):
        return found
    try:
        return found.date() if found.tzinfo is None else found.astimezone(zone).date()
    except OverflowError:
        return None


def over(text: str, *, now: datetime, zone: tzinfo) -> bool:
    """Return whether it has passed for sure; a date lasts until its end, by `zone`.

    So is a time without a zone taken.
    """
    found = _read(text.strip())
    if found is None:
        return False
    if not isinstance(found, datetime):
        return found < now.astimezone(zone).date()
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)) < now


def _read(text: str) -> date | None:
    """Return the date or the time that is written there."""
    try:
        if text.isascii() and text.isdigit():
            return _from_number(text)
        if len(text) <= LONGEST and "T" not in text.upper() and ":" not in text:
            return date.fromisoformat(text)
        return _moment(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _from_number(text: str) -> datetime | None:
    value = float(text[:20])
    at_s = value / 1000 if value > LARGEST_UNIX_S else value
    if at_s >= LAST_S:
        return None
    at = BEGUN + timedelta(seconds=at_s)
    return None if at < EARLIEST else at


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)
