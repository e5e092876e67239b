"""Deadlines as scrapers write them, in any of their shapes, as local dates."""

from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

from handlers.views.formats import from_unix
from handlers.views.i18n import Language
from handlers.views.text import Markup, hostile

LONGEST = 40
NEAR = timedelta(days=300)
LARGEST_UNIX_S = 1e11  # larger ones are milliseconds
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # small numbers are no times


def deadline(text: str, language: Language) -> Markup:
    """Return until when, as a local date; what the scraper wrote where that is none."""
    day = _day(text.strip(), language)
    if day is None:
        return language.say("deadline.text", text=hostile(text, LONGEST) or "?")
    return language.say("deadline.day", date=spell_day(day, language))


def spell_day(day: date, language: Language) -> str:
    """Return a date with its weekday, as the reader's language has it; a far one has its year."""
    formats = language.catalogue.formats
    said = formats.date.format(d=day.day, m=formats.months[day.month - 1])
    far = language.now is not None and abs(day - language.now.date()) > NEAR
    return f"{formats.weekdays[day.weekday()]} {said}{f' {day.year}' if far else ''}"


def _day(text: str, language: Language) -> date | None:
    try:
        if text.isascii() and text.isdigit():
            return _from_number(text, language)
        if len(text) <= LONGEST and "T" not in text.upper() and ":" not in text:
            return date.fromisoformat(text)
        return _local(_moment(text), language)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _from_number(text: str, language: Language) -> date | None:
    value = float(text[:20])
    at = from_unix(value / 1000 if value > LARGEST_UNIX_S else value)
    return None if at is None or at < EARLIEST else _local(at, language)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)


def _local(at: datetime, language: Language) -> date:
    """Return the reader's date; a time without a zone is taken as it stands."""
    return at.date() if at.tzinfo is None else at.astimezone(language.timezone).date()
