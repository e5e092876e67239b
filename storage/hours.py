"""Samples by the hour: how raw ones become sums of an hour, and how both are read as one."""

import sqlite3

from storage.records import Slot

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
ROLLED_US = DAY_US  # at once, of one series: a few milliseconds
RAW, SUMS = "main.sample", "main.hour"
SHADOW_RAW = "temp.sample"

# A sample that comes late for an hour already summed up must not replace the whole hour.
_SUM_UP = f"""
INSERT INTO hour
    SELECT :name, began, min(value), avg(value), max(value),
        avg(value) FILTER (WHERE rank IN ((n + 1) / 2, (n + 2) / 2)), n
    FROM (
        SELECT at / {HOUR_US} * {HOUR_US} AS began, value, count(*) OVER whole AS n,
            row_number() OVER (PARTITION BY at / {HOUR_US} ORDER BY value) AS rank
        FROM sample WHERE series = :name AND at < :until
        WINDOW whole AS (PARTITION BY at / {HOUR_US}))
    GROUP BY began
ON CONFLICT (series, at) DO UPDATE SET
    low = excluded.low, mean = excluded.mean, high = excluded.high, median = excluded.median,
    n = excluded.n
WHERE excluded.n >= n
"""  # noqa: S608 (a constant)
_DROP = "DELETE FROM sample WHERE series = :name AND at < :until"
_DROP_HOURS = "DELETE FROM hour WHERE series = ? AND at < ?"
_OLDEST = "SELECT min(at) FROM sample WHERE series = ?"
_NEWEST, _NEXT_SERIES = (
    {table: query.format(table) for table in ("main.sample", "temp.sample", "main.hour")}
    for query in (
        "SELECT max(at) FROM {} WHERE series = ? AND at < ?",
        "SELECT min(series) FROM {} WHERE series >= ?",
    )
)
_SLOTS = """
SELECT at / :step * :step / 1e6 AS slot, min(low), sum(mean * n) / sum(n), max(high), sum(n) FROM (
    SELECT at, low, mean, high, n FROM hour
    WHERE series = :name AND at BETWEEN :since AND :until
    UNION ALL
    SELECT at, value, value, value, 1 FROM samples
    WHERE series = :name AND at BETWEEN :since AND :until)
GROUP BY slot ORDER BY slot
"""
_RANKED = """
SELECT median AS value, n FROM hour WHERE series = :name AND at BETWEEN :since AND :until
UNION ALL SELECT value, 1 FROM samples WHERE series = :name AND at BETWEEN :since AND :until
ORDER BY value
"""


def slots(db: sqlite3.Connection, name: str, *, since: int, until: int, step: int) -> list[Slot]:
    """Return a series by stretches of `step`, oldest first; old ones are an hour at least."""
    values = {"name": name, "since": since // step * step, "until": until, "step": step}
    return [Slot(*row) for row in db.execute(_SLOTS, values)]


def median(db: sqlite3.Connection, name: str, *, since: int, until: int) -> float | None:
    """Return a series' median, None without samples; an old hour counts as its own median."""
    rows = db.execute(_RANKED, {"name": name, "since": since, "until": until}).fetchall()
    half, passed, below = sum(n for _, n in rows) / 2, 0, None
    for value, n in rows:
        if below is not None:
            return float((below + value) / 2)
        passed += n
        if passed > half:
            return float(value)
        below = value if passed == half else None
    return None


def roll(db: sqlite3.Connection, name: str, before: int) -> bool:
    """Sum up some of the series' samples that are older and drop them; tell whether any were."""
    (oldest,) = db.execute(_OLDEST, (name,)).fetchone()
    if oldest is None or oldest >= before:
        return False
    until = min(before, oldest // DAY_US * DAY_US + ROLLED_US)
    values = {"name": name, "until": until}
    db.execute(_SUM_UP, values)
    db.execute(_DROP, values)
    return True


def forget(db: sqlite3.Connection, name: str, before: int) -> bool:
    """Drop the hours of a series that are older; tell whether there were any."""
    return db.execute(_DROP_HOURS, (name, before)).rowcount > 0


def days(db: sqlite3.Connection, table: str, name: str, until: int, most: int) -> set[int]:
    """Return when the newest days before `until` began that have something of the series."""
    query = _NEWEST[table]
    found: set[int] = set()
    while len(found) < most:
        (at,) = db.execute(query, (name, until)).fetchone()
        if at is None:
            break
        until = at // DAY_US * DAY_US
        found.add(until)
    return found


def names(db: sqlite3.Connection, table: str, prefix: str) -> list[str]:
    """Return the series that begin so, sorted; skips from one to the next along the index."""
    query = _NEXT_SERIES[table]
    found: list[str] = []
    while True:
        least = f"{found[-1]}\0" if found else prefix  # a second bound would make it scan
        (name,) = db.execute(query, (least,)).fetchone()
        if name is None or not name.startswith(prefix):
            return found
        found.append(name)
