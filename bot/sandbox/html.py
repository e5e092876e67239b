"""A strict reader of Telegram's HTML: what Telegram would refuse or quietly drop is refused."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any, NoReturn

from bot.sandbox.limits import bad

KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
ATTRIBUTES = {
    "a": {"href"},
    "code": {"class"},
    "span": {"class"},
    "blockquote": {"expandable"},
    "tg-emoji": {"emoji-id"},
    "tg-time": {"unix", "format"},
}
TIME_FORMAT = re.compile(r"r|w?[dD]?[tT]?")
REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")
TAG = re.compile(r"<(/?)([^\s<>/]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
ATTRIBUTE = re.compile(r"\s+([^\s=<>\"'/]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[A-Za-z0-9.-]+))?")
MONOSPACE = frozenset({"code", "pre"})


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of text, in code points, with Telegram's entity type and its extra fields."""

    kind: str
    start: int
    end: int
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rich:
    """Text and its entities, not yet trimmed."""

    text: str
    entities: tuple[Entity, ...] = ()


@dataclass(slots=True)
class _Open:
    tag: str
    kind: str
    start: int
    extra: dict[str, Any]


def parse(html: str) -> Rich:
    """Return the text and entities; refuses with Telegram's texts and byte offsets."""
    return _Reader(html).read()


class _Reader:
    def __init__(self, html: str) -> None:
        self._html = html
        self._pos = 0
        self._out: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def read(self) -> Rich:
        while self._pos < len(self._html):
            char = self._html[self._pos]
            if char == "<":
                self._tag()
            elif char == "&":
                self._reference()
            elif char == ">":
                self._refuse('sandbox: write "&gt;" for ">"')
            else:
                self._plain()
        if self._open:
            tag = self._open[-1].tag
            bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{tag}\"")
        return Rich("".join(self._out), tuple(self._entities))

    def _refuse(self, text: str) -> NoReturn:
        offset = len(self._html[: self._pos].encode("utf-8", "surrogatepass"))
        bad(f"can't parse entities: {text} at byte offset {offset}")

    def _emit(self, text: str, *, up_to: int) -> None:
        self._out.append(text)
        self._length += len(text)
        self._pos = up_to

    def _plain(self) -> None:
        found = re.compile(r"[^<>&]+").match(self._html, self._pos)
        if found:
            self._emit(found.group(), up_to=found.end())

    def _reference(self) -> None:
        found = REFERENCE.match(self._html, self._pos)
        if found is None:
            self._refuse('sandbox: write "&amp;" for "&"; known names are lt gt amp quot')
        self._emit(unescape(found.group()), up_to=found.end())

    def _tag(self) -> None:
        found = TAG.match(self._html, self._pos)
        if found is None:
            end = self._html[self._pos : self._pos + 2] == "</"
            self._refuse("Unclosed end tag" if end else "Unclosed start tag")
        closing, name, rest = found.groups()
        if closing:
            self._close(name.lower(), rest)
        else:
            self._start(name.lower(), rest)
        self._pos = found.end()

    def _start(self, tag: str, rest: str) -> None:
        if tag not in KINDS:
            self._refuse(f'Unsupported start tag "{tag}"')
        extra = self._extra(tag, self._attributes(tag, rest))
        kind = extra.pop("kind", KINDS[tag])
        if tag == "code" and self._is_in_fresh_pre():
            self._open[-1].extra.update(extra)
            extra = {"part_of_pre": True}
        elif extra and tag == "code":
            self._refuse("sandbox: a code class belongs into <pre><code>")
        else:
            self._nesting(kind)
        self._open.append(_Open(tag, kind, self._length, extra))

    def _is_in_fresh_pre(self) -> bool:
        inner = self._open[-1] if self._open else None
        return inner is not None and inner.kind == "pre" and inner.start == self._length

    def _nesting(self, kind: str) -> None:
        base = kind.removeprefix("expandable_")
        around = {one.kind.removeprefix("expandable_") for one in self._open}
        if around & MONOSPACE:
            self._refuse(f"sandbox: {kind} inside {'/'.join(sorted(around & MONOSPACE))} is lost")
        if base in around & {"blockquote", "text_link", "date_time"}:
            self._refuse(f"sandbox: {kind} inside {kind} is lost")
        if base in MONOSPACE and around - {"blockquote"}:
            self._refuse(f"sandbox: {kind} can't be part of {'/'.join(sorted(around))}")
        if base == "blockquote" and around:
            self._refuse("sandbox: a blockquote belongs outside other tags")

    def _attributes(self, tag: str, rest: str) -> dict[str, str]:
        found: dict[str, str] = {}
        rest, pos = rest.rstrip(), 0
        while pos < len(rest):
            one = ATTRIBUTE.match(rest, pos)
            if one is None:
                self._refuse(f'Empty attribute name in the tag "{tag}"')
            name, value = one.group(1).lower(), one.group(2) or ""
            if name not in ATTRIBUTES.get(tag, set()) or name in found:
                self._refuse(f'sandbox: attribute "{name}" is unknown or repeated in "{tag}"')
            found[name] = self._value(value)
            pos = one.end()
        return found

    def _value(self, raw: str) -> str:
        if not raw.startswith(('"', "'")):
            return raw.lower()
        body = raw[1:-1]
        if "&" in REFERENCE.sub("", body):
            self._refuse('sandbox: write "&amp;" for "&" in an attribute')
        return unescape(body)

    def _extra(self, tag: str, given: dict[str, str]) -> dict[str, Any]:
        if tag == "span" and given.get("class") != "tg-spoiler":
            self._refuse('Tag "span" must have class "tg-spoiler"')
        if tag == "blockquote" and "expandable" in given:
            return {"kind": "expandable_blockquote"}
        if tag == "tg-emoji":
            return {"custom_emoji_id": self._digits(tag, given.get("emoji-id", ""))}
        if tag == "tg-time":
            return self._time(given)
        if tag == "a":
            return {"url": self._link(given.get("href", ""))}
        return self._language(given) if tag == "code" and given else {}

    def _language(self, given: dict[str, str]) -> dict[str, Any]:
        if not given["class"].startswith("language-"):
            self._refuse('sandbox: the class of "code" is language-…')
        return {"language": given["class"].removeprefix("language-")}

    def _digits(self, tag: str, value: str) -> str:
        if re.fullmatch(r"[0-9]{1,19}", value) is None:
            self._refuse(f'Invalid number in the tag "{tag}"')
        return value

    def _time(self, given: dict[str, str]) -> dict[str, Any]:
        shape = given.get("format", "")
        if TIME_FORMAT.fullmatch(shape) is None:
            self._refuse(f'Invalid date format "{shape}" specified')
        extra: dict[str, Any] = {"unix_time": int(self._digits("tg-time", given.get("unix", "")))}
        return extra | ({"date_time_format": shape} if shape else {})

    def _link(self, href: str) -> str:
        if re.fullmatch(r"(?:https?://[^\s/]+\S*|tg://\S+)", href) is None:
            self._refuse(f'sandbox: the link "{href}" would be dropped')
        return href

    def _close(self, tag: str, rest: str) -> None:
        if not self._open:
            self._refuse("Unexpected end tag")
        if rest.strip():
            self._refuse("Unclosed end tag")
        if tag != self._open[-1].tag:
            want = self._open[-1].tag
            self._refuse(f'Unmatched end tag, expected "</{want}>", found "</{tag}>",')
        one = self._open.pop()
        extra = dict(one.extra)
        if not extra.pop("part_of_pre", False) and self._length > one.start:
            self._entities.append(Entity(one.kind, one.start, self._length, extra))
