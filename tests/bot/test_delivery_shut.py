"""A chat that cannot be reached: what waits for any of its topics is given up, and stays so."""

import asyncio
from pathlib import Path

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
