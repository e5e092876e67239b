"""A stretch of time said in words, `7 jours`, `une semaine`, `3d`, as a period there is. Pure."""

import re
from collections.abc import Mapping
from datetime import timedelta

_UNITS = (
    r"(h|hours?|heures?|d|days?|j|jours?|w|weeks?|semaines?|m|months?|mois"
    r"|y|years?|ans?|ann[eé]es?)"
)
_LAST = r"(?:derni[eè]re?s?\s+)?"
_SPAN = re.compile(
    rf"(?<![\w.,<>=≤≥])(\d{{1,4}}|une?|one|an?)\s*{_LAST}{_UNITS}(?!\w)", re.IGNORECASE
)
_HOURS = {"h": 1, "d": 24, "j": 24, "w": 168, "s": 168, "m": 720, "y": 8760, "a": 8760}


def spelled(text: str, periods: Mapping[str, timedelta], *, beyond: str = "") -> str:
    """Return the text with each span as the shortest period that shows all of it.

    One that is longer than all of them becomes `beyond`, where there is such a word.
    """

    def period(found: re.Match[str]) -> str:
        count, unit = found.groups()
        span = timedelta(hours=(int(count) if count.isdigit() else 1) * _HOURS[unit[0].lower()])
        wide = [name for name, each in periods.items() if span <= each]
        return min(wide, key=periods.__getitem__) if wide else beyond or found.group()

    return _SPAN.sub(period, text)
