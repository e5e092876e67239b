import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from operator import methodcaller
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import folding
from storage.folding import Bird, Mark, groups
from storage.history import History
from storage.likeness import name, place
from storage.opportunities import Opportunities, Row
from storage.ranking import Within
from storage.records import Elsewhere, Provenance
from storage.schema import OPPORTUNITY, PUT_OPPORTUNITY, micros
from tests.storage.folder import NOON, Folder

TITLE = "StarkNet Odyssey Season 2"
LINK = "https://galxe.com/quest/stark/7"


def row(key: int, source: str, roi: float | None = 3.0, **more: object) -> Row:
    at = micros(NOON)
    plain = Row(
        key=key, source=source, title=TITLE, url="", reward="", minutes=5.0, roi=roi,
        rank=3 if roi is None else 1, deadline="", first_seen=at, last_seen=at,
    )  # fmt: skip
    return plain._replace(**more)  # type: ignore[arg-type]


def put(folder: Folder, *rows: Row) -> None:
    folder.history.write(lambda db: folder.index.put(db, rows))
    assert folder.index.fold(within_s=5)


def listed(folder: Folder, **within: object) -> list[str]:
    limits = Within(**within)  # type: ignore[arg-type]
    found = folder.index.top(n=50, source=None, since=None, within=limits)
    assert folder.index.count(source=None, since=None, within=limits).ranked == len(found)
    return [each.source for each in found]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LINK, "http://www.GALXE.com/quest/stark/7/"),
        (LINK, LINK + "?utm_source=rss&utm_medium=x&ref=9"),
        (LINK, LINK + "#about"),
        (LINK, "https://galxe.com:443/quest/stark/7"),
        ("https://e.org/q?b=2&a=1", "https://e.org/q/?a=1&fbclid=77&b=2"),
        ("https://e.org/#/quest/7", "http://e.org/#/quest/7"),
    ],
)
def test_one_page_is_one_place_however_it_is_spelled(one: str, other: str) -> None:
    """Scheme, www, port, slash, order and what only counts visitors do not matter."""
    assert place(one) is not None
    assert place(one) == place(other)


@pytest.mark.parametrize(
    "other",
    [
        "https://galxe.com/quest/stark/8", "https://galxe.com.evil.org/quest/stark/7",
        "https://galxe.com/quest/Stark/7", "https://galxe.com/quest/stark/7?step=2",
        "https://galxe.com:8443/quest/stark/7", "https://galxe.com/quest/stark/7#/two",
    ],
)  # fmt: skip
def test_another_page_is_another_place(other: str) -> None:
    """Also one that looks nearly the same."""
    assert place(other) not in {None, place(LINK)}


@pytest.mark.parametrize(
    "url", ["", "https://galxe.com", "https://galxe.com/?utm_source=x", "http://a@b.org/x", "x"]
)
def test_a_home_page_is_no_place(url: str) -> None:
    """Every quest of a project may link to it."""
    assert place(url) is None


@pytest.mark.parametrize(
    "other",
    [
        "starknet odyssey – season 2!", " STARKNET  Odyssey: Season 2 🚀",
        "ＳｔａｒｋＮｅｔ Odyssey Season 2", "Stark\u200bNet Odyssey Season 2",
    ],
)  # fmt: skip
def test_one_title_is_one_name_however_it_is_set(other: str) -> None:
    """Capitals, signs and what cannot be seen do not matter."""
    assert name(other) == name(TITLE) is not None


def test_what_a_card_glues_to_its_title_is_not_its_name() -> None:
    """The reward in front, the crowd behind, which grows from file to file."""
    cards = (
        "900 USDT30Linea Surge Weekly63.55K  participants ",
        "Linea Surge Weekly7 participants",
    )
    assert {name(card) for card in cards} == {name("Linea Surge Weekly")}


@pytest.mark.parametrize(
    "other",
    [
        "StarkNet Odyssey Season 3", "StarkNet Odyssey", "StarkNet Odyssey Season 2 Part 2",
        "StаrkNet Odyssey Season 2",  # a Cyrillic a
    ],
)  # fmt: skip
def test_a_near_title_is_another_name(other: str) -> None:
    """A season, a part, a letter that only looks alike."""
    assert name(other) not in {None, name(TITLE)}


@pytest.mark.parametrize("title", ["", "Airdrop", "Quest 7", "Airdrop 2025", "1 2 3 4 5 6 7 8 9 10",
                                   "A long title that was cut somewhe…"])  # fmt: skip
def test_a_title_that_tells_little_is_no_name(title: str) -> None:
    """Too short, only figures, or cut."""
    assert name(title) is None


def test_the_best_provenance_stands_for_all_that_list_it(folder: Folder) -> None:
    """The figure is its own, also where another one boasts; the rest is named with its links."""
    put(
        folder,
        row(1, "Galxe", 3.0, rank=0, url=LINK),
        row(2, "Zealy", 900.0, rank=2),
        row(3, "TwitterRSS", None, title="Other words", url=LINK + "?utm_source=feed"),
        row(4, "Layer3", 2.0, title="Something else entirely"),
    )
    first, second = folder.index.top(n=9, source=None, since=None)
    assert (first.roi, first.provenance, first.source) == (3.0, Provenance.GIVEN, "Galxe")
    assert first.also == (
        Elsewhere("Zealy", ""),
        Elsewhere("TwitterRSS", LINK + "?utm_source=feed"),
    )
    assert (second.source, second.also) == ("Layer3", ())
    counts = folder.index.count(source=None, since=None)
    assert (counts.total, counts.ranked, counts.unknown) == (2, 2, 0)


def test_who_stands_for_a_group_is_chosen_within_the_filters(folder: Folder) -> None:
    """Asked for one source, its own line is shown; what was not seen lately stands for nothing."""
    put(
        folder,
        row(1, "Galxe", 3.0, rank=0, last_seen=micros(NOON - timedelta(days=9))),
        row(2, "Zealy", 4.0),
    )
    (zealy,) = folder.index.top(n=9, source="Zealy", since=None)
    assert (zealy.source, [each.source for each in zealy.also]) == ("Zealy", ["Galxe"])
    (recent,) = folder.index.top(n=9, source=None, since=NOON)
    assert (recent.source, recent.also) == ("Zealy", ())
    assert listed(folder) == ["Galxe"]


def test_a_limit_is_asked_of_who_stands_for_the_group(folder: Folder) -> None:
    """A boast of a worse source does not bring a thing past the limit its real figure misses."""
    put(folder, row(1, "Galxe", 3.0, rank=0), row(2, "Zealy", 900.0, rank=2))
    assert listed(folder, min_roi=5.0) == []
    assert listed(folder, min_roi=3.0) == ["Galxe"]


def test_limits_are_inclusive_and_unknown_minutes_are_not_short(folder: Folder) -> None:
    """Five minutes are at most five; who says nothing may take all day."""
    put(
        folder,
        row(1, "Galxe", 5.0, title="a", minutes=5.0),
        row(2, "Zealy", 6.0, title="b", minutes=None),
        row(3, "Layer3", 4.0, title="c", minutes=6.0),
    )
    assert listed(folder, max_minutes=5) == ["Galxe"]
    assert listed(folder, min_roi=5.0) == ["Zealy", "Galxe"]


def test_a_title_that_one_source_has_twice_names_nothing(folder: Folder) -> None:
    """Two quests to join a Discord are two things, also for whoever lists one of them."""
    put(folder, row(1, "Zealy"), row(2, "Galxe"))
    assert len(listed(folder)) == 1
    put(folder, row(3, "Zealy"))
    assert len(listed(folder)) == 3
    put(folder, row(3, "Zealy", title="Renamed since, with care", last_seen=micros(NOON) + 1))
    assert len(listed(folder)) == 2


def test_a_link_between_does_not_join_what_one_source_tells_apart(folder: Folder) -> None:
    """A feed that borrows one quest's title and another one's link hides neither."""
    put(
        folder,
        row(1, "Galxe", url="https://galxe.com/quest/a/1"),
        row(2, "Galxe", url="https://galxe.com/quest/b/2", title="Linea Surge Weekly Bounty"),
        row(3, "TwitterRSS", 90.0, rank=0, url="https://galxe.com/quest/b/2"),
    )
    assert sorted(listed(folder)) == ["Galxe", "TwitterRSS"]


def test_what_too_many_share_names_nothing(folder: Folder) -> None:
    """A flood under one link is not one thing, and costs no more than it must."""
    flood = [row(n, f"S{n}", float(n), url=LINK) for n in range(1, 200)]
    put(folder, *flood[: folding.MANY])
    assert len(listed(folder)) == 1
    folder.history.write(lambda db: db.execute("DELETE FROM opportunity"))
    put(folder, *flood)
    assert folder.index.count(source=None, since=None).ranked == 199


def test_put_away_takes_the_whole_group(folder: Folder) -> None:
    """Also when another source's line stands for it later."""
    put(
        folder,
        row(1, "Galxe", 3.0, rank=1),
        row(2, "Zealy", 4.0, rank=2),
        row(5, "Layer3", title="x"),
    )
    (first, _) = folder.index.top(n=9, source=None, since=None)
    assert listed(folder, without=[first.key]) == ["Layer3"]
    put(folder, row(9, "TwitterRSS", 8.0, rank=0))
    assert listed(folder) == ["TwitterRSS", "Layer3"]
    assert listed(folder, without=[first.key]) == ["Layer3"]
    assert listed(folder, without=["", "zz", "1" * 40, "ffffffffffffffff"])[0] == "TwitterRSS"
    assert set(folder.index.keyed([first.key, "nonsense"])) == {first.key}


_birds = st.lists(
    st.builds(
        lambda key, source, page, title: row(
            key, source, url=page and f"https://e.org/{page}", title=title
        ),
        st.integers(-6, 6),
        st.sampled_from("ABCD"),
        st.sampled_from(["", "p", "q", "r"]),
        st.sampled_from(["The very first title", "The very second title", "x"]),
    ),
    max_size=14,
)


def assert_folded_as_anew(folder: Folder) -> None:
    """Compare the groups kept with those worked out anew from what the table holds."""
    query = f"SELECT {OPPORTUNITY} FROM opportunity"  # noqa: S608 (a constant)
    rows = [Row(*each) for each in folder.history.read(lambda db: db.execute(query).fetchall())]
    birds = [Bird(n, r.key, r.source, place(r.url), name(r.title)) for n, r in enumerate(rows)]
    shared: dict[Mark, list[Bird]] = {}
    for bird in birds:
        for mark in bird.marks():
            shared.setdefault(mark, []).append(bird)
    expected = {birds[number].key: flock for number, flock in groups(birds, shared).items()}
    query = "SELECT key, flock FROM opportunity WHERE flock NOT NULL"
    assert dict(folder.history.read(lambda db: db.execute(query).fetchall())) == expected


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_birds, st.data())
def test_the_order_of_arrival_does_not_matter(
    folder: Folder, rows: list[Row], data: st.DataObject
) -> None:
    """Row by row, changed on the way or all at once: the same groups as worked out anew."""
    folder.history.write(lambda db: db.execute("DELETE FROM opportunity"))
    for one in data.draw(st.permutations(rows)):
        put(folder, one._replace(title="Not yet known by its name"))
        put(folder, one._replace(last_seen=one.last_seen + 1))
    assert_folded_as_anew(folder)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(_birds, st.integers(1, 6)), max_size=12))
def test_nothing_that_waits_is_missed(folder: Folder, doings: list[list[Row] | int]) -> None:
    """What is new or changed while older things still wait is folded as it is in the end."""
    folder.history.write(lambda db: db.execute("DELETE FROM opportunity"))
    for at, doing in enumerate(doings):
        if isinstance(doing, int):
            folder.history.write(partial(folding.step, n=doing))
        else:
            seen = [one._replace(last_seen=one.last_seen + at) for one in doing]
            folder.history.write(methodcaller("executemany", PUT_OPPORTUNITY, seen))
    while folder.history.write(partial(folding.step, n=3)):
        pass
    assert_folded_as_anew(folder)


def test_what_comes_after_the_newest_left_is_not_missed(folder: Folder) -> None:
    """A number that is free again names something new, which waits like all new things."""
    put(folder, row(1, "Galxe"), row(2, "Zealy", title="Something else entirely"))
    folder.history.write(lambda db: db.execute("DELETE FROM opportunity WHERE key = 2"))
    put(folder, row(3, "Layer3"))
    assert len(listed(folder)) == 1


FOURTH = """
CREATE TABLE opportunity (
    key INTEGER PRIMARY KEY, source TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL,
    reward TEXT NOT NULL, minutes REAL, roi REAL, rank INTEGER NOT NULL, deadline TEXT NOT NULL,
    first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, flock INTEGER
);
CREATE INDEX opportunity_first ON opportunity (source, first_seen);
CREATE INDEX opportunity_paid ON opportunity (source) WHERE roi IS NOT NULL;
CREATE INDEX opportunity_best ON opportunity (roi DESC) WHERE roi IS NOT NULL;
CREATE INDEX opportunity_flock
    ON opportunity (flock, rank, last_seen DESC, key, source) WHERE flock IS NOT NULL;
CREATE TABLE alike (key INTEGER PRIMARY KEY, place INTEGER, name INTEGER);
CREATE INDEX alike_place ON alike (place) WHERE place IS NOT NULL;
CREATE INDEX alike_name ON alike (name) WHERE name IS NOT NULL;
CREATE TABLE unfolded (key INTEGER PRIMARY KEY);
INSERT INTO alike VALUES (-7, 5, 6);
PRAGMA user_version = 4;
"""


def test_an_older_file_is_folded_as_it_is(tmp_path: Path) -> None:
    """What a version kept by its keys is all there, and folded once; then it is an ordinary one."""
    path = tmp_path / "history.sqlite"
    old = [row(-7, "Galxe", minutes=None), row(2, "Zealy", url=LINK), row(3, "Zealy", title="x")]
    with closing(sqlite3.connect(path)) as db:
        db.executescript(FOURTH)
        query = "INSERT INTO opportunity VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, -7)"
        db.executemany(query, old)
        db.commit()
    for _ in range(2):
        history = History(path)
        index = Opportunities(history)
        assert index.fold(within_s=5)
        found = index.keyed([f"{one.key & 2**64 - 1:016x}" for one in old]).values()
        assert sorted(each.source for each in found) == ["Galxe", "Zealy", "Zealy"]
        assert [len(each.also) for each in index.top(n=9, source=None, since=None)] == [1, 0]
        tables = {name for (name,) in history.read(_tables)}
        assert {"scattered", "unfolded"}.isdisjoint(tables)
        history.close()


def _tables(db: sqlite3.Connection) -> list[tuple[str]]:
    return db.execute("SELECT name FROM sqlite_master").fetchall()


def test_the_best_are_read_along_an_index(folder: Folder) -> None:
    """A hundred thousand opportunities are not sorted for five."""
    plan = folder.history.read(
        lambda db: db.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM listed WHERE roi NOT NULL ORDER BY roi DESC LIMIT 5"
        ).fetchall()
    )
    assert "opportunity_best" in json.dumps(plan)


def test_a_first_reading_is_folded_afterwards_in_steps(folder: Folder) -> None:
    """Much at once waits, and says so until all of it was looked at."""
    many = [row(n, "Galxe", float(n), title=f"Quest {n} of the long season") for n in range(1, 500)]
    twin = row(999, "Zealy", 1.0, rank=0, title="Quest 400 of the long season")
    folder.index.fold(within_s=5)
    folder.history.write(lambda db: folder.index.put(db, [*many, twin]))
    assert folder.index.count(source=None, since=None).total == 500
    assert not folder.index.fold(within_s=0)
    while not folder.index.fold(within_s=0):
        pass
    assert folder.index.count(source=None, since=None).total == 499


def test_what_was_kept_in_memory_is_folded_once_the_disk_takes_it(tmp_path: Path) -> None:
    """A full disk costs a line twice for a while, nothing else."""
    history = History(tmp_path / "history.sqlite", retry_s=0.0)
    index = Opportunities(history)
    history.write(lambda db: index.put(db, [row(n, "Galxe", title=f"{n}") for n in range(9, 99)]))
    assert index.fold(within_s=5)
    pages = history.read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    history.read(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"))
    some = [row(n, "Zealy", url=f"https://e.org/{n}/{'x' * 900}") for n in range(100, 300)]
    pair = [row(1, "Galxe", 5.0), row(2, "Layer3", 4.0)]
    different = [each._replace(title=f"Quest {each.key} of many") for each in some]
    history.write(lambda db: index.put(db, [*different, *pair]))
    assert not history.on_disk
    assert not index.fold(within_s=5)
    assert index.count(source=None, since=None).total == 292
    history.read(lambda db: db.execute("PRAGMA max_page_count = 1000000"))
    assert index.fold(within_s=5)
    assert history.on_disk
    assert index.count(source=None, since=None).total == 291
    history.close()


def test_what_changed_in_memory_is_folded_once_the_disk_takes_it(tmp_path: Path) -> None:
    """A new title that only memory could take joins its like later."""
    history = History(tmp_path / "history.sqlite", retry_s=0.0)
    index = Opportunities(history)
    pair = [row(1, "Galxe", title="Not yet known by its name"), row(2, "Layer3", 4.0)]
    history.write(lambda db: index.put(db, pair))
    pages = history.read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    history.read(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"))
    big = [row(n, "Zealy", title="x", url=f"https://e.org/{n}/{'x' * 900}") for n in range(3, 99)]
    renamed = pair[0]._replace(title=TITLE, last_seen=pair[0].last_seen + 1)
    history.write(lambda db: index.put(db, [*big, renamed]))
    assert not history.on_disk
    assert index.count(source=None, since=None).total == 98
    history.read(lambda db: db.execute("PRAGMA max_page_count = 1000000"))
    assert index.fold(within_s=5)
    assert history.on_disk
    assert index.count(source=None, since=None).total == 97
    history.close()
