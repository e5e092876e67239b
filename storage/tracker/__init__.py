"""Reads the tracker's folder; never writes to it."""

from storage.tracker.reader import Tracker
from storage.tracker.snapshot import (
    FileReport,
    FileState,
    Finding,
    FolderState,
    ReadOptions,
    Snapshot,
    SourcePart,
    SourceReport,
)

__all__ = [
    "FileReport",
    "FileState",
    "Finding",
    "FolderState",
    "ReadOptions",
    "Snapshot",
    "SourcePart",
    "SourceReport",
    "Tracker",
]
