"""A snapshot re-read from afar, every byte of it: the only proof that it can come back."""

from storage.archives.manifest import Manifest
from storage.offsite.reading import Content, Hashing, Reader, manifest_of
from storage.offsite.results import Checked, Damage, Why
from storage.offsite.sums import Item, Sums, sums_name


def check(reader: Reader, manifest: Manifest) -> Checked:
    """Return what a snapshot's copy is worth; all that is not good is named, not the first only.

    Raises OffsiteError where the place cannot be read, or a secret key is here and does not fit.
    """
    sums = reader.sums(manifest.id)
    if sums is None:
        lost = Damage(name=sums_name(manifest.id), why=Why.LIST)
        return Checked(id=manifest.id, files=0, read_bytes=0, opened=False, damaged=(lost,))
    damaged = [*_unlike(manifest, sums)]
    for item in sums.items:
        why = _manifest(reader, item, manifest) if item is sums.manifest else _read(reader, item)
        if why is not None:
            damaged.append(Damage(name=item.stored_name, why=why))
    return Checked(
        id=manifest.id,
        files=len(sums.items),
        read_bytes=sum(item.stored_bytes for item in sums.items),
        opened=all(map(reader.opens, sums.items)),
        damaged=tuple(damaged),
    )


def _unlike(manifest: Manifest, sums: Sums) -> list[Damage]:
    """Return which archives are, by the list, not those of the manifest."""
    listed = {item.name: item.sha256 for item in sums.archives}
    return [
        Damage(name=archive.name, why=Why.CONTENT if archive.name in listed else Why.MISSING)
        for archive in manifest.archives
        if listed.get(archive.name) != archive.sha256
    ]


def _read(reader: Reader, item: Item) -> Why | None:
    return reader.fetch(item, Hashing())


def _manifest(reader: Reader, item: Item, manifest: Manifest) -> Why | None:
    content = Content()
    why = reader.fetch(item, content)
    if why is not None or not reader.opens(item):
        return why
    try:
        same = manifest_of(bytes(content.taken)) == manifest
    except ValueError:
        same = False
    return None if same else Why.CONTENT
