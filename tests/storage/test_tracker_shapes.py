import json
from pathlib import Path

import pytest

from storage.records import Provenance
from storage.tracker import FileState, Tracker
from tests.storage.folder import NOON, Folder, keys

GALXE = {
    "title": "400 USDT Quest",
    "link": "https://galxe.com/quest/a",
    "source": "Galxe",
    "hash": "0",
}
ZEALY = {
    "id": "z1", "title": "Follow us", "description": "", "reward": 250.0, "reward_currency": "XP",
    "time_est_min": 3, "roi_usd_per_min": 0.8333, "start_time": "", "end_time": "2025-09-01",
    "source": "Zealy", "hash": "0",
}  # fmt: skip
LIFI = {
    "id": 1, "title": "Bridge vers Ethereum", "description": "", "reward": 10,
    "reward_currency": "POINTS", "time_est_min": 5, "roi_usd_per_min": 0.1,
    "source": "Layer3-LiFi", "chain": "Ethereum", "logo": "",
}  # fmt: skip
FALLBACK = {
    "id": "layer3-staking-001", "title": "Stake tokens", "reward": 50, "reward_currency": "L3T",
    "time_est_min": 10, "roi_usd_per_min": 0.25, "source": "Layer3", "category": "Staking",
}  # fmt: skip
RSS = {
    "id": "rss_6e8794a3", "title": "Mad Lads &amp; co", "description": "<p>x</p>", "reward": "$673",
    "estimated_time": 5, "deadline": None, "source": "TwitterRSS", "url": "https://e.org/a",
    "published_date": "Fri, 01 Aug 2025 12:00:00 +0000", "source_feed": "https://e.org/feed/",
    "scraped_at": "2025-08-01T17:30:06.123456", "hash": "0",
}  # fmt: skip
RAW_QUEST = {
    "id": "q1", "name": "Join the server", "description": {"type": "doc"}, "difficulty": "easy",
    "reward": [{"type": "xp", "value": 50}], "endDate": None, "archived": False,
}  # fmt: skip


@pytest.mark.parametrize("record", [GALXE, ZEALY, LIFI, FALLBACK, RSS])
def test_every_scraper_s_record_is_understood(folder: Folder, record: dict[str, object]) -> None:
    """Each spelling of a raw record ends in the index under its source and title."""
    report = folder.report("opportunities/opportunities_1754069406.json", [record])
    assert (report.records, report.bad_records, report.state) == (1, 0, FileState.OK)
    assert report.findings == ()
    assert folder.index.sources() == [record["source"]]
    assert folder.titles() == {record["title"]}


def test_one_mixed_list_is_counted_by_source(folder: Folder) -> None:
    """The list that main.py writes holds every scraper's records side by side."""
    report = folder.report("opportunities_1754069406.json", [GALXE, ZEALY, LIFI, FALLBACK, RSS])
    assert {part.source: part.records for part in report.parts} == {
        "Galxe": 1, "Layer3": 1, "Layer3-LiFi": 1, "TwitterRSS": 1, "Zealy": 1,
    }  # fmt: skip
    assert (report.at, report.at_from) == (NOON, "name")


def test_a_raw_quest_takes_its_source_from_the_file_s_name(folder: Folder) -> None:
    """Zealy's own answers have a name, no title, no source; prize and difficulty make an ROI."""
    report = folder.report(
        "opportunities_zealy_2025-08-01.json", [RAW_QUEST, RAW_QUEST | {"id": "q2"}]
    )
    assert [(p.source, p.records) for p in report.parts] == [("Zealy", 2)]
    best = folder.index.top(n=1, source="Zealy", since=None)[0]
    assert (best.title, best.roi, best.provenance) == ("Join the server", 0.5, Provenance.COMPUTED)


@pytest.mark.parametrize(
    ("quest", "roi"),
    [
        ({"reward": {"amount": "100 XP", "currency": "XP"}}, 1.0),
        ({"reward": {"amount": 100, "currency": "XP"}}, 1.0),
        ({"reward": None, "xp": 20}, 0.2),
        ({"reward": [], "xp": None}, None),
        ({"reward": [{"type": "role", "value": {"id": "7"}}]}, None),
        ({"reward": [{"type": "xp", "value": 50}], "difficulty": "legendary"}, None),
    ],
)
def test_raw_quests_pay_what_they_say_plainly(
    folder: Folder, quest: dict[str, object], roi: float | None
) -> None:
    """Any prize the interface may answer is read or left unknown; no quest is lost for it."""
    report = folder.report("opportunities_zealy_2025-08-01.json", [RAW_QUEST | quest])
    assert (report.records, report.bad_records) == (1, 0)
    found = [o.roi for o in folder.index.top(n=5, source=None, since=None)]
    assert found == ([] if roi is None else [pytest.approx(roi)])


def test_two_lists_of_one_processed_file_are_one(folder: Folder) -> None:
    """What stands in a category and in the processed list counts once."""
    rich, poor = RSS | {"roi": 134.6}, RSS | {"id": "2", "url": "https://e.org/b", "roi": 0.2}
    report = folder.report(
        "processed_opportunities_1754069406.json",
        {
            "timestamp": 1754069406, "datetime": "2025-08-01T17:30:06",
            "pipeline_version": "Jour_6_Processing", "processing_stats": {"total_raw": 2},
            "categories": {"high": [rich], "medium": [], "low": [poor]},
            "processed_opportunities": [rich],
        },
    )  # fmt: skip
    assert report.records == 2
    assert "duplicates" not in keys(report)
    assert folder.index.count(source=None, since=None).total == 2


@pytest.mark.parametrize(
    "document",
    [
        {"opportunities": [GALXE]},
        {"timestamp": 1754069406, "sources": {"Galxe": 1}, "opportunities": [GALXE]},
        {"data": [GALXE]},
        {"opportunities": [GALXE], "categories": "none"},
    ],
)  # fmt: skip
def test_documented_objects_are_understood(folder: Folder, document: dict[str, object]) -> None:
    """The shapes that only the documents mention are read too."""
    report = folder.report("latest_opportunities.json", document)
    assert (report.records, report.state) == (1, FileState.OK)


@pytest.mark.parametrize(
    "content",
    [
        {}, {"a": 1}, 5, "text", None, True, [1, 2], ["a"], [[1]], [{"chain": 1}],
        {"result": {"data": {"json": []}}}, {"opportunities": 5}, {"opportunities": {"a": []}},
        {"static_quests": [GALXE], "dynamic_quests": [GALXE]},
    ],
)  # fmt: skip
def test_an_unknown_shape_is_said_and_never_zero_records(folder: Folder, content: object) -> None:
    """Valid JSON of another shape is a note, neither an error nor an empty file."""
    report = folder.report("galxe_test_results.json", content)
    assert report.state is FileState.UNKNOWN_SHAPE
    assert keys(report) == ["unknown_shape"]


def test_an_empty_list_is_a_data_file_without_records(folder: Folder) -> None:
    """It is no finding, and its time is not the time of any data."""
    report = folder.report("opportunities_1754069406.json", [])
    assert (report.state, report.records, report.findings) == (FileState.OK, 0, ())
    assert folder.read().newest is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("scraper_stats.json", {"date": "2025-08-01", "total_requests": 12}),
        ("telegram_monitor_state.json", {"last_message_id": 4}),
        ("execution_log.json", [{"timestamp": "2025-08-01T17:30:06", "day": 1, "success": True}]),
        ("test_metrics_20250801_173006.json", {"passed": 3}),
    ],
)
def test_the_tracker_s_own_books_are_no_unknown_shape(
    folder: Folder, name: str, content: object
) -> None:
    """They are recognised by name, hold no opportunities, and are no trouble."""
    report = folder.report(name, content)
    assert (report.own, report.state, report.findings) == (True, FileState.OK, ())


def test_the_tracker_s_own_books_must_be_valid_too(folder: Folder) -> None:
    """A torn statistics file is an invalid file like any other."""
    report = folder.report("scraper_stats.json", b'{"date": NaN}')
    assert (report.own, report.state) == (True, FileState.INVALID)


def test_csv_is_read_by_its_header(folder: Folder) -> None:
    """The sheet's columns and the records' own names both work; numbers are read from text."""
    text = (
        "Date,Title,Source,Reward,Time,ROI,Link,Hash\r\n"
        '2025-08-01,"Quest, one",Galxe,$50,5,10.0,https://e.org/1,0\r\n'
        "2025-08-01,Quest two,Galxe,,,,https://e.org/2,0\r\n"
        "2025-08-01,too,few\r\n"
    )
    report = folder.report("export.csv", text.encode())
    assert (report.records, report.bad_records) == (2, 1)
    assert report.findings[0].record == 2
    top = folder.index.top(n=5, source=None, since=None)
    assert [(o.title, o.roi, o.provenance) for o in top] == [("Quest, one", 10.0, Provenance.GIVEN)]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (b"a;b\n1;2\n", FileState.UNKNOWN_SHAPE),
        (b"", FileState.INVALID),
        (b'title,source\n"never closed', FileState.INVALID),
        ("Titre;Lien\nQuête;https://e.org\n".encode("cp1252"), FileState.OK),
        ("title\tsource\nx\tGalxe\n".encode("utf-16"), FileState.OK),
    ],
)
def test_csv_of_any_kind_gets_a_verdict(folder: Folder, text: bytes, state: FileState) -> None:
    """Separators and encodings of a Windows desk are read; nonsense is said to be that."""
    assert folder.report("export.csv", text).state is state


def test_a_bad_json_line_costs_one_record(folder: Folder) -> None:
    """The others count, and the finding names the line."""
    lines = [json.dumps(GALXE), "{bad", json.dumps(RSS), json.dumps({"hash": "1", "title": 5}), ""]
    report = folder.report("all.jsonl", "\n".join(lines).encode())
    assert (report.records, report.bad_records, report.state) == (2, 2, FileState.OK)
    assert [finding.record for finding in report.findings] == [1, 3]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (b"nonsense\nmore\n", FileState.INVALID),
        (b"\n\n", FileState.INVALID),
        (b"5\n6\n", FileState.UNKNOWN_SHAPE),
        (b'{"title": "\xff"}\n', FileState.INVALID),
        (b"[" * 100_000 + b"\n5\n", FileState.OK),
    ],
)
def test_json_lines_of_any_kind_get_a_verdict(
    folder: Folder, text: bytes, state: FileState
) -> None:
    """Only a file without a single JSON line is invalid."""
    assert folder.report("all.ndjson", text).state is state


def test_the_real_files_give_the_reference_answers(folder: Folder, shared_data: Path) -> None:
    """On the tracker's own output: counts, time and top five are as published beside it."""
    tracker = Tracker(shared_data / "tracker", index=folder.index, options=folder.options)
    snapshot = tracker.read(now=NOON)
    assert snapshot.newest == NOON
    states = {file.name.rsplit("/")[-1]: (file.state, file.records) for file in snapshot.files}
    assert states == {
        "opportunities_1754069406.json": (FileState.OK, 108),
        "processed_opportunities_1754069406.json": (FileState.OK, 108),
        "galxe_test_results.json": (FileState.UNKNOWN_SHAPE, 0),
        "direct_rss_analysis_20250801_173006.json": (FileState.UNKNOWN_SHAPE, 0),
    }
    top = folder.index.top(n=5, source=None, since=None)
    assert [o.roi for o in top] == [165.0, 140.8, 134.6, 127.2, 41.6]
    assert folder.index.count(source="Galxe", since=None).ranked == 0
    assert snapshot.sources["TwitterRSS"].last_count == 57
