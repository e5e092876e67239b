"""Which opportunities are one thing that several sources list; kept beside them, step by step."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from storage.likeness import name, place

# More than this under one mark, and it names no single thing.
MANY = 48
LARGEST = 1_000

_WAIT = "INSERT OR IGNORE INTO unfolded VALUES (?)"
_SEEK = """
INSERT OR IGNORE INTO unfolded SELECT key FROM opportunity
WHERE NOT EXISTS (SELECT 1 FROM alike WHERE alike.key = opportunity.key)
"""
_TAKE = """
SELECT o.key, o.title, o.url, a.key, a.place, a.name FROM opportunity AS o
LEFT JOIN alike AS a ON a.key = o.key WHERE o.key IN (SELECT value FROM json_each(?))
"""
_NEXT = "SELECT key FROM unfolded LIMIT ?"
_TAKEN = "DELETE FROM unfolded WHERE key IN (SELECT value FROM json_each(?))"
_PUT = """
INSERT INTO alike VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET place = excluded.place, name = excluded.name
"""
_BIRD = """
SELECT a.key, o.source, a.place, a.name, o.flock
FROM alike AS a JOIN opportunity AS o ON o.key = a.key
"""
_HOLDERS = {mark: f"{_BIRD} WHERE a.{mark} = ? LIMIT {MANY + 1}" for mark in ("place", "name")}
# Of these, the ones that share a mark with somebody, or did.
_TOUCHED = f"""
{_BIRD} WHERE a.key IN (SELECT value FROM json_each(?)) AND (o.flock IS NOT NULL
    OR EXISTS (SELECT 1 FROM alike AS b WHERE b.place = a.place AND b.key <> a.key)
    OR EXISTS (SELECT 1 FROM alike AS b WHERE b.name = a.name AND b.key <> a.key))
"""  # noqa: S608 (a constant)
_MOVE = "UPDATE opportunity SET flock = ? WHERE key = ?"


class Mark(NamedTuple):
    """What several opportunities may have in common."""

    kind: str
    number: int


class Bird(NamedTuple):
    """One opportunity as folding sees it; `flock` is the group it is in now."""

    key: int
    source: str
    place: int | None
    name: int | None
    flock: int | None

    def marks(self) -> Iterator[Mark]:
        """Yield the marks it has."""
        if self.place is not None:
            yield Mark("place", self.place)
        if self.name is not None:
            yield Mark("name", self.name)


def wait(db: sqlite3.Connection, keys: Iterable[int]) -> None:
    """Let these wait to be folded, inside the transaction that wrote them."""
    db.executemany(_WAIT, ((key,) for key in keys))


def seek(db: sqlite3.Connection) -> bool:
    """Let wait what never was folded: an older version wrote it, or the disk was full."""
    db.execute(_SEEK)
    return True


def step(db: sqlite3.Connection, n: int) -> bool:
    """Fold the next `n` that wait, inside a transaction; return whether more may wait."""
    keys = [key for (key,) in db.execute(_NEXT, (n,))]
    fold(db, keys)
    db.execute(_TAKEN, (json.dumps(keys),))
    return len(keys) == n


def fold(db: sqlite3.Connection, keys: Sequence[int]) -> None:
    """Find the groups of these, inside a transaction; what did not change costs little."""
    changed, left = [], []
    for key, title, url, known, *old in db.execute(_TAKE, (json.dumps(keys),)).fetchall():
        marks = [place(url), name(title)]
        if known is None or marks != old:
            changed.append((key, *marks))
            left += [Mark(*mark) for mark in zip(("place", "name"), old, strict=True) if mark[1]]
    if not changed:
        return
    db.executemany(_PUT, changed)
    seeds = {row[0] for row in changed}
    seeds.update(bird.key for mark in left for bird in _holders(db, mark))
    _regroup(db, seeds)


def _regroup(db: sqlite3.Connection, seeds: Iterable[int]) -> None:
    """Work out anew the groups of these and of everything connected with them."""
    touched = [Bird(*row) for row in db.execute(_TOUCHED, (json.dumps(list(seeds)),))]
    birds = {bird.key: bird for bird in touched}
    shared: dict[Mark, list[Bird]] = {}
    while touched and len(birds) < LARGEST:
        bird = touched.pop()
        for mark in bird.marks():
            if mark in shared:
                continue
            shared[mark] = _holders(db, mark)
            fresh = [each for each in shared[mark] if each.key not in birds]
            birds.update((each.key, each) for each in fresh)
            touched += fresh
    flocks = groups(birds.values(), shared)
    moved = [(flocks.get(key), key) for key, b in birds.items() if flocks.get(key) != b.flock]
    db.executemany(_MOVE, moved)


def _holders(db: sqlite3.Connection, mark: Mark) -> list[Bird]:
    """Return who has this mark; nobody where too many do."""
    found = [Bird(*row) for row in db.execute(_HOLDERS[mark.kind], (mark.number,))]
    return found if len(found) <= MANY else []


def groups(birds: Iterable[Bird], shared: dict[Mark, list[Bird]]) -> dict[int, int]:
    """Return the group of each that is not alone: the smallest key in it.

    The same page is the same thing. The same title is so only where no source has it twice, and
    never where it would join two things that one source tells apart.
    """
    parts: dict[int, set[Bird]] = {bird.key: {bird} for bird in birds}
    for mark in sorted(shared, key=lambda mark: (mark.kind == "name", mark.number)):
        holders = [bird for bird in shared[mark] if bird.key in parts]
        apart = {id(parts[bird.key]): parts[bird.key] for bird in holders}
        if len(apart) > 1 and (mark.kind == "place" or _may_join(apart.values())):
            whole = set().union(*apart.values())
            parts.update((bird.key, whole) for bird in whole)
    return {key: min(bird.key for bird in part) for key, part in parts.items() if len(part) > 1}


def _may_join(parts: Iterable[set[Bird]]) -> bool:
    """Return whether no source is in two of these."""
    listed = Counter(source for part in parts for source in {bird.source for bird in part})
    return max(listed.values()) == 1
