from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from storage.records import Severity
from storage.tracker import FileReport, SourcePart
from storage.tracker.dating import date_file, day_of, epoch_of
from storage.tracker.sources import summarise
from tests.storage.folder import EPOCH_S, NOON

DAY = datetime(2025, 8, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("opportunities/opportunities_1754069406.json", EPOCH_S),
        ("all_opportunities_1754069406123.json", EPOCH_S + 0.123),
        ("1754069406/opportunities.json", None),
        ("opportunities_17540694061.json", None),
        ("opportunities_0000000001.json", None),
        ("opportunities_20250801.json", None),
        ("latest_opportunities.json", None),
    ],
)
def test_a_name_tells_an_epoch_or_does_not(name: str, seconds: float | None) -> None:
    """Only ten or thirteen digits that stand alone and make a plausible time."""
    assert epoch_of(name) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("opportunities_zealy_2025-08-01.json", DAY),
        ("opportunities_20250801.json", DAY),
        ("direct_rss_analysis_20250801_173006.json", DAY),
        ("opportunities_2025-13-01.json", None),
        ("opportunities_2025-02-31.json", None),
        ("opportunities_1754069406.json", None),
    ],
)
def test_a_name_tells_a_day_or_does_not(name: str, day: float | None) -> None:
    """Dates with dashes and without; impossible ones are none."""
    assert day_of(name) == day


@pytest.mark.parametrize(
    ("name", "document_s", "mtime_s", "at_s", "at_from"),
    [
        ("opportunities_1754069406.json", None, EPOCH_S + 10.0, EPOCH_S, "name"),
        ("opportunities_1754069406.json", EPOCH_S + 1.0, EPOCH_S + 10.0, EPOCH_S, "name"),
        ("latest_opportunities.json", EPOCH_S + 1.0, EPOCH_S + 10.0, EPOCH_S + 1.0, "document"),
        ("latest_opportunities.json", 5.0, EPOCH_S + 10.0, EPOCH_S + 10.0, "mtime"),
        ("latest_opportunities.json", None, EPOCH_S + 10.0, EPOCH_S + 10.0, "mtime"),
        ("opportunities_zealy_2025-08-01.json", None, DAY + 3600.0, DAY + 3600.0, "mtime"),
        ("opportunities_zealy_2025-08-01.json", None, DAY + 9 * 86_400.0, DAY + 86_400.0, "name"),
        ("latest_opportunities.json", None, -5.0, 978_307_200.0, "mtime"),
    ],
)
def test_the_name_goes_before_the_document_before_the_disk(
    name: str, document_s: float | None, mtime_s: float, at_s: float, at_from: str
) -> None:
    """A day in the name holds through that day; a restored copy is of the day's end."""
    dated = date_file(name, document_s=document_s, mtime_s=mtime_s)
    assert (dated.at, dated.at_from) == (datetime.fromtimestamp(at_s, UTC), at_from)


@pytest.mark.parametrize(
    ("document_s", "mtime_s", "level"),
    [
        (None, EPOCH_S + 3600.0, None),
        (None, EPOCH_S + 3601.0, Severity.INFO),
        (EPOCH_S + 300.0, EPOCH_S, None),
        (EPOCH_S + 301.0, EPOCH_S, Severity.WARNING),
    ],
)
def test_disagreement_is_a_finding(
    document_s: float | None, mtime_s: float, level: Severity | None
) -> None:
    """A copy has another modification time; a document that contradicts its name is odder."""
    dated = date_file("opportunities_1754069406.json", document_s=document_s, mtime_s=mtime_s)
    assert (None if dated.finding is None else dated.finding.level) == level


def run(hours: int, records: int, *, constant: bool = False, source: str = "Galxe") -> FileReport:
    part = SourcePart(source=source, records=records, constant=constant)
    at = NOON + timedelta(hours=hours)
    return FileReport(
        name=f"{hours}.json", size=1, at=at, at_from="name", records=records, parts=(part,)
    )


@pytest.mark.parametrize(
    ("runs", "key_hours", "stub"),
    [
        ([run(0, 40)], 0, False),
        ([run(0, 2, constant=True)], 0, False),
        ([run(0, 2, constant=True, source="Layer3")], 0, True),
        ([run(0, 50, constant=True, source="Layer3-LiFi")], 0, True),
        ([run(0, 50, source="Layer3")], 0, False),
        ([run(h, 5, constant=True) for h in (0, 2)], 0, True),
        ([run(h, 5, constant=True) for h in (0, 2)], 2, False),
        ([run(2 * h, 40) for h in range(6)], 0, True),
        ([run(2 * h, 40) for h in range(6)], 2, False),
        ([run(2 * h, 40 + h % 2) for h in range(6)], 0, False),
        ([run(h, 40) for h in range(6)], 0, False),
    ],
)
def test_stub_content_is_degraded(runs: list[FileReport], key_hours: int, *, stub: bool) -> None:
    """Constant or repeated content with no new key is no sign of life."""
    (source,) = {part.source for file in runs for part in file.parts}
    newest = {source: NOON + timedelta(hours=key_hours)}
    found = summarise(runs, until=NOON + timedelta(days=9), newest_key=newest)
    assert found[source].stub is stub


def test_a_source_s_newest_file_decides() -> None:
    """Two files of one run are one; of them the fuller one counts."""
    files = [run(0, 40), run(2, 30), run(2, 35), run(99, 7)]
    found = summarise(files, until=NOON + timedelta(hours=3), newest_key={})["Galxe"]
    assert (found.newest, found.last_count) == (NOON + timedelta(hours=2), 35)
    ahead = summarise([run(99, 7)], until=NOON, newest_key={})["Galxe"]
    assert (ahead.newest, ahead.last_count, ahead.stub) == (None, 0, False)


def test_repetition_is_told_from_what_is_made_up() -> None:
    """Both are stubs; only the first may be usual of a source."""
    newest = {"Galxe": NOON, "Layer3": NOON}
    until = NOON + timedelta(days=9)
    again = summarise([run(2 * h, 40) for h in range(6)], until=until, newest_key=newest)["Galxe"]
    assert (again.stub, again.frozen, again.newest_key) == (True, True, NOON)
    made_up = [run(2 * h, 40, constant=True, source="Layer3") for h in range(6)]
    constant = summarise(made_up, until=until, newest_key=newest)["Layer3"]
    assert (constant.stub, constant.frozen) == (True, False)


@pytest.mark.parametrize(
    ("counts", "usual", "lately"),
    [
        ((60,) * 7, None, 60),
        ((60,) * 8, 60.0, 60),
        ((60, 50, 70, 60, 60, 61, 59, 1, 2), 60.0, 2),
        ((9,) * 20 + (60,) * 12 + (5, 7), 60.0, 7),
    ],
)
def test_what_a_source_s_files_usually_list(
    counts: tuple[int, ...], usual: float | None, lately: int
) -> None:
    """The median of twelve files at most, before the last two; of fewer than six, nothing."""
    files = [run(hour, count) for hour, count in enumerate(counts)]
    found = summarise(files, until=NOON + timedelta(days=9), newest_key={})["Galxe"]
    assert (found.usual_count, found.most_lately) == (usual, lately)


def test_files_of_one_time_are_one_run_whatever_their_order() -> None:
    """The largest of them counts, also of the oldest time that is compared."""
    hours = [*range(20), 6]  # two of the fourteenth newest
    files = [run(hour, count) for hour, count in zip(hours, [*range(10, 30), 90], strict=True)]
    until = NOON + timedelta(hours=19)
    for order in (files, files[::-1], files[7:] + files[:7]):
        found = summarise(order, until=until, newest_key={})["Galxe"]
        assert (found.newest, found.last_count) == (until, 29)
        assert found.usual_count == median([*range(17, 28), 90])
        early = summarise(order, until=NOON - timedelta(days=1), newest_key={})["Galxe"]
        assert (early.newest, early.last_count) == (None, 0)
