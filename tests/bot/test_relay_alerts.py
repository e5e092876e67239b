"""Who hears of what is CRITICAL while Telegram is away, and when: manager, worker, two senders."""

import math
from collections import deque
from datetime import timedelta
from pathlib import Path

import pytest

from bot.delivery.outcome import Failed, Fault
from jobs.alerts.rules import Rules
from storage.incidents import Kind, Status
from storage.records import Observation, Severity
from tests.bot.outbox_world import World
from tests.jobs.seen import fail, ok

CHAT, MAIL, HOOK = "7", "relay:0", "relay:1"
AWAY = Failed(fault=Fault.PASSING, text="ConnectError")
NO_ANSWER = Failed(fault=Fault.UNSURE, text="ReadTimeout")
STEP_S = 20.0
CRITICAL = Severity.CRITICAL


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, relays=(MAIL,))


def away(world: World, channel: str = CHAT, fault: Failed = AWAY) -> None:
    """Let nothing through to a channel from now on."""
    world.telegram.scripts[channel] = deque([fault] * 10_000)


def back(world: World, channel: str = CHAT) -> None:
    """Let everything through again, at once."""
    world.telegram.scripts.pop(channel, None)
    world.alerts.ledger.chats.enable(int(channel))


async def see(world: World, *seen: Observation, times: int = 1) -> None:
    """Let whole cycles see this, and deliver."""
    for _ in range(times):
        at = world.clock()
        world.alerts.observe(seen, at=at, complete=frozenset())
        await world.worker.drain_once()


async def wait(world: World, seconds: float, *, step_s: float = STEP_S) -> None:
    """Let time pass without a cycle; delivery looks as often as it does."""
    end_s = world.clock.now_s + seconds
    while world.clock.now_s < end_s:
        world.clock.now_s = min(world.clock.now_s + step_s, end_s)
        await world.worker.drain_once()


async def test_a_mail_after_five_minutes_and_its_end(world: World) -> None:
    """Once, without a cycle in between, no reminders; Telegram hears all of it when it is back."""
    away(world)
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 299)
    assert world.telegram.said(MAIL) == []
    await wait(world, 21)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL"]
    for _ in range(12):
        await see(world, fail(CRITICAL))
        await wait(world, 300)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL"]
    back(world)
    await wait(world, 60)
    (told,) = world.telegram.said(CHAT)
    assert told.startswith(("fired #1 CRITICAL", "repeat #1 CRITICAL"))
    await see(world, ok(), times=2)
    await wait(world, 60)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL", "resolved #1 CRITICAL"]
    assert "resolved #1 CRITICAL" in world.telegram.said(CHAT)[-1]
    await wait(world, 7200)
    assert len(world.telegram.said(MAIL)) == 2


async def test_the_worker_knows_when_to_look_again(world: World) -> None:
    """It sleeps to the very moment, not past it."""
    away(world)
    await see(world, fail(CRITICAL), times=2)
    assert world.alerts.fall_back(at=world.clock()) == 300.0
    world.clock.now_s = 300.0
    assert world.alerts.fall_back(at=world.clock()) == math.inf
    assert [row.channel for row in world.rows(Kind.FIRED)] == [CHAT, MAIL]
    assert world.alerts.fall_back(at=world.clock()) == math.inf


async def test_who_was_told_by_telegram_gets_no_mail(world: World) -> None:
    """Also not when Telegram goes away later; the end of it goes to the chat alone."""
    await see(world, fail(CRITICAL), times=2)
    away(world)
    await wait(world, 1800)
    await see(world, ok(), times=2)
    await wait(world, 600)
    assert world.telegram.said(MAIL) == []
    assert [row for row in world.outbox.all() if row.channel == MAIL] == []


async def test_one_chat_that_took_it_is_enough(tmp_path: Path) -> None:
    """Somebody knows; the other chat gets it when it can be reached."""
    world = World(tmp_path, channels=("7", "8"), relays=(MAIL,))
    away(world, "8")
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 900)
    assert world.telegram.said("7")
    assert world.telegram.said(MAIL) == []


@pytest.mark.parametrize("level", [Severity.INFO, Severity.WARNING, Severity.ERROR])
async def test_less_than_critical_waits_for_telegram(world: World, level: Severity) -> None:
    """Nobody is woken by mail for that."""
    away(world)
    await see(world, fail(level), times=3)
    await wait(world, 3600)
    assert world.telegram.said(MAIL) == []


async def test_what_becomes_critical_counts_from_then(world: World) -> None:
    """The chat knows of an error; five minutes after it got worse unheard, the mail goes."""
    await see(world, fail(Severity.ERROR), times=2)
    assert world.telegram.said(CHAT) == ["fired #1 ERROR"]
    away(world)
    await wait(world, 600)
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 290)
    assert world.telegram.said(MAIL) == []
    await wait(world, 30)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL"]


async def test_what_eases_before_is_not_mailed_and_may_rise_again(world: World) -> None:
    """Worse, milder, worse: the five minutes begin anew, and the second time it goes."""
    await see(world, fail(Severity.ERROR), times=2)
    away(world)
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 200)
    await see(world, fail(Severity.ERROR), times=3)
    await wait(world, 400)
    assert world.telegram.said(MAIL) == []
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 320)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL"]


async def test_what_is_over_before_is_not_mailed(world: World) -> None:
    """Neither its beginning nor its end: Telegram tells it in one line later."""
    away(world)
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 200)
    await see(world, ok(), times=2)
    back(world)
    await wait(world, 900)
    assert world.telegram.said(MAIL) == []
    assert [text.split(" late")[0] for text in world.telegram.said(CHAT)] == ["brief #1 CRITICAL"]


async def test_several_leave_as_one_text(world: World) -> None:
    """Ten mails for one outage help nobody; the next ones wait for half a minute."""
    away(world)
    keys = [f"fresh:{n}" for n in range(9)]
    await see(world, *(fail(CRITICAL, key) for key in keys), times=2)
    await wait(world, 320)
    (told,) = world.telegram.said(MAIL)
    assert told.startswith("digest 9: fired #1 CRITICAL")
    await see(world, *(ok(key) for key in keys), times=2)
    await wait(world, 60)
    assert world.telegram.said(MAIL)[1].startswith("digest 9: resolved #1 CRITICAL")
    assert all(call.edited is None for call in world.telegram.calls if call.channel == MAIL)


async def test_a_mute_holds_the_mail_too(world: World) -> None:
    """Even what is critical, where asked for; when it ends, the chat has five minutes again."""
    at = world.clock()
    world.alerts.mute(glob="*", for_=timedelta(hours=1), by="Ada", at=at, max_level=CRITICAL)
    away(world)
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 3600)
    assert world.telegram.said(MAIL) == []
    await wait(world, 280)
    assert world.telegram.said(MAIL) == []
    await wait(world, 40)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL"]


async def test_a_mute_up_to_error_does_not(world: World) -> None:
    """What is critical breaks through, this way as well."""
    world.alerts.mute(glob="*", for_=timedelta(hours=1), by="Ada", at=world.clock())
    away(world)
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 320)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL"]


async def test_a_consequence_is_not_mailed(world: World) -> None:
    """One cause, one mail."""
    away(world)
    both = fail(CRITICAL, "fresh:all"), fail(CRITICAL, "fresh:Galxe")
    await see(world, *both, times=2)
    await wait(world, 900)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL"]


async def test_nobody_left_to_tell(world: World) -> None:
    """The only chat threw the bot out before it happened: there was never a row to wait."""
    world.telegram.unreachable.add(CHAT)
    await see(world, fail(Severity.ERROR, "a"), times=2)
    assert world.alerts.ledger.chats.get(7).disabled
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 320)
    assert [text.split(" late")[0] for text in world.telegram.said(MAIL)] == ["fired #2 CRITICAL"]


async def test_a_message_telegram_refuses_for_good(world: World) -> None:
    """It is dead for the chat; somebody has to know all the same."""
    away(world, fault=Failed(fault=Fault.REJECTED, text="bad request"))
    await see(world, fail(CRITICAL), times=2)
    assert world.statuses() == [(Kind.FIRED, Status.DEAD)]
    await wait(world, 320)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL"]


async def test_a_key_that_flaps_is_not_mailed_in_silence(world: World) -> None:
    """Its incidents are folded, not untold: Telegram is well, so nothing is mailed."""
    await see(world, fail(CRITICAL), times=2)
    for _ in range(6):
        await see(world, ok(), times=2)
        await see(world, fail(CRITICAL), times=2)
        await wait(world, 20)
    await wait(world, 1200)
    assert world.telegram.said(MAIL) == []


async def test_what_somebody_took_is_known(world: World) -> None:
    """Who pressed a button of a message whose answer was lost has read it."""
    away(world, fault=NO_ANSWER)
    await see(world, fail(CRITICAL), times=2)
    assert world.alerts.ack(1, by="Ada", at=world.clock())
    await wait(world, 900)
    assert world.telegram.said(MAIL) == []


async def test_every_fallback_is_told(tmp_path: Path) -> None:
    """One that fails holds up no other; it is tried again, less and less often."""
    world = World(tmp_path, relays=(MAIL, HOOK))
    away(world)
    away(world, MAIL)
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 320)
    assert world.telegram.said(HOOK) == ["fired #1 CRITICAL"]
    await wait(world, 1800)
    tries = [call for call in world.telegram.calls if call.channel == MAIL]
    assert 8 <= len(tries) <= 20
    world.telegram.scripts.pop(MAIL)
    await wait(world, 400)
    assert world.telegram.said(MAIL)[0].startswith("fired #1 CRITICAL late")


async def test_a_fallback_that_never_takes_anything(world: World) -> None:
    """After a day of trying its row is dead, with the reason; then the end goes there neither."""
    away(world)
    away(world, MAIL, Failed(fault=Fault.PASSING, text="webhook: HTTP 404"))
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 26 * 3600, step_s=600.0)
    (row,) = [row for row in world.outbox.all() if row.channel == MAIL]
    assert (row.status, row.last_error) == (Status.DEAD, "webhook: HTTP 404")
    assert world.alerts.ledger.tally.dead["network"] >= 1
    world.telegram.scripts.pop(MAIL)
    await see(world, ok(), times=2)
    await wait(world, 60)
    assert world.telegram.said(MAIL) == []


async def test_an_answer_that_is_lost_is_marked(world: World) -> None:
    """The mail may be there: it is sent once more and says so, and its end follows."""
    away(world)
    world.telegram.scripts[MAIL] = deque([NO_ANSWER])
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 340)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL", "fired #1 CRITICAL again?"]
    await see(world, ok(), times=2)
    await wait(world, 60)
    assert world.telegram.said(MAIL)[2:] == ["resolved #1 CRITICAL"]


@pytest.mark.parametrize("lost", [True, False])
async def test_it_ends_while_the_mail_is_under_way(world: World, *, lost: bool) -> None:
    """Whoever got, or may have got, the beginning gets the end."""
    away(world)
    await see(world, fail(CRITICAL), times=2)
    world.clock.now_s += 320
    world.alerts.fall_back(at=world.clock())
    (row,) = [row for row in world.outbox.all() if row.channel == MAIL]
    claimed = world.alerts.ledger.claim([row], at=world.clock())
    world.alerts.observe([ok()], at=world.clock())
    world.alerts.observe([ok()], at=world.clock())
    if lost:
        world.restart()
        world.alerts.ledger.recover()
        world.clock.now_s += 120
    else:
        world.alerts.ledger.accepted(claimed, message_id=None, own=True, at=world.clock())
    await wait(world, 60)
    assert [text.split(" late")[0] for text in world.telegram.said(MAIL)] == [
        "resolved #1 CRITICAL"
    ]


async def test_a_restart_forgets_nothing_and_gives_telegram_half_a_minute(world: World) -> None:
    """The five minutes go on over it; what was mailed is not mailed again."""
    away(world)
    await see(world, fail(CRITICAL), times=2)
    await wait(world, 200)
    world.restart()
    await see(world, fail(CRITICAL))
    await wait(world, 80)
    assert world.telegram.said(MAIL) == []
    await wait(world, 40)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL"]
    world.restart()
    await see(world, fail(CRITICAL))
    await wait(world, 3600)
    assert world.telegram.said(MAIL) == ["fired #1 CRITICAL"]


async def test_a_restart_after_a_long_night(world: World) -> None:
    """Telegram is there again: it is told first, and no mail goes."""
    away(world)
    await see(world, fail(CRITICAL), times=2)
    world.away(7200)
    back(world)
    await see(world, fail(CRITICAL))
    await wait(world, 60)
    assert world.telegram.said(MAIL) == []
    assert world.telegram.said(CHAT)


async def test_a_fallback_added_later_hears_of_nothing_old(tmp_path: Path) -> None:
    """What was told long ago by Telegram is no news for a mailbox."""
    world = World(tmp_path)
    await see(world, fail(CRITICAL), times=2)
    world.relays = (MAIL,)
    world.restart()
    await see(world, fail(CRITICAL))
    away(world)
    await wait(world, 7200)
    assert world.telegram.said(MAIL) == []


async def test_delivery_itself_in_trouble_is_told_to_relays_only(world: World) -> None:
    """At once, for its five minutes are over when it fires; its end, too; Telegram never."""
    away(world)
    stuck = fail(Severity.ERROR, "bot:outbox")
    await see(world, stuck, times=2)
    await wait(world, 60)
    assert world.telegram.said(MAIL) == ["fired #1 ERROR"]
    back(world)
    await wait(world, 7200)
    world.alerts.welcome(7, at=world.clock())
    await see(world, ok("bot:outbox"), times=2)
    await wait(world, 60)
    assert world.telegram.said(MAIL) == ["fired #1 ERROR", "resolved #1 ERROR"]
    assert world.telegram.said(CHAT) == []
    assert {row.channel for row in world.outbox.all()} == {MAIL}


async def test_without_fallbacks_nothing_changes(tmp_path: Path) -> None:
    """No row, no wait, no word."""
    world = World(tmp_path)
    away(world)
    await see(world, fail(CRITICAL), fail(Severity.ERROR, "bot:outbox"), times=2)
    assert world.alerts.fall_back(at=world.clock()) == math.inf
    await wait(world, 900)
    assert {row.channel for row in world.outbox.all()} == {CHAT}


async def test_the_demo_is_quicker(tmp_path: Path) -> None:
    """Every duration follows the factor."""
    world = World(tmp_path, rules=Rules(table=(), factor=1 / 60), relays=(MAIL,))
    away(world)
    await see(world, fail(CRITICAL), times=2)
    assert world.alerts.fall_back(at=world.clock()) == 5.0
