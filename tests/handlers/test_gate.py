"""What is nobody's own fresh command causes nothing at all."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from tests.handlers.chat import ADA, BOB, ELSEWHERE, EVE, TEAM, World

ODD: dict[str, Callable[[World], Awaitable[object]]] = {
    "stranger": lambda w: w.api.say(EVE, EVE, "/health"),
    "stranger in our group's name": lambda w: w.api.say(ELSEWHERE, EVE, "/health"),
    "operator in a foreign group": lambda w: w.api.say(ELSEWHERE, ADA, "/health"),
    "forwarded": lambda w: w.api.forward(ADA, ADA, "/mute all 1h"),
    "via a bot": lambda w: w.api.say_via_bot(ADA, ADA, "/mute all 1h"),
    "anonymous admin": lambda w: w.api.say_anonymously(TEAM, "/mute all 1h"),
    "channel post": lambda w: w.api.post_in_channel(TEAM, "/mute all 1h"),
    "another bot's command": lambda w: w.api.say(ADA, ADA, "/health@other_bot"),
    "unknown command in a group": lambda w: w.api.say(TEAM, ADA, "/roll"),
    "small talk in a group": lambda w: w.api.say(TEAM, ADA, "hello all"),
    "stranger's whoami in a group": lambda w: w.api.say(ELSEWHERE, EVE, "/whoami"),
    "forwarded whoami": lambda w: w.api.forward(EVE, EVE, "/whoami"),
    "stranger's photo": lambda w: w.api.say(EVE, EVE, "x", extra={"caption": "/health"}),
}


@pytest.mark.parametrize("how", ODD)
async def test_it_causes_nothing(world: World, how: str) -> None:
    """No call to Telegram, no mute, no answer."""
    before = len(world.api.calls)
    await ODD[how](world)
    await world.settle()
    assert world.api.calls[before:] == []
    assert world.services.alerts.mutes(at=world.at) == []


async def test_an_edited_command_causes_nothing(world: World) -> None:
    """Editing an old message into a command runs nothing."""
    post = await world.api.say(ADA, ADA, "hi")
    await world.settle()
    before = len(world.api.calls)
    await world.api.edit(post, "/mute all 1h")
    await world.settle()
    assert world.api.calls[before:] == []
    assert world.services.alerts.mutes(at=world.at) == []


@pytest.mark.parametrize(("user", "chat"), [(EVE, ADA), (EVE, ELSEWHERE), (ADA, ELSEWHERE)])
async def test_a_press_needs_the_right_person_in_the_right_chat(
    world: World, user: int, chat: int
) -> None:
    """Forged data from elsewhere does nothing, and gets no toast either."""
    number = world.fire()
    post = await world.api.say(chat, ADA, "x")
    await world.settle()
    press = await world.press(post, f"v1:ack:{number}", user=user)
    assert press.toast is None
    incident = world.services.alerts.incident(number)
    assert incident is not None
    assert not incident.ack_by


async def test_a_stranger_learns_who_he_is_once_an_hour(world: World) -> None:
    """One reply, with the id to let in; then silence for an hour."""
    first = await world.say("/whoami", user=EVE)
    assert len(first) == 1
    assert str(EVE) in first[0].text
    assert "stranger" in first[0].text
    assert await world.say("/whoami", user=EVE) == []
    world.later(timedelta(minutes=61))
    assert len(await world.say("/whoami@vigie_sample_bot", user=EVE)) == 1


async def test_a_flood_of_strangers_is_bounded(world: World) -> None:
    """A hundred an hour are answered, the next ones are not."""
    for user in range(1000, 1101):
        world.api.person(user)
        await world.api.say(user, user, "/whoami")
    await world.settle()
    answered = sum(bool(world.api.said(user)) for user in range(1000, 1101))
    assert answered == 100


async def test_an_operator_can_ask_for_the_id_of_a_new_group(world: World) -> None:
    """Else nobody would know what to add to the settings."""
    said = await world.say("/whoami", user=ADA, chat=ELSEWHERE)
    assert str(ELSEWHERE) in said[0].text


async def test_roles_are_checked_for_every_command_and_button(world: World) -> None:
    """A viewer reads, and is told why the rest is refused."""
    number = world.fire()
    assert await world.say("/alerts", user=BOB, chat=TEAM)
    refused = await world.say(f"/ack {number}", user=BOB, chat=TEAM)
    assert "operator" in refused[0].text
    listed = (await world.say("/alerts", user=BOB, chat=TEAM))[0]
    press = await world.press(listed, f"v1:ack:{number}:l", user=BOB)
    assert press.toast == "Only operators may do that."
    incident = world.services.alerts.incident(number)
    assert incident is not None
    assert not incident.ack_by
    assert (await world.press(listed, f"v1:ack:{number}:l", user=ADA)).toast


async def test_an_old_command_that_changes_something_is_not_run(world: World) -> None:
    """After a night offline a mute is not applied by surprise, but questions are answered."""
    await world.api.say(ADA, ADA, "/mute all 1h")
    await world.api.say(ADA, ADA, "/mutes")
    world.later(timedelta(seconds=121))
    await world.settle()
    texts = [post.text for post in world.api.said(ADA)]
    assert "more than two minutes old" in texts[0]
    assert "Nothing is muted" in texts[1]


async def test_a_group_that_became_a_supergroup_is_still_the_same(world: World) -> None:
    """Its members are not strangers because Telegram gave it another id."""
    world.api.group(-1009, members=(ADA, BOB))
    assert await world.say("/alerts", user=BOB, chat=-1009) == []
    world.services.chats.migrate(TEAM, -1009)
    assert await world.say("/alerts", user=BOB, chat=-1009)


async def test_a_lost_chat_that_writes_is_asked_for_at_once(world: World) -> None:
    """Whoever unblocks the bot writes to it: alerts must not wait for the hourly probe."""
    chats = world.services.chats
    chats.disable(ADA, reason="blocked", probe_s=1e9)
    await world.say("/help")
    assert (chats.get(ADA).disabled, chats.get(ADA).probe_s) == ("blocked", 0.0)
