"""What a mute is about, in words: everything, a level, an alert, a family, a key, a source.

A word in double quotes is a name and nothing else: so may a source be called « all » or « 2h ».
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from handlers.views.text import clean, fold
from storage.records import Severity

LONGEST_NAME = 6
OPENING, CLOSING = '"“”„«', '"”“»'
ALL = "all"
EVERYTHING = re.compile(
    r"(?:all|everything|tous?|toute?s?)(?: (?:the |les )?(?:alerts?|alertes?))?(?= |$)|\*(?= |$)"
)
LEVELS: Mapping[str, Severity] = {
    "info": Severity.INFO,
    "warning": Severity.WARNING,
    "warnings": Severity.WARNING,
    "avertissement": Severity.WARNING,
    "avertissements": Severity.WARNING,
    "attention": Severity.WARNING,
    "alerte": Severity.WARNING,
    "error": Severity.ERROR,
    "errors": Severity.ERROR,
    "erreur": Severity.ERROR,
    "erreurs": Severity.ERROR,
    "critical": Severity.CRITICAL,
    "critique": Severity.CRITICAL,
    "critiques": Severity.CRITICAL,
}
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "scrapers": ("scraper:*",),
    "freshness": ("fresh:*",),
    "fraicheur": ("fresh:*",),
    "integrity": ("integrity:*",),
    "integrite": ("integrity:*",),
    "metrics": ("volume:*", "roi:*", "sources:*"),
    "chiffres": ("volume:*", "roi:*", "sources:*"),
    "machine": ("cpu", "mem", "disk:*"),
    "bot": ("bot:*",),
}
_NUMBER = re.compile(r"(?:#|n°|n\.?)?(\d{1,9})", re.ASCII)
# One key of each kind: a pattern for most of them is as good as one for everything.
_PROBES = (
    "cpu", "fresh:all", "fresh:Galxe", "integrity:a.json", "volume:all", "roi:median",
    "scraper:main.py:process", "disk:data", "bot:state", "data:folder",
)  # fmt: skip


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
class Scope:
    """The keys that are meant, and the highest level a mute of them holds back unless told.

    `word` says it again for a button, `words` is how many of the first words were used.
    """

    globs: tuple[str, ...]
    word: str
    level: Severity = Severity.ERROR
    words: int = 1


def read(words: Sequence[str], known: Known) -> Scope | None:
    """Return what the first words name, as many of them as possible; None for nothing known."""
    quoted = _quoted(words)
    if quoted is not None:
        name, used = quoted
        return _named(name, known, words=used)
    return _everything(words) or _one_word(words[0], known) or _long_name(words, known)


def name_of(word: str) -> str:
    """Return the name in a button's word, without its quotes."""
    return word[1:-1] if _is_quoted(word) else word


def quote(name: str) -> str:
    """Return a word that means this name and nothing else."""
    return f'"{name}"'


def _is_quoted(word: str) -> bool:
    return len(word) > 2 and word[0] in OPENING and word[-1] in CLOSING  # noqa: PLR2004


def _quoted(words: Sequence[str]) -> tuple[str, int] | None:
    """Return the name in quotes that the words begin with, and how many words that takes."""
    if not words or not words[0].startswith(tuple(OPENING)):
        return None
    for used in range(1, len(words) + 1):
        said = " ".join(words[:used])
        if _is_quoted(said):
            return said[1:-1].strip(), used
    return None


def _everything(words: Sequence[str]) -> Scope | None:
    text = " ".join("".join(fold(word).split()) or "\0" for word in words[:3])
    found = EVERYTHING.match(text)
    if found is None:
        return None
    return Scope(globs=("*",), word=ALL, words=found.group().count(" ") + 1)


def _one_word(word: str, known: Known) -> Scope | None:
    found = _NUMBER.fullmatch(word.lower())
    number = int(found[1]) if found else -1
    if number in known.incidents:
        level = Severity.CRITICAL if number in known.critical else Severity.ERROR
        key = known.incidents[number]
        return Scope(globs=(literal(key),), word=f"#{number}", level=level)
    family = FAMILIES.get(fold(word))
    return Scope(globs=family, word=fold(word)) if family else _pattern(word, known)


def _pattern(word: str, known: Known) -> Scope | None:
    """Return a pattern that some key fits, or the first part of keys (`disk`)."""
    if _named(word, known):
        return None  # a name may look like a pattern
    if any(mark in word for mark in "*?[") and any(fnmatchcase(k, word) for k in known.keys):
        return Scope(globs=(word,), word=word)
    heads = {head for key in known.keys for head in _heads(key) if fold(head) == fold(word)}
    globs = tuple(f"{literal(head)}:*" for head in sorted(heads))
    return Scope(globs=globs, word=word) if globs else None


def _heads(key: str) -> Iterable[str]:
    parts = key.split(":")
    return (":".join(parts[:n]) for n in range(1, len(parts)))


def _long_name(words: Sequence[str], known: Known) -> Scope | None:
    for used in range(min(len(words), LONGEST_NAME), 0, -1):
        scope = _named(" ".join(words[:used]), known, words=used)
        if scope is not None:
            return scope
    return None


def _named(name: str, known: Known, *, words: int = 1) -> Scope | None:
    """Return the key or source of this name, its very spelling before others."""
    key = _alike(name, known.keys)
    if key is not None:
        return Scope(globs=(literal(key),), word=quote(key), words=words)
    source = _alike(name, known.sources)
    if source is None:
        return None
    end = f"*:{literal(source)}"
    parts = any(fnmatchcase(key, f"{end}:*") for key in known.keys)
    globs = (end, f"{end}:*") if parts else (end,)
    return Scope(globs=globs, word=quote(source), words=words)


def _alike(name: str, names: Iterable[str]) -> str | None:
    if name in names:
        return name
    low = fold(clean(name))
    return next((one for one in sorted(names) if low and fold(clean(one)) == low), None)


def broad(globs: Iterable[str]) -> bool:
    """Return whether the patterns are about most of what there is."""
    hits = [any(fnmatchcase(probe, glob) for glob in globs) for probe in _PROBES]
    return sum(hits) * 2 > len(hits)


def literal(name: str) -> str:
    """Return a pattern that matches this name alone."""
    return re.sub(r"[*?\[]", lambda m: f"[{m.group()}]", name)
