"""Every press gets a toast that names the new state; forged and stale ones, too."""

from datetime import timedelta

import pytest

from bot.sandbox.world import Post
from handlers.sending import send
from handlers.views.alert import card
from handlers.views.i18n import language
from storage.records import Observation, Outcome, Phrase, Severity
from tests.handlers.chat import ADA, TEAM, World

FORGED = [
    "v1:ack:99999",
    "v1:ack:-1",
    "v1:ack:x",
    "v1:ack:",
    "v1:ack",
    "v1:mute:1:999999999",
    "v1:mute:1",
    "v1:unmute:0",
    "v1:unmute:x",
    "v1:details:77",
    "v1:quiet:3600:0:nothing",
    "v1:quiet:3600:9:all",
    "v1:quiet:604800:0:all",
    "v1:quiet:0:0:all",
    "v1:hush:3600:0:nothing",
    "v1:hush:604800:0:all",
    "v1:hush:0:0:all",
    "v1:howlong:0:nothing",
    "v1:howlong:0:#99999",
    "v1:howlong:9:all",
    "v1:howlong:0",
    "v1:top:1y:5:0:*",
    "v1:top:24h:0:0:*",
    "v1:top:24h:5:-1:*",
    "v1:top:24h:5:0:~deadbeef",
    "v1:nonsense",
    "v2:health",
    "v1:",
    "²",
    "v1:ack:²",
    "v1:top:24h:5:999999999999999999:*",
]


async def posted(world: World, number: int, *, chat: int = ADA) -> Post:
    """Return the incident's card as delivery would have sent it."""
    incident = world.services.alerts.incident(number)
    assert incident is not None
    words = language("en", world.services.display.timezone)
    await send(world.app.bot, chat, None, card(incident, at=world.at, language=words))
    return world.api.said(chat)[-1]


@pytest.mark.parametrize("data", FORGED)
async def test_forged_data_gets_a_toast_and_changes_nothing(world: World, data: str) -> None:
    """Never silence, never an error, never an effect."""
    number = world.fire()
    post = await posted(world, number)
    press = await world.press(post, data)
    assert press.toast
    assert world.services.alerts.mutes(at=world.at) == []
    incident = world.services.alerts.incident(number)
    assert incident is not None
    assert not incident.ack_by
    assert not any(p.text.startswith("Sorry") for p in world.api.said(ADA))


async def test_taking_and_releasing_an_incident(world: World) -> None:
    """One press: toast, card and store agree."""
    number = world.fire()
    post = await posted(world, number)
    assert (await world.press(post, "👋 I’m on it")).toast == "Taken by Ada: no more reminders."
    assert "taken by Ada" in post.text
    assert (await world.press(post, f"v1:ack:{number}")).toast == "Already taken by Ada."
    assert (await world.press(post, "↩️ Release")).toast == "Released: nobody is on it now."
    assert "nobody on it" in post.text
    assert (await world.press(post, f"v1:release:{number}")).toast == "Nobody had it."


async def test_a_press_on_something_closed_says_so(world: World) -> None:
    """The message catches up with what happened meanwhile."""
    number = world.fire()
    post = await posted(world, number)
    for _ in range(3):
        world.later(timedelta(minutes=5))
        world.services.alerts.observe([_well()], at=world.at)
    press = await world.press(post, "👋 I’m on it")
    assert press.toast == "Already closed: nothing to take."
    assert post.text.startswith("🟢 Fixed")


async def test_muting_an_incident_for_an_hour(world: World) -> None:
    """The very key is muted, not what looks like it, and the card says until when."""
    number = world.fire(key="integrity:a[1]*.json")
    post = await posted(world, number)
    assert (await world.press(post, "🔕 1 h")).toast == "Muted until 10:22. Checks keep running."
    (mute,) = world.services.alerts.mutes(at=world.at)
    assert mute.glob == "integrity:a[[]1][*].json"
    assert mute.until - world.at.wall == timedelta(hours=1)
    assert mute.max_level == Severity.CRITICAL  # it is critical already, and was seen
    assert "muted until" in post.text


async def test_a_mute_pressed_twice_is_one_mute(world: World) -> None:
    """Else the first undo would promise a sound that the second mute holds back."""
    number = world.fire()
    listed = (await world.say("/alerts"))[0]
    for _ in range(2):
        world.later(timedelta(seconds=2))
        press = await world.press(listed, f"v1:mute:{number}:3600:l")
        assert press.toast == "Muted until 10:22. Checks keep running."
    assert len(world.services.alerts.mutes(at=world.at)) == 1


async def test_a_mute_stays_on_the_card_and_in_the_list(world: World) -> None:
    """Taking what is muted does not make it look as if it rang."""
    number = world.fire()
    post = await posted(world, number)
    await world.press(post, "🔕 1 h")
    await world.press(post, "👋 I’m on it")
    assert "taken by Ada, muted until" in post.text
    await world.press(post, "🔎 Details")
    assert "taken by Ada, muted until" in world.api.said(ADA)[-1].text
    listed = (await world.say("/alerts"))[0]
    assert "taken by Ada, muted until" in listed.text
    world.later(timedelta(hours=2))
    await world.press(listed, "🔄 Refresh")
    assert "muted" not in listed.text


async def test_details_come_below(world: World) -> None:
    """The card stays, the whole story is another message."""
    number = world.fire()
    post = await posted(world, number)
    press = await world.press(post, "🔎 Details")
    assert press.toast == "See below."
    assert "Timeline" in world.api.said(ADA)[-1].text


async def test_the_list_is_kept_current_by_its_buttons(world: World) -> None:
    """Taking an alert from the list updates the list."""
    number = world.fire()
    listed = (await world.say("/alerts"))[0]
    await world.press(listed, f"👋 Take #{number}")
    assert "taken by Ada" in listed.text
    world.later(timedelta(hours=1))
    assert (await world.press(listed, "🔄 Refresh")).toast == "Up to date."


async def test_a_button_on_a_deleted_message_still_answers(world: World) -> None:
    """What cannot be edited any more is said below."""
    number = world.fire()
    post = await posted(world, number, chat=TEAM)
    press = await world.api.press(post, "👋 I’m on it", user=ADA)
    del world.api.world.posts[TEAM][post.id]
    await world.settle()
    assert press.toast
    assert "taken by Ada" in world.api.said(TEAM)[-1].text


def _well() -> Observation:
    return Observation(
        key="fresh:Galxe",
        check="freshness",
        outcome=Outcome.OK,
        level=Severity.OK,
        fact=Phrase("freshness.source.ok", {"source": "Galxe", "age_s": 60, "limit_s": 7200}),
    )
