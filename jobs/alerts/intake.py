"""What comes in, made fit to keep: texts and numbers that survive the disk; silent checks. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from storage.records import (
    Observation,
    Outcome,
    Phrase,
    Severity,
    Value,
)

LONGEST = 2**53
FOLDER = "data:folder"


def clean(seen: Observation) -> Observation:
    """Return it with texts that are valid Unicode and numbers that are finite, or None."""
    if _is_clean(seen):  # nearly always, and known at a tenth of what a copy costs
        return seen
    return replace(
        seen,
        key=text(seen.key),
        check=text(seen.check),
        fact=_phrase(seen.fact),
        value=_number(seen.value),
        threshold=_number(seen.threshold),
        evidence=tuple(_phrase(phrase) for phrase in seen.evidence),
    )


def _is_clean(seen: Observation) -> bool:
    return (
        seen.key.isascii()
        and seen.check.isascii()
        and _number(seen.value) is seen.value  # an int is kept as a float
        and _number(seen.threshold) is seen.threshold
        and all(all(map(_is_plain, said.values.values())) for said in (seen.fact, *seen.evidence))
    )


def _is_plain(value: Value) -> bool:
    if isinstance(value, str):
        return value.isascii()
    if isinstance(value, int):
        return abs(value) <= LONGEST
    return value is None or math.isfinite(value)


def text(raw: str) -> str:
    """Return it without lone surrogates, which no file can hold."""
    return raw.encode("utf-8", errors="replace").decode("utf-8")


def broken(observations: Sequence[Observation]) -> list[Observation]:
    """Return one observation per family of checks: does it answer?

    An unreadable data folder explains why checks do not; then nothing is said. One that waits
    for something answers.
    """
    if any(seen.key == FOLDER and seen.outcome is Outcome.FAIL for seen in observations):
        return []
    silent: dict[str, bool] = {}
    for seen in observations:
        no_answer = seen.outcome is Outcome.UNKNOWN and not seen.waits
        silent[seen.check] = silent.get(seen.check, False) or no_answer
    return [_answer(family, silent=is_silent) for family, is_silent in sorted(silent.items())]


def _answer(family: str, *, silent: bool) -> Observation:
    return Observation(
        key=f"check:{family}:broken",
        check=family,
        outcome=Outcome.FAIL if silent else Outcome.OK,
        level=Severity.WARNING if silent else Severity.OK,
        fact=Phrase("check.broken" if silent else "check.answers", {"key": family}),
    )


def _phrase(phrase: Phrase) -> Phrase:
    values: Mapping[str, Value] = {name: _value(value) for name, value in phrase.values.items()}
    return Phrase(phrase.key, values)


def _value(value: Value) -> Value:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int) and abs(value) <= LONGEST:
        return value
    return _number(value)


def _number(value: float | None) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
