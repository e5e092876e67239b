"""A chat that cannot be reached: what waits for any of its topics is given up, and stays so."""

import asyncio
from collections import deque
from pathlib import Path

from bot.delivery.outcome import Failed, Fault
from jobs.alerts.rules import Row, Rules
from storage.incidents import Status
from storage.records import Severity
from tests.bot.outbox_world import World
from tests.jobs.seen import fail, ok


async def test_everything_that_waits_for_a_lost_chat_is_given_up(tmp_path: Path) -> None:
    """Also in its other topics, and also what was not the row under way."""
    world = World(tmp_path, channels=("8:1", "8:2"))
    both = [fail(Severity.INFO, "a"), fail(Severity.INFO, "b")]
    await asyncio.to_thread(world.alerts.observe, both, at=world.clock())
    await asyncio.to_thread(world.alerts.observe, [ok("b")], at=world.clock())
    world.telegram.unreachable.add("8")
    await world.worker.drain_once()
    told = [row for row in world.rows() if row.key in {"a", "b"}]
    assert {row.status for row in told} == {Status.DEAD, Status.SUPERSEDED}
    assert all(row.last_error for row in told if row.status is Status.DEAD)
    dead = sum(row.status is Status.DEAD for row in told)
    assert sum(world.alerts.ledger.tally.dead.values()) == dead


async def test_a_group_that_moved_and_was_lost_is_told_when_it_is_back(tmp_path: Path) -> None:
    """Under its new number, too: what is open is told there, and that it was lost is over."""
    rules = Rules(table=(Row(glob="*", fails=1, passes=1),))
    world = World(tmp_path, channels=("7", "8:1"), rules=rules)
    moved = Failed(fault=Fault.MIGRATED, text="chat migrated", chat_id=-1008)
    world.telegram.scripts["8:1"] = deque([moved])
    await see(world, "a")
    await see(world, "a")
    world.telegram.unreachable.add("8")
    await see(world, "b", for_s=60.0)
    assert {one.key for one in world.alerts.open()} == {"a", "b", "channel:-1008"}
    world.telegram.unreachable.clear()
    await see(world, "b", for_s=3700.0)
    await see(world, "b", for_s=60.0)
    assert [one.key for one in world.alerts.open()] == ["a", "b"]
    assert [one for one in world.telegram.said("8:1") if "fired #2" in one]


async def test_a_chat_is_back_with_all_that_follows_or_not_at_all(tmp_path: Path) -> None:
    """The power fails after one write of the probe: what is open is told all the same."""
    rules = Rules(table=(Row(glob="*", fails=1, passes=1),))
    world = World(tmp_path, channels=("7", "8"), rules=rules)
    world.telegram.unreachable.add("8")
    await see(world, "a", for_s=60.0)
    world.telegram.unreachable.clear()
    world.clock.now_s += 3600.0
    world.database.lasts = 1
    await world.worker.drain_once()
    world.restart()
    world.alerts.ledger.recover()
    for _ in range(3):
        await see(world, "a", for_s=1800.0)
    assert [one.key for one in world.alerts.open()] == ["a"]
    assert [one for one in world.telegram.said("8") if "fired #1" in one]


async def see(world: World, key: str, *, for_s: float = 1.0) -> None:
    """Let a key fail, deliver, and let time pass."""
    seen = [fail(Severity.WARNING, key)]  # not reminded of within the hour
    await asyncio.to_thread(world.alerts.observe, seen, at=world.clock())
    await world.worker.drain_once()
    world.clock.now_s += for_s
    await world.worker.drain_once()
