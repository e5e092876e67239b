"""Can the tracker's files be read, and every record in them?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.checks.result import Verdict
from jobs.checks.saying import Subject
from jobs.facts import Facts, Unknown
from storage.records import (
    Observation,
    Outcome,
    Phrase,
    Severity,
    Value,
)
from storage.tracker import FileReport, FileState, Finding, FolderState, Snapshot

NAME = "integrity"
PREFIX = "integrity:"
MAX_EVIDENCE = 5
FOLDER = Subject(key="data:folder", check=NAME)
BAD = {
    FileState.INVALID: Severity.ERROR,
    FileState.TOO_LARGE: Severity.ERROR,
    FileState.UNREADABLE: Severity.CRITICAL,
    FileState.UNKNOWN_SHAPE: Severity.INFO,
}

# Records listed twice count once: nothing is lost by them.
LOST = {"tracker.shrunk": Severity.ERROR, "tracker.duplicates": Severity.WARNING}
TOLD = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """One observation for the folder, and one for each file that is not as it should be.

    A file that is well has none: the verdict is complete, so that its alert closes.
    """

    name: str = NAME

    def judge(self, facts: Facts, *, now: datetime) -> Verdict:
        """Call a closed file CRITICAL, a broken or shrunk one ERROR, one with bad records WARNING.

        That a file shrank or lists records twice is told for a day: it is never put right.
        """
        data = facts.data
        if isinstance(data, Unknown):
            return Verdict((FOLDER.unknown(data.reason),))
        if data.folder is FolderState.MISSING:
            return Verdict((FOLDER.fail(Severity.CRITICAL, Phrase("data.folder.missing")),))
        if data.folder is FolderState.UNREADABLE:
            fact = Phrase("data.folder.unreadable", {"reason": data.reason})
            return Verdict((FOLDER.fail(Severity.CRITICAL, fact),))
        told = (
            _file(file) or _lost(file, now)
            for file in data.files
            if file.state is not FileState.OK or file.bad_records or file.findings
        )
        files = tuple(seen for seen in told if seen is not None)
        complete = frozenset({PREFIX}) if data.complete else frozenset[str]()
        files += tuple(_outside(found) for found in data.findings if found.level > Severity.INFO)
        bad = sum(seen.level > Severity.INFO or seen.outcome is Outcome.UNKNOWN for seen in files)
        return Verdict((_folder(data, bad=bad), *files), complete)


def _folder(data: Snapshot, *, bad: int) -> Observation:
    if not data.complete:
        return FOLDER.unknown(Phrase("data.pending", {"n": data.pending}))
    if data.folder is FolderState.EMPTY:  # "no data" is for freshness to say
        return FOLDER.ok(Phrase("data.folder.empty"))
    values: dict[str, Value] = {
        "n": len(data.files),
        "records": sum(file.records for file in data.files),
    }
    if bad:
        return FOLDER.ok(Phrase("data.folder.some_bad", values | {"bad": bad}))
    return FOLDER.ok(Phrase("data.folder.ok", values))


def _outside(found: Finding) -> Observation:
    """Return what hides files from us: a folder below that may not be entered."""
    subject = Subject(key=f"{PREFIX}{found.file}/", check=NAME)
    fact = Phrase("integrity.file.unreadable", {"file": f"{found.file}/"})
    return subject.fail(found.level, fact, evidence=(found.reason,))


def _file(file: FileReport) -> Observation | None:
    """Return what is wrong with one file, None if nothing is."""
    if file.state is FileState.OK and not file.bad_records:
        return None
    subject = Subject(key=f"{PREFIX}{file.name}", check=NAME)
    if file.state is FileState.UNSTABLE:
        return subject.unknown(Phrase("integrity.file.unstable", {"file": file.name}))
    worst_first = sorted(file.findings, key=lambda finding: -finding.level)
    evidence = tuple(finding.reason for finding in worst_first[:MAX_EVIDENCE])
    if file.state is not FileState.OK:
        fact = Phrase(
            f"integrity.file.{file.state.value}", {"file": file.name, "size_bytes": file.size}
        )
        return subject.fail(BAD[file.state], fact, evidence=evidence)
    total = file.records + file.bad_records
    values: dict[str, Value] = {"file": file.name, "n": file.bad_records, "records": total}
    fact = Phrase("integrity.file.bad_records", values)
    value = float(file.bad_records)
    return subject.fail(Severity.WARNING, fact, value=value, evidence=evidence)


def _lost(file: FileReport, now: datetime) -> Observation | None:
    """Return that a file of today lost half its records, or lists too many twice."""
    for found in file.findings:
        level = LOST.get(found.reason.key)
        if level is not None and now - file.at < TOLD:
            subject = Subject(key=f"{PREFIX}{file.name}", check=NAME)
            what = found.reason.key.partition(".")[2]
            values = {"file": file.name, **found.reason.values}
            return subject.fail(level, Phrase(f"integrity.file.{what}", values))
    return None
