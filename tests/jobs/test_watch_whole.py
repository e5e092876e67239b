"""The cycle over the real reader, history, alert manager and probes."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.alerts.manager import AlertManager
from jobs.checks.standard import Limits, standard
from jobs.gather import Gatherer, Sources
from jobs.probes.host import HostProbe
from jobs.probes.own import OwnProbe
from jobs.probes.processes import ProcessProbe
from jobs.watch import Cycle, Watch
from storage.database import Database
from storage.history import History
from storage.opportunities import Opportunities
from storage.records import Moment, Observation, Outcome, Severity
from storage.tracker import ReadOptions, Tracker

WRITTEN = datetime(2025, 8, 1, 17, 30, 6, tzinfo=UTC)
BAD_JSON = "{"


@dataclass
class World:
    """Everything that looks, real, with a clock to set."""

    watch: Watch
    alerts: AlertManager
    history: History
    now: Moment

    def later(self, passed: timedelta) -> None:
        self.now = Moment(
            wall=self.now.wall + passed,
            logical_s=self.now.logical_s + passed.total_seconds(),
        )


def build(data: Path, state: Path, *, now: datetime) -> World:
    """Return a world over a tracker's folder."""
    history = History(state / "history.sqlite")
    index = Opportunities(history)
    limits = Limits(sources=("Galxe", "TwitterRSS"))
    alerts = AlertManager(database=Database(state / "state.json"), channels=("1",))
    world: World
    watch = Watch(
        gatherer=Gatherer(
            Sources(
                tracker=Tracker(data, index=index, options=ReadOptions(settle_s=0.01)),
                opportunities=index,
                processes=ProcessProbe(()),
                host=HostProbe({"data": data, "state": state}),
                own=OwnProbe(state),
            )
        ),
        checks=standard(limits), clock=lambda: world.now, alerts=alerts, history=history,
    )  # fmt: skip
    world = World(watch, alerts, history, Moment(wall=now, logical_s=0.0))
    return world


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A folder for the bot's state."""
    folder = tmp_path / "var"
    folder.mkdir()
    return folder


@pytest.fixture
def tracker(tmp_path: Path) -> Path:
    """A tracker's folder with one file of two quests."""
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder, WRITTEN)
    return folder


@pytest.fixture
def closed(tracker: Path) -> Iterator[Path]:
    """The same folder, for root's eyes only."""
    tracker.chmod(0)
    yield tracker
    tracker.chmod(0o755)


def write(folder: Path, at: datetime) -> Path:
    """Write what main.py would have written then."""
    quests = [
        {"title": f"Quest {at} {number}", "link": f"https://galxe.example/{number}", "source": name}
        for number, name in enumerate(("Galxe", "TwitterRSS"))
    ]
    path = folder / f"opportunities_{int(at.timestamp())}.json"
    path.write_text(json.dumps(quests))
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def take_away(folder: Path) -> None:
    """Put a file where the folder was."""
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.touch()


def by_key(cycle: Cycle) -> dict[str, Observation]:
    """Return the observations by key."""
    assert len({one.key for one in cycle.observations}) == len(cycle.observations)
    return {one.key: one for one in cycle.observations}


@pytest.mark.parametrize(
    ("age", "level"),
    [
        (timedelta(hours=2) - timedelta(seconds=1), Severity.OK),
        (timedelta(hours=2), Severity.WARNING),
    ],
)
async def test_two_hours_are_counted_to_the_second_on_real_files(
    shared_data: Path, state: Path, age: timedelta, level: Severity
) -> None:
    """At 19:30:06 the tracker's own file of 17:30:06 is stale; a second earlier it is fresh."""
    world = build(shared_data / "tracker" / "data", state, now=WRITTEN + age)
    seen = by_key(await world.watch.run())
    assert seen["fresh:all"].level is level
    assert seen["fresh:Galxe"].level is level
    world.history.close()


async def test_what_is_not_understood_is_a_note(shared_data: Path, state: Path) -> None:
    """The two files of unknown shape are findings, neither crashes nor zero records."""
    world = build(shared_data / "tracker", state, now=WRITTEN + timedelta(hours=1))
    cycle = await world.watch.run()
    notes = [one for one in cycle.observations if one.key.startswith("integrity:")]
    assert [one.fact.key for one in notes] == ["integrity.file.unknown_shape"] * 2
    assert {one.level for one in notes} == {Severity.INFO}
    world.history.close()


async def test_every_invalid_text_is_told_exactly_once(shared_data: Path, state: Path) -> None:
    """All 318 texts of the JSON suite: every n_ invalid once, no y_ invalid, no crash."""
    suite = shared_data / "json_test_suite"
    world = build(suite, state, now=datetime.now(UTC))
    cycle = await world.watch.run()
    assert cycle.took_s < 5
    invalid = [
        one.key.removeprefix("integrity:")
        for one in cycle.observations
        if one.fact.key == "integrity.file.invalid"
    ]
    assert len(invalid) == len(set(invalid))
    names = {path.name for path in suite.glob("*.json")}
    assert {name for name in names if name.startswith("n_")} <= set(invalid)
    assert not [name for name in invalid if name.startswith("y_")]
    again = await world.watch.run()
    assert {one.key for one in again.observations} >= {f"integrity:{name}" for name in invalid}
    world.history.close()


async def test_a_broken_file_opens_an_incident_and_its_repair_closes_it(
    tracker: Path, state: Path
) -> None:
    """From the file to the incident, and back when the file reads again: nobody said "ok" to it."""
    world = build(tracker, state, now=WRITTEN + timedelta(minutes=10))
    broken = tracker / "opportunities_zealy_2025-08-01.json"
    broken.write_text(BAD_JSON)
    os.utime(broken, (0, WRITTEN.timestamp()))
    for _ in range(3):
        seen = by_key(await world.watch.run())
        assert seen[f"integrity:{broken.name}"].level is Severity.ERROR
        world.later(timedelta(minutes=5))
    assert f"integrity:{broken.name}" in [one.key for one in world.alerts.open()]
    broken.unlink()
    for _ in range(4):
        await world.watch.run()
        world.later(timedelta(minutes=5))
    assert f"integrity:{broken.name}" not in [one.key for one in world.alerts.open()]
    world.history.close()


async def test_without_a_folder_there_is_one_clear_finding(tmp_path: Path, state: Path) -> None:
    """The folder is missing: that is CRITICAL, what depends on it is unknown; the bot lives."""
    world = build(tmp_path / "missing", state, now=WRITTEN)
    cycle = await world.watch.run()
    seen = by_key(cycle)
    assert seen["data:folder"].level is Severity.CRITICAL
    assert seen["fresh:all"].outcome is Outcome.UNKNOWN
    assert [one.key for one in cycle.observations if one.level >= Severity.WARNING] == [
        "data:folder"
    ]
    world.history.close()


async def test_without_data_there_is_one_clear_finding(tmp_path: Path, state: Path) -> None:
    """An empty folder is "no data at all", once."""
    (tmp_path / "empty").mkdir()
    world = build(tmp_path / "empty", state, now=WRITTEN)
    cycle = await world.watch.run()
    assert [one.key for one in cycle.observations if one.level >= Severity.WARNING] == ["fresh:all"]
    world.history.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
async def test_an_unreadable_folder_is_one_clear_finding(closed: Path, state: Path) -> None:
    """No permission is told as such, without a path."""
    world = build(closed, state, now=WRITTEN)
    folder = by_key(await world.watch.run())["data:folder"]
    assert folder.fact.key == "data.folder.unreadable"
    assert str(closed) not in str(folder.fact.values)
    world.history.close()


async def test_samples_reach_history(tracker: Path, state: Path) -> None:
    """A chart's series holds each cycle's value, at the cycle's time."""
    world = build(tracker, state, now=WRITTEN + timedelta(minutes=10))
    await world.watch.run()
    world.later(timedelta(minutes=5))
    await world.watch.run()
    kept = world.history.series("data_age_s", since=WRITTEN, until=WRITTEN + timedelta(hours=1))
    assert [value for _, value in kept] == [600.0, 900.0]
    assert world.history.names("source_age_s:") == ["source_age_s:Galxe", "source_age_s:TwitterRSS"]
    span = {"since": WRITTEN, "until": WRITTEN + timedelta(hours=1)}
    up = {name: world.history.series(name, **span) for name in world.history.names("up:")}
    assert [value for _, value in up["up:Galxe"]] == [1.0, 1.0]
    assert len(world.history.series("cycle_s", **span)) == 2
    world.history.close()


async def test_a_state_folder_that_is_gone_is_a_finding_and_the_bot_lives(
    tracker: Path, state: Path
) -> None:
    """What cannot be kept is told, and everything else is judged as before."""
    world = build(tracker, state, now=WRITTEN + timedelta(minutes=10))
    await world.watch.run()
    take_away(state)
    cycle = await world.watch.run()
    seen = by_key(cycle)
    assert seen["bot:state"].level is Severity.CRITICAL
    assert str(state) not in str(seen["bot:state"].fact.values)
    assert seen["fresh:all"].outcome is Outcome.OK
    world.history.close()
