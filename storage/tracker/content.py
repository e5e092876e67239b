"""What was found in one file, while it is being put together."""

from dataclasses import dataclass, field

from storage.records import Phrase, Severity, Value
from storage.tracker.records import Record, identity
from storage.tracker.snapshot import MAX_FINDINGS, FileState, Finding


@dataclass(slots=True)
class Content:
    """The understood records of one file, and what is wrong with it.

    `document_s` is the document's own Unix time. `torn` marks text that ends too early: perhaps
    its writer is not done.
    """

    name: str
    state: FileState = FileState.OK
    records: list[Record] = field(default_factory=list)
    bad_records: int = 0
    findings: list[Finding] = field(default_factory=list)
    more_findings: int = 0
    document_s: float | None = None
    torn: bool = False

    def find(self, key: str, level: Severity, **values: Value) -> None:
        """Take note of a finding about the file."""
        self.note(Phrase(f"tracker.{key}", values), level)

    def note(
        self, reason: Phrase, level: Severity, *, record: int | None = None, where: str = ""
    ) -> None:
        """Take note of a finding; beyond MAX_FINDINGS only their number is kept."""
        if len(self.findings) >= MAX_FINDINGS:
            self.more_findings += 1
            return
        self.findings.append(
            Finding(file=self.name, record=record, field=where, reason=reason, level=level)
        )

    def fail(self, state: FileState, key: str, level: Severity, **values: Value) -> None:
        """Give the whole file up."""
        self.state = state
        self.records = []
        self.bad_records = self.more_findings = 0
        self.findings = [found for found in self.findings if found.level is Severity.INFO]
        self.find(key, level, **values)

    def bad(self, record: int, key: str, *, where: str = "", **values: Value) -> None:
        """Give one record up; `where` is its bad field."""
        self.bad_records += 1
        reason = Phrase(f"tracker.{key}", values)
        self.note(reason, Severity.WARNING, record=record, where=where)

    def take(self, record: Record, number: int) -> None:
        """Keep a record if it can be told from others."""
        if identity(record):
            self.records.append(record)
        else:
            self.bad(number, "no_identity")
