"""Both languages say everything the code can say, and nothing else."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.sandbox.texts import formatted
from handlers.views.i18n import LANGUAGES, Template, catalogue, language
from storage.records import Phrase
from tests.conftest import ROOT

KEY = re.compile(r"[a-z_0-9]+(\.[a-z_0-9]+)+")
SAYS = frozenset({"say", "plain", "note", "Phrase", "_note", "_toast"})


def fields(template: Template) -> set[str]:
    """Return the names of a template's values."""
    return {piece.name for piece in template.html if piece.name}


@cache
def trees() -> list[ast.Module]:
    """Return the program, parsed by whoever asks first: not by every worker that collects."""
    return [
        ast.parse(path.read_text(encoding="utf-8"))
        for package in ("bot", "handlers", "jobs", "storage")
        for path in sorted((ROOT / package).rglob("*.py"))
    ]


def nodes() -> Iterator[ast.AST]:
    """Return every node of the program."""
    return chain.from_iterable(map(ast.walk, trees()))


def said() -> set[str]:
    """Return every key the code says outright."""
    found = set()
    for node in nodes():
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if name in SAYS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
        if isinstance(node, ast.keyword) and node.arg in {"toast", "wait"}:
            found |= {
                each.value
                for each in ast.walk(node.value)
                if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value
            }
    return {key for key in found if KEY.fullmatch(key)}


def built() -> list[re.Pattern[str]]:
    """Return the patterns of the keys that f-strings build (`level.{…}`)."""
    patterns = []
    for node in nodes():
        if isinstance(node, ast.JoinedStr):
            parts = [
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[a-z_0-9.]+"
                for part in node.values
            ]
            text = "".join(parts)
            if re.match(r"[a-z]+(\\\.|_)", text) and " " not in text:
                patterns.append(re.compile(text))
    return patterns


def test_every_key_the_code_says_exists() -> None:
    """A key without a phrase would be shown raw."""
    known = catalogue("en").templates
    keys = said()
    assert len(keys) > 150
    assert sorted(keys - set(known)) == []


def test_no_phrase_is_unused() -> None:
    """Every phrase is said outright, built from parts, or advice beside a fact that is said."""
    constants = {
        node.value
        for node in nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    patterns = built()

    def used(key: str) -> bool:
        return key in constants or any(pattern.fullmatch(key) for pattern in patterns)

    unused = [
        key
        for key in catalogue("en").templates
        if not used(key) and not used(key.removesuffix(".effect").removesuffix(".try"))
    ]
    assert unused == []


def test_languages_are_complete_and_equal() -> None:
    """Same keys, same number of plural forms, same values in every form."""
    english = catalogue("en").templates
    for code in LANGUAGES:
        other = catalogue(code).templates
        assert sorted(other) == sorted(english)
        for key, forms in english.items():
            wanted = set().union(*map(fields, forms))
            assert len(other[key]) == len(forms), key
            for form in other[key]:
                assert fields(form) <= wanted, key
                assert fields(form) | {"n"} >= wanted, key
                assert "".join(piece.text for piece in form.html) or fields(form), key


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_template_is_valid_markup(code: str) -> None:
    """Each phrase alone is HTML that Telegram takes."""
    words = language(code, ZoneInfo("Europe/Paris"))
    for key in words.catalogue.templates:
        formatted({"text": f"x {words.say(key, n=2)}", "parse_mode": "HTML"})


def test_french_is_set_as_french() -> None:
    """A narrow no-break space stands before : ; ! ? and inside « », and apostrophes are curly."""
    text = (ROOT / "handlers/views/locales/fr/messages.po").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("msgstr") or "Plural-Forms" in line:
            continue
        words = re.sub(r"<[^>]*>|\{[^}]*\}|\d\d:\d\d|https?://", "x", line)
        assert not re.search(r"[^\u202f\s][;!?](?:\s|$)|\w:(?:\s|$)", words), line
        assert not re.search(r" [:;!?»]|« ", words), line
        assert "'" not in words, line


def test_catalogues_are_files_of_gettext() -> None:
    """Translators' tools open them: a header, one entry a key."""
    for code in LANGUAGES:
        text = Path(ROOT / f"handlers/views/locales/{code}/messages.po").read_text("utf-8")
        assert "Plural-Forms: nplurals=2;" in text
        keys = re.findall(r'^msgid "(.+)"$', text, re.MULTILINE)
        assert len(keys) == len(set(keys)) == len(catalogue(code).templates)


@pytest.mark.parametrize(
    ("code", "name", "said"),
    [("fr", "drill", "essai de restauration hebdomadaire"), ("en", "drill", "weekly trial restore"),
     ("fr", "report", "« rapport du matin »"), ("en", "report", "“morning report”"),
     ("fr", "of_tomorrow", "« of_tomorrow »")],
)  # fmt: skip
def test_jobs_have_names_people_read(code: str, name: str, said: str) -> None:
    """In both languages; one without a name is told as it is called."""
    words = language(code, ZoneInfo("UTC"))
    shown = words.plain(Phrase("job.running", {"job": name}))
    assert said in " ".join(shown.split())
