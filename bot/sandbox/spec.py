"""The published description of the Bot API: which methods, fields and types there are."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.sandbox.limits import bad, refuse

BUILT_IN = Path(__file__).with_name("methods.txt")


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of a method or one field of a type."""

    name: str
    types: tuple[str, ...]
    required: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a method or type; a union has `subtypes` instead."""

    fields: Mapping[str, Field]
    subtypes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spec:
    """Methods and types by name; `check` turns a call's parameters into typed values."""

    methods: Mapping[str, Shape]
    types: Mapping[str, Shape]

    def check(
        self, method: str, params: Mapping[str, Any], uploads: Mapping[str, object]
    ) -> dict[str, Any]:
        """Return the parameters decoded; refuses unknown, missing and ill-typed ones."""
        shape = self.methods.get(method)
        if shape is None:
            refuse("Not Found: method not found", code=404)
        for name in params:
            if name not in shape.fields:
                bad(f'sandbox: method "{method}" has no field "{name}"')
        for field in shape.fields.values():
            if field.required and field.name not in params and field.name not in uploads:
                bad(_missing(field.name))
        return {name: self._read(shape.fields[name], value) for name, value in params.items()}

    def _read(self, field: Field, value: Any) -> Any:
        reasons = []
        for kind in field.types:
            decoded = _decode(kind, value)
            reason = self._wrong(kind, decoded)
            if not reason:
                return decoded
            reasons.append(reason)
        return bad(f'can\'t parse "{field.name}": {reasons[0]}')

    def _wrong(self, kind: str, value: Any) -> str:
        """Say what is wrong with a value of this type; empty if nothing is."""
        if kind in SIMPLE:
            fits = isinstance(value, SIMPLE[kind]) and (kind == "Boolean") >= isinstance(
                value, bool
            )
            return "" if fits else f"{kind} expected"
        if kind.startswith("[]"):
            if not isinstance(value, list):
                return "Array expected"
            return next(filter(None, (self._wrong(kind[2:], one) for one in value)), "")
        shape = self.types.get(kind)
        if shape is None or not isinstance(value, dict):
            return f"object expected as {kind}"
        reasons = [self._wrong(sub, value) for sub in shape.subtypes]
        if reasons:
            return "" if "" in reasons else reasons[0]
        return self._wrong_fields(shape, kind, value)

    def _wrong_fields(self, shape: Shape, kind: str, value: Mapping[str, Any]) -> str:
        for name in value:
            if name not in shape.fields:
                return f'sandbox: {kind} has no field "{name}"'
        for field in shape.fields.values():
            if field.name not in value:
                if field.required:
                    return f'Field "{field.name}" must be specified in {kind}'
                continue
            reasons = [self._wrong(one, value[field.name]) for one in field.types]
            if "" not in reasons:
                return f"{field.name}: {reasons[0]}"
        return ""


SIMPLE: Mapping[str, tuple[type, ...]] = {
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
    "String": (str,),
    "InputFile": (str,),
}
MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
}


def _missing(name: str) -> str:
    return MISSING.get(name, f'parameter "{name}" is required')


def _decode(kind: str, value: Any) -> Any:
    """Forms carry everything as text: numbers and JSON are read where the type wants them."""
    if not isinstance(value, str) or kind in {"String", "InputFile"}:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def load(path: Path | None = None) -> Spec:
    """Return the description at `path`, or the built-in one; OSError if the path is no file."""
    if path is None:
        return _built_in(BUILT_IN.read_text("utf-8"))
    whole = json.loads(path.read_text("utf-8"))
    return Spec(
        {name: _published(one) for name, one in whole["methods"].items()},
        {name: _published(one) for name, one in whole["types"].items()},
    )


def _published(one: Mapping[str, Any]) -> Shape:
    fields = (
        Field(f["name"], tuple(t.replace("Array of ", "[]") for t in f["types"]), f["required"])
        for f in one["fields"]
    )
    return Shape({field.name: field for field in fields}, tuple(one.get("subtypes", ())))


def _built_in(text: str) -> Spec:
    parts = text.split("# types\n")
    methods, types = ({n: s for n, s in map(_shape, _lines(part))} for part in parts)  # noqa: C416
    return Spec(methods, types)


def _lines(part: str) -> list[str]:
    return [line for line in part.splitlines() if line and not line.startswith("#")]


def _shape(line: str) -> tuple[str, Shape]:
    name, _, rest = line.partition(" ")
    if rest.startswith("= "):
        return name, Shape({}, tuple(rest[2:].split()))
    fields = {}
    for word in rest.split():
        label, _, kinds = word.partition(":")
        plain = label.rstrip("!")
        fields[plain] = Field(plain, tuple(kinds.split("|")), label.endswith("!"))
    return name, Shape(fields)
