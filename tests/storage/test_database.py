import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinydb import TinyDB

from storage.database import Database
from storage.incidents import AlertState, Delivery, Incident, Kind
from storage.records import Moment, Phrase, Severity
from storage.table import OutsideError, ReadOnlyError

Step: TypeAlias = tuple[str, "Note | None"]
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Note:
    """A row of the tests."""

    text: str
    n: int = 0


@dataclass(frozen=True, slots=True)
class Stricter:
    """The same row after an update that some rows do not fit."""

    text: str
    n: int


def break_disk(path: Path) -> Callable[[], None]:
    """Make every write fail with "no space"; return how to mend it."""
    beside = path.with_name(f".{path.name}.tmp")
    path.chmod(0o600) if path.exists() else None
    beside.mkdir()
    return beside.rmdir


def test_a_transaction_is_one_write_whatever_it_changes(tmp_path: Path) -> None:
    """A thousand rows in two tables are one write; no change is none."""
    database = Database(tmp_path / "state.json")
    notes, others = database.table("notes", Note), database.table("others", Note)
    with database.transaction():
        for n in range(500):
            notes.put(str(n), Note("a", n))
            others.put(str(n), Note("b", n))
    assert database.writes == 1
    with database.transaction():
        notes.put("1", Note("a", 1))
        notes.remove("absent")
    assert database.writes == 1
    again = Database(tmp_path / "state.json").table("notes", Note)
    assert sorted(row.n for row in again.all()) == list(range(500))


def test_rows_come_back_changed_and_removed(tmp_path: Path) -> None:
    """What was committed is what the next process reads."""
    database = Database(tmp_path / "state.json")
    notes = database.table("notes", Note)
    with database.transaction():
        notes.put("a", Note("one"))
        notes.put("b", Note("two"))
    with database.transaction():
        notes.put("a", Note("three"))
        notes.remove("b")
        assert (notes.get("b"), notes.all()) == (None, [Note("three")])
    again = Database(tmp_path / "state.json").table("notes", Note)
    assert again.all() == [Note("three")]
    assert database.table("notes", Note) is notes


def test_an_exception_takes_everything_back(tmp_path: Path) -> None:
    """Also the changes an inner transaction had finished."""
    database = Database(tmp_path / "state.json")
    notes = database.table("notes", Note)
    with database.transaction():
        notes.put("a", Note("kept"))

    def half() -> None:
        with database.transaction():
            with database.transaction():
                notes.put("a", Note("lost"))
                database.number("x")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert notes.get("a") == Note("kept")
    with database.transaction():
        assert database.number("x") == 1
    assert Database(tmp_path / "state.json").table("notes", Note).all() == [Note("kept")]


def test_a_full_disk_leaves_memory_and_file_as_they_were(tmp_path: Path) -> None:
    """The error is raised and named; the next write works again."""
    path = tmp_path / "state.json"
    database = Database(path)
    notes = database.table("notes", Note)
    with database.transaction():
        notes.put("a", Note("kept"))
    before = path.read_bytes()
    mend = break_disk(path)
    with pytest.raises(OSError, match="directory"), database.transaction():
        notes.put("a", Note("lost"))
    assert (notes.get("a"), path.read_bytes()) == (Note("kept"), before)
    assert database.error
    mend()
    with database.transaction():
        notes.put("a", Note("new"))
    assert (database.error, database.writes) == ("", 2)


def test_work_goes_on_in_memory_until_the_disk_accepts(tmp_path: Path) -> None:
    """`commit` never raises; the first write that works brings everything to the disk."""
    path = tmp_path / "state.json"
    database = Database(path)
    notes = database.table("notes", Note)
    mend = break_disk(path)
    database.commit(lambda: notes.put("a", Note("one")))
    database.commit(lambda: notes.put("b", Note("two")))
    assert len(notes.all()) == 2
    assert database.error
    assert Database(path, read_only=True).table("notes", Note).all() == []
    mend()
    database.commit(lambda: None)
    assert database.error == ""
    assert len(Database(path).table("notes", Note).all()) == 2


def test_numbers_never_come_twice(tmp_path: Path) -> None:
    """Sequences go on after a restart, each on its own."""
    first = Database(tmp_path / "state.json")
    with first.transaction():
        assert [first.number("a"), first.number("a"), first.number("b")] == [1, 2, 1]
    second = Database(tmp_path / "state.json")
    with second.transaction():
        assert second.number("a") == 3


def test_changes_need_a_transaction_of_this_thread(tmp_path: Path) -> None:
    """Anything else is a bug and raises; a reader sees the last commit meanwhile."""
    database = Database(tmp_path / "state.json")
    notes = database.table("notes", Note)
    with pytest.raises(OutsideError):
        notes.put("a", Note("one"))
    seen: list[object] = []

    def other() -> None:
        seen.append(notes.get("a"))
        seen.append(notes.all())
        try:
            notes.put("b", Note("two"))
        except OutsideError as error:
            seen.append(type(error))

    with database.transaction():
        notes.put("a", Note("one"))
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert seen == [None, [], OutsideError]


def test_threads_take_turns(tmp_path: Path) -> None:
    """Two threads that count together lose no count."""
    database = Database(tmp_path / "state.json")
    notes = database.table("notes", Note)
    database.commit(lambda: notes.put("a", Note("x", 0)))

    def count() -> None:
        for _ in range(50):
            with database.transaction():
                row = notes.get("a")
                assert row is not None
                notes.put("a", replace(row, n=row.n + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes.get("a") == Note("x", 200)


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"\xff\xfe\x00", b"[1]", b'{"notes": [1]}', b"[" * 100_000, b'{"a":{"b":1}}'],
)
def test_an_unreadable_file_is_set_aside_and_the_previous_taken(
    tmp_path: Path, damage: bytes
) -> None:
    """The damaged file is kept beside, told, and the next commit writes a good one."""
    path = tmp_path / "state.json"
    database = Database(path)
    notes = database.table("notes", Note)
    for text in ("one", "two"):
        with database.transaction():
            notes.put("a", Note(text))
    path.write_bytes(damage)
    again = Database(path)
    assert again.table("notes", Note).all() == [Note("one")]
    (name,) = again.damaged
    assert (tmp_path / name).read_bytes() == damage
    with again.transaction():
        again.table("notes", Note).put("b", Note("three"))
    assert len(Database(path).table("notes", Note).all()) == 2


def test_two_unreadable_files_start_empty_and_say_so(tmp_path: Path) -> None:
    """Nothing is silently re-announced: both are named."""
    path = tmp_path / "state.json"
    path.write_bytes(b"{")
    (tmp_path / "state.json.prev").write_bytes(b"{")
    database = Database(path)
    assert len(database.damaged) == 2
    assert database.table("notes", Note).all() == []


def test_a_row_that_does_not_fit_costs_one_row(tmp_path: Path) -> None:
    """The others are read, and the whole file is kept aside first."""
    path = tmp_path / "state.json"
    path.write_bytes(b'{"notes": {"a": {"text": "x"}, "b": {"text": "y", "n": 2}}}')
    database = Database(path)
    notes = database.table("notes", Stricter)
    assert notes.all() == [Stricter("y", 2)]
    (name,) = database.damaged
    assert b'"x"' in (tmp_path / name).read_bytes()
    with database.transaction():
        notes.put("c", Stricter("z", 3))
    assert b'"x"' not in path.read_bytes()


def test_a_reader_changes_nothing(tmp_path: Path) -> None:
    """Not even a damaged file is moved."""
    path = tmp_path / "state.json"
    path.write_bytes(b"{")
    database = Database(path, read_only=True)
    assert len(database.damaged) == 1
    with pytest.raises(ReadOnlyError), database.transaction():
        database.table("notes", Note).put("a", Note("one"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.one_of(TEXT, st.integers(-(2**53), 2**53), NUMBERS, st.none())
PHRASES = st.builds(Phrase, TEXT, st.dictionaries(TEXT, VALUES, max_size=3))
WHEN = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
LEVELS = st.sampled_from(Severity)


@given(
    alert=st.builds(AlertState, key=TEXT, level=LEVELS, told_s=st.dictionaries(TEXT, NUMBERS)),
    incident=st.builds(
        Incident,
        number=st.integers(1, 2**31),
        key=TEXT,
        check=TEXT,
        level=LEVELS,
        peak=LEVELS,
        since=WHEN,
        opened=WHEN,
        opened_s=NUMBERS,
        fact=PHRASES,
        latest=PHRASES,
        evidence=st.lists(PHRASES, max_size=2).map(tuple),
        told=st.lists(TEXT, max_size=2).map(tuple),
    ),
    delivery=st.builds(
        Delivery,
        id=st.integers(1, 2**31),
        incident=st.integers(0, 2**31),
        key=TEXT,
        kind=st.sampled_from(Kind),
        seq=st.integers(0, 99),
        channel=TEXT,
        level=LEVELS,
        created=WHEN,
        created_s=NUMBERS,
        note=st.none() | PHRASES,
    ),
)
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    alert: AlertState,
    incident: Incident,
    delivery: Delivery,
) -> None:
    """I15: decode(encode(row)) is the row, for every noun and any Unicode."""
    path = tmp_path_factory.mktemp("state") / "state.json"
    database = Database(path)
    with database.transaction():
        database.table("alerts", AlertState).put("a", alert)
        database.table("incidents", Incident).put("b", incident)
        database.table("outbox", Delivery).put("c", delivery)
        database.table("clock", Moment).put("d", Moment(wall=incident.since, logical_s=1.5))
    again = Database(path)
    assert again.table("alerts", AlertState).get("a") == alert
    assert again.table("incidents", Incident).get("b") == incident
    assert again.table("outbox", Delivery).get("c") == delivery
    assert again.table("clock", Moment).get("d") == Moment(wall=incident.since, logical_s=1.5)
    assert not again.damaged


def parity(row: Note) -> str:
    """Return the group of a row; text "" is in none."""
    return f"{row.text}{row.n % 2}" if row.text else ""


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.none() | st.builds(Note, st.sampled_from(["", "x", "y"]), st.integers(0, 3)),
    ),
    max_size=8,
)


@given(st.lists(st.tuples(STEPS, st.booleans()), max_size=6))
def test_groups_follow_every_commit_and_no_rollback(
    tmp_path_factory: pytest.TempPathFactory, transactions: list[tuple[list[Step], bool]]
) -> None:
    """Inside a transaction and after it, they are what a walk over all rows would find."""
    path = tmp_path_factory.mktemp("state") / "state.json"
    database = Database(path)
    notes = database.table("notes", Note, group_by=parity)

    def walked(name: str) -> list[Note]:
        return sorted((row for row in notes.all() if parity(row) == name), key=repr)

    def holds() -> None:
        for name in ("x0", "x1", "y0", "y1"):
            assert sorted(notes.group(name).values(), key=repr) == walked(name)

    def run(steps: list[Step]) -> None:
        for key, row in steps:
            notes.remove(key) if row is None else notes.put(key, row)
            holds()

    for steps, kept in transactions:
        with suppress(KeyError), database.transaction():
            run(steps)
            if not kept:
                raise KeyError
        holds()
        assert "" not in notes.groups()
        assert all(notes.groups().values())
    again = Database(path).table("notes", Note, group_by=parity)
    assert again.groups() == notes.groups()


def test_a_group_nobody_touched_is_the_same_object(tmp_path: Path) -> None:
    """So what was made of it before still holds; a reader's copy never changes under it."""
    database = Database(tmp_path / "state.json")
    notes = database.table("notes", Note, group_by=parity)
    with database.transaction():
        notes.put("a", Note("x", 1))
        notes.put("b", Note("y", 1))
    x, y = notes.groups()["x1"], notes.groups()["y1"]
    with database.transaction():
        notes.put("a", Note("x", 3))
        assert notes.groups()["x1"] is x
    assert notes.groups()["y1"] is y
    assert notes.groups()["x1"] is not x
    assert x == {"a": Note("x", 1)}


def test_tinydb_reads_what_we_write(tmp_path: Path) -> None:
    """The file is a TinyDB document: other tools can open it."""
    database = Database(tmp_path / "state.json")
    with database.transaction():
        database.table("notes", Note).put("7", Note("x", 1))
    with TinyDB(tmp_path / "state.json", access_mode="r") as tiny:
        (document,) = tiny.table("notes").all()
    assert (document.doc_id, dict(document)) == (7, {"text": "x", "n": 1})
