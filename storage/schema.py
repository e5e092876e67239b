"""The tables of the history database, and how rows meet those already there."""

import sqlite3
from datetime import UTC, datetime, timedelta

VERSION = 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Times are integer microseconds since 1970. An opportunity's `rank` orders its provenance: 0 is
# the best. `known` remembers each file of the tracker as it was last read. `hour` sums up the
# samples of the hour that begins `at`, `n` of them, once they are old (since version 2).
CREATE = """
CREATE TABLE IF NOT EXISTS sample (
    series TEXT NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (series, at)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hour (
    series TEXT NOT NULL, at INTEGER NOT NULL, low REAL NOT NULL, mean REAL NOT NULL,
    high REAL NOT NULL, median REAL NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (series, at)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS opportunity (
    key INTEGER PRIMARY KEY, source TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL,
    reward TEXT NOT NULL, minutes REAL, roi REAL, rank INTEGER NOT NULL, deadline TEXT NOT NULL,
    first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS opportunity_first ON opportunity (source, first_seen);
CREATE INDEX IF NOT EXISTS opportunity_paid ON opportunity (source) WHERE roi IS NOT NULL;
CREATE TABLE IF NOT EXISTS known (
    name TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    inode TEXT NOT NULL, report BLOB NOT NULL
) WITHOUT ROWID;
"""

# What is kept in memory while the file cannot be written: it shadows the tables of the file.
SHADOW = """
CREATE TEMP TABLE sample (
    series TEXT, at INTEGER, value REAL, PRIMARY KEY (series, at)
) WITHOUT ROWID;
CREATE TEMP TABLE opportunity (
    key INTEGER PRIMARY KEY, source TEXT, title TEXT, url TEXT, reward TEXT, minutes REAL,
    roi REAL, rank INTEGER, deadline TEXT, first_seen INTEGER, last_seen INTEGER
);
CREATE INDEX temp.opportunity_first ON opportunity (source, first_seen);
DROP VIEW IF EXISTS temp.samples;
DROP VIEW IF EXISTS temp.listed;
CREATE TEMP VIEW samples AS
    SELECT * FROM temp.sample UNION ALL
    SELECT * FROM main.sample AS old WHERE NOT EXISTS (
        SELECT 1 FROM temp.sample AS new WHERE new.series = old.series AND new.at = old.at);
CREATE TEMP VIEW listed AS
    SELECT * FROM temp.opportunity UNION ALL
    SELECT * FROM main.opportunity AS old WHERE NOT EXISTS (
        SELECT 1 FROM temp.opportunity AS new WHERE new.key = old.key);
"""

PLAIN = """
DROP VIEW IF EXISTS temp.samples;
DROP VIEW IF EXISTS temp.listed;
DROP TABLE IF EXISTS temp.sample;
DROP TABLE IF EXISTS temp.opportunity;
CREATE TEMP VIEW samples AS SELECT * FROM main.sample;
CREATE TEMP VIEW listed AS SELECT * FROM main.opportunity;
"""

PUT_SAMPLE = "INSERT OR REPLACE INTO sample VALUES (?, ?, ?)"
PUT_HOUR = "INSERT OR REPLACE INTO hour VALUES (?, ?, ?, ?, ?, ?, ?)"

# The better provenance wins, then the later sighting; the times always widen.
_WINS = "(excluded.rank < rank OR (excluded.rank = rank AND excluded.last_seen >= last_seen))"
_FIELDS = ("title", "url", "reward", "minutes", "roi", "deadline")
PUT_OPPORTUNITY = f"""
INSERT INTO opportunity VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
    {", ".join(f"{name} = iif({_WINS}, excluded.{name}, {name})" for name in _FIELDS)},
    rank = min(rank, excluded.rank),
    first_seen = min(first_seen, excluded.first_seen),
    last_seen = max(last_seen, excluded.last_seen)
WHERE excluded.rank < rank OR excluded.last_seen > last_seen OR excluded.first_seen < first_seen
"""  # noqa: S608 (only names from the lines above)

# Over a shadow, what the file knows of a key must be there before the key is updated.
LIFT_OPPORTUNITY = (
    "INSERT OR IGNORE INTO temp.opportunity SELECT * FROM main.opportunity WHERE key = ?"
)
SAVE_SHADOW = (
    "INSERT OR REPLACE INTO main.sample SELECT * FROM temp.sample",
    "INSERT OR REPLACE INTO main.opportunity SELECT * FROM temp.opportunity",
)


def micros(at: datetime) -> int:
    """Return microseconds since 1970, as the tables keep times."""
    return (at - EPOCH) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """Return the aware time of what `micros` gave."""
    return EPOCH + timedelta(microseconds=at)


def create(db: sqlite3.Connection) -> None:
    """Create what is missing; raise sqlite3.NotSupportedError for a file from the future."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        message = "made by a newer version of this program"
        raise sqlite3.NotSupportedError(message)
    if version < VERSION:
        db.executescript(f"BEGIN;{CREATE}PRAGMA user_version = {VERSION};COMMIT;")


def check_version(db: sqlite3.Connection) -> None:
    """Raise sqlite3.NotSupportedError unless the tables are those of this program."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        message = f"its tables are of version {version}, not {VERSION}"
        raise sqlite3.NotSupportedError(message)
