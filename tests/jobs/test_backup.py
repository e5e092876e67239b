"""Backups on the loop: one thing at a time, joined or refused, and everything told."""

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from jobs.backup import Backups
from jobs.backup_results import UnderWay, Work
from jobs.backup_work import Workbench, said, trouble
from jobs.checks.backups import Safekeeping
from jobs.facts import Facts
from jobs.probes.backups import BackupsProbe
from storage.archives.disk import Disk
from storage.archives.errors import (
    BackupError,
    DiskError,
    EmptyError,
    LockedError,
    NoSpaceError,
    ReadBackError,
)
from storage.archives.keep.retention import Policy
from storage.archives.results import Step
from storage.archives.workshop import Workshop
from storage.job_runs import JobRun, RunStatus
from storage.records import Moment, Observation, Outcome, Phrase, Severity
from tests.jobs.looks import BLIND
from tests.storage.archives.mounted import volume

START = datetime(2026, 3, 1, 2, tzinfo=UTC)
SUNDAY = date(2026, 3, 1)


@dataclass
class Place:
    """A tracker's data, a state, and the backups of both, on a clock that is set."""

    folder: Path
    now: datetime = START
    told: list[dict[str, Observation]] = field(default_factory=list)
    paused: threading.Event | None = None

    def __post_init__(self) -> None:
        for number in range(5):
            self.write(f"data/{number}.json", [{"id": number}])
        self.write("var/state.json", {"alerts": {}})
        bench = Workbench(
            folder=self.folder / "backups",
            roots={"data": self.folder / "data", "state": self.folder / "var"},
            clock=lambda: self.now,
            policy=Policy(daily=3),
        )
        self.probe = BackupsProbe(bench.folder)
        self.backups = Backups(bench, clock=self.clock, told=self.tell)
        self.probe.known = self.backups.standing

    def clock(self) -> Moment:
        seconds = (self.now - START).total_seconds()
        return Moment(wall=self.now, logical_s=seconds)

    def write(self, name: str, content: object) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))

    def look(self) -> Facts:
        at = self.clock()
        return Facts(
            at=at, data=BLIND, business=BLIND, processes=BLIND, host=BLIND, own=BLIND,
            backups=self.probe(at), took_s=0.0,
        )  # fmt: skip

    def judged(self) -> dict[str, Observation]:
        check = Safekeeping(policy=self.backups.bench.policy)
        found = check.judge(self.look(), now=self.now).observations
        return {one.key: one for one in found}

    def tell(self) -> None:
        self.told.append(self.judged())

    def spoil(self, prefix: str) -> None:
        """Flip one bit in the middle of an archive."""
        (path,) = self.backups.folder.glob(f"{prefix}*.tar.zst")
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    async def begun(self) -> UnderWay:
        """Return what is under way as soon as its thread has told a step."""
        while True:
            way = self.backups.under_way
            if way is not None and way.step is not None:
                return way
            await asyncio.sleep(0.005)

    def hold(self, step: Step) -> None:
        """Wait in the working thread until the test goes on."""
        del step
        if self.paused is not None:
            self.paused.wait(10)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    if made.paused is not None:
        made.paused.set()


async def test_a_backup_is_made_thinned_out_and_told(place: Place) -> None:
    """Five nights leave three; each is told with the listing it leads to."""
    for number in range(5):
        place.now = START + timedelta(days=number)
        place.write("data/new.json", [{"night": number}])
        made = await place.backups.run()
        assert made.created is not None
        assert made.trouble is None
    assert made.deleted == ("20260302T020000Z",)
    assert len(made.listing.snapshots) == 3
    assert made.listing.newest is not None
    assert made.created is not None
    assert made.listing.newest.id == made.created.id
    assert len(place.told) == 5
    assert {one.outcome for one in place.told[-1].values()} == {Outcome.OK}
    assert place.backups.under_way is None


async def test_who_asks_for_the_same_gets_the_same(place: Place) -> None:
    """Two presses and the calendar make one backup; anything else meanwhile is refused."""
    place.paused = threading.Event()
    first = asyncio.create_task(place.backups.run(place.hold))
    way = await place.begun()
    assert (way.work, way.since) == (Work.BACKUP, START)
    second = asyncio.create_task(place.backups.run())
    refused = await place.backups.drill()
    assert refused.trouble is not None
    assert refused.trouble.key == "backups.run.busy"
    assert place.backups.standing(place.clock()).running_s == 0.0
    place.paused.set()
    assert (await first) is (await second)
    assert len((await place.backups.listing()).snapshots) == 1


async def test_who_gives_up_waiting_stops_nobody(place: Place) -> None:
    """The work goes on, and the next who asks gets its outcome."""
    place.paused = threading.Event()
    first = asyncio.create_task(place.backups.run(place.hold))
    await place.begun()
    second = asyncio.create_task(place.backups.run())
    await asyncio.sleep(0)
    first.cancel()
    place.paused.set()
    assert (await second).created is not None


async def test_nobody_else_begins_while_it_is_told(place: Place) -> None:
    """A failure is told with its reason at once, and closes with the next good one."""
    with Workshop(Disk(), place.backups.folder):
        made = await place.backups.run()
    assert made.created is None
    assert place.told[-1]["backup:run"].fact.key == "backups.run.locked"
    assert place.told[-1]["backup:run"].level is Severity.WARNING
    place.now += timedelta(minutes=1)
    await place.backups.run()
    assert place.told[-1]["backup:run"].outcome is Outcome.OK


async def test_an_empty_source_is_an_alarm(place: Place) -> None:
    """Nothing is deleted, and the health check names the folder."""
    await place.backups.run()
    place.now += timedelta(days=1)
    for path in (place.folder / "data").iterdir():
        path.unlink()
    await place.backups.run()
    verify = place.told[-1]["backup:verify"]
    assert (verify.level, verify.fact.key) == (Severity.CRITICAL, "backups.verify.empty")


async def test_a_loss_is_an_alarm_until_somebody_says_it_was_meant(place: Place) -> None:
    """However long that takes; then at once. One under way is not joined for that."""
    await place.backups.run()
    for number in range(3):
        (place.folder / f"data/{number}.json").unlink()
    levels = []
    for _ in range(8):
        place.now += timedelta(days=1)
        await place.backups.run()
        verify = place.told[-1]["backup:verify"]
        assert verify.fact.key == "backups.verify.shrunk"
        levels.append(verify.level)
    assert levels == [Severity.CRITICAL] * 4 + [Severity.WARNING] * 4
    assert place.told[-1]["backup:count"].outcome is Outcome.OK
    place.now += timedelta(days=1)
    first = asyncio.create_task(place.backups.run())
    await asyncio.sleep(0)
    refused = await place.backups.run(meant=True)
    assert refused.trouble is not None
    assert refused.trouble.key == "backups.run.busy"
    await first
    verify = place.told[-1]["backup:verify"]
    assert verify.level is Severity.WARNING
    place.now += timedelta(minutes=1)
    made = await place.backups.run(meant=True)
    assert (made.trouble, made.listing.losses) == (None, ())
    assert place.told[-1]["backup:verify"].level is Severity.OK


async def test_the_drill_restores_compares_and_leaves_nothing(place: Place) -> None:
    """Every file comes back as it was; the folder beside the backups is gone again."""
    await place.backups.run()
    outcome = await place.backups.drill()
    assert outcome.whole
    assert outcome.trouble is None
    assert outcome.restored is not None
    assert outcome.restored.files == 6
    assert not (place.backups.folder / ".drill").exists()
    assert place.told[-1]["backup:drill"].fact.key == "backups.drill.ok"


async def test_the_trial_reads_what_lies_on_the_disk(place: Place) -> None:
    """A disk that loses what was written to it is found, though all of it was compared before."""
    await place.backups.run()

    def rot(_: Step) -> None:
        for path in place.backups.folder.glob(".drill*/**/0.json"):
            path.write_bytes(b"?" * path.stat().st_size)

    outcome = await place.backups.drill(rot)
    assert outcome.trouble is not None
    assert outcome.trouble.key == "backups.drill.bad"
    assert "data/0.json" in said(outcome.trouble)


async def test_the_drill_clears_what_a_killed_one_left(place: Place) -> None:
    """A folder from before is deleted first."""
    await place.backups.run()
    stale = place.backups.folder / ".drill" / "data"
    stale.mkdir(parents=True)
    (stale / "old.json").write_text("[]")
    assert (await place.backups.drill()).whole
    assert not stale.parent.exists()


async def test_a_flipped_bit_is_found_told_and_healed(place: Place) -> None:
    """The trial finds it, a new base is made at once, and the trial after that is good."""
    await place.backups.run()
    place.spoil("base-")
    place.now += timedelta(hours=1)
    error = await place.backups.weekly(SUNDAY)
    assert error
    assert place.told[-2]["backup:drill"].level is Severity.CRITICAL
    assert place.told[-2]["backup:verify"].level is Severity.CRITICAL
    healed = place.told[-1]["backup:verify"]
    assert (healed.level, healed.fact.key) == (Severity.WARNING, "backups.verify.older")
    place.now += timedelta(minutes=1)
    assert await place.backups.weekly(SUNDAY) == ""
    assert place.told[-1]["backup:drill"].outcome is Outcome.OK


async def test_without_a_backup_there_is_no_trial(place: Place) -> None:
    """The calendar tries it again."""
    assert await place.backups.weekly(SUNDAY) == "there is no backup"
    assert place.judged()["backup:drill"].level is Severity.ERROR


async def test_the_calendar_waits_for_what_is_under_way(place: Place) -> None:
    """The trial restore of Sunday comes after the backup of that night, not beside it."""
    place.paused = threading.Event()
    nightly = asyncio.create_task(place.backups.run(place.hold))
    await place.begun()
    weekly = asyncio.create_task(place.backups.weekly(SUNDAY))
    place.paused.set()
    assert await weekly == ""
    assert (await nightly).created is not None
    assert await place.backups.nightly(SUNDAY) == ""


async def test_the_night_waits_for_a_trial(place: Place) -> None:
    """It is not refused because somebody tries a restore just then."""
    await place.backups.run()
    place.now += timedelta(days=1)
    place.paused = threading.Event()
    trial = asyncio.create_task(place.backups.drill(place.hold))
    await place.begun()
    nightly = asyncio.create_task(place.backups.nightly(SUNDAY))
    await asyncio.sleep(0)
    place.paused.set()
    assert await nightly == ""
    assert (await trial).whole


async def test_a_failed_night_says_why(place: Place) -> None:
    """In a few words, which the calendar keeps over a restart."""
    with Workshop(Disk(), place.backups.folder):
        assert "is at work on these backups" in await place.backups.nightly(SUNDAY)


async def test_the_data_folder_comes_back_from_the_chat(place: Place) -> None:
    """Deleted, folder and all; the state is left as it is."""
    await place.backups.run()
    for path in (place.folder / "data").iterdir():
        path.unlink()
    (place.folder / "data").rmdir()
    place.write("var/state.json", {"newer": True})
    outcome = await place.backups.restore_data("latest")
    assert outcome.trouble is None
    assert json.loads((place.folder / "data/3.json").read_text()) == [{"id": 3}]
    assert json.loads((place.folder / "var/state.json").read_text()) == {"newer": True}


async def test_a_volume_comes_back_from_the_chat(place: Place) -> None:
    """A folder that cannot be renamed: what was there is kept in it, and is no data."""
    data = place.folder / "data"
    shutil.rmtree(data)
    with volume(data):
        for number in range(4):
            place.write(f"data/{number}.json", [{"id": number}])
        await place.backups.run()
        for name in ("1.json", "3.json"):
            (data / name).unlink()
        place.write("data/0.json", [{"id": "newer"}])
        outcome = await place.backups.restore_data("latest")
        assert outcome.trouble is None
        assert outcome.restored is not None
        (placed,) = outcome.restored.placed
        assert placed.aside.startswith("data/.vigie-restore/data.before-restore-")
        assert json.loads((data.parent / placed.aside / "0.json").read_text()) == [{"id": "newer"}]
        found = [json.loads((data / f"{n}.json").read_text()) for n in range(4)]
        assert found == [[{"id": n}] for n in range(4)]
        place.now += timedelta(days=1)
        made = await place.backups.run()
        assert made.created is not None
        paths = [each.path for each in made.created.manifest.members]
        assert paths == [*(f"data/{n}.json" for n in range(4)), "state/state.json"]


async def test_there_is_nothing_to_restore(place: Place) -> None:
    """Said, not raised."""
    outcome = await place.backups.restore_data("latest")
    assert outcome.restored is None
    assert outcome.trouble is not None


async def test_what_cannot_be_copied_away_is_a_matter_apart(place: Place) -> None:
    """The backup is good, the night went well; only the copy's trouble is passed on."""
    refused = Phrase("offsite.unreachable", {"error": "no answer"})
    place.backups.push = lambda _: refused
    made = await place.backups.run()
    assert made.created is not None
    assert made.trouble is made.pushed is refused
    assert await place.backups.nightly(SUNDAY) == ""
    assert place.told[-1]["backup:run"].outcome is Outcome.OK


async def test_a_bug_is_told_like_any_failure(place: Place) -> None:
    """Nothing is raised, and the next one may begin."""

    def broken(_: object) -> None:
        raise ZeroDivisionError

    place.backups.push = broken
    made = await place.backups.run()
    assert made.trouble == Phrase("backups.run.failed", {"error": "ZeroDivisionError"})
    place.backups.push = None
    place.now += timedelta(minutes=1)
    assert (await place.backups.run()).trouble is None


async def test_a_state_that_cannot_be_written_stops_no_backup(place: Place) -> None:
    """The next cycle tells what this one could not."""

    def refuse() -> None:
        raise OSError(28, "No space left on device")

    place.backups.told = refuse
    assert (await place.backups.run()).created is not None


def test_the_calendar_remembers_what_the_process_forgot(place: Place) -> None:
    """Since when, how many nights, the last failure; the reasons of this process are better."""

    def run(day: int, status: RunStatus, error: str = "") -> JobRun:
        at = START - timedelta(days=day)
        ended = None if status is RunStatus.RUNNING else at + timedelta(minutes=1)
        return JobRun(
            job="backup", local_date=at.date(), status=status, tries=1, started=at, started_s=0.0,
            finished=ended, finished_s=60.0, error=error,
        )  # fmt: skip

    runs = [
        run(4, RunStatus.DONE), run(3, RunStatus.DONE), run(2, RunStatus.FAILED, "disk full"),
        run(1, RunStatus.RUNNING),
    ]  # fmt: skip
    place.backups.runs = lambda job: {one.local_date: one for one in runs if one.job == job}
    place.now += timedelta(minutes=5)
    known = place.backups.standing(place.clock())
    assert known.since == START - timedelta(days=4)
    assert known.nights == 2
    assert known.done == START - timedelta(days=3) + timedelta(minutes=1)
    assert known.failed is not None
    assert known.failed.fact == Phrase("backups.run.failed", {"error": "disk full"})
    assert (known.up_s, known.running_s, known.drilled) == (300.0, None, None)


@pytest.mark.parametrize(
    ("error", "key", "words"),
    [
        (LockedError(7), "locked", "process 7"),
        (NoSpaceError(needed=10, free=3), "no_space", "10 bytes are needed"),
        (NoSpaceError(needed=0, free=3), "full", "3 bytes are free"),
        (EmptyError(("data",)), "empty", "no file in data"),
        (DiskError("a.tar.zst", "I/O error"), "disk", "a.tar.zst: I/O error"),
        (ReadBackError("a.tar.zst", "hash"), "read_back", "a.tar.zst: hash"),
        (BackupError("odd"), "failed", "odd"),
        (OSError(13, "Permission denied"), "failed", "Permission denied"),
        (TimeoutError(), "failed", "TimeoutError"),
    ],
)
def test_every_error_has_a_reason(error: BackupError | OSError, key: str, words: str) -> None:
    """A phrase for people, and a few words for the log; never a path of this machine."""
    why = trouble(error)
    assert why.key == f"backups.run.{key}"
    assert words in said(why)
