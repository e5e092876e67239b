"""The trial restore: every backup read back, the newest brought back for real and compared."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from jobs.backup_results import Retrieved
from jobs.backup_work import EVERYTHING, Push, Workbench, spoilt, trouble
from storage.archives import names
from storage.archives.disk import Disk
from storage.archives.errors import BackupError
from storage.archives.findings import Bad, Fault
from storage.archives.manifest import Manifest, Member, manifest_name
from storage.archives.restore.folders import discard
from storage.archives.results import Listed, Progress
from storage.records import Phrase

PLACE = ".drill"
READ_BYTES = 1 << 20


def run(bench: Workbench, progress: Progress, *, check: Push | None = None) -> Retrieved:
    """Return what came of it; leaves nothing behind, and never raises.

    `check` reads the newest one's copy off this machine back, and says what is wrong with it.
    """
    place = bench.folder / PLACE
    disk = bench.store().disk
    try:
        discard(disk, place)  # of a trial that was killed
        outcome = _try(bench, place, progress)
        discard(disk, place)
        newest = _newest(bench.store().snapshots())
        if check is not None and newest and outcome.trouble is None:
            return replace(outcome, trouble=check(bench.store().manifest(newest)))
    except (BackupError, OSError) as error:
        _clear(disk, place)
        said = trouble(error).values["error"]
        return Retrieved(trouble=Phrase("backups.drill.failed", {"error": said}))
    return outcome


def tidy(bench: Workbench) -> None:
    """Delete what a trial that was killed left; for the start, when none can be under way."""
    _clear(bench.store().disk, bench.folder / PLACE)


def _try(bench: Workbench, place: Path, progress: Progress) -> Retrieved:
    store = bench.store(progress)
    present = store.snapshots()
    if not present:
        return Retrieved(trouble=Phrase("backups.drill.failed", {"error": "there is no backup"}))
    told = _known(present)
    found = store.verify(EVERYTHING).bad
    bad = [one for one in found if not {one.path, one.archive} & told]
    newest = _newest(store.snapshots())
    if not newest:
        return Retrieved(trouble=spoilt(bad or found))
    restored = store.restore(newest, place)
    bad += restored.bad
    if restored.complete:
        bad += compare(store.disk, place, store.manifest(newest))
    return Retrieved(restored=restored, trouble=spoilt(bad))


def _known(found: tuple[Listed, ...]) -> set[str]:
    """Return the archives and manifests known to be bad or missing: they are told of already."""
    broken = [each for each in found if each.broken]
    whole = {name for each in found if not each.broken for name in each.sizes}
    lain = {one.name for each in broken if each.manifest for one in each.manifest.archives}
    return (lain - whole) | {manifest_name(each.id) for each in broken if each.manifest is None}


def _newest(found: tuple[Listed, ...]) -> str:
    """Return the newest that can be restored, by its id, "" for none."""
    good = [each.id for each in found if each.manifest is not None and not each.broken]
    return good[-1] if good else ""


def compare(disk: Disk, place: Path, manifest: Manifest) -> Iterator[Bad]:
    """Yield every file below `place` that is not what the manifest says, read from the disk."""
    for member in manifest.members:
        fault = _fault(disk, place / names.decode(member.path), member)
        if fault is not None:
            yield Bad(member.path, fault)


def _fault(disk: Disk, path: Path, member: Member) -> Fault | None:
    try:
        handle = disk.open(path)
    except FileNotFoundError:
        return Fault.MISSING
    digest, size = hashlib.sha256(), 0
    try:
        while piece := disk.read(handle, READ_BYTES):
            digest.update(piece)
            size += len(piece)
    finally:
        disk.close(handle)
    if size != member.size:
        return Fault.SIZE
    return None if digest.hexdigest() == member.sha256 else Fault.HASH


def _clear(disk: Disk, place: Path) -> None:
    try:
        discard(disk, place)
    except OSError:
        return  # the next start, and the next trial, try again
