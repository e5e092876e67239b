"""Archives read back and compared with what their manifests say."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from storage.archives import checked, listing
from storage.archives.checked import Check
from storage.archives.findings import Bad, Fault, Verified
from storage.archives.manifest import BAD_END, Manifest, manifest_name
from storage.archives.read.doubts import doubts
from storage.archives.read.passes import Pass, Shelf, Watch, plan
from storage.archives.read.scan import Scan, nowhere, scan, skim


def verify(
    shelf: Shelf,
    ids: Sequence[str],
    *,
    deep: bool = True,
    unreadable: Sequence[Bad] = (),
) -> Verified:
    """Read the archives of these snapshots back, and say everything that is wrong.

    `deep` unpacks them and compares every member; otherwise only each archive's own SHA-256 is.
    What was read wrong twice is quarantined; what the system could not read is only reported, as
    are the manifests that were `unreadable`.
    """
    began = time.monotonic()
    bad = list(unreadable)
    passes = plan(_manifests(shelf, ids, bad), bad)
    watch = Watch(shelf.progress, "verify", passes.values())
    outcome = _Outcome(shelf)
    for each in passes.values():
        outcome.add(each, _deep(shelf, each, watch) if deep else _shallow(shelf, each))
    watch.tell()
    return Verified(
        snapshots=tuple(ids),
        archives=len(passes),
        members=outcome.members,
        bytes=outcome.bytes,
        seconds=time.monotonic() - began,
        deep=deep,
        bad=tuple(dict.fromkeys((*bad, *outcome.bad))),
        quarantined=tuple(outcome.quarantined),
        note_failed=outcome.write_down(),
    )


def _manifests(shelf: Shelf, ids: Sequence[str], bad: list[Bad]) -> Iterator[Manifest]:
    """Give one manifest after the other; what is wrong with them goes to `bad`."""
    for snapshot_id in ids:
        try:
            manifest = listing.load(shelf.disk, shelf.folder, snapshot_id)
        except (listing.DamagedError, OSError) as error:
            bad.append(Bad(manifest_name(snapshot_id), Fault.MANIFEST, detail=listing.why(error)))
            continue
        bad += doubts(manifest)
        yield manifest
        del manifest


class _Outcome:
    """What the passes came to, all together; and what is done about it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._checks = checked.load(shelf.disk, shelf.folder)
        self.members = self.bytes = 0
        self.bad: list[Bad] = []
        self.quarantined: list[str] = []

    def add(self, one: Pass, found: Scan) -> None:
        """Count one archive; put it aside where its content is wrong."""
        self.members += len(one.wanted)
        self.bytes += found.bytes
        self.bad += found.bad
        if found.unreadable:
            return
        archive = one.archive
        self._checks[archive.name] = Check(archive.sha256, self._shelf.clock(), ok=not found.bad)
        if found.bad and not found.missing:
            self._quarantine(archive.name)

    def write_down(self) -> str:
        """Keep when each archive was checked; return why that failed, if it did."""
        present = {
            name: check
            for name, check in self._checks.items()
            if self._shelf.disk.exists(self._shelf.folder / name)
        }
        try:
            checked.save(self._shelf.disk, self._shelf.folder, present)
        except OSError as error:
            return error.strerror or str(error)
        return ""

    def _quarantine(self, name: str) -> None:
        path = self._shelf.folder / name
        with suppress(OSError):  # it is reported bad all the same, and will be each time
            self._shelf.disk.replace(path, path.with_name(name + BAD_END))
            self.quarantined.append(name)
            self._shelf.disk.sync_folder(self._shelf.folder)


def _deep(shelf: Shelf, one: Pass, watch: Watch) -> Scan:
    """Read it whole; what is found bad is read again, and only the second time counts."""
    path = shelf.folder / one.archive.name
    found = scan(shelf.disk, path, one.archive, one.wanted, watch.over(nowhere))
    if found.bad and not found.missing and not found.unreadable:
        found = scan(shelf.disk, path, one.archive, one.wanted, nowhere)
    return found


def _shallow(shelf: Shelf, one: Pass) -> Scan:
    path = shelf.folder / one.archive.name
    found = skim(shelf.disk, path, one.archive)
    return skim(shelf.disk, path, one.archive) if found.bad else found
