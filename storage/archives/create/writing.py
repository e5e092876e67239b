"""One archive while it is written, and what it takes to believe it afterwards."""

import hashlib
from collections.abc import Callable, Iterable

from storage.archives import tar, zst
from storage.archives.errors import ReadBackError
from storage.archives.manifest import Archive, Member
from storage.archives.read.scan import Nothing, scan
from storage.archives.tar import About
from storage.archives.workshop import Workshop


class Writing:
    """An archive under a temporary name: add members, `finish`, `read_back`, then publish.

    Used as a context manager, so that its file is closed whatever happens.
    """

    def __init__(self, shop: Workshop, name: str) -> None:
        self._shop = shop
        self.name = name
        self.path = shop.passing(name)
        self.members: dict[str, Member] = {}
        self._handle: int | None = shop.create(self.path)
        self._pack: zst.Compressor | None = zst.compressor()
        self._digest = hashlib.sha256()
        self._plain = 0
        self.size = 0

    def __enter__(self) -> "Writing":
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file where it is still open."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            self._shop.close(self.path, handle)

    def add(self, member: Member, about: About, pieces: Iterable[bytes | bytearray]) -> None:
        """Add a file of exactly `member.size` bytes."""
        self._put(tar.header(member.path, about))
        for piece in pieces:
            self._put(piece)
        self._put(bytes(tar.padding(member.size)))
        self.members[member.path] = member

    def add_own(self, path: str, content: bytes | bytearray) -> None:
        """Add a file of Vigie's own, which no manifest lists but the reading back compares."""
        digest = hashlib.sha256(content).hexdigest()
        member = Member(path, len(content), digest, 0, 0, 0, 0, self.name)
        self.add(member, About(len(content)), [content])

    def finish(self) -> Archive:
        """End it, and bring it to the disk itself."""
        self._put(tar.end(self._plain))
        pack, self._pack = self._pack, None  # its memory is needed for reading back
        if pack is not None:
            self._out(pack.flush())
        handle, self._handle = self._handle, None
        if handle is not None:
            self._shop.finish(self.path, handle)
        return Archive(self.name, self.size, self._digest.hexdigest())

    def read_back(self, archive: Archive, seen: Callable[[Member], object]) -> None:
        """Read it from the disk, and compare it and every member. Raises ReadBackError."""

        def sink(member: Member) -> Nothing:
            seen(member)
            return Nothing()

        found = scan(self._shop.disk, self.path, archive, self.members, sink)
        if found.bad:
            first = found.bad[0]
            raise ReadBackError(self.name, f"{first.path}: {first.fault} {first.detail}".rstrip())

    def _put(self, content: bytes | bytearray) -> None:
        if self._pack is not None:
            self._plain += len(content)
            self._out(self._pack.compress(content))

    def _out(self, packed: bytes) -> None:
        if packed and self._handle is not None:
            self._digest.update(packed)
            self.size += len(packed)
            self._shop.write(self.path, self._handle, packed)
