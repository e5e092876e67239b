"""What RESTORE.txt says works, with the plain tools, whatever happened before."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.archives import note
from storage.archives.manifest import Manifest
from tests.storage.archives.tracker import NIGHT, Tracker, read

TOOLS = ("zstd", "tar", "sha256sum", "xargs", "sh")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]
needs_tools = pytest.mark.skipif(bool(MISSING), reason=f"no {', '.join(MISSING)} here")


def run(lines: list[str], folder: Path) -> str:
    """Run lines in a shell, each of which must succeed; return what they print."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(lines)],
        cwd=folder,
        capture_output=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="replace")


def plain(tracker: Tracker, manifest: Manifest) -> dict[str, bytes]:
    """Restore a snapshot as a person would; give what is then there."""
    target = tracker.backups / note.TARGET
    shutil.rmtree(target, ignore_errors=True)
    assert run(list(note.commands(manifest)), tracker.backups).splitlines()[-1] == "COMPLETE"
    return read(target, ("data", "state"))


@needs_tools
def test_the_lines_in_the_note_work(tmp_path: Path) -> None:
    """Copied out of RESTORE.txt itself, and run in a shell; odd names among the files."""
    tracker = Tracker(tmp_path)
    tracker.write("data/a.json", "1")
    tracker.write("data/-gone \n\\now.json", "1")
    tracker.write("state/vigie.json", "{}")
    tracker.create()
    tracker.write("data/" + "é" * 120, "2")
    tracker.write("data/back\\slash\nline\rend\r", "3")
    (tracker.data / "-gone \n\\now.json").unlink()
    tracker.create()
    text = (tracker.backups / note.NAME).read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    shell = [line for line in lines if "->" not in line]
    assert len(shell) == 5
    assert run(shell, tracker.backups).splitlines()[-1] == "COMPLETE"
    assert read(tracker.backups / note.TARGET, ("data", "state")) == tracker.contents()
    assert f"{note.TARGET}/data  ->  {tracker.data}" in lines


@needs_tools
def test_the_last_line_does_not_say_so_where_a_file_is_not_right(tmp_path: Path) -> None:
    """A file that was lost on the way is named."""
    tracker = Tracker(tmp_path)
    tracker.write("data/a.json", "1")
    made = tracker.create()
    lines = list(note.commands(made.manifest))
    lines.insert(-1, "rm data/a.json")
    with pytest.raises(AssertionError, match=r"data/a\.json"):
        run(lines, tracker.backups)


def test_the_note_speaks_two_languages_and_names_the_newest_good_one(tmp_path: Path) -> None:
    """English first, then French; a day, and whether it is in doubt; the one before a loss."""
    tracker = Tracker(tmp_path)
    tracker.write("data/a.json", "1")
    tracker.write("state/b.json", "1")
    whole = tracker.create()
    (tracker.data / "a.json").unlink()
    made = tracker.create()
    assert made.manifest.after_loss
    assert (tracker.backups / note.NAME).read_text(encoding="utf-8") == note.text(whole.manifest)
    text = note.text(made.manifest)
    assert "of 2026-03-03 02:00 UTC; some files are missing or older" in text
    assert "du 2026-03-03 02:00 UTC ; des fichiers manquent" in text
    assert all(archive.name in text for archive in made.manifest.archives)
    assert max(map(len, text.splitlines())) <= 100 + len(str(tmp_path))


def test_the_note_leads_to_what_can_be_restored(tmp_path: Path) -> None:
    """Once the newest archive is found bad, to the snapshot before; after thinning out as well."""
    tracker = Tracker(tmp_path)
    tracker.write("data/a.json", "1")
    tracker.create()
    tracker.write("data/a.json", "2")
    made = tracker.create()
    assert made.manifest.diff is not None
    name = made.manifest.diff.name
    path = tracker.backups / name
    content = path.read_bytes()
    path.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
    assert name in (tracker.backups / note.NAME).read_text(encoding="utf-8")
    assert tracker.store.verify().quarantined
    assert name not in (tracker.backups / note.NAME).read_text(encoding="utf-8")
    (tracker.backups / note.NAME).unlink()
    tracker.store.prune(tracker.store.plan_prune())
    assert made.manifest.base.name in (tracker.backups / note.NAME).read_text(encoding="utf-8")


NAMES = st.sampled_from(["a.json", "b.json", "c/d.json", "c/e", "e\n", "é\udcff", "f\\g", "-x"])
EDITS = st.one_of(
    st.tuples(st.just("write"), NAMES, st.integers(0, 3)),
    st.tuples(st.just("delete"), NAMES, st.just(0)),
    st.tuples(st.just("create"), st.just(""), st.sampled_from([-2, 0, 1, 1, 9])),
)


@needs_tools
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EDITS, max_size=12))
def test_every_snapshot_restores_after_anything(edits: list[tuple[str, str, int]]) -> None:
    """Any edits and snapshots, by a clock that also steps back: each is whole when all is done.

    Byte-identical by plain zstd and tar, by Python's tar, and by Vigie's own reader.
    """
    with TemporaryDirectory() as folder:
        tracker = Tracker(Path(folder))
        tracker.write("data/always", "x")
        known: dict[str, dict[str, bytes]] = {}
        for act, name, number in [*edits, ("create", "", 1)]:
            ACTS[act](tracker, name, number)
            if act == "create":
                known[tracker.newest().id] = tracker.contents()
        listed = tracker.listed()
        assert [each.id for each in listed] == list(known)
        for each in listed:
            manifest = tracker.store.manifest(each.id)
            assert each.broken == ""
            assert plain(tracker, manifest) == known[each.id]
            assert tracker.restored(manifest) == known[each.id]
            assert tracker.store.verify(each.id).good


def write(tracker: Tracker, name: str, number: int) -> None:
    """Write a number."""
    tracker.write(f"data/{name}", str(number))


def delete(tracker: Tracker, name: str, _: int) -> None:
    """Delete a file that may not be there."""
    (tracker.data / name).unlink(missing_ok=True)


def create(tracker: Tracker, _: str, days: int) -> None:
    """Make a snapshot so many days later."""
    tracker.create(later=days * NIGHT)


ACTS: dict[str, Callable[[Tracker, str, int], None]] = {
    "write": write,
    "delete": delete,
    "create": create,
}
