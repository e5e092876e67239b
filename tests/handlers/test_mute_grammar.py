"""The words of /mute are understood in any order, and refused in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import mute_scope as scopes
from handlers.mute_grammar import (
    LONGEST_S,
    SHORTEST_S,
    Refusal,
    Request,
    longest_s,
    parse,
)
from handlers.mute_scope import LEVELS, Known, broad, literal, quote
from handlers.mute_time import Today
from handlers.views.text import fold
from storage.records import Severity

KNOWN = Known(
    keys=frozenset(
        {"cpu", "fresh:Galxe", "integrity:a[1].json", "disk:data", "scraper:main.py:process"}
    ),
    sources=frozenset({"Galxe", "Zealy", "2h", "all", "critical", "My Source", "may", "until"}),
    incidents={214: "fresh:Galxe", 7: "integrity:a[1].json"},
    critical=frozenset({7}),
)
EVENING = Today(now=datetime(2026, 8, 14, 21, 0, tzinfo=ZoneInfo("Europe/Paris")))
WARNING, ERROR, CRITICAL = Severity.WARNING, Severity.ERROR, Severity.CRITICAL
H, D = 3600, 86_400
GALXE = ("*:Galxe",)
ALL = ("*",)


def read(words: str) -> Request | Refusal:
    """Return what the words mean on a Friday evening."""
    return parse(words.split(), KNOWN, today=EVENING)


@pytest.mark.parametrize(
    ("words", "globs", "for_s", "level", "reason"),
    [
        ("2h", ALL, 2 * H, ERROR, ""),
        ("all 90m", ALL, 5400, ERROR, ""),
        ("toutes les alertes 1h", ALL, H, ERROR, ""),
        ("zealy 2h Zealy maintenance", ("*:Zealy",), 2 * H, ERROR, "Zealy maintenance"),
        ("2h zealy Zealy maintenance", ("*:Zealy",), 2 * H, ERROR, "Zealy maintenance"),
        ("zealy maintenance 2h", ("*:Zealy",), 2 * H, ERROR, "maintenance"),
        ("galxe on déménage jusqu’à 22 h", GALXE, H, ERROR, "on déménage"),
        ("#214 1h30", ("fresh:Galxe",), 5400, ERROR, ""),
        ("214 1d", ("fresh:Galxe",), D, ERROR, ""),
        ("n°214 1j", ("fresh:Galxe",), D, ERROR, ""),
        ("2h 214", ("fresh:Galxe",), 2 * H, ERROR, ""),
        ("#7 2h", ("integrity:a[[]1].json",), 2 * H, CRITICAL, ""),
        ("cpu", ("cpu",), None, ERROR, ""),
        ("CPU 1h", ("cpu",), H, ERROR, ""),
        ("integrity:a[1].json 1h", ("integrity:a[[]1].json",), H, ERROR, ""),
        ("scraper:main.py 1h", ("scraper:main.py:*",), H, ERROR, ""),
        ("fresh 3j", ("fresh:*",), 3 * D, ERROR, ""),
        ("Fresh 3j", ("fresh:*",), 3 * D, ERROR, ""),
        ("fresh:* 3j", ("fresh:*",), 3 * D, ERROR, ""),
        ("integrite 1j", ("integrity:*",), D, ERROR, ""),
        ("intégrité 1sem", ("integrity:*",), 7 * D, ERROR, ""),
        ("metrics 1h", ("volume:*", "roi:*", "sources:*"), H, ERROR, ""),
        ("my source 1h moved", ("*:My Source",), H, ERROR, "moved"),
        ("galxe until 8:00 moving", GALXE, 11 * H, ERROR, "moving"),
        ("jusqu’à 21h30 cpu", ("cpu",), 1800, ERROR, ""),
        ("attention jusqu'à 21h", ALL, D, WARNING, ""),
        ("warning 8h", ALL, 8 * H, WARNING, ""),
        ("galxe warning 8h", GALXE, 8 * H, WARNING, ""),
        ("critical 4h", ALL, 4 * H, CRITICAL, ""),
        ("all critical 2h", ALL, 2 * H, CRITICAL, ""),
        ("critique galxe 2h", GALXE, 2 * H, CRITICAL, ""),
        ("critical 2h galxe", GALXE, 2 * H, CRITICAL, ""),
        ("all galxe 2h", GALXE, 2 * H, ERROR, ""),
        ("tout 2h --even-critical", ALL, 2 * H, CRITICAL, ""),
        ("galxe 2h deploying —even-critical", GALXE, 2 * H, CRITICAL, "deploying"),
        ("—même-critique galxe 2h", GALXE, 2 * H, CRITICAL, ""),
        ("galxe 2h —Même—Critique", GALXE, 2 * H, CRITICAL, ""),
        ("galxe even-critical 2h", GALXE, 2 * H, CRITICAL, ""),
        ("galxe tonight", GALXE, 11 * H, ERROR, ""),
        ("cette nuit galxe", GALXE, 11 * H, ERROR, ""),
    ],
)  # fmt: skip
def test_words_that_are_understood(
    words: str, globs: tuple[str, ...], for_s: int | None, level: Severity, reason: str
) -> None:
    """What, how long and why, in English and in French."""
    asked = read(words)
    assert isinstance(asked, Request)
    assert (asked.globs, asked.for_s, asked.fixed) == (globs, for_s, False)
    assert (asked.max_level, asked.reason) == (level, reason)


@pytest.mark.parametrize(
    ("words", "globs", "for_s"),
    [
        ("galxe until fixed", GALXE, 7 * D),
        ("jusqu’au retour galxe", GALXE, 7 * D),
        ("until fixed", ALL, D),
        ("tout jusqu'à réparation", ALL, D),
        ("#7 until fixed", ("integrity:a[[]1].json",), 4 * H),
        ("galxe panne connue jusqu’au retour", GALXE, 7 * D),
    ],
)
def test_until_fixed_is_bounded_by_what_may_be_muted_at_all(
    words: str, globs: tuple[str, ...], for_s: int
) -> None:
    """Seven days, a day for everything, four hours for what is critical."""
    asked = read(words)
    assert isinstance(asked, Request)
    assert asked.fixed
    assert (asked.globs, asked.for_s) == (globs, for_s)


@pytest.mark.parametrize(
    ("words", "globs"),
    [
        ("2h 1h", None),
        ('"2h" 1h', ("*:2h",)),
        ("“2h” 1h", ("*:2h",)),
        ("« 2h » 1h", ("*:2h",)),
        ('1h "all"', ("*:all",)),
        ('1h "critical"', ("*:critical",)),
        ('"my source" 1h', ("*:My Source",)),
        ("all 1h", ALL),
        ("may 1h", ("*:may",)),
        ('"until" 1h', ("*:until",)),
        ("*:2h 1h", None),
    ],
)
def test_a_name_that_reads_like_another_word_is_meant_in_quotes(
    words: str, globs: tuple[str, ...] | None
) -> None:
    """Else a source called « all » would silence everything, and one called « 2h » be a time."""
    asked = read(words)
    assert (asked.globs if isinstance(asked, Request) else None) == globs


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("", "mute.usage"),
        ("--even-critical", "mute.usage"),
        ("nothing 2h", "mute.unknown"),
        ("galxy 2h", "mute.unknown"),
        ("2h maintenance", "mute.unknown"),
        ("critical 2h galxy", "mute.unknown"),
        ("warning galxy 2h", "mute.unknown"),
        ('"galxy" 2h', "mute.unknown"),
        ("#215 2h", "mute.no_alert"),
        ("nomatch* 2h", "mute.unknown"),
        ("galxe until may", "mute.until"),
        ("until tonight galxe", "mute.until"),
        ("jusqu’à ce soir", "mute.until"),
        ("all 2d", "mute.too_long"),
        ("critical 5h", "mute.too_long"),
        ("galxe critical tonight", "mute.too_long"),
        ("zealy 8d", "mute.too_long"),
        ("zealy 0m", "mute.too_short"),
        ("all 30s", "mute.too_short"),
        ("all 1w", "mute.too_long"),
        ("?* 2d", "mute.too_long"),
        ("[!z]* 2d", "mute.too_long"),
    ],
)
def test_words_that_are_refused(words: str, key: str) -> None:
    """Nothing is muted on a guess: the answer says what was not understood."""
    asked = read(words)
    assert isinstance(asked, Refusal)
    assert asked.why.key == key


def test_a_refused_length_can_be_chosen_anew() -> None:
    """What is too long for its scope keeps the scope, for the buttons."""
    asked = read("galxe critical 5h")
    assert isinstance(asked, Refusal)
    assert asked.asked is not None
    assert (asked.asked.word, asked.asked.max_level) == ('"Galxe"', CRITICAL)


@pytest.mark.parametrize(
    ("words", "globs", "level", "reason"),
    [
        ("galxe 2h critical bug", GALXE, ERROR, "critical bug"),
        ("galxe 2h zealy moved", GALXE, ERROR, "zealy moved"),
        ("galxe 2h all of it", GALXE, ERROR, "all of it"),
        ("galxe 2h until 8:00", GALXE, ERROR, "until 8:00"),
        ("galxe 2h 5d", GALXE, ERROR, "5d"),
        ("all 2h galxe moved", ALL, ERROR, "galxe moved"),
    ],
)
def test_a_reason_is_only_a_reason(
    words: str, globs: tuple[str, ...], level: Severity, reason: str
) -> None:
    """Words behind what and how long widen nothing."""
    asked = read(words)
    assert isinstance(asked, Request)
    assert (asked.globs, asked.max_level, asked.reason) == (globs, level, reason)


# What a request may consist of, with its words in English and in French.
@dataclass(frozen=True, slots=True)
class Part:
    """One thing that can be said, and how."""

    en: str
    fr: str
    means: object

    def words(self, code: str) -> list[str]:
        """Return its words in a language."""
        return (self.fr if code == "fr" else self.en).split()


SCOPES = [
    Part("all", "tout", ALL),
    Part("galxe", "Galxe", GALXE),
    Part('"2h"', "«\u00a02h\u00a0»", ("*:2h",)),
    Part("cpu", "CPU", ("cpu",)),
    Part("#214", "n°214", ("fresh:Galxe",)),
    Part("integrity", "intégrité", ("integrity:*",)),
    Part("metrics", "chiffres", ("volume:*", "roi:*", "sources:*")),
    Part("disk", "disk", ("disk:*",)),
    Part("fresh:*", "fresh:*", ("fresh:*",)),
    Part("my source", "my source", ("*:My Source",)),
]
LENGTHS = [
    Part("2h", "2\u202fh", 2 * H),
    Part("90m", "90 mn", 5400),
    Part("1h30", "1\u202fh\u202f30", 5400),
    Part("until 22:00", "jusqu’à 22\u202fh", H),
    Part("until 11:30 pm", "jusqu'à 23h30", 9000),
    Part("until fixed", "jusqu’au retour", "fixed"),
    Part("for 3 hours", "pendant 3 heures", 3 * H),
]
LEVEL_PARTS = [
    Part("", "", ERROR),
    Part("warning", "attention", WARNING),
    Part("error", "erreur", ERROR),
    Part("critical", "critique", CRITICAL),
]
REASONS = ["", "deploying", "déploiement de l’API", "see #214 — all of it", "back soon 🙂"]
FLAGS = [Part("--even-critical", "—même-critique", None), Part("", "", None)]


@given(
    st.sampled_from(SCOPES),
    st.sampled_from(LENGTHS),
    st.sampled_from(LEVEL_PARTS),
    st.sampled_from(FLAGS),
    st.sampled_from(REASONS),
    st.sampled_from(["en", "fr"]),
)
def test_any_order_of_the_words_gives_the_same_request(  # noqa: PLR0913, PLR0917 - parts of one sentence
    scope: Part, length: Part, level: Part, flag: Part, reason: str, code: str
) -> None:
    """What is said is what comes out, in both languages, whatever comes first."""
    what = [level.words(code) + scope.words(code), scope.words(code) + level.words(code)]
    most = CRITICAL if flag.words(code) else level.means
    wanted = (scope.means, most, reason)
    for said in what:
        for parts in permutations([said, length.words(code), flag.words(code)]):
            words = [word for part in parts for word in part] + reason.split()
            asked = parse(words, KNOWN, today=EVENING)
            assert isinstance(asked, Request), words
            assert (asked.globs, asked.max_level, asked.reason) == wanted, words
            assert ("fixed" if asked.fixed else asked.for_s) == length.means, words


def test_a_level_and_a_length_say_what_in_either_order() -> None:
    """Every level word, before and behind the length, is about everything up to that level."""
    for word, level in LEVELS.items():
        for words in (f"{word} 1h", f"1h {word}"):
            asked = read(words)
            assert isinstance(asked, Request)
            assert (asked.globs, asked.max_level) == (ALL, level)


NAMES = st.text(min_size=1, max_size=20).map(lambda s: " ".join(s.split())).filter(
    lambda s: s and not set(s) & set(scopes.OPENING + scopes.CLOSING) and s.count(" ") < 5
)  # fmt: skip


@given(NAMES, st.sampled_from(LENGTHS), st.booleans())
def test_every_name_can_be_said_in_quotes(name: str, length: Part, first: bool) -> None:  # noqa: FBT001
    """Whatever a source is called: it is meant itself, and nothing else."""
    known = Known(sources=frozenset({name, "Galxe"}))
    said = [length.words("en"), quote(name).split()]
    words = [word for part in (said if first else said[::-1]) for word in part]
    asked = parse(words, known, today=EVENING)
    assert isinstance(asked, Request)
    assert asked.globs == (f"*:{literal(name)}",)
    assert asked.word == quote(name)


VOCABULARY = [
    "all", "tout", "2h", "until", "8:00", "galxe", "#214", "#7", "1h30", "9d", "jusqu’à", "retour",
    "fixed", "critical", "warning", "--even-critical", "cpu", "*", "?*", "fresh:*", "may",
    "tonight", '"2h"', "«", "»", "my", "source", "7", "integrity", "demain", "for",
]  # fmt: skip
ANYTHING = st.lists(st.text(max_size=12) | st.sampled_from(VOCABULARY), max_size=10)


@given(ANYTHING)
def test_any_words_give_a_request_within_the_limits_or_a_sentence(words: list[str]) -> None:
    """Never an exception, never a mute longer than allowed or of nothing."""
    asked = parse(words, KNOWN, today=EVENING)
    if isinstance(asked, Request):
        assert asked.globs
        limit_s = longest_s(asked.globs, asked.max_level)
        assert asked.for_s is None or SHORTEST_S <= asked.for_s <= limit_s <= LONGEST_S


@given(ANYTHING)
def test_no_more_is_muted_than_the_words_say(words: list[str]) -> None:
    """Everything only by a word for it, CRITICAL only by name, a key only by what names it."""
    asked = parse(words, KNOWN, today=EVENING)
    if not isinstance(asked, Request):
        return
    said = {fold(word) for word in words}
    if asked.max_level is CRITICAL and not said & {"critical", "critique", "critiques"}:
        assert any("critical" in w or "critique" in w for w in said) or said & {"#7", "7", "n°7"}
    if broad(asked.globs):
        named = any(set(word) & set("*?[") for word in said)
        rest = not asked.reason
        assert named or said & {"all", "tout", "tous", "toute", "toutes", "everything"} or rest
    for key in KNOWN.keys:
        if any(fnmatchcase(key, glob) for glob in asked.globs) and not broad(asked.globs):
            assert asked.word in {quote(key), '"Galxe"', "#214", "#7"} or asked.word in {
                "integrity", "fresh", "scraper", "disk", "scraper:main.py",
            } or set(asked.word) & set("*?[")  # fmt: skip


@given(st.sampled_from(SCOPES), st.sampled_from(LENGTHS), st.text(max_size=60))
def test_no_reason_changes_what_is_muted(scope: Part, length: Part, reason: str) -> None:
    """Words behind what and how long, of any script, are kept and widen nothing."""
    base = [*scope.words("en"), *length.words("en"), "because"]
    asked = parse([*base, *reason.split()], KNOWN, today=EVENING)
    assert isinstance(asked, Request)
    assert asked.globs == scope.means
    assert asked.max_level is ERROR
    assert asked.reason == " ".join(["because", *reason.split()])


@given(st.text())
def test_a_literal_matches_only_itself(name: str) -> None:
    """A file may be called *.json; muting it mutes nothing else."""
    assert literal(name).replace("[*]", "*").replace("[?]", "?").replace("[[]", "[") == name
    assert fnmatchcase(name, literal(name))


def globs_of(words: Sequence[str]) -> tuple[str, ...]:
    """Return what a scope's words mean."""
    found = scopes.read(words, KNOWN)
    return found.globs if found is not None else ()


def test_the_very_spelling_comes_before_others() -> None:
    """Two sources that differ by a capital: each is meant by its own name."""
    known = Known(sources=frozenset({"galxe", "Galxe"}))
    for name in ("galxe", "Galxe"):
        found = scopes.read([name], known)
        assert found is not None
        assert found.globs == (f"*:{name}",)


def test_a_source_is_muted_with_everything_about_it() -> None:
    """Also where its name stands inside a key, not at its end."""
    known = Known(
        keys=frozenset({"scraper:Galxe:data", "fresh:Galxe"}), sources=frozenset({"Galxe"})
    )
    found = scopes.read(["galxe"], known)
    assert found is not None
    assert found.globs == ("*:Galxe", "*:Galxe:*")
    assert globs_of(["galxe"]) == GALXE
