"""The words of /top5: how many, which source, since when, how good and how short; in any order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from handlers.spans import spelled
from handlers.views.query import LARGEST_PAGE, PERIODS_S, Query, least, most
from handlers.views.text import fold

PERIOD_WORDS = {name: name for name in PERIODS_S} | {
    "1d": "24h", "1j": "24h", "day": "24h", "jour": "24h", "24": "24h", "7j": "7d", "week": "7d",
    "semaine": "7d", "30j": "30d", "month": "30d", "mois": "30d", "tout": "all", "ever": "all",
}  # fmt: skip
SPANS = {name: timedelta(seconds=span) for name, span in PERIODS_S.items() if span}
AWAY = frozenset({"hidden", "done", "away", "masquees", "masques", "cachees", "caches", "faites",
                  "faits", "ecartees", "ecartes"})  # fmt: skip
_NUMBER = r"(\d{1,9}(?:[.,]\d{1,4})?)"
_LEAST, _MOST = r"(?:>=|=>|>|≥|=|:)", r"(?:<=|=<|<|≤|=|:)"
_UNIT = r"(?:min(?:utes?)?|mn)"
_AT_LEAST = r"(?:au moins|at least|minimum|minimal|mini|min\.?|plus de|over|above)"
_AT_MOST = r"(?:au plus|at most|up to|maximum|maxi|max\.?|moins de|less than|under|jusqu['’][aà])"
_USD = r"\s*\$?(?:\s*/\s*min)?"
_ROI = re.compile(
    rf"(?<!\w)(?:(?:roi|return|rendement|rdt)\s*(?:{_LEAST}|{_AT_LEAST})?|>=|=>|>|≥)\s*\$?{_NUMBER}{_USD}(?!\w)",
    re.IGNORECASE,
)
_MINUTES = re.compile(
    rf"(?<!\w)(?:(?:{_UNIT}|time|temps|dur[ée]e)\s*{_MOST}|<=|=<|<|≤)\s*{_NUMBER}\s*{_UNIT}?(?!\w)"
    rf"|(?<![\w.,])(?:{_AT_MOST}\s*)?{_NUMBER}\s*{_UNIT}(?:\s*{_AT_MOST})?(?!\w|\s*{_MOST})",
    re.IGNORECASE,
)
_SIGNS = re.compile(
    r"[<>≤≥=]|^(?:roi|rendement|rdt)\b|\b(?:min|max|mini|maxi|minimum|maximum|minutes?|moins de"
    r"|plus de|au moins|au plus|at least|at most|less than|more than)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Misread:
    """The words that mean nothing; `filters` where they look like a filter, not like a source."""

    word: str
    filters: bool = False


@dataclass(slots=True)
class _Told:
    """What the words told, and those that told nothing."""

    n: int = 5
    period: str = "24h"
    rest: list[str] = field(default_factory=list)


def away(words: Sequence[str]) -> bool:
    """Return whether they ask for what was put away."""
    return len(words) == 1 and fold(words[0]) in AWAY


def parse(words: Sequence[str], sources: Sequence[str]) -> Query | Misread:
    """Return the query of `[n] [source] [period] [roi>5] [min<10]`, or what was not understood."""
    text = " ".join(words)
    roi, text = _taken(_ROI, text)
    minutes, text = _taken(_MINUTES, text)
    told = _told(spelled(text, SPANS).split())
    wanted = " ".join(told.rest)
    source = _source(wanted, sources)
    if source is None:
        return Misread(wanted, filters=_SIGNS.search(wanted) is not None)
    return Query(
        n=told.n,
        source=source,
        period=told.period,
        min_roi=None if roi is None else least(roi),
        max_minutes=None if minutes is None else most(minutes),
    )


def _taken(pattern: re.Pattern[str], text: str) -> tuple[float | None, str]:
    """Return the first figure the pattern finds, and the text without what it found."""
    found = pattern.search(text)
    if found is None:
        return None, text
    figure = next(group for group in found.groups() if group is not None)
    left = f"{text[: found.start()]} {text[found.end() :]}"
    return float(figure.replace(",", ".")), left


def _told(words: Sequence[str]) -> _Told:
    told = _Told()
    for word in words:
        if word.lower() in PERIOD_WORDS:
            told.period = PERIOD_WORDS[word.lower()]
        elif word.isascii() and word.isdigit():
            told.n = min(max(int(word[:4]), 1), LARGEST_PAGE)
        else:
            told.rest.append(word)
    return told


def _source(wanted: str, sources: Sequence[str]) -> str | None:
    """Return the source meant, "" for all of them, None where there is none of that name."""
    if not wanted:
        return ""
    said = fold(wanted)
    exact = [name for name in sources if fold(name) == said]
    alike = exact or [name for name in sources if fold(name).startswith(said)]
    return alike[0] if alike else None
