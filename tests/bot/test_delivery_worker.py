import asyncio
import logging
from collections import deque
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from bot.delivery.outcome import Failed, Fault
from bot.delivery.settle import backoff_s
from bot.delivery.worker import Worker
from jobs.alerts.agenda import Agenda
from jobs.alerts.rules import Rules
from storage.incidents import Kind, Status
from storage.records import Moment, Severity
from tests.bot.outbox_world import Words, World
from tests.jobs.seen import fail, ok
from tests.waiting import PATIENCE_S, until

INFO, WARNING, ERROR, CRITICAL = (
    Severity.INFO,
    Severity.WARNING,
    Severity.ERROR,
    Severity.CRITICAL,
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def fire(world: World, level: Severity = ERROR, *keys: str) -> None:
    """Let keys fire together, at the present moment."""
    for _ in range(3):
        world.alerts.observe([fail(level, key) for key in keys or ("x",)], at=world.clock())


def recover(world: World, *keys: str) -> None:
    """Let keys recover together."""
    for _ in range(2):
        world.alerts.observe([ok(key) for key in keys or ("x",)], at=world.clock())


async def drain(world: World, *, for_s: float, step_s: float = 1.0) -> None:
    """Deliver while the clock goes on in steps."""
    end_s = world.clock.now_s + for_s
    while world.clock.now_s < end_s:
        await world.worker.drain_once()
        world.clock.now_s += step_s
    await world.worker.drain_once()


async def test_the_first_alert_goes_at_once_and_is_marked_after_it(world: World) -> None:
    """One call, at the moment of its detection; the row is sent, the message known."""
    fire(world)
    assert await world.worker.drain_once() == 1
    assert world.telegram.said() == ["fired #1 ERROR"]
    (row,) = world.rows()
    assert (row.status, row.message_id, row.attempts) == (Status.SENT, 1, 1)
    incident = world.alerts.incident(1)
    assert incident is not None
    assert (incident.messages, incident.told) == ({"7": 1}, ("7",))
    assert await world.worker.drain_once() == 0


async def test_an_incident_lives_in_one_message(world: World) -> None:
    """Alert, reminder as reply with sound, silent closing as reply, and the card edited."""
    fire(world)
    await drain(world, for_s=3600)
    fire(world)
    await drain(world, for_s=40)
    recover(world)
    await drain(world, for_s=2)
    calls = [(call.text, call.reply_to, call.edited) for call in world.telegram.calls]
    assert calls == [
        ("fired #1 ERROR", None, None),
        ("repeat #1 ERROR", 1, None),
        ("resolved #1 ERROR", 1, None),
        ("card #1 ERROR closed", None, 1),
    ]


async def test_worse_comes_first_below_the_card_which_is_edited(world: World) -> None:
    """A CRITICAL that arrives later overtakes what waits; one incident stays one message."""
    fire(world, WARNING, "a", "b", "c")
    await world.worker.drain_once()
    world.alerts.observe([fail(CRITICAL, "a")], at=world.clock())
    await drain(world, for_s=40)
    assert world.telegram.said() == [
        "fired #1 WARNING",
        "worse #1 CRITICAL",
        "digest 2: fired #2 WARNING, fired #3 WARNING",
    ]
    incident = world.alerts.incident(1)
    assert incident is not None
    assert incident.messages == {"7": 1}
    worse, edit = world.telegram.calls[1:3]
    assert (worse.text, worse.reply_to) == ("worse #1 CRITICAL", 1)
    assert (edit.text, edit.edited) == ("card #1 CRITICAL open", 1)


async def test_worse_is_the_card_where_there_is_none(world: World) -> None:
    """A storm's digest is nobody's own message: what gets worse after it has one of its own."""
    fire(world, WARNING, *"abcdef")
    await drain(world, for_s=120)
    world.alerts.observe([fail(CRITICAL, "a")], at=world.clock())
    await drain(world, for_s=5)
    incident = world.alerts.incident(1)
    assert incident is not None
    assert world.telegram.said()[-1] == "worse #1 CRITICAL"
    assert incident.messages == {"7": 2}


async def test_taken_while_worse_waits_the_card_says_so(world: World) -> None:
    """An edit makes no sound, so it does not wait for what does."""
    fire(world, WARNING, "a")
    await world.worker.drain_once()
    world.alerts.mute(glob="a", for_=None, by="Ada", at=world.clock())
    world.alerts.observe([fail(ERROR, "a")], at=world.clock())
    await drain(world, for_s=5)
    world.alerts.ack(1, by="Lina", at=world.clock())
    await drain(world, for_s=5)
    assert world.telegram.calls[-1].text == "card #1 ERROR Lina"
    assert world.telegram.said() == ["fired #1 WARNING"]


async def test_one_message_a_second_and_fifteen_a_minute(world: World) -> None:
    """I9: neither window is ever broken, and the rest of the minute is left to replies."""
    for round_ in range(8):
        fire(world, ERROR, *(f"{round_}:{n}" for n in range(5)))
        await drain(world, for_s=5, step_s=0.25)
    await drain(world, for_s=240, step_s=0.25)
    times = [call.at_s for call in world.telegram.calls]
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) >= 1.0
    assert max(sum(t <= u < t + 60 for u in times) for t in times) <= 15
    assert not world.outbox.live()


async def test_no_chat_is_called_twice_within_a_second(world: World) -> None:
    """Two alarms that pass alone, and the edits of their cards."""
    fire(world, CRITICAL, "a", "b")
    await drain(world, for_s=3, step_s=0.25)
    for number in (1, 2):
        world.alerts.ack(number, by="Lina", at=world.clock())
    await drain(world, for_s=4, step_s=0.25)
    times = [call.at_s for call in world.telegram.calls]
    assert len(times) == 4
    assert min(after - before for before, after in pairwise(times)) >= 1.0


async def test_a_storm_is_one_message(world: World) -> None:
    """More than five at once: one digest, CRITICAL first, every row marked with it."""
    fire(world, ERROR, *(f"e{n}" for n in range(6)))
    fire(world, CRITICAL, "worst")
    await drain(world, for_s=120)
    assert world.telegram.said() == [
        "digest 7: fired #7 CRITICAL, "
        + ", ".join(f"fired #{number} ERROR" for number in range(1, 7))
    ]
    assert {row.message_id for row in world.rows()} == {1}
    assert world.alerts.incident(1) is not None
    recover(world, "e0")
    await drain(world, for_s=3)
    assert world.telegram.calls[-1].text == "resolved #1 ERROR"
    assert world.telegram.calls[-1].edited is None


async def test_the_first_goes_at_once_and_the_rest_as_one(world: World) -> None:
    """Five are no storm: one now, four together half a minute later, then quiet again."""
    fire(world, ERROR, *"abcde")
    await drain(world, for_s=31)
    assert world.telegram.said() == [
        "fired #1 ERROR",
        "digest 4: " + ", ".join(f"fired #{number} ERROR" for number in range(2, 6)),
    ]
    assert [call.at_s for call in world.telegram.calls] == [0.0, 30.0]
    await drain(world, for_s=30)
    fire(world, ERROR, "f")
    await world.worker.drain_once()
    assert world.telegram.said()[-1] == "fired #6 ERROR"


async def test_two_critical_ones_pass_alone(world: World) -> None:
    """They do not wait for the window; a third one does."""
    fire(world, WARNING, "a")
    await drain(world, for_s=2)
    fire(world, CRITICAL, "b", "c", "d")
    await drain(world, for_s=26)
    assert world.telegram.said() == ["fired #1 WARNING", "fired #2 CRITICAL", "fired #3 CRITICAL"]
    await drain(world, for_s=4)
    assert world.telegram.said()[-1] == "fired #4 CRITICAL"


async def test_a_storm_grows_in_its_digest(world: World) -> None:
    """Edited every ten seconds at most, each incident once in it; nothing new is posted."""
    fire(world, ERROR, *(f"e{n}" for n in range(6)))
    await drain(world, for_s=1)
    for n in range(20):
        fire(world, ERROR, f"more{n}")
        await drain(world, for_s=1)
    recover(world, "e0")
    await drain(world, for_s=20)
    assert len(world.telegram.said()) == 1
    edits = [call for call in world.telegram.calls if call.edited is not None]
    assert {call.edited for call in edits} == {1}
    gaps = [after.at_s - before.at_s for before, after in pairwise(edits)]
    assert min(gaps) >= 10.0
    numbers = [part.split()[1] for part in edits[-1].parts()]
    assert sorted(numbers) == sorted({f"#{number}" for number in range(1, 27)})
    assert "resolved #1 ERROR" in edits[-1].parts()
    assert not world.outbox.live()
    incident = world.alerts.incident(26)
    assert incident is not None
    assert incident.messages == {}


async def test_what_is_critical_rings_during_a_storm(world: World) -> None:
    """An edit makes no sound: its own message does."""
    fire(world, ERROR, *(f"e{n}" for n in range(6)))
    await drain(world, for_s=2)
    fire(world, CRITICAL, "worst")
    await drain(world, for_s=2)
    assert world.telegram.said()[-1] == "fired #7 CRITICAL"


async def test_a_storm_ends_after_a_quiet_minute(world: World) -> None:
    """The next alert is a first one again."""
    fire(world, ERROR, *(f"e{n}" for n in range(6)))
    await drain(world, for_s=61)
    fire(world, ERROR, "later")
    await drain(world, for_s=1)
    assert world.telegram.said()[-1] == "fired #7 ERROR"


async def test_a_digest_that_is_gone_is_followed_by_a_new_one(world: World) -> None:
    """Somebody deleted it: what it lacks is posted."""
    fire(world, ERROR, *(f"e{n}" for n in range(6)))
    await drain(world, for_s=1)
    world.telegram.script.append(Failed(fault=Fault.REJECTED, text="message to edit not found"))
    fire(world, ERROR, "f", "g")
    await drain(world, for_s=12)
    assert world.telegram.said()[1:] == ["digest 2: fired #7 ERROR, fired #8 ERROR"]
    assert not world.outbox.live()


async def test_a_storm_survives_a_failed_edit(world: World) -> None:
    """The network was away for a moment: the same digest, a little later."""
    fire(world, ERROR, *(f"e{n}" for n in range(6)))
    await drain(world, for_s=1)
    world.telegram.script.append(Failed(fault=Fault.PASSING, text="ConnectError"))
    fire(world, ERROR, "f")
    await drain(world, for_s=20)
    assert len(world.telegram.said()) == 1
    assert not world.outbox.live()


@pytest.mark.parametrize("n", [1, 2, 5, 6, 40, 1000])
@pytest.mark.parametrize("critical", [0, 3])
async def test_a_burst_is_three_messages_in_a_minute(world: World, n: int, critical: int) -> None:
    """I14: however many at once, what is critical first, and every key told exactly once."""
    levels = {f"k{place}": CRITICAL if n - place <= critical else ERROR for place in range(n)}
    for _ in range(3):
        seen = [fail(level, key) for key, level in levels.items()]
        world.alerts.observe(seen, at=world.clock())
    await drain(world, for_s=60, step_s=5.0)
    assert len(world.telegram.said()) <= 3
    told = [part.split()[1:] for text in world.telegram.calls for part in text.parts()]
    assert sorted(number for number, _ in told) == sorted(f"#{place + 1}" for place in range(n))
    loud = [level == "CRITICAL" for _, level in told]
    assert loud == sorted(loud, reverse=True)


async def test_retry_after_pauses_that_chat_only(tmp_path: Path) -> None:
    """Nothing goes there before its deadline, the other chat does not wait, no attempt counts."""
    world = World(tmp_path, channels=("7", "8"))
    world.telegram.scripts["7"] = _script(Failed(fault=Fault.PAUSED, text="x", retry_after_s=30))
    fire(world)
    await drain(world, for_s=30)
    assert (world.telegram.said("7"), world.telegram.said("8")) == ([], ["fired #1 ERROR"])
    await drain(world, for_s=2)
    assert world.telegram.said("7") == ["fired #1 ERROR"]
    assert [row.attempts for row in world.rows()] == [1, 1]


async def test_a_pause_outlives_a_restart(world: World) -> None:
    """The deadline is on the disk."""
    world.telegram.script.append(Failed(fault=Fault.PAUSED, text="x", retry_after_s=30))
    fire(world)
    await world.worker.drain_once()
    world.restart()
    world.alerts.observe([fail(key="x")], at=world.clock())
    await drain(world, for_s=30)
    assert world.telegram.said() == []
    await drain(world, for_s=2)
    assert world.telegram.said() == ["fired #1 ERROR"]


async def test_a_lost_answer_is_tried_again_and_says_so(world: World) -> None:
    """I2: accepted twice at most, the second marked; the incident is closed as told."""
    world.telegram.script.append(Failed(fault=Fault.UNSURE, text="TimedOut"))
    fire(world)
    await drain(world, for_s=4)
    assert world.telegram.said() == ["fired #1 ERROR", "fired #1 ERROR again?"]
    (row,) = world.rows()
    assert (row.maybe_dup, row.attempts, row.last_error) == (True, 2, "TimedOut")


async def test_a_broken_network_is_tried_with_growing_pauses(world: World) -> None:
    """2, 4, 8 … s; then it goes, with how late it is."""
    world.telegram.script.extend([Failed(fault=Fault.PASSING, text="ConnectError")] * 6)
    fire(world)
    await drain(world, for_s=200, step_s=0.5)
    times = [call.at_s for call in world.telegram.calls]
    gaps = [after - before for before, after in pairwise(times)]
    for gap, expected in zip(gaps, (2, 4, 8, 16, 32, 64), strict=True):
        assert 0.8 * expected <= gap <= 1.2 * expected + 0.5
    assert world.telegram.said() == [f"fired #1 ERROR late {times[-1]:.0f}"]


async def test_a_closing_that_failed_once_is_told_all_the_same(world: World) -> None:
    """Nobody is left with an alert that never ends."""
    fire(world)
    await drain(world, for_s=31)
    recover(world)
    world.telegram.script.extend([Failed(fault=Fault.PASSING, text="ConnectError")] * 2)
    await drain(world, for_s=45)
    assert world.telegram.said() == ["fired #1 ERROR", "resolved #1 ERROR"]
    assert "card #1 ERROR closed" in [call.text for call in world.telegram.calls if call.accepted]


def test_the_pause_has_a_cap_and_a_spread() -> None:
    """Never above 300 s, ±20 % below it."""
    assert [backoff_s(n, luck=0.5) for n in (1, 2, 3)] == [2.0, 4.0, 8.0]
    assert backoff_s(3, luck=0.0) == pytest.approx(6.4)
    assert backoff_s(3, luck=1.0) == pytest.approx(9.6)
    assert backoff_s(99, luck=1.0) == 300.0


async def test_a_six_hour_outage_ends_in_one_message_per_incident(world: World) -> None:
    """No pile of reminders; what was over before it could be told is told briefly."""
    world.telegram.script.extend([Failed(fault=Fault.PASSING, text="ConnectError")] * 500)
    fire(world, CRITICAL, "a", "b")
    for tenth in range(36):
        seen = [fail(CRITICAL, "a"), fail(CRITICAL, "b") if tenth < 18 else ok("b")]
        world.alerts.observe(seen, at=world.clock())
        await drain(world, for_s=600, step_s=300)
    world.telegram.script.clear()
    await drain(world, for_s=600, step_s=5)
    assert world.telegram.said() == ["digest 2: fired #1 CRITICAL, brief #2 CRITICAL"]


async def test_what_was_under_way_at_a_crash_goes_again_marked(world: World) -> None:
    """One crash, one possible duplicate, and it says so."""
    fire(world)
    ledger = world.alerts.ledger
    ledger.claim(ledger.agenda(at=world.clock()).due["7"], at=world.clock())
    world.restart()
    world.alerts.observe([fail(key="x")], at=world.clock())
    assert await world.worker.drain_once() == 0
    world.alerts.ledger.recover()
    await world.worker.drain_once()
    assert world.telegram.said() == ["fired #1 ERROR again?"]


async def test_refused_markup_goes_once_as_plain_text(world: World) -> None:
    """Two calls and a note of it, once an hour; refused again, the row is dead with the reason."""
    refusal = Failed(fault=Fault.MARKUP, text="can't parse entities")
    world.telegram.script.append(refusal)
    fire(world, ERROR, "a")
    await drain(world, for_s=3)
    assert world.telegram.said() == ["fired #1 ERROR", "note.plain 1"]
    assert world.alerts.ledger.tally.failed["markup"] == 1
    world.telegram.script.extend([refusal, refusal])
    fire(world, ERROR, "b")
    await drain(world, for_s=60)
    assert world.rows()[-1].status is Status.DEAD
    assert world.rows()[-1].last_error == "can't parse entities"
    assert world.alerts.ledger.tally.dead["markup"] == 1


async def test_a_migrated_group_gets_its_alert_at_its_new_id(world: World) -> None:
    """The id is kept and the message goes at once."""
    world.telegram.script.append(Failed(fault=Fault.MIGRATED, text="x", chat_id=-1007))
    fire(world)
    await drain(world, for_s=1)
    assert len(world.telegram.said()) == 1
    assert world.alerts.ledger.chats.current(7) == -1007
    assert world.rows()[0].attempts == 1


async def test_a_lost_chat_is_told_to_the_others_and_probed(tmp_path: Path) -> None:
    """Shut with a dead letter; the others hear of it; an hour later it is back and caught up."""
    world = World(tmp_path, channels=("7", "8"), rules=Rules())
    world.telegram.unreachable.add("7")
    fire(world, ERROR, "cpu")
    world.clock.now_s += 700
    fire(world, ERROR, "cpu")
    await drain(world, for_s=35)
    dead = [row for row in world.rows() if row.status is Status.DEAD]
    assert [row.channel for row in dead] == ["7"]
    assert "blocked" in dead[0].last_error
    assert world.telegram.said("8") == ["fired #1 ERROR", "fired #2 ERROR"]
    assert [one.key for one in world.alerts.open()] == ["cpu", "channel:7"]
    await drain(world, for_s=3500, step_s=60)
    assert world.telegram.said("7") == []
    world.telegram.unreachable.clear()
    await drain(world, for_s=3700, step_s=60)
    assert [one.key for one in world.alerts.open()] == ["cpu"]
    assert [text.partition(" late")[0] for text in world.telegram.said("7")] == [
        "brief #2 ERROR",
        "fired #1 ERROR",
    ]
    assert "resolved #2 ERROR" in world.telegram.said("8")


async def test_a_refused_token_is_one_clear_line(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The rows wait; the log says it once."""
    world.telegram.script.extend([Failed(fault=Fault.TOKEN, text="InvalidToken")] * 3)
    fire(world)
    with caplog.at_level(logging.ERROR):
        await drain(world, for_s=700, step_s=10)
    assert len([r for r in caplog.records if "token" in r.message]) == 1
    await drain(world, for_s=400, step_s=10)
    assert len(world.telegram.said()) == 1


async def test_a_bug_in_a_view_costs_one_alert_after_three_tries(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged with its trace, tried again, then dead; the next alert goes."""

    class Broken:
        async def send(self, channel: str, *_: object, **__: object) -> None:
            message = f"bug in {channel}"
            raise ZeroDivisionError(message)

    real = world.worker._caller._sender
    world.worker._caller._sender = Broken()  # type: ignore[assignment]
    fire(world, ERROR, "a")
    await drain(world, for_s=30)
    (row,) = world.rows()
    assert (row.status, row.last_error, row.attempts) == (Status.DEAD, "ZeroDivisionError", 3)
    assert [r.exc_info is not None for r in caplog.records if "bug" in r.message] == [True] * 3
    world.worker._caller._sender = real
    fire(world, ERROR, "b")
    await drain(world, for_s=3)
    assert world.telegram.said() == ["fired #2 ERROR"]


async def test_a_slow_chat_holds_up_no_other(tmp_path: Path) -> None:
    """While one call hangs, the other chat has its alert."""
    world = World(tmp_path, channels=("7", "8"))
    gate = asyncio.Event()
    send = world.telegram.send

    class Slow:
        async def send(self, channel: str, message: object, **more: object) -> object:
            if channel == "7":
                await gate.wait()
            return await send(channel, message, **more)  # type: ignore[arg-type]

    world.worker._caller._sender = Slow()  # type: ignore[assignment]
    fire(world)
    draining = asyncio.create_task(world.worker.drain_once())
    await until(lambda: world.telegram.said("8"))
    assert world.telegram.said("7") == []
    gate.set()
    await draining
    assert world.telegram.said("7") == ["fired #1 ERROR"]


async def test_it_wakes_by_itself_and_stops_in_order(world: World) -> None:
    """An alert committed in another thread is sent without a tick; `stop` ends the run."""
    running = asyncio.create_task(world.worker.run())
    await asyncio.sleep(0.01)
    await asyncio.to_thread(fire, world)
    await until(world.telegram.said)
    world.worker.stop()
    async with asyncio.timeout(PATIENCE_S):
        await running
    assert world.rows()[0].status is Status.SENT


async def test_an_alert_that_comes_while_it_looks_is_not_left_for_the_next_tick(
    world: World,
) -> None:
    """The wake is cleared before looking, never after."""
    look = world.alerts.ledger.agenda
    late = ["a"]

    def looking(*, at: Moment) -> Agenda:
        found = look(at=at)
        if late:
            fire(world, ERROR, late.pop())
        return found

    world.alerts.ledger.agenda = looking  # type: ignore[method-assign]
    running = asyncio.create_task(world.worker.run())
    await until(world.telegram.said)
    world.worker.stop()
    await running
    assert world.telegram.said() == ["fired #1 ERROR"]


async def test_stopping_leaves_what_hangs_to_the_next_process(world: World) -> None:
    """A call without an answer may have arrived: it stays `sending`, and goes again marked."""

    class Hanging:
        async def send(self, *_: object, **__: object) -> None:
            await asyncio.Event().wait()

    worker = Worker(
        alerts=world.alerts,
        sender=Hanging(),  # type: ignore[arg-type]
        texts=Words(),
        clock=world.clock,
        goodbye_s=0.01,
    )
    fire(world)
    running = asyncio.create_task(worker.run())
    await until(lambda: world.rows()[0].status is Status.SENDING)
    worker.stop()
    async with asyncio.timeout(PATIENCE_S):
        await running
    world.restart()
    world.alerts.observe([fail(key="x")], at=world.clock())
    running = asyncio.create_task(world.worker.run())
    await until(world.telegram.said)
    world.worker.stop()
    await running
    assert world.telegram.said() == ["fired #1 ERROR again?"]


async def test_notes_and_edits_never_join_a_digest(world: World) -> None:
    """The end of a mute is told beside the storm it held back."""
    mute = world.alerts.mute(glob="all", for_=None, by="Lina", at=world.clock())
    fire(world, ERROR, *"abcdefg")
    await drain(world, for_s=2)
    assert world.telegram.calls == []
    world.alerts.unmute(mute.id, at=world.clock())
    await drain(world, for_s=3)
    assert world.telegram.said() == [
        "digest 7: " + ", ".join(f"fired #{number} ERROR" for number in range(1, 8)),
        "mute.ended all 7 0",
    ]


async def test_the_end_of_a_mute_needs_no_cycle(world: World) -> None:
    """The worker looks again when it runs out."""
    world.alerts.mute(glob="all", for_=None, by="Lina", at=world.clock())
    fire(world)
    await drain(world, for_s=3590, step_s=10)
    assert world.telegram.calls == []
    await drain(world, for_s=12)
    assert world.telegram.said() == ["fired #1 ERROR late 3600", "mute.ended all 1 0"]


async def test_a_taken_incident_is_edited_everywhere(tmp_path: Path) -> None:
    """Both chats' cards show who has it; that edit makes no sound and no new message."""
    world = World(tmp_path, channels=("7", "8:4"))
    fire(world)
    await drain(world, for_s=2)
    world.alerts.ack(1, by="Lina", at=world.clock())
    await drain(world, for_s=2)
    edits = [(call.channel, call.text) for call in world.telegram.calls if call.edited]
    assert sorted(edits) == [("7", "card #1 ERROR Lina"), ("8:4", "card #1 ERROR Lina")]


async def test_every_row_ends_somewhere(tmp_path: Path) -> None:
    """I18: created = waiting + sent + superseded + dead, and the dead have a reason."""
    world = World(tmp_path, channels=("7", "8"))
    faults = [
        Failed(fault=Fault.UNSURE, text="TimedOut"),
        Failed(fault=Fault.REJECTED, text="bad request"),
        Failed(fault=Fault.PASSING, text="ConnectError"),
    ]
    for round_ in range(12):
        world.telegram.script.append(faults[round_ % 3])
        fire(world, ERROR, f"k{round_}")
        await drain(world, for_s=3)
        if round_ % 2:
            recover(world, f"k{round_}")
    tally = world.alerts.ledger.tally
    ended = tally.superseded + sum(tally.sent.values()) + sum(tally.dead.values())
    assert tally.created == ended + len(world.outbox.live())
    assert all(row.last_error for row in world.rows() if row.status is Status.DEAD)
    assert tally.dead
    assert tally.failed
    assert all(latency.passed_s >= 0.0 for latency in tally.latencies)


async def test_a_disk_that_refuses_does_not_silence_the_alert(world: World) -> None:
    """The alert and the trouble with the disk are both told, from memory."""
    world.path.with_name(".state.json.tmp").mkdir()
    fire(world)
    await drain(world, for_s=31)
    assert world.telegram.said() == ["fired #2 CRITICAL", "fired #1 ERROR"]


def _script(*faults: Failed) -> deque[Failed]:
    return deque(faults)


async def test_a_call_to_the_admins_is_no_part_of_a_digest(world: World) -> None:
    """It asks one person by name to act; the rest of the window is told beside it."""
    fire(world, CRITICAL, "a")
    await drain(world, for_s=2)
    fire(world, ERROR, "b", "c")
    (row,) = world.rows(Kind.FIRED)[:1]
    call = replace(row, kind=Kind.ESCALATED, status=Status.QUEUED, message_id=None)
    world.database.commit(lambda: world.outbox.add(call))
    world.clock.now_s += 400.0
    await drain(world, for_s=40)
    assert world.telegram.said()[1:] == [
        "escalated #1 CRITICAL late 402",
        "digest 2: fired #2 ERROR, fired #3 ERROR",
    ]
