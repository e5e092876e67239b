"""Which archives are read for which snapshots: each once, for all that need it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from storage.archives.disk import Disk
from storage.archives.findings import Bad, Fault
from storage.archives.manifest import BAD_END, Archive, Manifest, Member
from storage.archives.read.scan import Sink, Taker
from storage.archives.results import Phase, Progress, Step, silent


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """The folder the archives lie in, and what it takes to read them."""

    folder: Path
    disk: Disk
    clock: Callable[[], datetime]
    progress: Progress = silent

    def find(self, archive: Archive) -> Path:
        """Return where an archive lies: under its own name, or the one it is quarantined by."""
        path = self.folder / archive.name
        aside = path.with_name(path.name + BAD_END)
        return aside if not self.disk.exists(path) and self.disk.exists(aside) else path


class Pass(msgspec.Struct):
    """One archive, and every member that any of the snapshots has in it."""

    archive: Archive
    wanted: dict[str, Member] = {}


def plan(manifests: Iterable[Manifest], bad: list[Bad]) -> dict[str, Pass]:
    """Return one pass for each archive; what manifests say differently of one goes to `bad`.

    A manifest is let go of before the next is asked for.
    """
    passes: dict[str, Pass] = {}
    for manifest in manifests:
        for archive in manifest.archives:
            one = passes.setdefault(archive.name, Pass(archive))
            if one.archive != archive:
                bad.append(Bad(archive.name, Fault.MANIFEST, archive.name, manifest.id))
        for member in manifest.members:
            if member.archive not in passes:
                continue
            wanted = passes[member.archive].wanted
            known = wanted.setdefault(member.path, member)
            if (known.size, known.sha256) != (member.size, member.sha256):
                bad.append(Bad(member.path, Fault.MANIFEST, member.archive, manifest.id))
    return passes


class Watch:
    """Tells how far the reading of archives is, at every member."""

    def __init__(self, progress: Progress, phase: Phase, passes: Iterable[Pass]) -> None:
        members = [member for each in passes for member in each.wanted.values()]
        self._progress = progress
        self._phase: Phase = phase
        self._total = len(members)
        self._bytes_total = sum(member.size for member in members)
        self._done = self._bytes = 0

    def over(self, sink: Sink) -> Sink:
        """Return the sink, watched."""

        def watched(member: Member) -> Taker | None:
            self.tell()
            self._done += 1
            self._bytes += member.size
            return sink(member)

        return watched

    def tell(self) -> None:
        """Tell it now."""
        self._progress(
            Step(
                phase=self._phase,
                done=self._done,
                total=self._total,
                bytes_done=self._bytes,
                bytes_total=self._bytes_total,
            )
        )
