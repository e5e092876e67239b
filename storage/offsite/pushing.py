"""A snapshot copied off-site: archives first, its list, the manifest last."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from storage import files
from storage.archives.disk import FULL, Disk
from storage.archives.manifest import Manifest, manifest_name
from storage.offsite import sums
from storage.offsite.drafts import Draft, pieces, spooled, sweep
from storage.offsite.note import NOTE, NOTE_NAME
from storage.offsite.place import Place, Stored
from storage.offsite.reading import Hashing, Reader, manifest_of, through
from storage.offsite.results import Pushed
from storage.offsite.sums import Item, Sums, sealed_name, sums_name
from storage.offsite.trouble import OffsiteError, Trouble

if TYPE_CHECKING:
    from storage.offsite.sealing import Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file here: its name, and what its manifest says it holds."""

    path: Path
    size: int
    sha256: str


class Push:
    """One run: what is there with the right size and hash is left as it is.

    Cut off at any point it leaves no manifest whose archives are not there, and the next run
    goes on with the file that was on its way.
    """

    def __init__(self, place: Place, seal: "Seal | None", folder: Path, disk: Disk) -> None:
        self._place = place
        self._seal = seal
        self._folder = folder
        self._disk = disk
        self._reader = Reader(place=place, seal=seal)
        self._lists: Mapping[str, Sums | None] | None = None
        self._names: Mapping[str, int] = {}
        self._sent: dict[str, int] = {}

    def run(self, manifest: Manifest) -> Pushed:
        """Copy the snapshot; raise OffsiteError where that was not possible."""
        try:
            return self._run(manifest)
        except OSError as error:  # of this side: a place raises its own kind
            full = error.errno in FULL
            trouble = Trouble.LOCAL_FULL if full else Trouble.FOLDER
            said = "" if full else (error.strerror or "")
            raise OffsiteError(trouble, self._place.where, said=said) from None

    def _run(self, manifest: Manifest) -> Pushed:
        sweep(self._disk, self._folder)
        self._names = self._place.names()
        archives = [self._copied(source) for source in self._sources(manifest)]
        with self._ready(self._manifest(manifest)) as (item, send):
            whole = Sums(
                id=manifest.id,
                clean=manifest.clean,
                items=(*archives, item),
                started=manifest.started,
                empty=manifest.empty,
                whole=manifest.whole,
            )
            self._note()
            self._all_there(archives)
            self._list(whole)
            if send is not None:
                self._send(item, send)
        names = [one.stored_name for one in whole.items]
        return Pushed(
            id=manifest.id,
            sent=tuple(self._sent),
            kept=tuple(name for name in names if name not in self._sent),
            sent_bytes=sum(self._sent.values()),
        )

    def _sources(self, manifest: Manifest) -> list[Source]:
        return [
            Source(path=self._folder / one.name, size=one.size, sha256=one.sha256)
            for one in manifest.archives
        ]

    def _manifest(self, manifest: Manifest) -> Source:
        """Return the manifest's own file. Raise OffsiteError where it says something else."""
        path = self._folder / manifest_name(manifest.id)
        content = path.read_bytes()
        try:
            same = manifest_of(content) == manifest
        except ValueError:
            same = False
        if not same:
            raise OffsiteError(Trouble.LOCAL, self._place.where, name=path.name)
        return Source(path=path, size=len(content), sha256=files.sha256(path))

    def _copied(self, source: Source) -> Item:
        with self._ready(source) as (item, send):
            if send is not None:
                self._send(item, send)
        return item

    @contextlib.contextmanager
    def _ready(self, source: Source) -> Iterator[tuple[Item, Path | None]]:
        """Return how a file lies, or will lie, there; and what to send, None where it is there."""
        there = self._there(source)
        if there is not None:
            yield there, None
        elif self._seal is None:
            self._expect(source, files.sha256(source.path))
            yield self._item(source, source.sha256, source.size), source.path
        else:
            with spooled(self._disk, source.path) as (path, handle):
                lying, plain = Hashing(Draft(self._disk, handle)), Hashing()
                self._seal.close(through(pieces(self._disk, source.path), plain), lying)
                self._expect(source, plain.sha256)
                yield self._item(source, lying.sha256, lying.size), path

    def _there(self, source: Source) -> Item | None:
        """Return the item where the same content lies there; raise where another Vigie's does."""
        name = self._stored_name(source)
        stored = self._place.stored(name) if name in self._names else None
        if stored is None or stored.size != self._names[name]:
            return None
        plain = stored.sha256 if self._seal is None else stored.plain_sha256
        known = {plain} if plain == source.sha256 else self._listed(name, stored)
        if source.sha256 in known:
            return self._item(source, stored.sha256, stored.size)
        if known:  # whole, as somebody put it there, and not ours
            raise OffsiteError(Trouble.OTHERS, self._place.where, name=name)
        return None

    def _listed(self, name: str, stored: Stored) -> set[str]:
        """Return what, by the lists there, these bytes of that name are the copy of."""
        if self._lists is None:
            self._lists = self._reader.all_sums(self._names)
        return {
            item.sha256
            for one in self._lists.values()
            if one is not None
            for item in one.items
            if (item.stored_name, item.stored_sha256) == (name, stored.sha256)
        }

    def _send(self, item: Item, path: Path) -> None:
        plain = "" if item.name == item.stored_name else item.sha256
        content = Stored(size=item.stored_bytes, sha256=item.stored_sha256, plain_sha256=plain)
        self._place.put(item.stored_name, path, content)
        self._sent[item.stored_name] = item.stored_bytes

    def _all_there(self, archives: list[Item]) -> None:
        """Raise OffsiteError where an archive is not there now, whoever took it away."""
        names = self._place.names()
        for item in archives:
            if names.get(item.stored_name) != item.stored_bytes:
                raise OffsiteError(Trouble.DAMAGED, self._place.where, name=item.stored_name)

    def _list(self, whole: Sums) -> None:
        if self._reader.sums(whole.id) != whole:
            self._small(sums_name(whole.id), sums.write(whole).encode())

    def _note(self) -> None:
        """Say there how to restore by hand; a note that is up to date stays."""
        content = NOTE.encode()
        if self._reader.small(NOTE_NAME, len(content)) != content:
            self._small(NOTE_NAME, content)

    def _small(self, name: str, content: bytes) -> None:
        with spooled(self._disk, self._folder / name) as (path, handle):
            self._disk.write(handle, content)
            passed = Hashing()
            passed.write(content)
            self._place.put(name, path, Stored(size=passed.size, sha256=passed.sha256))
        self._sent[name] = passed.size

    def _item(self, source: Source, sha256: str, size: int) -> Item:
        return Item(
            name=source.path.name,
            sha256=source.sha256,
            stored_name=self._stored_name(source),
            stored_sha256=sha256,
            stored_bytes=size,
        )

    def _stored_name(self, source: Source) -> str:
        name = source.path.name
        return name if self._seal is None else sealed_name(name, self._seal.mark)

    def _expect(self, source: Source, sha256: str) -> None:
        if sha256 != source.sha256:
            raise OffsiteError(Trouble.LOCAL, self._place.where, name=source.path.name)
