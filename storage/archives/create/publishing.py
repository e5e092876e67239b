"""How a snapshot comes to exist: its archive first, its manifest last, RESTORE.txt behind it."""

from pathlib import Path

from storage.archives import listing, note, small, zst
from storage.archives.disk import Disk
from storage.archives.errors import ReadBackError
from storage.archives.losses import behind
from storage.archives.manifest import Head, Manifest, manifest_name
from storage.archives.workshop import Workshop


def publish(shop: Workshop, manifest: Manifest, archive: Path | None) -> None:
    """Give the archive (None: the base alone is the snapshot) its name, then the manifest its own.

    Raises a BackupError with neither of them there.
    """
    name = manifest_name(manifest.id)
    content = zst.packed_pieces(listing.written(manifest))
    path = shop.passing(name)
    handle = shop.create(path)
    try:
        shop.write(path, handle, content)
    finally:
        shop.finish(path, handle)
    with shop.minding(name):
        if listing.read(shop.disk, path) != content:
            raise ReadBackError(name, "other bytes")
    made = [] if archive is None else [shop.publish(archive, archive_name(manifest))]
    made.append(shop.publish(path, name))
    shop.keep(made)


def archive_name(manifest: Head) -> str:
    """Return the name of the archive that was made for a snapshot, or else of its base."""
    return manifest.archives[-1].name


def explain(disk: Disk, folder: Path, manifest: Head) -> str:
    """Bring RESTORE.txt up to date for the newest snapshot; return why it could not, or ""."""
    try:
        small.put(disk, folder / note.NAME, note.text(manifest).encode())
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def explain_newest(disk: Disk, folder: Path) -> str:
    """Bring RESTORE.txt up to date for the newest snapshot that nothing speaks against.

    That is one from before a root was lost, where there is one. Returns why it could not, or "".
    """
    newest, losses = None, None
    for each in listing.each(disk, folder):
        if each.manifest is None:
            continue
        losses = each.manifest.losses if losses is None else losses
        if each.broken:
            continue
        if not behind(each.manifest, losses):
            return explain(disk, folder, each.manifest)
        newest = newest or each.manifest
    return "" if newest is None else explain(disk, folder, newest)
