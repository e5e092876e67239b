"""The words of /mute: `[what] [how long] [reason]`, what and how long in either order."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from storage.records import Phrase, Severity

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
SHORTEST_S = MINUTE_S
LONGEST_S = 7 * DAY_S
LONGEST_ALL_S = DAY_S
LONGEST_CRITICAL_S = 4 * HOUR_S

UNITS_S = {
    "s": 1, "m": 60, "mn": 60, "min": 60, "h": 3600, "d": 86_400, "j": 86_400,
    "w": 7 * 86_400, "sem": 7 * 86_400,
}  # fmt: skip
UNTIL = frozenset({"until", "till", "jusqu'à", "jusqu’à", "jusqu'a", "jusqu’a"})
EVERYTHING = frozenset({"all", "tout", "everything", "*"})
EVEN_CRITICAL = frozenset({"--even-critical", "—even-critical", "even-critical"})
LEVELS: Mapping[str, Severity] = {
    "info": Severity.INFO,
    "warning": Severity.WARNING,
    "warnings": Severity.WARNING,
    "avertissement": Severity.WARNING,
    "attention": Severity.WARNING,
    "alerte": Severity.WARNING,
    "error": Severity.ERROR,
    "errors": Severity.ERROR,
    "erreur": Severity.ERROR,
    "erreurs": Severity.ERROR,
    "critical": Severity.CRITICAL,
    "critique": Severity.CRITICAL,
}
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "scrapers": ("scraper:*",),
    "freshness": ("fresh:*",),
    "fraîcheur": ("fresh:*",),
    "fraicheur": ("fresh:*",),
    "integrity": ("integrity:*",),
    "intégrité": ("integrity:*",),
    "integrite": ("integrity:*",),
    "metrics": ("volume:*", "roi:*", "sources:*"),
    "chiffres": ("volume:*", "roi:*", "sources:*"),
    "machine": ("cpu", "mem", "disk:*"),
    "bot": ("bot:*",),
}
_PART = re.compile(r"(\d{1,5})(sem|min|mn|s|m|h|d|j|w)", re.IGNORECASE)
_DURATION = re.compile(rf"(?:{_PART.pattern})+|\d{{1,3}}h\d{{1,2}}", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?\d|2[0-3])(?:[:h]([0-5]\d)?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What there is to silence: the keys seen lately, the sources, open incidents by number.

    Who names an incident that is `critical` already has seen it and means it, too.
    """

    keys: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    incidents: Mapping[int, str] = field(default_factory=dict)
    critical: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for; without `for_s` the length is still to be chosen.

    `word` is the scope as it was written, to ask for it again.
    """

    globs: tuple[str, ...]
    for_s: int | None
    word: str = "all"
    max_level: Severity = Severity.ERROR
    reason: str = ""


def parse(words: Sequence[str], known: Known, *, now: datetime | None = None) -> Request | Phrase:
    """Return the request, or what to tell the person instead. Never raises.

    `now` is the time where the owner lives, for `until 8:00`.
    """
    rest = [word for word in words if word.lower() not in EVEN_CRITICAL]
    critical = len(rest) != len(words)
    scope: tuple[tuple[str, ...], Severity] | None = None
    word = "all"
    for_s: int | None = None
    while rest:
        (length, used), found = _length(rest, now), None
        if length is not None and for_s is None:
            for_s = length
            del rest[: used - 1]
        elif scope is None and (found := what(rest[0], known)) is not None:
            scope, word = found, rest[0]
        else:
            break
        rest.pop(0)
    if scope is None and (rest or for_s is None):
        return Phrase("mute.unknown", {"what": rest[0]}) if rest else Phrase("mute.usage")
    globs, level = scope or (("*",), Severity.ERROR)
    asked = Request(
        globs=globs,
        for_s=for_s,
        word=word,
        max_level=Severity.CRITICAL if critical else level,
        reason=" ".join(rest),
    )
    return _too_long(asked) or asked


def _length(words: Sequence[str], now: datetime | None) -> tuple[int | None, int]:
    """Return how long the first words say, in seconds, and how many words that took."""
    if words[0].lower() in UNTIL and len(words) > 1 and now is not None:
        clock = _CLOCK.fullmatch(words[1])
        return (None, 1) if clock is None else (_until_s(clock, now), 2)
    return duration_s(words[0]), 1


def _until_s(clock: re.Match[str], now: datetime) -> int:
    """Return the seconds until the clock shows that time next, through a change of the hour."""
    end = now.replace(hour=int(clock[1]), minute=int(clock[2] or 0), second=0, microsecond=0)
    if end <= now:
        end += timedelta(days=1)
    return math.ceil((end.astimezone(UTC) - now.astimezone(UTC)).total_seconds())


def _too_long(asked: Request) -> Phrase | None:
    limit_s = longest_s(asked.globs, asked.max_level)
    if asked.for_s is None or SHORTEST_S <= asked.for_s <= limit_s:
        return None
    key = "mute.too_short" if asked.for_s < SHORTEST_S else "mute.too_long"
    return Phrase(key, {"limit_s": limit_s if asked.for_s > limit_s else SHORTEST_S})


def longest_s(globs: Sequence[str], level: Severity) -> int:
    """Return the longest mute allowed: everything a day, what is critical four hours."""
    if level >= Severity.CRITICAL:
        return LONGEST_CRITICAL_S
    return LONGEST_ALL_S if "*" in globs else LONGEST_S


def duration_s(word: str) -> int | None:
    """Return the seconds of `90m`, `2h`, `1h30`, `1d`, `2j`; nothing for other words."""
    if not _DURATION.fullmatch(word):
        return None
    total = sum(int(n) * UNITS_S[unit.lower()] for n, unit in _PART.findall(word))
    tail = re.search(r"[hH](\d{1,2})$", word)
    return total + int(tail.group(1)) * MINUTE_S if tail else total


def what(word: str, known: Known) -> tuple[tuple[str, ...], Severity] | None:
    """Return the key patterns a word stands for and the highest level they hold back."""
    low = word.lower()
    if low in EVERYTHING:
        return ("*",), Severity.ERROR
    if low in LEVELS:
        return ("*",), LEVELS[low]
    digits = low.removeprefix("#")
    number = int(digits[:9]) if digits.isascii() and digits.isdigit() else -1
    if number in known.incidents:
        level = Severity.CRITICAL if number in known.critical else Severity.ERROR
        return (literal(known.incidents[number]),), level
    globs = FAMILIES.get(low) or _keyed(word, known)
    return (globs, Severity.ERROR) if globs else None


def _keyed(word: str, known: Known) -> tuple[str, ...]:
    low = word.lower()
    for key in sorted(known.keys):
        if key.lower() == low:
            return (literal(key),)
    for source in sorted(known.sources):
        if source.lower() == low:
            return (f"*:{literal(source)}",)
    if any(key.lower().startswith(f"{low}:") for key in known.keys):
        return (f"{literal(low)}:*",)
    pattern = any(mark in word for mark in "*?") and any(fnmatchcase(k, word) for k in known.keys)
    return (word,) if pattern else ()


def literal(name: str) -> str:
    """Return a pattern that matches this name alone."""
    return re.sub(r"[*?\[]", lambda m: f"[{m.group()}]", name)
