"""Which opportunities are one thing that several sources list; kept beside them, step by step."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from storage.likeness import name, place

# More than this under one mark, and it names no single thing.
MANY = 48
LARGEST = 1_000

# All up to the last one in `alike` was looked at, but for what changed since.
_NEXT = """
WITH seen (id) AS (SELECT coalesce(max(id), 0) FROM alike)
SELECT id FROM opportunity WHERE changed = 1 AND id <= (SELECT id FROM seen) UNION ALL
SELECT id FROM opportunity WHERE id > (SELECT id FROM seen) LIMIT ?
"""
_TAKE = """
SELECT o.id, o.title, o.url, a.id, a.place, a.name FROM opportunity AS o
LEFT JOIN alike AS a ON a.id = o.id WHERE o.id IN (SELECT value FROM json_each(?))
"""
_TAKEN = """
UPDATE opportunity SET changed = NULL
WHERE id IN (SELECT value FROM json_each(?)) AND changed IS NOT NULL
"""
_PUT = """
INSERT INTO alike VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET place = excluded.place, name = excluded.name
"""
_BIRD = """
SELECT o.id, o.key, o.source, a.place, a.name, o.flock
FROM alike AS a JOIN opportunity AS o ON o.id = a.id
"""
_HOLDERS = {mark: f"{_BIRD} WHERE a.{mark} = ? LIMIT {MANY + 1}" for mark in ("place", "name")}
# Of these, the ones that share a mark with somebody, or did.
_TOUCHED = f"""
{_BIRD} WHERE a.id IN (SELECT value FROM json_each(?)) AND (o.flock IS NOT NULL
    OR EXISTS (SELECT 1 FROM alike AS b WHERE b.place = a.place AND b.id <> a.id)
    OR EXISTS (SELECT 1 FROM alike AS b WHERE b.name = a.name AND b.id <> a.id))
"""  # noqa: S608 (a constant)
_MOVE = "UPDATE opportunity SET flock = ? WHERE id = ?"


class Mark(NamedTuple):
    """What several opportunities may have in common."""

    kind: str
    number: int


class Bird(NamedTuple):
    """One opportunity as folding sees it; `flock` is the group it is in now."""

    id: int
    key: int
    source: str
    place: int | None
    name: int | None
    flock: int | None = None

    def marks(self) -> Iterator[Mark]:
        """Yield the marks it has."""
        if self.place is not None:
            yield Mark("place", self.place)
        if self.name is not None:
            yield Mark("name", self.name)


def step(db: sqlite3.Connection, n: int) -> bool:
    """Fold the next `n` that wait, inside a transaction; return whether more may wait."""
    ids = [number for (number,) in db.execute(_NEXT, (n,))]
    if ids:
        waited = json.dumps(ids)
        _fold(db, waited)
        db.execute(_TAKEN, (waited,))
    return len(ids) == n


def _fold(db: sqlite3.Connection, waited: str) -> None:
    """Find the groups of these; what did not change costs little."""
    changed, left = [], []
    for number, title, url, known, *old in db.execute(_TAKE, (waited,)).fetchall():
        marks = [place(url), name(title)]
        if known is None or marks != old:
            changed.append((number, *marks))
            left += [Mark(*mark) for mark in zip(("place", "name"), old, strict=True) if mark[1]]
    if not changed:
        return
    db.executemany(_PUT, changed)
    seeds = {row[0] for row in changed}
    seeds.update(bird.id for mark in left for bird in _holders(db, mark))
    _regroup(db, seeds)


def _regroup(db: sqlite3.Connection, seeds: Iterable[int]) -> None:
    """Work out anew the groups of these and of everything connected with them."""
    touched = [Bird(*row) for row in db.execute(_TOUCHED, (json.dumps(list(seeds)),))]
    birds = {bird.id: bird for bird in touched}
    shared: dict[Mark, list[Bird]] = {}
    while touched and len(birds) < LARGEST:
        bird = touched.pop()
        for mark in bird.marks():
            if mark in shared:
                continue
            shared[mark] = _holders(db, mark)
            fresh = [each for each in shared[mark] if each.id not in birds]
            birds.update((each.id, each) for each in fresh)
            touched += fresh
    flocks = groups(birds.values(), shared)
    moved = [
        (flocks.get(number), number) for number, b in birds.items() if flocks.get(number) != b.flock
    ]
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
    parts: dict[int, set[Bird]] = {bird.id: {bird} for bird in birds}
    for mark in sorted(shared, key=lambda mark: (mark.kind == "name", mark.number)):
        holders = [bird for bird in shared[mark] if bird.id in parts]
        apart = {id(parts[bird.id]): parts[bird.id] for bird in holders}
        if len(apart) > 1 and (mark.kind == "place" or _may_join(apart.values())):
            whole = set().union(*apart.values())
            parts.update((bird.id, whole) for bird in whole)
    return {
        number: min(bird.key for bird in part) for number, part in parts.items() if len(part) > 1
    }


def _may_join(parts: Iterable[set[Bird]]) -> bool:
    """Return whether no source is in two of these."""
    listed = Counter(source for part in parts for source in {bird.source for bird in part})
    return max(listed.values()) == 1
