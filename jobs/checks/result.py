"""What a check answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jobs.facts import Facts
from storage.records import Observation, Outcome, Phrase, Severity


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything one check saw.

    `complete` holds the key prefixes it reported in full: a key under one of them that has no
    observation is well (a file that reads again) or gone (a source no longer configured).
    """

    observations: tuple[Observation, ...]
    complete: frozenset[str] = frozenset()


class Check(Protocol):
    """Judges facts. Pure: no I/O and no clock of its own."""

    @property
    def name(self) -> str:
        """Return the family /health lists the observations under."""
        ...

    def judge(self, facts: Facts, *, now: datetime) -> Verdict:
        """Return at least one observation, and never two of one key."""
        ...


def absent(key: str, *, check: str) -> Observation:
    """Return the ok that the absence of `key` under a complete prefix stands for."""
    family, _, name = key.partition(":")
    if family == "integrity":
        fact = Phrase("integrity.file.ok", {"file": name})
    elif family == "volume" and name.endswith(":spike"):
        fact = Phrase("metrics.volume.calm", {"source": name.removesuffix(":spike")})
    else:
        fact = Phrase("check.removed", {"key": key})
    return Observation(key=key, check=check, outcome=Outcome.OK, level=Severity.OK, fact=fact)


def worst(observations: Iterable[Observation]) -> Severity:
    """Return the highest level that fails."""
    return max((seen.level for seen in observations), default=Severity.OK)
