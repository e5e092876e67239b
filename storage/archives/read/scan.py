"""One pass over one archive: its own SHA-256, and every wanted member compared with its own."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

import msgspec

from storage.archives import names, zst
from storage.archives.disk import Disk
from storage.archives.findings import Bad, Fault
from storage.archives.manifest import Archive, Member
from storage.archives.read.unpack import Flaw, Header, Tape
from storage.archives.tar import BLOCK

READ_BYTES = 256 * 1024
HEADERS_BYTES = 4 * BLOCK  # of one member: its own, a long name's, and both padded
MOST_RATIO = 1000  # beside what the manifest lists: members of snapshots that are gone
UNFIT = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}
SPARE_BYTES = 64 * 1024 * 1024


class Taker(Protocol):
    """Takes one member's content."""

    def write(self, view: memoryview) -> None:
        """Take the next piece."""
        ...

    def close(self, *, good: bool) -> None:
        """Keep it, or throw it away where it was not what the manifest says."""
        ...


Sink: TypeAlias = Callable[[Member], Taker | None]  # None: this one is at hand already, and whole


class Nothing:
    """Takes content that is only compared."""

    def write(self, view: memoryview) -> None:
        """Forget it."""

    def close(self, *, good: bool) -> None:
        """Forget it."""


def nowhere(_: Member) -> Nothing:
    """Have every member compared, and kept nowhere."""
    return Nothing()


class Scan(msgspec.Struct):
    """What one pass found: paths by their outcome, and every fault."""

    archive: str
    good: set[str] = set()
    bad: list[Bad] = []
    bytes: int = 0
    unreadable: bool = False  # the system failed: nothing was learned about the content
    missing: bool = False  # there is no such archive

    def add(self, path: str, fault: Fault, detail: str = "") -> None:
        """Note a fault of a member, or of the archive itself."""
        self.bad.append(Bad(path, fault, self.archive, detail))


def scan(
    disk: Disk, path: Path, archive: Archive, wanted: Mapping[str, Member], sink: Sink
) -> Scan:
    """Read an archive to its end, once. Every wanted path ends in `good`, or in `bad` by name.

    Errors of the archive's file are faults; those of the sink are raised.
    """
    result = Scan(archive.name)
    file = Packed(disk, path)
    try:
        limit = _limit(archive, wanted)
        tape = Tape(zst.pieces(file.pieces(), limit=limit), windows=os.sep == "\\")
        _read(tape, wanted, sink, result)
        file.drain()
    finally:
        file.close()
    _judge(file, archive, result)
    lost = Fault.UNREADABLE if result.unreadable else Fault.MISSING
    told = {bad.path for bad in result.bad}
    for name in wanted:
        if name not in result.good and name not in told:
            result.add(name, lost)
    return result


def skim(disk: Disk, path: Path, archive: Archive) -> Scan:
    """Compare the archive's own size and SHA-256 alone; unpack nothing."""
    result = Scan(archive.name)
    file = Packed(disk, path)
    try:
        file.drain()
    finally:
        file.close()
    result.bytes = file.size
    _judge(file, archive, result)
    return result


def _judge(file: "Packed", archive: Archive, result: Scan) -> None:
    """Say what is wrong with the archive as a whole."""
    if file.missing:
        result.missing = True
        result.bad = [Bad(archive.name, Fault.MISSING)]
    elif file.error is not None:
        result.unreadable = True
        result.bad = [bad for bad in result.bad if bad.fault is not Fault.TRUNCATED]
        result.add(archive.name, Fault.UNREADABLE, file.error)
    elif (file.size, file.sha256) != (archive.size, archive.sha256):
        result.add(archive.name, Fault.ARCHIVE, f"{file.size} bytes, SHA-256 {file.sha256}")


def _read(tape: Tape, wanted: Mapping[str, Member], sink: Sink, result: Scan) -> None:
    seen: set[str] = set()
    for item in tape:
        path = names.encode(item.name.decode("utf-8", "surrogateescape"))
        member = wanted.get(path)
        if isinstance(item, Flaw):
            result.add(path or result.archive, item.fault, item.detail)
        elif member is None:
            continue
        elif path in seen:
            result.add(path, Fault.DUPLICATE)
        else:
            seen.add(member.path)  # the one string there is already
            _compare(tape, item, member, sink, result)


def _compare(tape: Tape, header: Header, member: Member, sink: Sink, result: Scan) -> None:
    if header.size != member.size:
        result.add(member.path, Fault.SIZE, f"{header.size} instead of {member.size} bytes")
        return
    try:
        taker = sink(member)
    except OSError as error:
        if error.errno not in UNFIT:
            raise
        result.add(member.path, Fault.NAME, error.strerror or "")
        return
    if taker is None:
        result.good.add(member.path)
        return
    digest = hashlib.sha256()
    left = header.size
    good = False
    try:
        for view in tape.body():
            digest.update(view)
            taker.write(view)
            left -= len(view)
        good = not left and digest.hexdigest() == member.sha256
    finally:
        taker.close(good=good)
    result.bytes += header.size - left
    if good:
        result.good.add(member.path)
    else:
        result.add(member.path, tape.fault if left else Fault.HASH)


def _limit(archive: Archive, wanted: Mapping[str, Member]) -> int:
    """Return how many bytes an honest archive may unpack to."""
    listed = sum(member.size + HEADERS_BYTES + 2 * len(path) for path, member in wanted.items())
    return listed + MOST_RATIO * archive.size + SPARE_BYTES


class Packed:
    """An archive's file as it lies on disk, hashed while it is read; errors end it."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self._digest = hashlib.sha256()
        self._handle: int | None = None
        self.size = 0
        self.error: str | None = None
        self.missing = False
        try:
            self._handle = disk.open(path)
            disk.forget(self._handle)
        except OSError as error:
            self.error = error.strerror or str(error)
            self.missing = isinstance(error, FileNotFoundError)

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was read."""
        return self._digest.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        """Give it piece by piece."""
        while piece := self._piece():
            self._digest.update(piece)
            self.size += len(piece)
            yield piece

    def drain(self) -> None:
        """Read what nobody asked for, for its SHA-256."""
        for _ in self.pieces():
            pass

    def close(self) -> None:
        """Close the file, whatever was read."""
        if self._handle is not None:
            self._disk.close(self._handle)

    def _piece(self) -> bytes:
        if self._handle is None or self.error is not None:
            return b""
        try:
            return self._disk.read(self._handle, READ_BYTES)
        except OSError as error:
            self.error = error.strerror or str(error)
            return b""
