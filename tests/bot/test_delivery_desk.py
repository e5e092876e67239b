import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.delivery.desk import Desk
from bot.delivery.outcome import Failed, Fault
from jobs.alerts.entries import Taken
from storage.incidents import Kind, Status
from storage.records import Severity
from tests.bot.outbox_world import World
from tests.jobs.seen import fail

CHANNELS = tuple(map(str, range(1, 9)))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a world whose eight chats have one alert each to be told."""
    world = World(tmp_path, channels=CHANNELS)
    for _ in range(3):
        world.alerts.observe([fail(Severity.ERROR, "x")], at=world.clock())
    return world


def claims(world: World) -> list[Callable[[], object]]:
    """Return the claim of each chat's row, in the chats' order."""
    ledger, at = world.alerts.ledger, world.clock()
    due = ledger.agenda(at=at).due
    return [lambda rows=due[one]: ledger.claim(rows, at=at) for one in CHANNELS]  # type: ignore[misc]


async def test_what_is_asked_for_together_is_one_write(world: World) -> None:
    """Each caller has its own answer, and nobody has it before the disk has it."""
    desk, before = Desk(world.alerts.ledger), world.database.writes
    claimed = await asyncio.gather(*(desk.write(claim) for claim in claims(world)))
    assert world.database.writes == before + 1
    assert [row.channel for rows in claimed for row in rows] == list(CHANNELS)  # type: ignore[attr-defined]
    world.restart()
    assert {row.status for row in world.rows()} == {Status.SENDING}


async def test_what_comes_while_it_writes_is_the_next_write(world: World) -> None:
    """One more write, however many come meanwhile; and accepted rows go with the claims."""
    desk, before = Desk(world.alerts.ledger), world.database.writes
    first, *others = claims(world)
    begun = asyncio.create_task(desk.write(first))
    for _ in range(2):
        await asyncio.sleep(0)  # it asks, then the desk begins to write
    await asyncio.gather(begun, *(desk.write(claim) for claim in others[:-1]))
    assert world.database.writes == before + 2
    taken = Taken(rows=world.rows()[:1], message_id=5, own=True, at=world.clock())
    await asyncio.gather(desk.take(taken), desk.write(others[-1]))
    await desk.finish()
    assert world.database.writes == before + 3
    assert sorted(row.status for row in world.rows()) == [Status.SENDING] * 7 + [Status.SENT]
    incident = world.alerts.incident(1)
    assert incident is not None
    assert incident.messages == {"1": 5}


async def test_a_bug_in_one_costs_the_others_nothing(world: World) -> None:
    """It is raised where it was asked for; the others are written, each once."""

    def bug() -> None:
        world.alerts.ledger.chats.pause(1, until_s=9e9)
        raise ZeroDivisionError

    desk = Desk(world.alerts.ledger)
    asked = [*claims(world)[:3], bug]
    answers = await asyncio.gather(*(desk.write(one) for one in asked), return_exceptions=True)
    assert isinstance(answers[3], ZeroDivisionError)
    assert [len(rows) for rows in answers[:3]] == [1, 1, 1]  # type: ignore[arg-type]
    assert world.alerts.ledger.chats.get(1).paused_s == 0.0
    assert [row.attempts for row in world.rows()] == [1] * 3 + [0] * 5


async def test_who_was_given_up_holds_up_nobody(world: World) -> None:
    """A caller that is cancelled while it waits: what it asked for is written all the same."""
    desk = Desk(world.alerts.ledger)
    one, two, *_ = [asyncio.create_task(desk.write(claim)) for claim in claims(world)]
    await asyncio.sleep(0)
    one.cancel()
    await two
    await desk.finish()
    assert {row.status for row in world.rows()} == {Status.SENDING}


async def test_chats_that_are_told_together_share_their_writes(world: World) -> None:
    """Four calls at a time: claims and outcomes meet, and every chat is told once."""
    before = world.database.writes
    await world.worker.drain_once()
    assert world.database.writes - before < 2 * len(CHANNELS)
    assert [world.telegram.said(one) for one in CHANNELS] == [["fired #1 ERROR"]] * len(CHANNELS)
    incident = world.alerts.incident(1)
    assert incident is not None
    assert sorted(incident.messages) == list(CHANNELS)
    assert incident.told == tuple(incident.messages)


async def test_a_card_somebody_deleted_is_edited_no_more(world: World) -> None:
    """No dead letter for it; the end is told all the same, as a message of its own."""
    await world.worker.drain_once()
    gone = Failed(fault=Fault.VANISHED, text="message to edit not found")
    world.telegram.script.extend([gone] * len(CHANNELS))
    world.clock.now_s += 60.0
    world.alerts.ack(1, by="Lina", at=world.clock())
    for _ in range(3):
        await world.worker.drain_once()
        world.clock.now_s += 2.0
    incident = world.alerts.incident(1)
    assert incident is not None
    assert incident.messages == {}
    assert {row.status for row in world.rows(Kind.UPDATE)} == {Status.SUPERSEDED}
    assert not world.alerts.ledger.tally.dead
