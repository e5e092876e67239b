"""The words of /mute: what, how long and `--even-critical` in any order, then the reason."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from handlers import mute_scope as scopes
from handlers import mute_time as times
from handlers.mute_scope import LEVELS, Known, Scope
from handlers.mute_time import DAY_S, HOUR_S, MINUTE_S, Length, Today
from handlers.views.text import fold
from storage.records import Phrase, Severity

SHORTEST_S = MINUTE_S
LONGEST_S = 7 * DAY_S
LONGEST_ALL_S = DAY_S
LONGEST_CRITICAL_S = 4 * HOUR_S
# Phones turn -- into a dash.
EVEN_CRITICAL = re.compile(r"(?:--?|[—–―−])(?:even[-—]?critical|meme[-—]?critiques?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for; without `for_s` the length is still to be chosen.

    `fixed`: until nothing of it is open any more, `for_s` at the longest. `word` says the scope
    again for a button.
    """

    globs: tuple[str, ...]
    for_s: int | None
    fixed: bool = False
    word: str = scopes.ALL
    max_level: Severity = Severity.ERROR
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why nothing is muted; with `asked`, what to choose another length for."""

    why: Phrase
    asked: Request | None = None


@dataclass(slots=True)
class _Head:
    """What the words told so far; `last` is the kind of the last one."""

    scope: Scope | None = None
    level: Severity | None = None
    length: Length | None = None
    critical: bool = False
    last: str = ""
    rest: list[str] = field(default_factory=list)


def parse(words: Sequence[str], known: Known, *, today: Today) -> Request | Refusal:
    """Return the request, or what to tell the person instead. Never raises.

    The reason begins with the first word that is nothing else. A length at the very end counts
    where none came before it. `all` and a name beside it mean the name.
    """
    head = _head(words, known, today)
    if head.length is not None and head.length.unclear:
        said = " ".join(head.rest[:3])
        return Refusal(why=Phrase("mute.until", {"what": said}))
    if head.length is None and head.scope is not None:
        _tail(head, today)
    return _refused(head) or _limited(_request(head))


def _head(words: Sequence[str], known: Known, today: Today) -> _Head:
    rest = [word for word in words if not EVEN_CRITICAL.fullmatch(fold(word))]
    head = _Head(critical=len(rest) != len(words), rest=rest)
    while head.rest and _took(head, known, today):
        pass
    if head.scope is None and head.level is not None and not head.rest:
        head.scope = Scope(globs=("*",), word=scopes.ALL)
    return head


def _took(head: _Head, known: Known, today: Today) -> bool:
    """Take what the next words tell, and return whether they told anything."""
    length = times.read(head.rest, today) if head.length is None else None
    if length is not None:
        head.length, head.last = length, "length"
        if length.unclear:
            return False
        del head.rest[: length.words]
        return True
    if fold(head.rest[0]) in ("even-critical", "meme-critique"):
        head.critical = True
        del head.rest[0]
        return True
    level = LEVELS.get(fold(head.rest[0]))
    if level is not None and head.level is None and (head.scope is None or head.last == "scope"):
        head.level, head.last = level, "scope"
        del head.rest[0]
        return True
    return _took_scope(head, known)


def _took_scope(head: _Head, known: Known) -> bool:
    everything = head.scope is not None and head.scope.word == scopes.ALL and head.last == "scope"
    if head.scope is not None and not everything:
        return False
    found = scopes.read(head.rest, known)
    if found is None or (head.scope is not None and found.word == scopes.ALL):
        return False
    head.scope, head.last = found, "scope"
    del head.rest[: found.words]
    return True


def _tail(head: _Head, today: Today) -> None:
    """Take a length that ends the reason."""
    for start in range(len(head.rest)):
        length = times.read(head.rest[start:], today)
        if length is None or length.unclear or length.loose:
            continue
        if start + length.words == len(head.rest):
            head.length = length
            del head.rest[start:]
            return


def _refused(head: _Head) -> Refusal | None:
    """Return why the words are no request: of a word nobody knows nothing is guessed."""
    if head.scope is not None or (head.length is not None and not head.rest):
        return None
    if not head.rest:
        return Refusal(why=Phrase("mute.usage"))
    number = re.fullmatch(r"#(\d{1,9})", head.rest[0], re.ASCII)
    if number:
        return Refusal(why=Phrase("mute.no_alert", {"number": int(number[1])}))
    return Refusal(why=Phrase("mute.unknown", {"what": head.rest[0]}))


def _request(head: _Head) -> Request:
    scope = head.scope or Scope(globs=("*",), word=scopes.ALL)
    level = scope.level if head.level is None else head.level
    level = Severity.CRITICAL if head.critical else level
    length = head.length or Length(words=0)
    return Request(
        globs=scope.globs,
        for_s=longest_s(scope.globs, level) if length.fixed else length.for_s,
        fixed=length.fixed,
        word=scope.word,
        max_level=level,
        reason=" ".join(head.rest),
    )


def _limited(asked: Request) -> Request | Refusal:
    limit_s = longest_s(asked.globs, asked.max_level)
    if asked.for_s is None or SHORTEST_S <= asked.for_s <= limit_s:
        return asked
    if asked.for_s < SHORTEST_S:
        return Refusal(why=Phrase("mute.too_short", {"limit_s": SHORTEST_S}), asked=asked)
    return Refusal(why=Phrase("mute.too_long", {"limit_s": limit_s}), asked=asked)


def longest_s(globs: Sequence[str], level: Severity) -> int:
    """Return the longest mute allowed: everything a day, what is critical four hours."""
    if level >= Severity.CRITICAL:
        return LONGEST_CRITICAL_S
    return LONGEST_ALL_S if scopes.broad(globs) else LONGEST_S
