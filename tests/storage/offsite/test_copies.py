"""Push, list, check, pull and prune on every kind of place, each of them real."""

from collections.abc import Callable
from pathlib import Path

import pytest

from storage.archives.manifest import BAD_END, manifest_name
from storage.files import sha256
from storage.offsite.copies import Offsite
from storage.offsite.place import Place, Stored
from storage.offsite.results import Why
from storage.offsite.sums import sums_name
from storage.offsite.trouble import OffsiteError, Trouble
from tests.storage.offsite.backups import START, Backups, content, files_of

Copies = Callable[[Place], Offsite]


def test_a_snapshot_goes_there_and_comes_back(
    backups: Backups, place: Place, copies: Copies, tmp_path: Path
) -> None:
    """Manifest, base and differential are the same bytes on a disk that had been wiped."""
    backups.add(clean=False)
    newest = backups.add(size=12_000_000)  # several parts
    offsite = copies(place)
    pushed = offsite.push(newest)
    assert set(pushed.sent) == files_of(newest) | {sums_name(newest.id), "RESTORE.txt"}
    wiped = Offsite(place, tmp_path / "wiped", clock=lambda: START)
    pulled = wiped.pull()
    assert (pulled.id, pulled.passed_over) == (newest.id, ())
    there = content(backups.folder)
    assert content(tmp_path / "wiped") == {name: there[name] for name in files_of(newest)}
    assert wiped.record.pushed == newest.id


def test_what_is_there_is_not_sent_again(backups: Backups, place: Place, copies: Copies) -> None:
    """The second day sends its differential; the same snapshot again sends nothing."""
    offsite = copies(place)
    first = backups.add()
    offsite.push(first)
    second = backups.add()
    pushed = offsite.push(second)
    assert second.diff is not None
    assert set(pushed.sent) == {
        second.diff.name,
        manifest_name(second.id),
        sums_name(second.id),
    }
    assert pushed.kept == (second.base.name,)
    again = offsite.push(second)
    assert (again.sent, again.sent_bytes) == ((), 0)
    assert [(one.id, one.complete, one.clean) for one in offsite.list()] == [
        (first.id, True, True),
        (second.id, True, True),
    ]
    assert offsite.list()[1].archives == (second.base.name, second.diff.name)
    assert (offsite.record.pushed, offsite.record.pushed_at) == (second.id, START)


def test_a_check_reads_every_byte(backups: Backups, place: Place, copies: Copies) -> None:
    """What is whole is said to be; what lies there and is something else is named."""
    offsite = copies(place)
    manifest = backups.add()
    offsite.push(manifest)
    checked = offsite.check(manifest)
    assert (checked.ok, checked.opened, checked.files) == (True, True, 2)
    other = backups.folder / "other"
    other.write_bytes(b"x" * manifest.base.size)
    stored = place.stored(manifest.base.name)
    assert stored is not None
    place.put("a", other, _content(other))  # a folder compares what it copies
    place.remove("a")
    place.remove(manifest.base.name)
    missing = offsite.check(manifest)
    assert [(one.name, one.why) for one in missing.damaged] == [(manifest.base.name, Why.MISSING)]
    place.put(manifest.base.name, other, _content(other))
    changed = offsite.check(manifest)
    assert [(one.name, one.why) for one in changed.damaged] == [(manifest.base.name, Why.CHANGED)]
    assert (offsite.record.checked, offsite.record.damaged) == (manifest.id, 1)
    other.unlink()


def test_a_check_of_what_was_never_copied(backups: Backups, place: Place, copies: Copies) -> None:
    """It has no list there, and is not good."""
    manifest = backups.add()
    assert [one.why for one in copies(place).check(manifest).damaged] == [Why.LIST]


def test_what_was_damaged_there_is_copied_again(
    backups: Backups, place: Place, copies: Copies
) -> None:
    """The next push finds an archive gone, or of another size, and sends it."""
    offsite = copies(place)
    manifest = backups.add()
    offsite.push(manifest)
    place.remove(manifest.base.name)
    assert offsite.list()[0].missing == (manifest.base.name,)
    assert offsite.push(manifest).sent == (manifest.base.name,)
    short = backups.folder / "short"
    short.write_bytes(b"x")
    place.put(manifest.base.name, short, _content(short))
    short.unlink()
    assert offsite.push(manifest).sent == (manifest.base.name,)
    assert offsite.check(manifest).ok


def test_a_damaged_newest_snapshot_is_passed_over(
    backups: Backups, place: Place, copies: Copies, tmp_path: Path
) -> None:
    """The one before is brought back, and what was wrong with the newest is said."""
    offsite = copies(place)
    older = backups.add()
    offsite.push(older)
    newest = backups.add()
    offsite.push(newest)
    assert newest.diff is not None
    other = backups.folder / "other"
    other.write_bytes(b"x" * newest.diff.size)
    place.put(newest.diff.name, other, _content(other))
    other.unlink()
    wiped = Offsite(place, tmp_path / "wiped", clock=lambda: START)
    pulled = wiped.pull()
    assert pulled.id == older.id
    assert [(one.id, one.damage.name, one.damage.why) for one in pulled.passed_over] == [
        (newest.id, newest.diff.name, Why.CHANGED)
    ]
    assert set(content(tmp_path / "wiped")) == files_of(older)


def test_nothing_good_is_an_error_that_names_it(
    backups: Backups, place: Place, tmp_path: Path, copies: Copies
) -> None:
    """An empty place, or one whose only snapshot is damaged."""
    wiped = Offsite(place, tmp_path / "wiped", clock=lambda: START)
    with pytest.raises(OffsiteError) as nothing:
        wiped.pull()
    assert nothing.value.trouble is Trouble.NOTHING
    manifest = backups.add()
    copies(place).push(manifest)
    place.remove(manifest.base.name)
    with pytest.raises(OffsiteError) as damaged:
        wiped.pull()
    assert damaged.value.trouble is Trouble.DAMAGED
    assert str(damaged.value).startswith(f"{place.where}/{manifest.base.name}: ")
    assert content(tmp_path / "wiped") == {}


def test_what_is_here_already_is_kept(
    backups: Backups, place: Place, copies: Copies, tmp_path: Path
) -> None:
    """A pull that was cut off goes on; a file that is not whole is put aside."""
    offsite = copies(place)
    backups.add()
    newest = backups.add()
    offsite.push(newest)
    assert newest.diff is not None
    folder = tmp_path / "half"
    folder.mkdir()
    (folder / newest.base.name).write_bytes(content(backups.folder)[newest.base.name])
    (folder / newest.diff.name).write_bytes(b"half of i")
    pulled = Offsite(place, folder, clock=lambda: START).pull()
    assert pulled.kept == (newest.base.name,)
    assert pulled.fetched == (newest.diff.name, manifest_name(newest.id))
    assert (folder / f"{newest.diff.name}{BAD_END}").read_bytes() == b"half of i"
    assert (folder / newest.diff.name).read_bytes() == content(backups.folder)[newest.diff.name]


def test_pruning_leaves_what_is_kept_whole(backups: Backups, place: Place, copies: Copies) -> None:
    """Snapshots that are not kept go, and the archives nobody needs any more."""
    offsite = copies(place)
    made = [backups.add(base=day in {0, 2}) for day in range(4)]
    for manifest in made:
        offsite.push(manifest)
    dropped = offsite.prune({made[2].id, made[3].id})
    assert dropped.ids == (made[0].id, made[1].id)
    assert dropped.files == 2 + 2 + 2
    assert [one.id for one in offsite.list()] == [made[2].id, made[3].id]
    assert set(place.names()) == files_of(made[2]) | files_of(made[3]) | {
        sums_name(made[2].id),
        sums_name(made[3].id),
        "RESTORE.txt",
    }
    assert offsite.check(made[3]).ok
    assert offsite.prune(()).ids == (made[2].id,)
    assert [one.id for one in offsite.list()] == [made[3].id]
    assert offsite.check(made[3]).ok


def test_two_installations_in_one_place_do_not_overwrite_each_other(
    backups: Backups, place: Place, copies: Copies, tmp_path: Path
) -> None:
    """Both wrote a base at the same second: the second one hears of it, the first stays whole."""
    mine = backups.add()
    copies(place).push(mine)
    other = Backups(tmp_path / "other", seed=2)
    with pytest.raises(OffsiteError) as caught:
        Offsite(place, other.folder, clock=lambda: START).push(other.add())
    assert caught.value.trouble is Trouble.OTHERS
    assert copies(place).check(mine).ok


def test_a_file_that_is_not_what_its_manifest_says_is_not_sent(
    backups: Backups, place: Place, copies: Copies
) -> None:
    """A damaged archive, or manifest, here does not become a copy there."""
    manifest = backups.add()
    path = backups.folder / manifest.base.name
    whole = path.read_bytes()
    path.write_bytes(b"y" + whole[1:])
    for break_manifest in (False, True):
        if break_manifest:
            path.write_bytes(whole)
            (backups.folder / manifest_name(manifest.id)).write_bytes(b"no manifest")
        with pytest.raises(OffsiteError) as caught:
            copies(place).push(manifest)
        assert caught.value.trouble is Trouble.LOCAL
    assert [one.complete for one in copies(place).list()] == []


def _content(path: Path) -> Stored:
    return Stored(size=path.stat().st_size, sha256=sha256(path))


@pytest.mark.parametrize("name", [".bashrc", "offsite.json", "base-20260301T020000Z.tar.zst.bad"])
def test_a_list_that_was_tampered_with_writes_nothing(
    backups: Backups, place: Place, copies: Copies, tmp_path: Path, name: str
) -> None:
    """Whoever may write there cannot have files of other names put on this disk."""
    manifest = backups.add()
    copies(place).push(manifest)
    text = b"".join(place.pieces(sums_name(manifest.id))).decode()
    hostile, payload = tmp_path / "hostile", tmp_path / "payload"
    hostile.write_text(text.replace(manifest.base.name, name))
    payload.write_bytes((backups.folder / manifest.base.name).read_bytes())
    place.put(name, payload, _content(payload))
    place.put(sums_name(manifest.id), hostile, _content(hostile))
    with pytest.raises(OffsiteError) as caught:
        Offsite(place, tmp_path / "wiped", clock=lambda: START).pull()
    assert caught.value.trouble is Trouble.DAMAGED
    assert content(tmp_path / "wiped") == {}
