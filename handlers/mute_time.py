"""How long a mute lasts, in words: `2h`, `until 8:00`, `tonight`, `jusqu'au retour`.

Where words can be read in two ways, the shorter mute is meant; what fits no way is no time.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from handlers.views.text import fold

MINUTE_S, HOUR_S, DAY_S, WEEK_S = 60, 3600, 86_400, 604_800
MORNING = time(8)
DAY_BEGINS = timedelta(hours=5)  # before five, people call « tomorrow » what they wake up to
LONGEST_WORDS = 10
NOON_H = 12

_UNITS = {"s": 1, "m": MINUTE_S, "h": HOUR_S, "d": DAY_S, "j": DAY_S, "w": WEEK_S}
_UNIT = (
    r"(?:s(?:ec(?:onde?s?)?)?|m(?:n|in(?:ute)?s?)?|h(?:rs?|(?:our|eure)s?)?|d(?:ays?)?"
    r"|j(?:ours?|ournee)?|w(?:eeks?)?|sem(?:aines?)?)"
)
_NUMBER = r"\d{1,5}(?:[.,]\d{1,2})?"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_CLOCK = (
    r"(?:(?P<noon>noon|midi)|(?P<midnight>midnight|minuit)|(?P<hour>[01]?\d|2[0-3])"
    r"(?: ?(?:[:.]|h|heures?) ?(?P<minute>[0-5]\d)| ?(?:h|heures?))?(?: ?(?P<half>[ap])\.?m\.?)?)"
)
_UNTIL = r"(?:'?till?|until|jusqu'?aux?|jusque?|jusqu'a)"
_FIXED_EN = (
    r"(?:it'?s |it is |they'?re |they are |all is |all's )?"
    r"(?:fixed|resolved|solved|repaired|recovered|recovery|back|ok|okay|over|closed)"
)
_FIXED_FR = (
    r"(?:(?:la |le |sa |son )?(?:reparation|resolution|retablissement|retour(?: a la normale)?)"
    r"|ce (?:que (?:ce |ca |cela |tout )?|qu'(?:il |elle |on )?)soit"
    r" (?:repare|resolu|retabli|regle|corrige)e?"
    r"|repare|resolu|retabli|regle)"
)
_ENDS = r"(?=[,;.]?(?: |$))"


def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{source}){_ENDS}", re.ASCII)


FOR = re.compile(r"(?:for|during|pendant|durant) ")
HOURS = _pattern(r"(?P<hours>\d{1,3})(?P<gap> ?)h(?P=gap)(?P<minutes>\d{1,2})")
ONE = _pattern(r"(?:an?|one|une?) (?P<unit>hour|day|week|heure|jour|semaine)")
HALF = _pattern(r"half an hour|une demi-heure")
AMOUNT = re.compile(rf"(?P<n>{_NUMBER}) ?(?P<unit>{_UNIT})(?![a-z])", re.ASCII)
AND = re.compile(r" and | et | ")
END = re.compile(_ENDS)
NIGHT = _pattern(r"tonight|overnight|ce soir|cette nuit|pour la nuit")
MORNINGS = _pattern(rf"{_UNTIL} (?:the )?(?:morning|matin)")
FIXED = _pattern(rf"{_UNTIL} (?:{_FIXED_EN}|{_FIXED_FR})")
CLOCK = _pattern(rf"{_UNTIL} {_CLOCK}")
TOMORROW = _pattern(
    rf"(?:{_UNTIL} )?(?:tomorrow|demain)(?: morning| matin)?(?: (?:at |a )?{_CLOCK})?"
)
CLOCK_TOMORROW = _pattern(rf"{_UNTIL} {_CLOCK} (?:tomorrow|demain)")
WEEKDAY = _pattern(
    rf"{_UNTIL} (?:next )?(?P<day>{'|'.join((*_DAYS, *_JOURS))})"
    rf"(?: prochain)?(?: (?:at |a )?{_CLOCK})?"
)
UNTIL = _pattern(_UNTIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The time where the owner lives, and when nights end there."""

    now: datetime
    morning: time = MORNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long: so many seconds, or until what is open is fixed; `words` were used to say it.

    `unclear`: it begins like a time, but tells none. `loose`: a word that may also be told in
    passing, so it counts only where a length is expected.
    """

    words: int
    for_s: int | None = None
    fixed: bool = False
    unclear: bool = False
    loose: bool = False


def read(words: Sequence[str], today: Today) -> Length | None:
    """Return the time that the first words tell, as many of them as possible; None for none."""
    text = " ".join(_word(word) for word in words[:LONGEST_WORDS])
    found = [length for length in (_said(text, today), _moment(text, today)) if length is not None]
    if found:
        return max(found, key=lambda length: length.words)
    return Length(words=1, unclear=True) if UNTIL.match(text) else None


def _word(word: str) -> str:
    """Return a word without case, accents and the many apostrophes; never more than one word."""
    folded = "".join(fold(word).split()).translate(_APOSTROPHES)
    return folded or "\0"


_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ′`´", "'"))


def _count(said: str) -> int:
    return said.count(" ") + 1


def _said(text: str, today: Today) -> Length | None:
    """Return a length that is told as such: a duration, a night, until fixed."""
    if found := FIXED.match(text):
        return Length(words=_count(found.group()), fixed=True)
    if length := _duration(text):
        return length
    if found := NIGHT.match(text) or MORNINGS.match(text):
        wait_s = next_s(today.now, today.morning)
        return Length(words=_count(found.group()), for_s=wait_s, loose=not UNTIL.match(text))
    return None


def _duration(text: str) -> Length | None:
    """Return a duration told by numbers and units, the larger unit first."""
    start = _end(FOR, text, 0)
    for pattern, seconds in ((HOURS, _hours_s), (ONE, _one_s), (HALF, lambda _: HOUR_S // 2)):
        if found := pattern.match(text, start):
            return Length(words=_count(text[: found.end()]), for_s=seconds(found))
    total_s, end, last_s, at = 0.0, start, WEEK_S + 1, start
    while (found := AMOUNT.match(text, at)) and (unit_s := _unit_s(found["unit"])) < last_s:
        total_s += float(found["n"].replace(",", ".")) * unit_s
        last_s, end = unit_s, found.end()
        at = _end(AND, text, end)
    if end == start or not END.match(text, end):
        return None
    return Length(words=_count(text[:end]), for_s=round(total_s))


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return where the text goes on behind what need not be there."""
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _hours_s(found: re.Match[str]) -> int:
    return int(found["hours"]) * HOUR_S + int(found["minutes"]) * MINUTE_S


def _one_s(found: re.Match[str]) -> int:
    return _unit_s(found["unit"])


def _unit_s(unit: str) -> int:
    return WEEK_S if unit.startswith("sem") else _UNITS[unit[0]]


def _moment(text: str, today: Today) -> Length | None:
    """Return the length up to a time of day, the longest reading first."""
    for pattern in (CLOCK_TOMORROW, TOMORROW, WEEKDAY, CLOCK):
        found = pattern.match(text)
        if found is None:
            continue
        clock = _clock(found, default=today.morning)
        if clock is None:
            continue
        if pattern is CLOCK:
            wait_s = next_s(today.now, clock)
        else:
            wait_s = until_s(today.now, _date(found, today.now), clock)
        return Length(words=_count(found.group()), for_s=wait_s, loose=not UNTIL.match(text))
    return None


def _date(found: re.Match[str], now: datetime) -> date:
    """Return the day that is meant: tomorrow, or that weekday after today."""
    today = (now.replace(tzinfo=None) - DAY_BEGINS).date()
    day = found.groupdict().get("day")
    if day is None:
        return today + timedelta(days=1)
    number = (_DAYS if day in _DAYS else _JOURS).index(day)
    return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)


def _clock(found: re.Match[str], *, default: time) -> time | None:
    """Return the time of day that was told, if one was; None for one that no clock shows."""
    if found["noon"]:
        return time(NOON_H)
    if found["midnight"]:
        return time(0)
    if found["hour"] is None:
        return default
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"] is None:
        return time(hour, minute)
    if not 1 <= hour <= NOON_H:
        return None
    return time(hour % NOON_H + (NOON_H if found["half"] == "p" else 0), minute)


def next_s(now: datetime, clock: time) -> int:
    """Return the seconds until the clock shows that time next, however the hour changes."""
    days = [now.date() + timedelta(days=n) for n in range(3)]
    waits = [_wait_s(now, day, clock, fold=fold) for day in days for fold in (0, 1)]
    return math.ceil(min(wait for wait in waits if wait is not None and wait > 0))


def until_s(now: datetime, day: date, clock: time) -> int:
    """Return the seconds until that time of that day, of the next one where it is over."""
    wait_s = _wait_s(now, day, clock, fold=0) or 0.0
    return math.ceil(wait_s) if wait_s > 0 else until_s(now, day + timedelta(days=1), clock)


def _wait_s(now: datetime, day: date, clock: time, *, fold: int) -> float | None:
    """Return the seconds until then; None for a second time that day does not have."""
    local = datetime.combine(day, clock, tzinfo=now.tzinfo)
    end = local.replace(fold=fold).astimezone(UTC)
    if fold and end <= local.astimezone(UTC):  # the hour comes but once, or never
        return None
    return (end - now.astimezone(UTC)).total_seconds()
