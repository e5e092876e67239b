from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.checks.integrity import MAX_EVIDENCE, Integrity
from jobs.facts import Unknown
from storage.records import Outcome, Phrase, Severity
from storage.tracker import FileReport, FileState, Finding, FolderState, Snapshot
from tests.jobs.looks import BLIND, HEALTHY, NOON, file, judge, snapshot

CHECK = Integrity()


def findings(*levels: Severity) -> tuple[Finding, ...]:
    """Return one finding a level, numbered in order."""
    return tuple(
        Finding(file="a.json", reason=Phrase("f", {"n": number}), level=level)
        for number, level in enumerate(levels)
    )


def folder(*files: FileReport) -> Snapshot:
    """Return a folder of these files."""
    return Snapshot(folder=FolderState.OK, files=files)


@pytest.mark.parametrize(
    ("state", "outcome", "level"),
    [
        (FileState.INVALID, Outcome.FAIL, Severity.ERROR),
        (FileState.TOO_LARGE, Outcome.FAIL, Severity.ERROR),
        (FileState.UNREADABLE, Outcome.FAIL, Severity.CRITICAL),
        (FileState.UNKNOWN_SHAPE, Outcome.FAIL, Severity.INFO),
        (FileState.UNSTABLE, Outcome.UNKNOWN, Severity.OK),
    ],
)
def test_a_bad_file_is_told_once(state: FileState, outcome: Outcome, level: Severity) -> None:
    """Each bad file has one observation, with its findings as evidence; good ones have none."""
    bad = replace(file("sub/a.json"), state=state, findings=findings(Severity.ERROR))
    seen = judge(CHECK, replace(HEALTHY, data=folder(bad, file("b.json"))))
    assert set(seen) == {"data:folder", "integrity:sub/a.json"}
    one = seen["integrity:sub/a.json"]
    assert (one.outcome, one.level) == (outcome, level)
    assert one.fact.key == f"integrity.file.{state}"
    assert one.fact.values["file"] == "sub/a.json"
    assert one.evidence == (() if state is FileState.UNSTABLE else (Phrase("f", {"n": 0}),))


def test_every_state_is_judged() -> None:
    """A state the reader may add later fails here, not at night."""
    for state in FileState:
        judge(CHECK, replace(HEALTHY, data=folder(replace(file("a"), state=state))))


def test_bad_records_cost_a_warning() -> None:
    """A file with bad records is one warning that says how many, worst reason first."""
    levels = (Severity.INFO, Severity.WARNING, *[Severity.ERROR] * MAX_EVIDENCE)
    bad = replace(file("a.json", records=9), bad_records=3, findings=findings(*levels))
    one = judge(CHECK, replace(HEALTHY, data=folder(bad)))["integrity:a.json"]
    assert one.level is Severity.WARNING
    assert one.value == 3.0
    assert one.fact.values == {"file": "a.json", "n": 3, "records": 12}
    assert [phrase.values["n"] for phrase in one.evidence] == [2, 3, 4, 5, 6]


def test_a_note_alone_is_no_finding() -> None:
    """A BOM is worth a note in the details, not an observation."""
    noted = replace(file("a.json"), findings=findings(Severity.INFO))
    assert set(judge(CHECK, replace(HEALTHY, data=folder(noted)))) == {"data:folder"}


def test_the_folder_is_summed_up() -> None:
    """A whole reading says how many files, records and bad files there are, and is complete."""
    verdict = CHECK.judge(HEALTHY, now=NOON)
    assert [one.fact for one in verdict.observations] == [
        Phrase("data.folder.ok", {"n": 1, "records": 5})
    ]
    assert verdict.complete == {"integrity:"}
    bad = replace(file("a.json", records=0), state=FileState.INVALID)
    seen = judge(CHECK, replace(HEALTHY, data=folder(bad, file("b.json"))))
    assert seen["data:folder"].fact == Phrase(
        "data.folder.some_bad", {"n": 2, "records": 5, "bad": 1}
    )
    assert seen["data:folder"].outcome is Outcome.OK
    odd = replace(file("a.json", records=0), state=FileState.UNKNOWN_SHAPE)
    cut = replace(file("b.json", records=0), state=FileState.UNSTABLE)
    seen = judge(CHECK, replace(HEALTHY, data=folder(odd)))
    assert seen["data:folder"].fact.key == "data.folder.ok"
    seen = judge(CHECK, replace(HEALTHY, data=folder(odd, cut)))
    assert seen["data:folder"].fact.values["bad"] == 1


@pytest.mark.parametrize(
    ("data", "outcome", "level", "key"),
    [
        (BLIND, Outcome.UNKNOWN, Severity.OK, "unknown.timeout"),
        (snapshot({}), Outcome.OK, Severity.OK, "data.folder.empty"),
        (
            Snapshot(folder=FolderState.MISSING), Outcome.FAIL, Severity.CRITICAL,
            "data.folder.missing",
        ),
        (
            Snapshot(folder=FolderState.UNREADABLE, reason="Permission denied"), Outcome.FAIL,
            Severity.CRITICAL, "data.folder.unreadable",
        ),
        (
            Snapshot(folder=FolderState.OK, complete=False, pending=3), Outcome.UNKNOWN,
            Severity.OK, "data.pending",
        ),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_judged_closes_no_alert(
    data: Snapshot | Unknown, outcome: Outcome, level: Severity, key: str
) -> None:
    """A missing folder is CRITICAL; one half read claims nothing about files not seen."""
    verdict = CHECK.judge(replace(HEALTHY, data=data), now=NOON)
    (one,) = verdict.observations
    assert (one.key, one.outcome, one.level, one.fact.key) == ("data:folder", outcome, level, key)
    assert bool(verdict.complete) == (key == "data.folder.empty")


def test_a_bad_file_is_told_before_the_reading_is_complete() -> None:
    """What was already found broken does not wait for the other files."""
    bad = replace(file("a.json"), state=FileState.INVALID)
    data = replace(folder(bad), complete=False, pending=9)
    verdict = CHECK.judge(replace(HEALTHY, data=data), now=NOON + timedelta(hours=1))
    assert [one.key for one in verdict.observations] == ["data:folder", "integrity:a.json"]
    assert verdict.complete == frozenset()


def test_a_folder_below_that_may_not_be_entered_is_told() -> None:
    """Files nobody can see are worse than a bad one; what was merely skipped is no alarm."""
    closed = Finding(file="sub", reason=Phrase("f"), level=Severity.CRITICAL)
    pipe = Finding(file="pipe.json", reason=Phrase("f"), level=Severity.INFO)
    data = replace(folder(file("a.json")), findings=(closed, pipe))
    seen = judge(CHECK, replace(HEALTHY, data=data))
    assert set(seen) == {"data:folder", "integrity:sub/"}
    assert seen["integrity:sub/"].level is Severity.CRITICAL
    assert seen["integrity:sub/"].evidence == (closed.reason,)


@pytest.mark.parametrize(
    ("what", "age", "level"),
    [
        ("shrunk", timedelta(hours=23), Severity.ERROR),
        ("duplicates", timedelta(hours=23), Severity.WARNING),
        ("shrunk", timedelta(hours=24), None),
        ("times_differ", timedelta(), None),
    ],
)
def test_what_a_file_lost_is_told_for_a_day(
    what: str, age: timedelta, level: Severity | None
) -> None:
    """Nobody writes an old file anew: its alert would never close."""
    reason = Phrase(f"tracker.{what}", {"was": 60, "now": 20})
    found = Finding(file="a.json", reason=reason, level=Severity.WARNING)
    lost = replace(file("a.json", NOON - age), findings=(*findings(Severity.INFO), found))
    one = judge(CHECK, replace(HEALTHY, data=folder(lost))).get("integrity:a.json")
    assert (None if one is None else one.level) is level
    if one is not None:
        assert one.fact == Phrase(
            f"integrity.file.{what}", {"file": "a.json", "was": 60, "now": 20}
        )
