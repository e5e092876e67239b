"""Earlier versions of files, taken out of the previous snapshot's archives into a new one."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from storage.archives.create.writing import Writing
from storage.archives.manifest import Archive, Manifest, Member
from storage.archives.read.scan import scan
from storage.archives.tar import SECOND_NS, About
from storage.archives.workshop import Workshop


class Carrying:
    """Collects what is wanted; `out` then reads each archive once."""

    def __init__(self, shop: Workshop, writing: Writing) -> None:
        self.members: dict[str, Member] = {}
        self._shop = shop
        self._writing = writing
        self._wanted: dict[str, dict[str, Member]] = {}
        self._archives: dict[str, Archive] = {}

    def want(self, member: Member, manifest: Manifest) -> None:
        """Ask for a member of that snapshot."""
        self._archives |= {archive.name: archive for archive in manifest.archives}
        self._wanted.setdefault(member.archive, {})[member.path] = member

    def out(self) -> Iterator[tuple[str, str]]:
        """Copy everything wanted; give path and reason of what the archives no longer hold."""
        for name, wanted in self._wanted.items():
            found = scan(
                self._shop.disk,
                self._shop.folder / name,
                self._archives[name],
                wanted,
                lambda member: _Copy(self, self._shop, member),
            )
            reasons = {bad.path: str(bad.fault) for bad in found.bad}
            for path in wanted:
                if path not in found.good:
                    yield path, f"{name}: {reasons.get(path, 'not in it')}"

    def add(self, member: Member, spool: Path) -> None:
        """Add a version that was found whole."""
        own = msgspec.structs.replace(member, archive=self._writing.name)
        about = About(own.size, own.mode, mtime=own.mtime_ns // SECOND_NS)
        self._writing.add(own, about, self._shop.pieces(spool))
        self.members[own.path] = own


class _Copy:
    """Takes one member into a temporary file first: it may yet prove to be bad."""

    def __init__(self, carrying: Carrying, shop: Workshop, member: Member) -> None:
        self._carrying = carrying
        self._shop = shop
        self._member = member
        self._spool = shop.passing("carried")
        self._handle = shop.create(self._spool)

    def write(self, view: memoryview) -> None:
        """Take the next piece."""
        self._shop.write(self._spool, self._handle, view)

    def close(self, *, good: bool) -> None:
        """Hand it on where it is good."""
        self._shop.close(self._spool, self._handle)
        if good:
            self._carrying.add(self._member, self._spool)
        self._shop.drop(self._spool)
