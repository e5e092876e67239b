import json
import os
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from storage.clock import monotonic_s
from storage.history import History
from storage.opportunities import Opportunities
from storage.records import Severity
from storage.tracker import FileState, FolderState, ReadOptions, Tracker
from storage.tracker.discovery import scan
from storage.tracker.memory import Memory
from storage.tracker.reading import Reading
from storage.tracker.roi import Judge
from tests.storage.folder import EPOCH_S, NOON, Folder, keys

NAME = "opportunities_1754069406.json"


def quest(number: int, **more: object) -> dict[str, object]:
    return {"title": f"Quest {number}", "link": f"https://e.org/{number}", "source": "Galxe"} | more


def forge(path: Path, content: bytes) -> None:
    """Change a file's bytes but not its size, time and inode."""
    stat = path.stat()
    assert len(content) == stat.st_size
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize("restart", [False, True])
def test_an_unchanged_file_is_never_read_twice(folder: Folder, *, restart: bool) -> None:
    """Size, time and inode decide, across restarts too: the bytes are not looked at."""
    path = folder.write(NAME, [quest(1)])
    first = folder.read()
    forge(path, b"x" * path.stat().st_size)
    if restart:
        folder.restart()
    again = folder.read()
    assert again == first
    assert again.files[0].state is FileState.OK


@pytest.mark.parametrize("restart", [False, True])
def test_a_changed_file_is_read_again(folder: Folder, *, restart: bool) -> None:
    """The same name with another time is another content."""
    folder.write(NAME, [quest(1)])
    folder.read()
    if restart:
        folder.restart()
    folder.write(NAME, [quest(1), quest(2)], mtime_s=EPOCH_S + 1)
    assert folder.read().files[0].records == 2
    assert folder.index.count(source=None, since=None).total == 2


@pytest.mark.parametrize("restart", [False, True])
def test_a_deleted_file_leaves_its_opportunities(folder: Folder, *, restart: bool) -> None:
    """It is gone from the snapshot; what it told is history."""
    folder.write(NAME, [quest(1)])
    folder.write("opportunities_1754069407.json", [quest(2)]).unlink()
    (path,) = folder.path.iterdir()
    folder.read()
    path.unlink()
    if restart:
        folder.restart()
    snapshot = folder.read()
    assert (snapshot.files, snapshot.folder) == ((), FolderState.EMPTY)
    assert folder.index.count(source=None, since=None).total == 1
    folder.restart()
    assert folder.read().files == ()


def test_a_file_lists_records_that_were_seen_before(folder: Folder) -> None:
    """First and last seen are the earliest and latest data times, in whatever order they come."""
    for hours in (2, 0, 1):
        folder.write(f"opportunities_{EPOCH_S + hours * 3600}.json", [quest(1, roi=3.0)])
        folder.read()
    (found,) = folder.index.top(n=5, source=None, since=None)
    assert (found.first_seen, found.last_seen) == (NOON, NOON + timedelta(hours=2))


def test_reading_all_anew_tells_the_same_times(folder: Folder) -> None:
    """An index that was lost and rebuilt does not call everything new."""
    for hours in range(3):
        folder.write(
            f"opportunities_{EPOCH_S - hours * 86_400}.json", [quest(1, roi=3.0), quest(hours)]
        )
    folder.now = NOON + timedelta(days=30)
    folder.read()
    before = folder.index.top(n=9, source=None, since=None)
    folder.history.close()
    folder.database.unlink()
    folder.open()
    folder.read()
    assert folder.index.top(n=9, source=None, since=None) == before
    assert folder.index.statistics(now=folder.now).new == 0


def test_the_deadline_cuts_and_the_next_reading_goes_on(folder: Folder) -> None:
    """What was not reached is counted as pending, newest files are read first."""
    for number in range(3):
        folder.write(
            f"opportunities_{EPOCH_S + number}.json", [quest(number)], mtime_s=EPOCH_S + number
        )
    cut = folder.read(deadline_s=0.0)
    assert (cut.complete, cut.pending, cut.files, cut.folder) == (False, 3, (), FolderState.OK)
    whole = folder.read(deadline_s=60.0)
    assert (whole.complete, whole.pending, len(whole.files)) == (True, 0, 3)


def a_reading(folder: Folder, pause: Callable[[float], object], until_s: float = 9e9) -> Reading:
    memory = Memory(folder.index, Judge({}))
    memory.refresh()
    return Reading(
        listing=scan(folder.path),
        memory=memory,
        options=ReadOptions(settle_s=2.0),
        now=NOON,
        until_s=until_s,
        pause=pause,
    )


HALF = b'[{"title": "Quest 1", "link": "https://e.org/1"}, {"title": "Qu'
WHOLE = HALF + b'est 2"}]'


def test_a_half_written_file_is_read_once_more(folder: Folder) -> None:
    """The writer finishes while the reader waits: no finding, all records."""
    path = folder.write(NAME, HALF)
    waits: list[float] = []

    def finish(seconds: float) -> None:
        waits.append(seconds)
        path.write_bytes(WHOLE)

    reading = a_reading(folder, finish)
    reading.run([NAME])
    report = reading.memory.known[NAME].report
    assert (report.state, report.records, reading.unstable) == (FileState.OK, 2, {})
    assert len(waits) == 1
    assert 1.0 < waits[0] <= 2.0


def test_a_file_that_is_cut_and_still_changes_is_unstable(folder: Folder) -> None:
    """It is reported, but not remembered: the next reading sees it anew."""
    path = folder.write(NAME, HALF[:20])

    def go_on(_: float) -> None:
        path.write_bytes(HALF)
        os.utime(path, (EPOCH_S + 2, EPOCH_S + 2))

    reading = a_reading(folder, go_on)
    reading.run([NAME])
    assert reading.unstable[NAME].state is FileState.UNSTABLE
    assert keys(reading.unstable[NAME]) == ["unstable"]
    assert NAME not in reading.memory.known


def test_a_file_that_stays_cut_is_invalid(folder: Folder) -> None:
    """Nobody is writing it any more."""
    folder.write(NAME, HALF)
    report = folder.read().files[0]
    assert (report.state, keys(report)) == (FileState.INVALID, ["invalid"])


def test_old_broken_files_are_not_waited_for(folder: Folder) -> None:
    """Only what was touched lately may be half-written."""
    folder.write(NAME, HALF, mtime_s=EPOCH_S - 86_400)
    waits: list[float] = []
    reading = a_reading(folder, waits.append)
    reading.run([NAME])
    assert waits == []
    assert reading.memory.known[NAME].report.state is FileState.INVALID


def test_no_wait_goes_beyond_the_deadline(folder: Folder) -> None:
    """Too little time left: the file is unstable for now, everything else is there."""
    folder.write(NAME, HALF)
    folder.write("opportunities_1754069000.json", [quest(1)])
    waits: list[float] = []
    reading = a_reading(folder, waits.append, until_s=monotonic_s() + 1.0)
    reading.run(list(reading.listing.stamps))
    assert (waits, list(reading.unstable)) == ([], [NAME])
    assert "opportunities_1754069000.json" in reading.memory.known


def test_what_an_unstable_file_lists_is_not_kept(folder: Folder) -> None:
    """Its whole lines wait for the rest; the same record in another file counts at its time."""
    first, second = (quest(number, roi_usd_per_min=3.0) for number in (1, 2))
    lines = [json.dumps(record).encode() for record in (first, second)]
    folder.write("quests.jsonl", b"\n".join([*lines, b'{"title": "Qu']))
    folder.write("opportunities_1754069000.json", [first])
    reading = a_reading(folder, lambda _: None, until_s=monotonic_s() + 1.0)
    reading.run(["quests.jsonl", "opportunities_1754069000.json"])
    assert list(reading.unstable) == ["quests.jsonl"]
    (kept,) = folder.index.top(n=9, source=None, since=None)
    assert (kept.title, kept.last_seen.timestamp()) == ("Quest 1", 1_754_069_000)


def test_a_file_that_lost_half_its_records_is_told(folder: Folder) -> None:
    """A shrunk file is suspicious even if valid."""
    folder.write(NAME, [quest(n) for n in range(20)])
    folder.read()
    folder.write(NAME, [quest(1)], mtime_s=EPOCH_S + 1)
    report = folder.read().files[0]
    assert keys(report) == ["shrunk"]
    assert dict(report.findings[0].reason.values) == {"was": 20, "now": 1}


def test_a_list_that_repeats_itself_is_told(folder: Folder) -> None:
    """More than one in twenty listed twice is a scraper's fault."""
    report = folder.report(NAME, [quest(n) for n in range(18)] + [quest(1), quest(2)])
    assert keys(report) == ["duplicates"]
    assert (report.records, report.findings[0].reason.values["duplicates"]) == (20, 2)


def test_a_read_only_index_still_answers(folder: Folder) -> None:
    """A one-shot command beside the service sees new files, and writes nothing."""
    folder.write(NAME, [quest(1, roi=3.0)])
    folder.read()
    folder.write("opportunities_1754072000.json", [quest(1, roi=3.0), quest(2, roi=4.0)])
    writer = folder.history
    folder.read_only = True
    folder.open()
    snapshot = folder.read()
    assert (len(snapshot.files), snapshot.index_error) == (2, "")
    assert [o.roi for o in folder.index.top(n=5, source=None, since=None)] == [4.0, 3.0]
    assert folder.index.top(n=5, source=None, since=None)[1].first_seen == NOON
    folder.history.close()
    assert Opportunities(writer).count(source=None, since=None).total == 1
    writer.close()


def test_without_a_database_read_only_works_in_memory(folder: Folder) -> None:
    """Nothing is created beside a service that never ran."""
    folder.history.close()
    for path in folder.database.parent.iterdir():
        path.unlink()
    folder.read_only = True
    folder.open()
    folder.write(NAME, [quest(1)])
    assert folder.read().newest == NOON
    assert folder.index.count(source=None, since=None).total == 1
    assert list(folder.database.parent.iterdir()) == []


def cap_pages(history: History) -> None:
    """Make the disk full, as far as SQLite is concerned."""

    def cap(db: sqlite3.Connection) -> None:
        (pages,) = db.execute("PRAGMA main.page_count").fetchone()
        db.execute(f"PRAGMA main.max_page_count = {pages}")

    history.read(cap)


def test_a_full_disk_is_told_and_reading_goes_on(folder: Folder) -> None:
    """The figures are right from memory; once there is room, they are on disk."""
    folder.write(NAME, [quest(1, roi=3.0)])
    folder.read()
    cap_pages(folder.history)
    many = [quest(n, title="x" * 200) for n in range(2, 500)]
    folder.write("opportunities_1754072000.json", [quest(1, roi=3.0), *many])
    folder.history._retry_s = 1e9
    snapshot = folder.read()
    assert "full" in snapshot.index_error
    assert folder.index.count(source=None, since=None).total == 499
    assert folder.read().index_error == snapshot.index_error
    folder.history.read(lambda db: db.execute("PRAGMA main.max_page_count = 1000000"))
    folder.history._retry_s = 0.0
    assert folder.read().index_error == ""
    folder.restart()
    assert folder.index.count(source=None, since=None).total == 499
    forge(folder.path / NAME, b"x" * (folder.path / NAME).stat().st_size)
    assert {file.state for file in folder.read().files} == {FileState.OK}


def test_an_unusable_state_folder_is_told_and_reading_goes_on(tmp_path: Path) -> None:
    """STATE_DIR is a file, say: everything works until the program ends."""
    (tmp_path / "state").write_text("in the way")
    folder = Folder(tmp_path)
    folder.write(NAME, [quest(1)])
    snapshot = folder.read()
    assert snapshot.index_error != ""
    assert (snapshot.newest, folder.index.count(source=None, since=None).total) == (NOON, 1)
    (tmp_path / "state").unlink()
    assert folder.read().index_error == ""
    folder.restart()
    assert folder.index.count(source=None, since=None).total == 1
    folder.history.close()


def test_a_database_damaged_in_use_is_replaced_and_filled_again(folder: Folder) -> None:
    """The damaged file is set aside, the folder read anew: nothing is silently missing."""
    folder.write(NAME, [quest(n) for n in range(300)])
    folder.read()
    folder.history.read(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    size = folder.database.stat().st_size
    with folder.database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    folder.history.read(lambda db: db.execute("PRAGMA cache_size = 0"))
    assert folder.index.count(source=None, since=None).total == 0
    assert "set aside" in folder.history.damaged
    assert folder.read().files[0].records == 300
    assert folder.index.count(source=None, since=None).total == 300


def test_a_time_in_the_future_is_no_fresh_data(folder: Folder) -> None:
    """More than five minutes ahead is a finding, and not the newest data; later it is."""
    ahead = EPOCH_S + 301
    folder.write(NAME, [quest(1)])
    folder.write(f"opportunities_{ahead}.json", [quest(2)])
    snapshot = folder.read()
    late = snapshot.files[1]
    assert keys(late) == ["future"]
    assert (late.findings[0].level, late.findings[0].reason.values["ahead_s"]) == (
        Severity.WARNING,
        301.0,
    )
    assert snapshot.newest == snapshot.sources["Galxe"].newest == NOON
    folder.now += timedelta(seconds=1)
    snapshot = folder.read()
    assert snapshot.files[1].findings == ()
    assert snapshot.newest == NOON + timedelta(seconds=301)


def test_the_clock_turned_back_is_seen_without_any_new_file(folder: Folder) -> None:
    """What was fine an hour ago may lie in the future now."""
    folder.write(NAME, [quest(1)])
    assert folder.read().newest == NOON
    folder.now -= timedelta(hours=1)
    assert folder.read().newest is None


def test_a_tracker_reads_nothing_outside_its_folder(folder: Folder) -> None:
    """Two trackers on one index do not forget each other's opportunities."""
    folder.write(NAME, [quest(1)])
    folder.read()
    other = folder.root / "other"
    other.mkdir()
    Tracker(other, index=folder.index, options=folder.options).read(now=NOON)
    assert folder.index.count(source=None, since=None).total == 1
