"""The tables of the history database, and how rows meet those already there."""

import sqlite3
from datetime import UTC, datetime, timedelta

VERSION = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPPORTUNITY = "key, source, title, url, reward, minutes, roi, rank, deadline, first_seen, last_seen"
LISTED = f"{OPPORTUNITY}, flock"

# Times are integer microseconds since 1970. An opportunity's `rank` orders its provenance: 0 is
# the best. `known` remembers each file of the tracker as it was last read. `hour` sums up the
# samples of the hour that begins `at`, `n` of them, once they are old (since version 2). What is
# over, `incident`, `delivery` and `job_run`, is there since version 3; after a state that was lost
# numbers begin anew, so that no number alone names a row. An opportunity is known by its `key`, and
# kept in the order of arrival (since version 5): what comes together lies together on disk.
# What several sources list is one `flock`, known by equal pages and titles in `alike`. What came
# after the last one there waits to be looked at, and so does what is `changed`: its page or title.
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
    id INTEGER PRIMARY KEY, key INTEGER NOT NULL UNIQUE, source TEXT NOT NULL,
    title TEXT NOT NULL, url TEXT NOT NULL, reward TEXT NOT NULL, minutes REAL, roi REAL,
    rank INTEGER NOT NULL, deadline TEXT NOT NULL, first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL, flock INTEGER, changed INTEGER
);
CREATE INDEX IF NOT EXISTS opportunity_first ON opportunity (source, first_seen);
CREATE INDEX IF NOT EXISTS opportunity_paid ON opportunity (source) WHERE roi IS NOT NULL;
CREATE INDEX IF NOT EXISTS opportunity_best ON opportunity (roi DESC) WHERE roi IS NOT NULL;
CREATE INDEX IF NOT EXISTS opportunity_flock
    ON opportunity (flock, rank, last_seen DESC, key, source) WHERE flock IS NOT NULL;
CREATE INDEX IF NOT EXISTS opportunity_changed ON opportunity (changed) WHERE changed IS NOT NULL;
CREATE TABLE IF NOT EXISTS known (
    name TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    inode TEXT NOT NULL, report BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incident (
    number INTEGER NOT NULL, opened INTEGER NOT NULL, key TEXT NOT NULL, family TEXT NOT NULL,
    peak INTEGER NOT NULL, since INTEGER NOT NULL, closed INTEGER, acked INTEGER,
    fact TEXT NOT NULL, PRIMARY KEY (number, opened)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incident_closed ON incident (closed, opened);
CREATE TABLE IF NOT EXISTS delivery (
    at INTEGER NOT NULL, id INTEGER NOT NULL, level INTEGER NOT NULL, kind TEXT NOT NULL,
    status TEXT NOT NULL, passed_s REAL NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (at, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS job_run (
    job TEXT NOT NULL, day TEXT NOT NULL, status TEXT NOT NULL, tries INTEGER NOT NULL,
    started INTEGER NOT NULL, finished INTEGER, error TEXT NOT NULL, PRIMARY KEY (job, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alike (id INTEGER PRIMARY KEY, place INTEGER, name INTEGER);
CREATE INDEX IF NOT EXISTS alike_place ON alike (place) WHERE place IS NOT NULL;
CREATE INDEX IF NOT EXISTS alike_name ON alike (name) WHERE name IS NOT NULL;
CREATE TRIGGER IF NOT EXISTS opportunity_gone AFTER DELETE ON opportunity
BEGIN DELETE FROM alike WHERE id = old.id; END;
"""

# Before version 5 an opportunity lay where its key, a random number, put it. The old table is
# emptied before it is dropped: dropped as it is, all of it would be held in memory.
LIFT_FROM_4 = """
DROP INDEX IF EXISTS opportunity_first;
DROP INDEX IF EXISTS opportunity_paid;
DROP INDEX IF EXISTS opportunity_best;
DROP INDEX IF EXISTS opportunity_flock;
DROP TABLE IF EXISTS alike;
DROP TABLE IF EXISTS unfolded;
ALTER TABLE opportunity RENAME TO scattered;
"""
LIFT_TO_5 = f"""
INSERT INTO opportunity ({OPPORTUNITY}) SELECT {OPPORTUNITY} FROM scattered;
DELETE FROM scattered;
DROP TABLE scattered;
"""  # noqa: S608 (a constant)

# What is kept in memory while the file cannot be written: it shadows the tables of the file.
SHADOW = f"""
CREATE TEMP TABLE sample (
    series TEXT, at INTEGER, value REAL, PRIMARY KEY (series, at)
) WITHOUT ROWID;
CREATE TEMP TABLE opportunity (
    key INTEGER PRIMARY KEY, source TEXT, title TEXT, url TEXT, reward TEXT, minutes REAL,
    roi REAL, rank INTEGER, deadline TEXT, first_seen INTEGER, last_seen INTEGER, flock INTEGER,
    changed INTEGER
);
CREATE INDEX temp.opportunity_first ON opportunity (source, first_seen);
CREATE TEMP TABLE incident (
    number INTEGER, opened INTEGER, key TEXT, family TEXT, peak INTEGER, since INTEGER,
    closed INTEGER, acked INTEGER, fact TEXT, PRIMARY KEY (number, opened)
) WITHOUT ROWID;
CREATE TEMP TABLE delivery (
    at INTEGER, id INTEGER, level INTEGER, kind TEXT, status TEXT, passed_s REAL, reason TEXT,
    PRIMARY KEY (at, id)
) WITHOUT ROWID;
CREATE TEMP TABLE job_run (
    job TEXT, day TEXT, status TEXT, tries INTEGER, started INTEGER, finished INTEGER, error TEXT,
    PRIMARY KEY (job, day)
) WITHOUT ROWID;
DROP VIEW IF EXISTS temp.samples;
DROP VIEW IF EXISTS temp.listed;
DROP VIEW IF EXISTS temp.incidents;
DROP VIEW IF EXISTS temp.deliveries;
DROP VIEW IF EXISTS temp.job_runs;
CREATE TEMP VIEW samples AS
    SELECT * FROM temp.sample UNION ALL
    SELECT * FROM main.sample AS old WHERE NOT EXISTS (
        SELECT 1 FROM temp.sample AS new WHERE new.series = old.series AND new.at = old.at);
CREATE TEMP VIEW listed AS
    SELECT {LISTED} FROM temp.opportunity UNION ALL
    SELECT {LISTED} FROM main.opportunity AS old WHERE NOT EXISTS (
        SELECT 1 FROM temp.opportunity AS new WHERE new.key = old.key);
CREATE TEMP VIEW incidents AS
    SELECT * FROM temp.incident UNION ALL
    SELECT * FROM main.incident AS old WHERE NOT EXISTS (
        SELECT 1 FROM temp.incident AS new
        WHERE new.number = old.number AND new.opened = old.opened);
CREATE TEMP VIEW deliveries AS
    SELECT * FROM temp.delivery UNION ALL
    SELECT * FROM main.delivery AS old WHERE NOT EXISTS (
        SELECT 1 FROM temp.delivery AS new WHERE new.at = old.at AND new.id = old.id);
CREATE TEMP VIEW job_runs AS
    SELECT * FROM temp.job_run UNION ALL
    SELECT * FROM main.job_run AS old WHERE NOT EXISTS (
        SELECT 1 FROM temp.job_run AS new WHERE new.job = old.job AND new.day = old.day);
"""  # noqa: S608 (a constant)

PLAIN = f"""
DROP VIEW IF EXISTS temp.samples;
DROP VIEW IF EXISTS temp.listed;
DROP TABLE IF EXISTS temp.sample;
DROP TABLE IF EXISTS temp.opportunity;
DROP VIEW IF EXISTS temp.incidents;
DROP VIEW IF EXISTS temp.deliveries;
DROP VIEW IF EXISTS temp.job_runs;
DROP TABLE IF EXISTS temp.incident;
DROP TABLE IF EXISTS temp.delivery;
DROP TABLE IF EXISTS temp.job_run;
CREATE TEMP VIEW samples AS SELECT * FROM main.sample;
CREATE TEMP VIEW listed AS SELECT {LISTED} FROM main.opportunity;
CREATE TEMP VIEW incidents AS SELECT * FROM main.incident;
CREATE TEMP VIEW deliveries AS SELECT * FROM main.delivery;
CREATE TEMP VIEW job_runs AS SELECT * FROM main.job_run;
"""  # noqa: S608 (a constant)

PUT_SAMPLE = "INSERT OR REPLACE INTO sample VALUES (?, ?, ?)"
PUT_HOUR = "INSERT OR REPLACE INTO hour VALUES (?, ?, ?, ?, ?, ?, ?)"
PUT_INCIDENT = "INSERT OR REPLACE INTO incident VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
PUT_DELIVERY = "INSERT OR REPLACE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?)"
PUT_JOB_RUN = "INSERT OR REPLACE INTO job_run VALUES (?, ?, ?, ?, ?, ?, ?)"

# The better provenance wins, then the later sighting; the times always widen.
_WINS = "(excluded.rank < rank OR (excluded.rank = rank AND excluded.last_seen >= last_seen))"
_FIELDS = ("title", "url", "reward", "minutes", "roi", "deadline")
_MEETS = f"""
ON CONFLICT (key) DO UPDATE SET
    {", ".join(f"{name} = iif({_WINS}, excluded.{name}, {name})" for name in _FIELDS)},
    changed = iif({_WINS} AND (excluded.title, excluded.url) <> (title, url), 1, changed),
    rank = min(rank, excluded.rank),
    first_seen = min(first_seen, excluded.first_seen),
    last_seen = max(last_seen, excluded.last_seen)
WHERE excluded.rank < rank OR excluded.last_seen > last_seen OR excluded.first_seen < first_seen
"""
PUT_OPPORTUNITY = f"""
INSERT INTO opportunity ({OPPORTUNITY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {_MEETS}
"""  # noqa: S608 (only names from the lines above)

# Over a shadow, what the file knows of a key must be there before the key is updated.
LIFT_OPPORTUNITY = f"""
INSERT OR IGNORE INTO temp.opportunity ({LISTED})
SELECT {LISTED} FROM main.opportunity WHERE key = ?
"""  # noqa: S608 (a constant)
SAVE_SHADOW = (
    *(
        f"INSERT OR REPLACE INTO main.{name} SELECT * FROM temp.{name}"  # noqa: S608 (a constant)
        for name in ("sample", "incident", "delivery", "job_run")
    ),
    f"""
    INSERT INTO main.opportunity ({OPPORTUNITY}) SELECT {OPPORTUNITY} FROM temp.opportunity
    WHERE true {_MEETS}
    """,  # noqa: S608 (a constant)
)
# What a database in memory hands over to the file that takes its place.
MOVED = (
    ("sample", PUT_SAMPLE),
    ("hour", PUT_HOUR),
    (f"(SELECT {OPPORTUNITY} FROM opportunity)", PUT_OPPORTUNITY),  # noqa: S608 (a constant)
    ("incident", PUT_INCIDENT),
    ("delivery", PUT_DELIVERY),
    ("job_run", PUT_JOB_RUN),
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
        before, after = (LIFT_FROM_4, LIFT_TO_5) if version else ("", "")
        db.executescript(f"BEGIN;{before}{CREATE}{after}PRAGMA user_version = {VERSION};COMMIT;")


def check_version(db: sqlite3.Connection) -> None:
    """Raise sqlite3.NotSupportedError unless the tables are those of this program."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        message = f"its tables are of version {version}, not {VERSION}"
        raise sqlite3.NotSupportedError(message)
