"""Phrases in the reader's language: gettext catalogues keyed by sense, read through Babel."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta, tzinfo
from functools import cache
from gettext import c2py
from html import unescape
from pathlib import Path
from typing import TypeAlias

from handlers.views.formats import Formats, from_unix
from handlers.views.text import VALUE_UNITS, Markup, clean, clip, defuse, escape, visible
from storage.records import Phrase, Value

LANGUAGES = ("en", "fr")
FOLDER = Path(__file__).parent / "locales"
CLEAR_FOR, WEEKDAY_FOR = timedelta(hours=20), timedelta(days=6)
LAST_UNIX = 2**31  # what a client can be asked to show in the reader's zone

Spoken: TypeAlias = Value | Markup | datetime

_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a template: text, then the value that follows it (none at the end)."""

    text: str
    name: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """One plural form, cut into pieces once with its markup and once without."""

    html: tuple[Piece, ...]
    plain: tuple[Piece, ...]

    @classmethod
    def parse(cls, source: str) -> "Template":
        """Return the template of one msgstr."""
        return cls(_pieces(source), _pieces(unescape(_TAG.sub("", source))))


def _pieces(source: str) -> tuple[Piece, ...]:
    pieces, end = [], 0
    for match in _FIELD.finditer(source):
        text = source[end : match.start()]
        pieces.append(Piece(text, match.group(1), match.group(2) or ""))
        end = match.end()
    return (*pieces, Piece(source[end:]))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every phrase of one language; a phrase has one template, or one per plural form."""

    templates: Mapping[str, tuple[Template, ...]]
    plural: Callable[[int], int]
    formats: Formats


@dataclass(frozen=True, slots=True)
class Language:
    """A reader's language and zone; `now` lets relative times be said where they cannot tick."""

    code: str
    timezone: tzinfo
    catalogue: Catalogue = field(repr=False)
    now: datetime | None = None

    def at(self, now: datetime) -> "Language":
        """Return the same language, knowing the time."""
        return replace(self, now=now)

    def has(self, key: str) -> bool:
        """Return whether the catalogue holds this key."""
        return key in self.catalogue.templates

    def say(self, what: Phrase | str, /, **values: Spoken) -> Markup:
        """Return HTML: texts cleaned, clipped and escaped, numbers and times by their unit.

        Never raises: an unknown key says itself, a missing value is a question mark, for what
        was stored by another version must still be told.
        """
        template, known = self._find(what, values)
        if template is None:
            return escape(_key(what))
        return Markup("".join(p.text + self._html(p, known) for p in template.html))

    def plain(self, what: Phrase | str, /, **values: Spoken) -> str:
        """Return the same without markup, for toasts, buttons, pictures and files."""
        template, known = self._find(what, values)
        if template is None:
            return _key(what)
        return "".join(p.text + self._plain(p, known) for p in template.plain)

    def value(self, name: str, value: Spoken) -> str:
        """Return one value, without markup, spelled by the unit in its name."""
        return self._plain(Piece("", name), {name: value})

    def clock(self, at: datetime) -> Markup:
        """Return a time to come: of day alone where that is clear, else its weekday or date."""
        ahead = WEEKDAY_FOR if self.now is None else at - self.now
        style = "dt" if ahead > WEEKDAY_FOR else "wt" if ahead > CLEAR_FOR else "t"
        return Markup(self._html(Piece("", "at", style), {"at": at}))

    def _find(
        self, what: Phrase | str, values: Mapping[str, Spoken]
    ) -> tuple[Template | None, Mapping[str, Spoken]]:
        known = {**what.values, **values} if isinstance(what, Phrase) else values
        forms = self.catalogue.templates.get(_key(what))
        if forms is None:
            return None, known
        if len(forms) == 1:
            return forms[0], known
        n = known.get("n")
        form = self.catalogue.plural(int(abs(n))) if isinstance(n, int | float) else -1
        return forms[form], known

    def _html(self, piece: Piece, values: Mapping[str, Spoken]) -> str:
        if not piece.name:
            return ""
        value = values.get(piece.name, "?")
        if isinstance(value, Markup):
            return value
        at = _moment(piece.name, value)
        if at is not None:
            style = piece.style or "dt"
            inner = escape(self._time(at, style))
            if not 0 <= at.timestamp() < LAST_UNIX:
                return inner
            return f'<tg-time unix="{int(at.timestamp())}" format="{style}">{inner}</tg-time>'
        said = self._plain(piece, values)
        return escape(defuse(said) if isinstance(value, str) else said)

    def _plain(self, piece: Piece, values: Mapping[str, Spoken]) -> str:
        if not piece.name:
            return ""
        value, formats = values.get(piece.name, "?"), self.catalogue.formats
        if isinstance(value, Markup):
            return visible(value)
        if isinstance(value, str):
            named = f"job.name.{value}" if piece.name == "job" else ""
            known = named in self.catalogue.templates
            said = self.plain(named) if known else clip(clean(value), VALUE_UNITS)
            return said or formats.none
        if value is None:
            return formats.none
        at = _moment(piece.name, value)
        if at is not None:
            return self._time(at, piece.style or "dt")
        return formats.spell(piece.name, value, self.timezone)  # type: ignore[arg-type]

    def _time(self, at: datetime, style: str) -> str:
        formats = self.catalogue.formats
        if style == "r" and self.now is not None:
            return formats.relative(at, self.now)
        return formats.moment(at, self.timezone, "dt" if style == "r" else style)


def _key(what: Phrase | str) -> str:
    return what.key if isinstance(what, Phrase) else what


def _moment(name: str, value: Spoken) -> datetime | None:
    if isinstance(value, datetime):
        return value
    timed = name.endswith("_at") and isinstance(value, int | float)
    return from_unix(value) if timed else None  # type: ignore[arg-type]


@cache
def catalogue(code: str) -> Catalogue:
    """Return a language's catalogue; read once, at its first use."""
    from babel.messages.pofile import read_po  # noqa: PLC0415  (90 ms no JSON one-shot pays for)

    with (FOLDER / code / "messages.po").open("rb") as file:
        book = read_po(file, locale=code, abort_invalid=True)
    templates: dict[str, tuple[Template, ...]] = {}
    words: dict[str, str] = {}
    for entry in book:
        if not entry.id:
            continue
        key = str(entry.id[0] if isinstance(entry.id, tuple | list) else entry.id)
        found = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
        forms = tuple(str(form or "") for form in found)
        templates[key] = tuple(Template.parse(form) for form in forms)
        words[key] = forms[0]
    return Catalogue(templates, c2py(book.plural_expr), _formats(words))


def _formats(words: Mapping[str, str]) -> Formats:
    def read(name: str) -> str | tuple[str, ...]:
        text = words[f"format.{name}"]
        return tuple(text.split()) if name in {"sizes", "months", "weekdays"} else text

    return Formats(**{each.name: read(each.name) for each in fields(Formats)})  # type: ignore[arg-type]


def language(code: str, timezone: tzinfo, now: datetime | None = None) -> Language:
    """Return a language by its two-letter code (`fr-CA` is `fr`); English where unknown."""
    short = code.lower().replace("_", "-").split("-")[0]
    known = short if short in LANGUAGES else LANGUAGES[0]
    return Language(known, timezone, catalogue(known), now)
