"""Which day somebody means who asks for a report. Pure."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from handlers.views.text import fold

DAY = timedelta(days=1)
LONGEST_BACK = timedelta(days=3660)  # nothing is kept for longer
YESTERDAY = frozenset({"yesterday", "hier"})
BEFORE = frozenset({"avant-hier", "avant hier", "day before yesterday"})
WEEK = frozenset({
    "week", "weekly", "1 week", "7d", "7 d", "7 days", "semaine", "hebdo", "1 semaine", "7j", "7 j",
    "7 jours",
})  # fmt: skip
OF_WEEKS = frozenset({
    "this", "the", "last", "past", "a", "one", "la", "les", "cette", "une", "derniere", "derniers",
    "passee", "passes",
})  # fmt: skip
TODAY = frozenset({"today", "aujourd'hui", "aujourdhui"})
MONTHS = (
    ("jan",), ("feb", "fev"), ("mar",), ("apr", "avr"), ("may", "mai"), ("jun", "juin"),
    ("jul", "juil"), ("aug", "aou"), ("sep",), ("oct",), ("nov",), ("dec",),
)  # fmt: skip
WEEKDAYS = (
    ("monday", "lundi"), ("tuesday", "mardi"), ("wednesday", "mercredi"), ("thursday", "jeudi"),
    ("friday", "vendredi"), ("saturday", "samedi"), ("sunday", "dimanche"),
)  # fmt: skip
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
YEAR = r"(?P<y>\d{4}|\d{2})"
LOCAL = re.compile(rf"(?P<d>\d{{1,2}})[/.-](?P<m>\d{{1,2}})(?:[/.-]{YEAR}?)?", re.ASCII)
DAY_OF = r"(?P<d>\d{1,2})(?:st|nd|rd|th|er)?"
NAME = r"(?P<m>[a-z]{3,})\.?"
SPELT = re.compile(rf"(?:le )?{DAY_OF} {NAME}(?: {YEAR})?", re.ASCII)
ENGLISH = re.compile(rf"{NAME} {DAY_OF}(?:,? {YEAR})?", re.ASCII)
LEAST = 3  # letters of a name


def week(words: Sequence[str]) -> bool:
    """Return whether the last seven days are meant, not one of them."""
    said = fold(" ".join(words)).split()
    return " ".join(word for word in said if word not in OF_WEEKS) in WEEK


def parse(words: Sequence[str], *, today: date) -> date | None:
    """Return the local date meant; raise ValueError where it is none, or in the future.

    ISO dates, the day before the month, names of months and weekdays in both languages. Without
    a year it is the latest such date.
    """
    said = fold(" ".join(words)).replace("’", "'")
    if not said or said in {"now", "24h", "maintenant"}:
        return None
    found = _meant(said, today)
    if found is None or not today - LONGEST_BACK <= found <= today:
        message = "no such day"
        raise ValueError(message)
    return found


def _meant(said: str, today: date) -> date | None:
    if said in TODAY | YESTERDAY:
        return today - DAY * (said in YESTERDAY)
    if said in BEFORE:
        return today - 2 * DAY
    weekday = _place(said, WEEKDAYS)
    if weekday is not None:
        return today - DAY * ((today.weekday() - weekday) % 7)
    if (found := ISO.fullmatch(said)) is not None:
        return date(*map(int, found.groups()))
    if (found := LOCAL.fullmatch(said)) is not None:
        return _dated(found["d"], int(found["m"]), found["y"], today)
    found = SPELT.fullmatch(said) or ENGLISH.fullmatch(said)
    return None if found is None else _named(found["d"], found["m"], found["y"], today)


def _named(day: str, month: str, year: str | None, today: date) -> date | None:
    number = next(
        (at for at, names in enumerate(MONTHS, 1) if any(map(month.startswith, names))), None
    )
    return None if number is None else _dated(day, number, year, today)


def _dated(day: str, month: int, year: str | None, today: date) -> date:
    """Return the date; without a year the latest, and two digits are of this century."""
    if year:
        return date(int(year) + (2000 if len(year) < len("2000") else 0), month, int(day))
    for back in range(9):  # 29 February comes at least that often
        try:
            found = date(today.year - back, month, int(day))
        except ValueError:
            continue
        if found <= today:
            return found
    message = "no such day"
    raise ValueError(message)


def _place(said: str, names: Sequence[tuple[str, ...]]) -> int | None:
    """Return the place of the name that begins so, if enough of it is there."""
    if len(said) < LEAST:
        return None
    return next(
        (at for at, each in enumerate(names) if any(name.startswith(said) for name in each)), None
    )
