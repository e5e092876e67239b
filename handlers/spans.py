"""A stretch of time said in words, `7 jours`, `une semaine`, `3d`, as a period there is. Pure."""

import re
from collections.abc import Mapping
from datetime import timedelta

_UNITS = r"(h|hours?|heures?|d|days?|j|jours?|w|weeks?|semaines?|m|months?|mois)"
_LAST = r"(?:derni[eè]re?s?\s+)?"
_SPAN = re.compile(
    rf"(?<![\w.,<>=≤≥])(\d{{1,4}}|une?|one|an?)\s*{_LAST}{_UNITS}(?!\w)", re.IGNORECASE
)
_HOURS = {"h": 1, "d": 24, "j": 24, "w": 168, "s": 168, "m": 720}


def spelled(text: str, periods: Mapping[str, timedelta]) -> str:
    """Return the text with each span as the shortest period that shows all of it."""

    def period(found: re.Match[str]) -> str:
        count, unit = found.groups()
        span = timedelta(hours=(int(count) if count.isdigit() else 1) * _HOURS[unit[0].lower()])
        wide = [name for name, each in periods.items() if span <= each]
        return min(wide, key=periods.__getitem__) if wide else found.group()

    return _SPAN.sub(period, text)
