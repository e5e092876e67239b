"""The best opportunities first: one line for each thing, filtered, and in pages."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from storage.schema import OPPORTUNITY

Values: TypeAlias = dict[str, Any]

# An unset filter is NULL. Of a flock, the best provenance stands for all; what somebody put away
# takes the rest of its flock with it.
_SCOPE = """(:source IS NULL OR {0}.source = :source)
    AND (:since IS NULL OR {0}.last_seen >= :since)"""
_OWN = f"""{_SCOPE.format("own")} AND (own.flock IS NULL OR own.key = (
    SELECT other.key FROM listed AS other
    WHERE other.flock = own.flock AND {_SCOPE.format("other")}
    ORDER BY other.rank, other.last_seen DESC, other.key LIMIT 1))"""  # noqa: S608 (a constant)
_AWAY = """(own.key IN (SELECT value FROM json_each(:keys))
    OR own.flock IS NOT NULL AND own.flock IN (SELECT value FROM json_each(:flocks)))"""
_LIMITS = "(:min_roi IS NULL OR roi >= :min_roi) AND (:minutes IS NULL OR minutes <= :minutes)"
_ENDED = "own.deadline IN (SELECT value FROM json_each(:ended))"
_WITHIN = f"{_LIMITS} AND NOT {_ENDED}"
_TOP = f"""
SELECT {OPPORTUNITY} FROM listed AS own
WHERE roi IS NOT NULL AND {_WITHIN} AND {_OWN} AND NOT {_AWAY}
ORDER BY roi DESC, rank, last_seen DESC, key LIMIT :n OFFSET :offset
"""  # noqa: S608 (a constant)
_COUNT = f"""
SELECT count(*), count(iif({_WITHIN}, roi, NULL)), count(*) - count(roi),
    count(iif({_LIMITS} AND {_ENDED}, roi, NULL))
FROM listed AS own WHERE {_OWN}
"""  # noqa: S608 (a constant)
# Asked of the few rows put away, and taken off: asked of every row it would double the time.
_COUNT_AWAY = f"{_COUNT} AND {_AWAY}"
_COUNT_FOLDED = f"""
SELECT count(*) - count(DISTINCT flock) FROM listed AS own
WHERE flock IS NOT NULL AND {_SCOPE.format("own")}
"""  # noqa: S608 (a constant)
_ALSO = """
SELECT own.key, other.source, other.url FROM listed AS own
JOIN listed AS other ON other.flock = own.flock AND other.key <> own.key
WHERE own.key IN (SELECT value FROM json_each(:keys))
    AND (:since IS NULL OR other.last_seen >= :since)
ORDER BY own.key, other.rank, other.last_seen DESC, other.key
"""
_DEADLINES = """
SELECT DISTINCT deadline FROM listed
WHERE deadline <> '' AND roi IS NOT NULL AND (:since IS NULL OR last_seen >= :since)
"""
_FLOCKS = (
    "SELECT flock FROM listed WHERE key IN (SELECT value FROM json_each(?)) AND flock NOT NULL"
)
_KEYED = f"SELECT {OPPORTUNITY} FROM listed WHERE key IN (SELECT value FROM json_each(?))"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """What is worth listing: at least so much, at most so long, and nothing of `without`.

    `without` are opportunities' keys; the same thing under another source goes with them. One
    without minutes is not known to be short: no limit on them lets it through. `ended` are
    deadlines that are over, as they are written (`Opportunities.ended`).
    """

    min_roi: float | None = None
    max_minutes: float | None = None
    without: Collection[str] = ()
    ended: Collection[str] = ()


class Same(NamedTuple):
    """Another line for the thing with this key."""

    key: int
    source: str
    url: str


def values(
    db: sqlite3.Connection, *, source: str | None, since: int | None, within: Within
) -> Values:
    """Return the filters as the queries take them; a key that is none is passed over."""
    keys = json.dumps(numbers(within.without))
    flocks = db.execute(_FLOCKS, (keys,)).fetchall() if within.without else ()
    return {
        "source": source,
        "since": since,
        "min_roi": within.min_roi,
        "minutes": within.max_minutes,
        "keys": keys,
        "flocks": json.dumps([flock for (flock,) in flocks]),
        "ended": json.dumps(list(within.ended)),
    }


def top(db: sqlite3.Connection, asked: Values) -> list[tuple[Any, ...]]:
    """Return the rows asked for, `n` from `offset` on."""
    return db.execute(_TOP, asked).fetchall()


class Counted(NamedTuple):
    """How many there are in all, can be listed, have no ROI, and have ended.

    Not among them: the `folded` lines of things counted already, and what is put `away`.
    """

    total: int
    ranked: int
    unknown: int
    ended: int
    folded: int
    away: int


def count(db: sqlite3.Connection, asked: Values) -> Counted:
    """Return how many there are, without what was put away."""
    everything = db.execute(_COUNT, asked).fetchone()
    away = db.execute(_COUNT_AWAY, asked).fetchone()
    (folded,) = db.execute(_COUNT_FOLDED, asked).fetchone()
    total, ranked, unknown, ended = (n - less for n, less in zip(everything, away, strict=True))
    return Counted(total, ranked, unknown, ended, folded, away[0])


def deadlines(db: sqlite3.Connection, *, since: int | None) -> list[str]:
    """Return the deadlines of what can be listed, each once, as they are written."""
    return [text for (text,) in db.execute(_DEADLINES, {"since": since})]


def also(db: sqlite3.Connection, keys: Sequence[int], *, since: int | None) -> list[Same]:
    """Return where else these are listed, the best known first."""
    found = db.execute(_ALSO, {"keys": json.dumps(keys), "since": since})
    return [Same(*row) for row in found]


def keyed(db: sqlite3.Connection, keys: Collection[str]) -> list[tuple[Any, ...]]:
    """Return the rows with these keys, as far as there are any."""
    return db.execute(_KEYED, (json.dumps(numbers(keys)),)).fetchall()


def numbers(keys: Collection[str]) -> list[int]:
    """Return the numbers the tables know opportunities by, of what are keys at all."""
    found = []
    for key in keys:
        try:
            found.append(int.from_bytes(bytes.fromhex(key), "big", signed=True))
        except (ValueError, OverflowError):
            continue
    return [number for number in found if -(2**63) <= number < 2**63]


def spelled(number: int) -> str:
    """Return the key that `numbers` reads."""
    return f"{number & 0xFFFF_FFFF_FFFF_FFFF:016x}"
