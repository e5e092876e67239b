"""Deadlines as local dates, in words."""

from datetime import date, timedelta

from handlers.views.i18n import Language
from handlers.views.text import Markup, hostile
from storage import deadlines

NEAR = timedelta(days=300)


def deadline(text: str, language: Language) -> Markup:
    """Return until when, as a local date; what the scraper wrote where that is none."""
    day = deadlines.day(text, language.timezone)
    if day is None:
        return language.say("deadline.text", text=hostile(text, deadlines.LONGEST) or "?")
    return language.say("deadline.day", date=spell_day(day, language))


def spell_day(day: date, language: Language) -> str:
    """Return a date with its weekday, as the reader's language has it; a far one has its year."""
    formats = language.catalogue.formats
    said = formats.date.format(d=day.day, m=formats.months[day.month - 1])
    far = language.now is not None and abs(day - language.now.date()) > NEAR
    return f"{formats.weekdays[day.weekday()]} {said}{f' {day.year}' if far else ''}"
