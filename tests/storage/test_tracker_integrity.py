import json
import os
import shutil
import socket
import sys
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.records import Severity
from storage.tracker import FileState, FolderState, ReadOptions
from storage.tracker.snapshot import MAX_FINDINGS
from storage.tracker.text import without_lone_surrogates
from tests.storage.folder import Folder, keys

GOOD = {"title": "Quest", "link": "https://e.org/1", "source": "Galxe"}
FINE = {FileState.OK, FileState.UNKNOWN_SHAPE}


def test_the_json_suite_is_judged_strictly(folder: Folder, shared_data: Path) -> None:
    """No `n_` text is accepted, every `y_` one is, and none crashes the reader."""
    shutil.copytree(shared_data / "json_test_suite", folder.path, dirs_exist_ok=True)
    files = folder.read().files
    assert len(files) == 318
    wrong = [
        f.name for f in files if (f.state in FINE) is not (f.name[0] == "y") and f.name[0] != "i"
    ]
    assert wrong == []
    invalid = [f for f in files if f.name[0] == "n"]
    assert {f.state for f in invalid} == {FileState.INVALID}
    assert all(sum(x.level is Severity.ERROR for x in f.findings) == 1 for f in invalid)


def test_the_json_suite_within_records_is_judged_strictly(
    folder: Folder, shared_data: Path
) -> None:
    """What stands in a field nobody needs must be valid JSON too."""
    for path in sorted((shared_data / "json_test_suite").glob("n_*.json")):
        raw = path.read_bytes()
        if raw.strip(b" \t\r\n\xef\xbb\xbf"):
            folder.write(path.name, b'[{"title": "a", "other": ' + raw + b"}]")
    files = folder.read().files
    fooled = {f.name for f in files if f.state is not FileState.INVALID}
    closed = {"n_structure_close_unopened_array.json", "n_object_with_trailing_garbage.json"}
    assert fooled - closed == set()


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "empty_file"),
        (b"  \n", "empty_file"),
        (b'[{"title": NaN}]', "invalid"),
        (b'[{"x": Infinity, "title": "a"}]', "invalid"),
        (b'[{"title": "a"}', "invalid"),
        (b'[{"title": "a", "x": "\xff"}]', "invalid_text"),
        (b"[" * 100_000, "too_deep"),
        (b'[{"title": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "too_deep"),
        (b"\xff\xfe[\x00", "invalid"),
        (b"\xff\xfe[", "invalid_text"),
        (b'{"opportunities": [{"title": "a"}], "x": -0x1}', "invalid"),
    ],
)
def test_broken_json_is_one_error(folder: Folder, content: bytes, key: str) -> None:
    """The file counts for nothing, and the finding tells why."""
    report = folder.report("opportunities_1754069406.json", content)
    assert (report.state, report.records) == (FileState.INVALID, 0)
    errors = [f.reason.key for f in report.findings if f.level is not Severity.INFO]
    assert errors == [f"tracker.{key}"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_data_with_a_note(folder: Folder, encoding: str) -> None:
    """A BOM or UTF-16 is no fault."""
    text = json.dumps([GOOD | {"title": "Quête €"}], ensure_ascii=False)
    report = folder.report("opportunities_1754069406.json", text.encode(encoding))
    assert (report.state, report.records, keys(report)) == (FileState.OK, 1, ["encoding_note"])
    assert folder.titles() == {"Quête €"}


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (5, ""),
        ("text", ""),
        (None, ""),
        ([GOOD], ""),
        (GOOD | {"title": 5}, "title"),
        (GOOD | {"reward": {"amount": 5}}, "reward"),
        (GOOD | {"roi": [1]}, "roi"),
        (GOOD | {"link": True}, "link"),
        ({"title": " ", "source": "Galxe"}, ""),
    ],
)
def test_one_bad_record_costs_one_record(folder: Folder, bad: object, field: str) -> None:
    """The others of its file count; file, record, field and reason are told."""
    others = [GOOD | {"link": f"https://e.org/{n}"} for n in range(2)]
    report = folder.report("opportunities_1754069406.json", [others[0], bad, others[1]])
    assert (report.records, report.bad_records, report.state) == (2, 1, FileState.OK)
    (finding,) = report.findings
    assert (finding.file, finding.record, finding.field) == (report.name, 1, field)
    assert finding.level is Severity.WARNING
    assert folder.index.count(source="Galxe", since=None).total == 2


def test_a_number_out_of_range_costs_one_record(folder: Folder) -> None:
    """1e999 is JSON, but no figure."""
    report = folder.report("a.json", b'[{"title": "a", "roi": 1e999}, {"title": "b"}]')
    assert (report.records, report.bad_records) == (1, 1)


def test_findings_of_one_file_are_bounded(folder: Folder) -> None:
    """A thousand bad records are counted, twenty told."""
    report = folder.report("opportunities_1.json", [GOOD] + [{"title": 5}] * 1000)
    assert (len(report.findings), report.more_findings) == (MAX_FINDINGS, 1000 - MAX_FINDINGS)
    assert report.bad_records == 1000


@pytest.mark.parametrize("roi", [-1.0, "nan", "inf", "-inf", "abc"])
def test_an_impossible_roi_is_a_finding_and_unknown(folder: Folder, roi: object) -> None:
    """The record stays, its figure does not."""
    report = folder.report("opportunities_1754069406.json", [GOOD | {"roi": roi, "reward": "BTC"}])
    assert (report.records, keys(report)) == (1, ["roi_impossible"])
    assert (report.findings[0].record, report.findings[0].field) == (0, "roi")
    assert folder.index.count(source=None, since=None).unknown == 1


@pytest.mark.parametrize("escape", [r"\ud83d", r"\ude00", r"\ud83d\ud83d", r"\uDE00 x", r"\ud83dA"])
def test_half_an_emoji_costs_nothing(folder: Folder, escape: str) -> None:
    """A title cut through a surrogate pair is shown with a replacement sign."""
    text = '[{"title": "cut ' + escape + '", "link": "https://e.org"}, {"title": "b"}]'
    report = folder.report("opportunities_1754069406.json", text.encode())
    assert (report.state, report.records) == (FileState.OK, 2)
    assert any(title.startswith("cut \ufffd") for title in folder.titles())


@given(st.text())
def test_whole_text_keeps_its_escapes(text: str) -> None:
    """Mending touches nothing but halves."""
    data = json.dumps(text).encode()
    halves = any(0xD800 <= ord(c) <= 0xDFFF for c in text)
    if not halves:
        assert without_lone_surrogates(data) == data


def test_a_file_over_the_limit_is_refused(folder: Folder) -> None:
    """It is not even opened; the finding tells both sizes."""
    folder.options = ReadOptions(max_file_bytes=100)
    folder.restart()
    report = folder.report("opportunities_1754069406.json", [GOOD] * 10)
    assert (report.state, keys(report)) == (FileState.TOO_LARGE, ["too_large"])
    assert report.findings[0].reason.values["limit_bytes"] == 100


def test_naughty_titles_are_kept_on_one_line(folder: Folder, shared_data: Path) -> None:
    """All 515 strings go through; none breaks the store."""
    naughty = json.loads((shared_data / "naughty_strings" / "blns.json").read_bytes())
    records = [{"id": n, "title": text, "source": "Galxe"} for n, text in enumerate(naughty)]
    report = folder.report("opportunities_1754069406.json", records)
    assert (report.records, report.bad_records) == (515, 0)
    assert not any(set("\0\n\r\u2028") & set(title) for title in folder.titles())


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), end=st.sampled_from(["json", "csv", "jsonl"]))
def test_no_bytes_crash_the_reader(folder: Folder, content: bytes, end: str) -> None:
    """Whatever is in a file, a verdict comes out."""
    report = folder.report(f"fuzz{crc32(content)}.{end}", content)
    assert report.state in set(FileState)


_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
_fields = st.sampled_from(
    ["id", "title", "name", "link", "url", "source", "reward", "reward_currency", "roi", "xp",
     "roi_usd_per_min", "time_est_min", "estimated_time", "deadline", "difficulty"]
)  # fmt: skip


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(st.dictionaries(_fields, _values, max_size=6) | _values, max_size=4))
def test_no_record_crashes_the_reader(folder: Folder, records: list[object]) -> None:
    """Any JSON in any field: what is understood and what is not add up to what is there."""
    content = json.dumps(records).encode()
    report = folder.report(f"{crc32(content)}/opportunities_1754069406.json", content)
    if report.state is FileState.OK:
        assert report.records + report.bad_records == len(records)
    else:
        assert report.state in {FileState.UNKNOWN_SHAPE, FileState.INVALID}


def test_a_record_with_nothing_to_tell_it_by_is_bad(folder: Folder) -> None:
    """A blank title is no name; a link beside it is."""
    blank: dict[str, object] = {"title": " ", "source": "Galxe"}
    report = folder.report("opportunities_1754069406.json", [GOOD, blank, GOOD, {**blank, "id": 1}])
    assert (report.records, report.bad_records) == (3, 1)
    assert [(f.record, f.reason.key) for f in report.findings] == [(1, "tracker.no_identity")]


def test_folders_are_walked_and_loops_are_not(folder: Folder) -> None:
    """Links to folders are followed once; hidden folders are left alone."""
    folder.write("a/b/opportunities_1.json", [GOOD])
    folder.write(".cache/opportunities_2.json", [GOOD])
    (folder.path / "a" / "b" / "loop").symlink_to(folder.path)
    (folder.path / "self").symlink_to(folder.path / "self")
    (folder.path / "loop.json").symlink_to(folder.path / "a")
    assert [f.name for f in folder.read().files] == ["a/b/opportunities_1.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have no name in a Windows folder")
def test_special_files_are_skipped_and_told(folder: Folder) -> None:
    """A pipe would block the reader for ever; a broken link has nothing to read."""
    os.mkfifo(folder.path / "pipe.json")
    (folder.path / "broken.json").symlink_to("nowhere.json")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(folder.path / "s.json"))
        snapshot = folder.read()
    told = {f.file: f.reason.values["what"] for f in snapshot.findings}
    assert told == {"pipe.json": "pipe", "broken.json": "broken link", "s.json": "socket"}
    assert (snapshot.files, snapshot.folder) == ((), FolderState.EMPTY)


def test_a_name_that_is_no_text_is_readable(folder: Folder) -> None:
    """File names are bytes; what is not UTF-8 is replaced, and the file is read all the same."""
    raw = os.fsencode(folder.path) + b"/opportunities_\xff\xfe.json"
    try:
        Path(os.fsdecode(raw)).write_bytes(b"[]")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert [f.name for f in folder.read().files] == ["opportunities_\ufffd\ufffd.json"]


def test_folder_states_are_told_apart(folder: Folder) -> None:
    """Missing, not readable as a folder, and empty are three different things."""
    assert folder.read().folder is FolderState.EMPTY
    folder.path.rmdir()
    assert folder.read().folder is FolderState.MISSING
    folder.path.write_text("a file")
    snapshot = folder.read()
    assert snapshot.folder is FolderState.UNREADABLE
    assert snapshot.reason == "Not a directory"
    folder.path.unlink()
    folder.path.symlink_to(folder.path)
    assert folder.read().folder is FolderState.UNREADABLE


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_critical(folder: Folder) -> None:
    """Permission trouble is the owner's to solve, at once."""
    folder.write("opportunities_1.json", [GOOD]).chmod(0)
    (report,) = folder.read().files
    assert (report.state, report.findings[0].level) == (FileState.UNREADABLE, Severity.CRITICAL)
