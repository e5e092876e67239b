"""How patient each alert is, as data: fails to fire, passes to close, repeats, acknowledgements."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from storage.records import Severity

MINUTE_S = 60.0
HOUR_S = 3600.0
REMEMBERED = 10_000  # keys whose terms were looked up: a storm asks for the same ones again


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for one key at one level.

    It fires after `fails` in a row that span `hold_s`, closes after `passes` in a row, and is
    told again after `repeat_s`, then twice that, up to `repeat_cap_s`; None never repeats.
    """

    fails: int
    passes: int
    hold_s: float = 0.0
    repeat_s: float | None = None
    repeat_cap_s: float = 0.0
    ack_s: float = 24 * HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Keys that match the glob need other counts than their level's; the first row wins."""

    glob: str
    fails: int
    passes: int
    hold_s: float = 0.0
    levels: frozenset[Severity] = frozenset(Severity) - {Severity.OK}


LEVELS: Mapping[Severity, Terms] = {
    Severity.INFO: Terms(fails=1, passes=1),
    Severity.WARNING: Terms(
        fails=3, passes=2, repeat_s=6 * HOUR_S, repeat_cap_s=24 * HOUR_S, ack_s=24 * HOUR_S
    ),
    Severity.ERROR: Terms(
        fails=2, passes=2, repeat_s=HOUR_S, repeat_cap_s=4 * HOUR_S, ack_s=24 * HOUR_S
    ),
    Severity.CRITICAL: Terms(
        fails=2, passes=2, repeat_s=15 * MINUTE_S, repeat_cap_s=HOUR_S, ack_s=4 * HOUR_S
    ),
}

TABLE: tuple[Row, ...] = (
    Row(glob="check:*:broken", fails=3, passes=1),
    Row(glob="channel:*", fails=1, passes=1),
    Row(glob="scraper:*:restarts", fails=1, passes=6),
    Row(glob="scraper:*", fails=2, passes=2),
    Row(glob="data:folder", fails=1, passes=1),
    Row(glob="fresh:*", fails=2, passes=1),
    Row(glob="volume:*", fails=2, passes=2),
    Row(glob="roi:*", fails=3, passes=3),
    Row(glob="sources:*", fails=2, passes=2),
    Row(glob="integrity:*", fails=1, passes=1, levels=frozenset({Severity.CRITICAL})),
    Row(glob="integrity:*", fails=2, passes=1),
    Row(glob="cpu", fails=3, passes=3, hold_s=10 * MINUTE_S),
    Row(glob="mem", fails=3, passes=3),
    Row(glob="disk:*:forecast", fails=3, passes=3),
    Row(glob="disk:*", fails=2, passes=2),
    Row(glob="network", fails=2, passes=2),
    Row(glob="api:*", fails=3, passes=2),
    Row(glob="rpc:*", fails=3, passes=2),
    Row(glob="backup:*", fails=1, passes=1),
    Row(glob="job:*", fails=1, passes=1),
    Row(glob="bot:rss", fails=3, passes=3),
    Row(glob="bot:loop", fails=3, passes=3),
    Row(glob="bot:*", fails=1, passes=1),
    Row(glob="clock", fails=1, passes=1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The whole table; `factor` shortens every duration (the demo), never a count."""

    table: tuple[Row, ...] = TABLE
    levels: Mapping[Severity, Terms] = field(default_factory=lambda: LEVELS)
    factor: float = 1.0
    gap_s: float = 5 * MINUTE_S
    _known: dict[tuple[str, Severity], Terms] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def rule(self, key: str) -> "Rule":
        """Return the key's terms."""
        return Rule(self, key)

    @property
    def min_gap_s(self) -> float:
        """The least time between two messages with sound about one key."""
        return self.gap_s * self.factor

    def terms(self, key: str, level: Severity) -> Terms:
        """Return the key's terms at a level; INFO fires at once whatever the table says."""
        known = self._known.get((key, level))
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[key, level] = self._terms(key, level)
        return known

    def _terms(self, key: str, level: Severity) -> Terms:
        terms = self.levels[level]
        row = None if level is Severity.INFO else self._row(key, level)
        if row is not None:
            terms = replace(terms, fails=row.fails, passes=row.passes, hold_s=row.hold_s)
        return replace(
            terms,
            hold_s=terms.hold_s * self.factor,
            repeat_s=None if terms.repeat_s is None else terms.repeat_s * self.factor,
            repeat_cap_s=terms.repeat_cap_s * self.factor,
            ack_s=terms.ack_s * self.factor,
        )

    def _row(self, key: str, level: Severity) -> Row | None:
        for row in self.table:
            if level in row.levels and fnmatchcase(key, row.glob):
                return row
        return None


@dataclass(frozen=True, slots=True)
class Rule:
    """The terms of one key at every level."""

    rules: Rules
    key: str

    def at(self, level: Severity) -> Terms:
        """Return the terms at a level; OK has INFO's."""
        return self.rules.terms(self.key, max(level, Severity.INFO))
