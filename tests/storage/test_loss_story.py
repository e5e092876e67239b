"""A folder loses its files: forty nights of it, here and off this machine, and how it ends."""

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storage.archives import zst
from storage.archives.keep.retention import Reason
from storage.archives.kin import latest
from storage.archives.manifest import Manifest, manifest_name
from storage.offsite.copies import Offsite
from storage.offsite.folder import FolderPlace
from tests.storage.archives.tracker import NIGHT, START, Tracker

FILES = 12


@dataclass
class Story:
    """A tracker, its backups, and a folder elsewhere that gets a copy of each."""

    top: Path
    tracker: Tracker = field(init=False)

    def __post_init__(self) -> None:
        self.there.mkdir()
        self.tracker = Tracker(self.top / "first")
        for n in range(FILES):
            self.tracker.write(f"data/old-{n}.json", f"{n}")
        self.tracker.write("state/state.json", "{}")

    @property
    def there(self) -> Path:
        return self.top / "there"

    @property
    def copies(self) -> Offsite:
        place = FolderPlace(self.there)
        return Offsite(place, self.tracker.backups, clock=lambda: self.tracker.now)

    def night(self, *, meant: bool = False) -> Manifest:
        """One file comes, as every day; then the job, as a process that was just started."""
        self.tracker.now += NIGHT
        day = (self.tracker.now - START).days
        self.tracker.write(f"data/new-{day}.json", f"{day}")
        made = self.tracker.store.create(meant=meant).manifest
        self.copies.push(made)
        self.tracker.store.prune(self.tracker.store.plan_prune())
        self.copies.thin_out(self.tracker.policy)
        return made

    def lose(self) -> dict[str, bytes]:
        """Empty the data folder; return what it held."""
        before = {path.name: path.read_bytes() for path in self.tracker.data.iterdir()}
        for name in before:
            (self.tracker.data / name).unlink()
        return before

    def ids(self) -> list[str]:
        return [each.id for each in self.tracker.listed()]

    def remote_ids(self) -> list[str]:
        return [each.id for each in self.copies.list()]

    def reasons(self) -> dict[str, Reason]:
        return {one.name: one.reason for one in self.tracker.store.plan_prune().keep}


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def test_a_loss_stays_open_for_forty_nights(story: Story) -> None:
    """One whole backup is kept, clean or not, here and there alike; the others go as ever."""
    story.tracker.write("data/odd.json", "{")
    good = [story.night() for _ in range(3)][-1]
    story.lose()
    for number in range(40):
        made = story.night()
        assert made.after_loss, number
        (loss,) = made.losses
        assert (loss.root, loss.id, loss.at) == ("data", good.id, good.started)
        assert loss.found == good.started + NIGHT
        assert story.ids() == story.remote_ids()
    assert story.reasons()[good.id] is Reason.LOSS
    assert len(story.ids()) == 8
    story.tracker.store.restore(good.id, story.top / "back")
    assert len(list((story.top / "back/data").glob("old-*"))) == FILES


def test_it_ends_as_the_files_come_back(story: Story) -> None:
    """Half of them is enough; then the one before it goes as any other."""
    good = story.night()
    gone = story.lose()
    for _ in range(9):
        story.night()
    names = sorted(gone)
    for name in names[: len(names) // 2]:
        assert story.night().after_loss
        story.tracker.write(f"data/{name}", gone[name])
    story.tracker.write(f"data/{names[-1]}", gone[names[-1]])
    made = story.night()
    assert (made.losses, made.notes) == ((), ())
    assert good.id not in story.ids()
    assert story.ids() == story.remote_ids()


def test_other_files_are_not_those_that_were_lost(story: Story) -> None:
    """A folder that fills again is as full as ever, and nothing has come back."""
    story.night()
    story.lose()
    for number in range(10 * FILES):
        story.tracker.write(f"data/other-{number}.json", "1")
        made = story.night() if number % FILES == 0 else None
        assert made is None or made.losses


def test_it_ends_as_somebody_says_that_it_was_meant(story: Story) -> None:
    """For good: nothing is told of it the night after, and the one before it may go."""
    good = story.night()
    story.lose()
    story.night()
    made = story.night(meant=True)
    assert (made.losses, made.notes) == ((), ())
    for _ in range(8):
        made = story.night()
        assert (made.losses, made.notes) == ((), ())
    assert good.id not in story.ids()
    assert story.ids() == story.remote_ids()


def test_what_goes_behind_that_is_a_loss_again(story: Story) -> None:
    """What was meant is what was told of, not what happened since."""
    story.night()
    story.lose()
    for _ in range(3):
        last = story.night()
    story.lose()
    made = story.night(meant=True)
    assert [loss.id for loss in made.losses] == [last.id]


def test_an_empty_folder_may_be_meant(story: Story) -> None:
    """The root stays empty, and nobody is told every night."""
    story.night()
    shutil.rmtree(story.tracker.data)
    story.tracker.now += NIGHT
    assert story.tracker.store.create().manifest.empty
    for meant in (True, False, False):
        story.tracker.now += NIGHT
        made = story.tracker.store.create(meant=meant).manifest
        assert (made.losses, made.notes) == ((), ())


def test_what_goes_by_and_by_is_a_loss_too(story: Story) -> None:
    """No night takes half; a week does. The last one with twice as many is kept."""
    for _ in range(7):
        story.night()
    for path in sorted(story.tracker.data.glob("*.json"))[:8]:
        path.unlink()
    whole = story.night()
    assert not whole.losses
    for path in sorted(story.tracker.data.glob("*.json"))[:6]:
        path.unlink()
    made = story.night()
    assert [loss.files for loss in made.losses] == [19]
    assert made.losses[0].id < whole.id
    assert story.night().losses[0].id == made.losses[0].id


@pytest.mark.parametrize("ending", ["back", "meant"])
def test_a_wiped_machine_knows_of_it(story: Story, ending: str) -> None:
    """The loss comes with the newest copy, and so does the last whole one: both ends work."""
    good = [story.night() for _ in range(2)][-1]
    story.lose()
    for _ in range(9):
        story.night()
    there = story.remote_ids()
    shutil.rmtree(story.tracker.top)
    story.tracker = Tracker(story.tracker.top, story.tracker.now)
    story.copies.pull()
    assert story.ids() == [good.id, there[-1]]
    story.tracker.store.restore(good.id if ending == "back" else there[-1], None)
    for _ in range(8):
        made = story.night(meant=ending == "meant")
        assert not made.losses
    assert good.id not in story.remote_ids()


def test_a_wiped_machine_thins_out_as_before(story: Story) -> None:
    """Without the manifests of its copies, by what their lists say alone."""
    good = [story.night() for _ in range(2)][-1]
    story.lose()
    for _ in range(9):
        story.night()
    before = story.remote_ids()
    for path in story.tracker.backups.glob("*"):
        path.unlink()
    dropped = story.copies.thin_out(story.tracker.policy)
    assert dropped.ids == ()
    assert story.remote_ids() == before
    assert before[0] == good.id


def test_a_whole_one_that_is_not_to_be_had_holds_nothing_up(story: Story) -> None:
    """The newest comes home all the same, and still says what was lost."""
    good = story.night()
    story.lose()
    last = story.night()
    (story.there / manifest_name(good.id)).unlink()
    shutil.rmtree(story.tracker.top)
    story.tracker = Tracker(story.tracker.top, story.tracker.now)
    assert story.copies.pull().id == last.id
    assert story.ids() == [last.id]
    story.tracker.store.restore(last.id, None)
    assert story.night().losses == last.losses


def test_a_bad_disk_ends_no_loss(story: Story) -> None:
    """Where all archives behind it are damaged the next one builds on none, and says it still."""
    good = story.night()
    story.lose()
    story.night()
    for number in range(3 * FILES):
        story.tracker.write(f"data/other-{number}.json", "1")
    open_ = story.night().losses
    assert [loss.id for loss in open_] == [good.id]
    for path in story.tracker.backups.glob("*.tar.zst"):
        path.write_bytes(b"damaged")
    made = story.tracker.store.create().manifest
    assert made.diff is None
    assert made.losses == open_


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum")
def test_a_list_that_tells_of_a_loss_is_still_one(story: Story) -> None:
    """For `sha256sum` what Vigie adds is a comment; it warns of nothing."""
    story.night()
    shutil.rmtree(story.tracker.data)
    story.tracker.now += NIGHT
    last = story.tracker.store.create().manifest
    story.copies.push(last)
    name = f"snap-{last.id}.sha256"
    assert (story.there / name).read_text().count("# ") > len(last.archives) + 3
    done = subprocess.run(
        ["sha256sum", "--strict", "--warn", "-c", name],
        cwd=story.there,
        check=True,
        capture_output=True,
    )
    assert done.stderr == b""
    assert done.stdout.count(b": OK") == len(last.archives) + 1


def forget(story: Story) -> None:
    """Leave manifests as a Vigie wrote them that handed nothing on."""
    told = False
    for path in sorted(story.tracker.backups.glob("snap-*")):
        fields = json.loads(bytes(zst.unpacked([path.read_bytes()], limit=1 << 20)))
        for name in ("losses", "nights", "figures", "kept_in"):
            del fields[name]
        if told:
            fields["notes"] = []
        told = told or bool(fields["notes"])
        path.write_bytes(zst.packed(json.dumps(fields).encode()))


def test_a_loss_that_an_earlier_vigie_found_is_still_open(story: Story) -> None:
    """The backup before it stays as the new one takes over, and as long as with any other."""
    good = [story.night() for _ in range(2)][-1]
    story.lose()
    for _ in range(4):
        story.night()
    forget(story)
    for _ in range(9):
        made = story.night()
        (loss,) = made.losses
        assert (loss.root, loss.id, loss.found) == ("data", good.id, good.started + NIGHT)
        assert made.after_loss
        assert good.id in story.ids()
        assert good.id in story.remote_ids()
        picked = latest(story.tracker.listed())
        assert picked is not None
        assert picked.id == good.id
        assert good.id in (story.tracker.backups / "RESTORE.txt").read_text()


@pytest.mark.parametrize("ending", ["nothing lost", "back", "meant"])
def test_an_earlier_vigie_leaves_no_false_alarm(story: Story, ending: str) -> None:
    """Where nothing is lost, or no more, or somebody says at once that it was meant."""
    story.night()
    gone = {} if ending == "nothing lost" else story.lose()
    story.night()
    if ending == "back":
        for name, content in gone.items():
            story.tracker.write(f"data/{name}", content)
    forget(story)
    assert not story.night(meant=ending == "meant").losses
    assert not story.night().notes
