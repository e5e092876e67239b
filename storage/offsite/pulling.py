"""The newest good snapshot brought back: archives first, each proven, the manifest last.

Where files were lost before it was made, the last one that holds them comes along.
"""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from storage.archives.disk import FULL, Disk
from storage.archives.manifest import ARCHIVE_NAME, BAD_END, Manifest
from storage.offsite.drafts import pieces, published, sweep
from storage.offsite.reading import Content, Hashing, Reader, manifest_of
from storage.offsite.results import Damage, PassedOver, Pulled, Why
from storage.offsite.sums import Item, Sums, sums_name
from storage.offsite.thinning import remotes
from storage.offsite.trouble import OffsiteError, Trouble


class _BadError(Exception):
    """One snapshot is not to be had; an older one may be."""

    def __init__(self, name: str, why: Why) -> None:
        super().__init__(name)
        self.damage = Damage(name=name, why=why)


class Pull:
    """One run into a folder of backups, which is made where there is none.

    Cut off at any point it leaves whole archives only, and the next run goes on with them. A
    file of the same name that holds something else is kept aside, with `.bad` behind its name.
    """

    def __init__(self, reader: Reader, folder: Path, disk: Disk) -> None:
        self._reader = reader
        self._place = reader.place
        self._folder = folder
        self._disk = disk
        self._fetched: dict[str, int] = {}
        self._kept: list[str] = []

    def run(self) -> Pulled:
        """Bring it back; raise OffsiteError where none could be."""
        try:
            return self._run()
        except OSError as error:
            full = error.errno in FULL
            trouble = Trouble.LOCAL_FULL if full else Trouble.FOLDER
            said = "" if full else (error.strerror or "")
            raise OffsiteError(trouble, self._place.where, said=said) from None

    def _run(self) -> Pulled:
        names = self._place.names()
        lists = self._reader.all_sums(names)
        with contextlib.suppress(FileExistsError):
            self._disk.make_folder(self._folder)
        sweep(self._disk, self._folder)
        passed_over = []
        for remote in reversed(remotes(names, lists)):
            try:
                self._snapshot(remote.id, lists.get(remote.id))
            except _BadError as error:
                passed_over.append(PassedOver(id=remote.id, damage=error.damage))
                continue
            self._whole(remote.whole, lists)
            return Pulled(
                id=remote.id,
                fetched=tuple(self._fetched),
                kept=tuple(self._kept),
                fetched_bytes=sum(self._fetched.values()),
                passed_over=tuple(passed_over),
            )
        if not passed_over:
            raise OffsiteError(Trouble.NOTHING, self._place.where)
        worst = passed_over[0].damage
        raise OffsiteError(Trouble.DAMAGED, self._place.where, name=worst.name, said=worst.why)

    def _whole(self, ids: Sequence[str], lists: Mapping[str, Sums | None]) -> None:
        """Bring the last ones before an open loss, too, as far as they are to be had."""
        for one in ids:
            with contextlib.suppress(_BadError, OffsiteError):
                self._snapshot(one, lists.get(one))

    def _snapshot(self, snapshot_id: str, sums: Sums | None) -> None:
        if sums is None:
            raise _BadError(sums_name(snapshot_id), Why.LIST)
        for item in sums.items:
            if not self._reader.opens(item):
                raise OffsiteError(Trouble.SEALED, self._place.where, name=item.stored_name)
        content = self._manifest(sums.manifest, sums)
        missing = [item for item in sums.archives if not self._have(item)]
        self._make_sure_of_room(missing)
        for item in missing:
            self._fetch(item)
        path = self._folder / sums.manifest.name
        with published(self._disk, path) as draft:
            draft.write(content)
        self._fetched[path.name] = len(content)

    def _manifest(self, item: Item, sums: Sums) -> bytes:
        """Return the manifest's file, once it agrees with the list on what belongs to it."""
        content = Content()
        why = self._reader.fetch(item, content)
        if why is not None:
            raise _BadError(item.stored_name, why)
        try:
            manifest = manifest_of(bytes(content.taken))
        except ValueError:
            raise _BadError(item.stored_name, Why.CONTENT) from None
        if not _agree(manifest, sums):
            raise _BadError(item.stored_name, Why.CONTENT)
        return bytes(content.taken)

    def _have(self, item: Item) -> bool:
        """Return whether an archive is here, whole; what is not whole is put aside."""
        path = self._folder / item.name
        digest = Hashing()
        try:
            for piece in pieces(self._disk, path):
                digest.write(piece)
        except FileNotFoundError:
            return False
        if digest.sha256 == item.sha256:
            self._kept.append(item.name)
            return True
        self._disk.replace(path, path.with_name(f"{path.name}{BAD_END}"))
        return False

    def _make_sure_of_room(self, missing: list[Item]) -> None:
        needed = sum(item.stored_bytes for item in missing)
        free = self._disk.free_bytes(self._folder)
        if needed > free:
            said = f"{needed} bytes are needed, {free} free"
            raise OffsiteError(Trouble.LOCAL_FULL, self._place.where, said=said)

    def _fetch(self, item: Item) -> None:
        with published(self._disk, self._folder / item.name) as draft:
            why = self._reader.fetch(item, draft)
            if why is not None:
                raise _BadError(item.stored_name, why)
        self._fetched[item.name] = item.stored_bytes


def _agree(manifest: Manifest, sums: Sums) -> bool:
    """Return whether list and manifest name the same archives, of one snapshot, by decent names."""
    named = [(archive.name, archive.sha256) for archive in manifest.archives]
    listed = [(item.name, item.sha256) for item in sums.archives]
    decent = all(ARCHIVE_NAME.fullmatch(name) for name, _ in listed)
    return decent and manifest.id == sums.id and sorted(named) == sorted(listed)
