import hashlib
from pathlib import Path
from typing import Literal, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.archives.errors import UnknownError
from storage.archives.results import Created
from tests.storage.archives.tracker import Tracker, read


class Harm(NamedTuple):
    """One thing that happens to one file of the backups; `at` says where, of a million."""

    kind: Literal["flip", "cut", "delete", "swap", "bad"]
    file: int
    other: int
    at: int


PLACES = st.integers(0, 999_999)
HARMS = st.builds(
    Harm,
    st.sampled_from(["flip", "cut", "delete", "swap", "bad"]),
    st.integers(0, 9),
    st.integers(0, 9),
    PLACES,
)


def harm(folder: Path, what: Harm) -> None:
    """Do it."""
    paths = sorted(folder.glob("*.zst*"))
    path, other = paths[what.file % len(paths)], paths[what.other % len(paths)]
    content = bytearray(path.read_bytes())
    at = what.at * len(content) // 1_000_000
    match what.kind:
        case "flip" if content:
            content[at] ^= 1 << what.at % 8
            path.write_bytes(content)
        case "cut":
            path.write_bytes(content[:at])
        case "delete" if len(paths) > 1:
            path.unlink()
        case "swap":
            path.write_bytes(other.read_bytes())
            other.write_bytes(content)
        case "bad" if path.name.endswith(".tar.zst"):
            path.rename(path.with_name(path.name + ".bad"))


@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(
    harms=st.lists(HARMS, min_size=1, max_size=3),
    salvage=st.booleans(),
    lost=st.booleans(),
)
def test_whatever_is_damaged_nothing_wrong_is_ever_restored(
    tmp_path_factory: pytest.TempPathFactory, harms: list[Harm], *, salvage: bool, lost: bool
) -> None:
    """Bits turned, files cut, deleted or exchanged: each file is right, or named and not there."""
    tracker = Tracker(tmp_path_factory.mktemp("damage"))
    for number in range(6):
        tracker.write(f"data/{number}.json", f'["{number}"]' + " " * number * 300)
    first = tracker.create()
    tracker.write("data/0.json", '["new"]')
    second = tracker.create()
    if lost:
        tracker.data.rename(tracker.top / "lost")
    for what in harms:
        harm(tracker.backups, what)
    for made in (first, second):
        check(tracker, made, salvage=salvage)


def check(tracker: Tracker, made: Created, *, salvage: bool) -> None:
    """Restore it elsewhere, and compare what came with what went in."""
    to = tracker.top / f"to-{made.id}"
    try:
        done = tracker.store.restore(made.id, to, salvage=salvage)
    except UnknownError:  # its manifest is damaged, or gone
        return
    sums = {member.path: member.sha256 for member in made.manifest.members}
    found = read(to, tuple(made.manifest.roots)) if done.placed else {}
    there = {path: hashlib.sha256(content).hexdigest() for path, content in found.items()}
    assert there.items() <= sums.items()
    assert done.complete == (there == sums)
    assert salvage or not there or done.complete
    if salvage:
        assert sums.keys() - there.keys() <= {bad.path for bad in done.bad}
