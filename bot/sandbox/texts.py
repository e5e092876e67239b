"""Cleans, trims and measures text as Telegram does, and finds links and commands in it."""

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox import html
from bot.sandbox.html import Entity, Rich
from bot.sandbox.limits import CAPTION_UNITS, ENTITIES, TEXT_UNITS, bad, units

ODD = re.compile("[\x00-\x08\x0b-\x1f]")
DROPPED = re.compile("\r|[\u2028-\u202e]")
FOUND = {
    "url": re.compile(r"(?<![\w.@])https?://[^\s<>\"]+[^\s<>\".,:;!?)\]]"),
    "bot_command": re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])"),
}
UNTOUCHED = frozenset({"code", "pre", "text_link"})


def formatted(params: Mapping[str, Any], field: str = "text") -> dict[str, Any]:
    """Return the message's `text`/`entities` (or `caption`/`caption_entities`) fields."""
    listed = "entities" if field == "text" else "caption_entities"
    rich = _finish(_rich(params, field, listed))
    limit, what = (TEXT_UNITS, "message") if field == "text" else (CAPTION_UNITS, "message caption")
    if field == "text" and not rich.text:
        bad("message text is empty")
    if units(rich.text) > limit:
        bad(f"{what} is too long")
    if len(rich.entities) > ENTITIES:
        bad(f"can't parse entities: sandbox: {len(rich.entities)} entities, {ENTITIES} are shown")
    if not rich.text:
        return {}
    found = [_json(rich.text, one) for one in _with_found(rich)]
    return {field: rich.text} | ({listed: found} if found else {})


def _rich(params: Mapping[str, Any], field: str, listed: str) -> Rich:
    text = str(params.get(field, ""))
    try:
        text.encode()
    except UnicodeEncodeError:
        bad("strings must be encoded in UTF-8")
    mode = str(params.get("parse_mode", ""))
    if mode and mode.lower() != "html":
        bad("unsupported parse_mode (sandbox: only HTML is spoken here)")
    if mode:
        return html.parse(text)
    return Rich(text, tuple(_given(text, one) for one in params.get(listed, ())))


def _given(text: str, one: Mapping[str, Any]) -> Entity:
    wide = text.encode("utf-16-le")
    start, end = 2 * one["offset"], 2 * (one["offset"] + one["length"])
    if not 0 <= start < end <= len(wide):
        bad("entity beyond the text (sandbox: Telegram would drop it)")
    before = len(wide[:start].decode("utf-16-le", "replace"))
    inside = len(wide[start:end].decode("utf-16-le", "replace"))
    extra = {k: v for k, v in one.items() if k not in {"type", "offset", "length"}}
    return Entity(one["type"], before, before + inside, extra)


def _finish(rich: Rich) -> Rich:
    keep = [not DROPPED.match(char) for char in rich.text]
    places = [0]
    for one in keep:
        places.append(places[-1] + one)
    text = ODD.sub(" ", DROPPED.sub("", rich.text))
    left = len(text) - len(text.lstrip())
    text = text.strip()
    entities = (
        Entity(
            one.kind,
            min(max(places[one.start] - left, 0), len(text)),
            min(max(places[one.end] - left, 0), len(text)),
            one.extra,
        )
        for one in rich.entities
    )
    kept = [one for one in entities if text[one.start : one.end].strip()]
    return Rich(text, tuple(sorted(kept, key=lambda one: (one.start, -one.end))))


def _with_found(rich: Rich) -> list[Entity]:
    taken = [(one.start, one.end) for one in rich.entities if one.kind in UNTOUCHED]
    entities = list(rich.entities)
    for kind, pattern in FOUND.items():
        for hit in pattern.finditer(rich.text):
            if all(hit.end() <= start or hit.start() >= end for start, end in taken):
                taken.append(hit.span())
                entities.append(Entity(kind, hit.start(), hit.end()))
    return sorted(entities, key=lambda one: (one.start, -one.end))


def _json(text: str, one: Entity) -> dict[str, Any]:
    offset = units(text[: one.start])
    return {
        "type": one.kind,
        "offset": offset,
        "length": units(text[one.start : one.end]),
    } | one.extra
