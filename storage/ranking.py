"""The best opportunities first: one line for each thing, filtered, and in pages."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

Values: TypeAlias = dict[str, Any]

# An unset filter is NULL. Of a group, the best provenance stands for all; whatever somebody put
# away takes the rest of its group with it.
_SCOPE = "(:source IS NULL OR source = :source) AND (:since IS NULL OR last_seen >= :since)"
_WITHIN = "(:min_roi IS NULL OR roi >= :min_roi) AND (:minutes IS NULL OR minutes <= :minutes)"
_APART = f"""key NOT IN (
    SELECT key FROM (SELECT key, row_number() OVER (
            PARTITION BY flock ORDER BY rank, url = '', last_seen DESC, key) AS standing
        FROM alike JOIN listed USING (key) WHERE flock IS NOT NULL AND {_SCOPE})
    WHERE standing > 1)
AND key NOT IN (
    SELECT value FROM json_each(:without) UNION ALL
    SELECT other.key FROM alike AS own JOIN alike AS other USING (flock)
    WHERE own.key IN (SELECT value FROM json_each(:without)))
"""  # noqa: S608 (a constant)
_TOP = f"""
SELECT * FROM listed WHERE roi IS NOT NULL AND {_SCOPE} AND {_WITHIN} AND {_APART}
ORDER BY roi DESC, rank, last_seen DESC, key LIMIT :n OFFSET :offset
"""  # noqa: S608 (a constant)
_COUNT = f"""
SELECT count(*), count(iif({_WITHIN}, roi, NULL)), count(*) - count(roi)
FROM listed WHERE {_SCOPE} AND {_APART}
"""  # noqa: S608 (a constant)
_ALSO = """
SELECT own.key, listed.source, listed.url FROM alike AS own
JOIN alike AS other ON other.flock = own.flock AND other.key <> own.key
JOIN listed ON listed.key = other.key
WHERE own.key IN (SELECT value FROM json_each(:keys))
    AND (:since IS NULL OR listed.last_seen >= :since)
ORDER BY own.key, rank, url = '', last_seen DESC, listed.key
"""
_KEYED = "SELECT * FROM listed WHERE key IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """What is worth listing: at least so much, at most so long, and nothing of `without`.

    `without` are opportunities' keys; the same thing under another source goes with them. One
    without minutes is not known to be short: no limit on them lets it through.
    """

    min_roi: float | None = None
    max_minutes: float | None = None
    without: Collection[str] = ()


class Same(NamedTuple):
    """Another line for the thing with this key."""

    key: int
    source: str
    url: str


def values(*, source: str | None, since: int | None, within: Within) -> Values:
    """Return the filters as the queries take them; a key that is none is passed over."""
    return {
        "source": source,
        "since": since,
        "min_roi": within.min_roi,
        "minutes": within.max_minutes,
        "without": json.dumps(numbers(within.without)),
    }


def top(db: sqlite3.Connection, asked: Values) -> list[tuple[Any, ...]]:
    """Return the rows asked for, `n` from `offset` on."""
    return db.execute(_TOP, asked).fetchall()


def count(db: sqlite3.Connection, asked: Values) -> tuple[int, int, int]:
    """Return how many there are in all, how many can be listed, and how many have no ROI."""
    total, ranked, unknown = db.execute(_COUNT, asked).fetchone()
    return total, ranked, unknown


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
