"""A folder as the off-site copy: another disk, a network share, a folder that others sync."""

import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from storage.archives.disk import FULL, Disk
from storage.offsite.drafts import AFTER, BEFORE, pieces, published, sweep
from storage.offsite.place import Stored
from storage.offsite.target import Target
from storage.offsite.trouble import OffsiteError, Trouble

MOUNTED_UNDER = (Path("/mnt"), Path("/media"), Path("/run/media"), Path("/Volumes"))


class FolderPlace:
    """Files of a folder that must be there already: an absent one is a disk not mounted.

    Below /mnt and the like something must be mounted: an empty mount point is on the system's
    own disk, and a copy there would go down with it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        disk: Disk | None = None,
        mounted: Callable[[Path], bool] = os.path.ismount,
        mounts: Collection[Path] = MOUNTED_UNDER,
    ) -> None:
        self._folder = folder
        self._disk = disk or Disk()
        self._mounted = mounted
        self._mounts = mounts

    @property
    def where(self) -> str:
        """The folder as a URL."""
        return f"file://{self._folder.as_posix()}"

    @property
    def if_empty(self) -> Trouble | None:
        """A disk may not be mounted, and look empty."""
        return Trouble.NOT_MOUNTED

    def names(self) -> Mapping[str, int]:
        """Return every file there with its size; Trouble.NOT_THERE without the folder."""
        if not self._folder.is_dir():
            raise OffsiteError(Trouble.NOT_THERE, self.where)
        if not self._on_a_mount():
            raise OffsiteError(Trouble.NOT_MOUNTED, self.where, said="nothing is mounted")
        try:
            files = [entry.name for entry in self._disk.entries(self._folder) if entry.file]
            return {
                name: self._disk.look(self._folder / name).st_size
                for name in files
                if not (name.startswith(BEFORE) and name.endswith(AFTER))
            }
        except OSError as error:
            raise self._said(error) from None

    def stored(self, name: str) -> Stored | None:
        """Return size and hash of the file as it reads now."""
        digest, size = hashlib.sha256(), 0
        try:
            for piece in self.pieces(name):
                digest.update(piece)
                size += len(piece)
        except OffsiteError:
            return None
        return Stored(size=size, sha256=digest.hexdigest())

    def put(self, name: str, source: Path, content: Stored) -> None:
        """Copy a file there, synced before it has its name; Trouble.LOCAL where it changed."""
        self.names()
        digest = hashlib.sha256()
        try:
            sweep(self._disk, self._folder)
            with published(self._disk, self._folder / name) as draft:
                for piece in pieces(self._disk, source):
                    digest.update(piece)
                    draft.write(piece)
                if digest.hexdigest() != content.sha256:
                    raise OffsiteError(Trouble.LOCAL, self.where, name=name)
        except OSError as error:
            raise self._said(error, name) from None

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the file's bytes."""
        try:
            yield from pieces(self._disk, self._folder / name)
        except FileNotFoundError:
            raise OffsiteError(Trouble.DAMAGED, self.where, name=name, said="missing") from None
        except OSError as error:
            raise self._said(error, name) from None

    def remove(self, name: str) -> None:
        """Delete the file."""
        try:
            self._disk.remove(self._folder / name)
            self._disk.sync_folder(self._folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._said(error, name) from None

    def _on_a_mount(self) -> bool:
        lineage = [self._folder, *self._folder.parents]
        root = next((path for path in lineage if path in self._mounts), None)
        if root is None:
            return True
        return any(self._mounted(path) for path in lineage[: lineage.index(root) + 1])

    def _said(self, error: OSError, name: str = "") -> OffsiteError:
        """Return the trouble; the system's own word names no path."""
        if error.errno in FULL:
            return OffsiteError(Trouble.FULL, self.where, name=name)
        denied = isinstance(error, PermissionError)
        trouble = Trouble.DENIED if denied else Trouble.ODD
        return OffsiteError(trouble, self.where, name=name, said=error.strerror or "")


def place(target: Target) -> FolderPlace:
    """Return the place of `file:///folder`. Raise OffsiteError, Trouble.URL, for another."""
    parts = urlsplit(target.url)
    folder = Path(unquote(parts.path))
    if parts.netloc not in {"", "localhost"} or not folder.is_absolute():
        raise OffsiteError(Trouble.URL, target.url)
    return FolderPlace(folder)
