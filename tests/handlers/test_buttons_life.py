"""The buttons of an incident's card, from the first press to long after its end."""

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.sandbox.world import Post
from handlers.buttons import VERBS
from handlers.context import Display
from handlers.sending import send
from handlers.views import callback
from handlers.views.card import Around, card
from handlers.views.i18n import LANGUAGES, language
from jobs.alerts.manager import AlertManager
from jobs.alerts.quiet import QuietHours
from storage.database import Database
from storage.records import Observation, Outcome, Phrase, Severity
from tests.handlers.chat import ADA, BOB, TEAM, World
from tests.handlers.test_alert_view import FIXED, NOW, OPEN, TAKEN, mute

ERROR = Severity.ERROR


async def posted(world: World, number: int, *, chat: int = ADA) -> Post:
    """Return the incident's card as delivery would have sent it."""
    incident = world.services.alerts.incident(number)
    assert incident is not None
    words = language("en", world.services.display.timezone)
    await send(world.app.bot, chat, None, card(incident, at=world.at, language=words))
    return world.api.said(chat)[-1]


def labels(post: Post) -> list[str]:
    """Return what is on a message's buttons."""
    return [button["text"] for button in post.buttons]


def well(world: World, *, times: int = 3) -> None:
    """Let the source bring data again."""
    seen = Observation(
        key="fresh:Galxe",
        check="freshness",
        outcome=Outcome.OK,
        level=Severity.OK,
        fact=Phrase("freshness.source.ok", {"source": "Galxe", "age_s": 60, "limit_s": 7200}),
    )
    for _ in range(times):
        world.later(timedelta(minutes=5))
        world.services.alerts.observe([seen], at=world.at)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_button_of_every_state_has_its_verb_and_room_for_a_thumb(code: str) -> None:
    """Three in a row at most, and none that only gets a toast that it is out of date."""
    words = language(code, ZoneInfo("Europe/Paris"))
    muted = Around(mute=mute(timedelta(hours=1)))
    for incident in (OPEN, TAKEN, FIXED):
        for around in (Around(), muted):
            message = card(incident, at=NOW, language=words, around=around)
            for row in message.buttons:
                assert len(row) <= 3
                assert all(b.copy or callback.verb(b.data) in VERBS for b in row)


async def test_muted_until_fixed_is_over_when_it_is_fixed(world: World) -> None:
    """Toast, card and store agree; the end of the trouble ends the mute."""
    number = world.fire(level=ERROR)
    post = await posted(world, number)
    press = await world.press(post, "🔕 Until fixed")
    assert press.toast == "Muted until fixed, 21 Aug 09:22 at the latest. Checks keep running."
    assert "muted until fixed (21 Aug 09:22 at the latest)" in post.text
    assert "🔔 Unmute" in labels(post)
    (made,) = world.services.alerts.mutes(at=world.at)
    assert made.until_fixed
    assert made.until - world.at.wall == timedelta(days=7)
    well(world)
    assert world.services.alerts.mutes(at=world.at) == []


async def test_what_is_critical_is_muted_for_four_hours_at_most(world: World) -> None:
    """Also until it is fixed."""
    post = await posted(world, world.fire())
    press = await world.press(post, "🔕 Until fixed")
    assert press.toast == "Muted until fixed, 13:22 at the latest. Checks keep running."


async def test_a_muted_card_can_be_heard_again(world: World) -> None:
    """One press ends whatever holds it back, and says what rings again."""
    number = world.fire(level=ERROR)
    post = await posted(world, number)
    await world.press(post, "🔕 1 h")
    world.later(timedelta(seconds=1))
    await world.say("/mute all 2h")
    assert (await world.press(post, "🔔 Unmute")).toast == (
        "Unmuted, it rings again: everything, fresh:Galxe"
    )
    assert world.services.alerts.mutes(at=world.at) == []
    assert post.text.endswith("open, nobody on it")
    assert (await world.press(post, f"v1:sound:{number}")).toast == "It is not muted any more."


async def test_a_taken_card_asks_how_long_below(world: World) -> None:
    """The card stays; the question becomes the answer."""
    number = world.fire(level=ERROR)
    post = await posted(world, number)
    await world.press(post, "👋 I’m on it")
    assert labels(post) == ["↩️ Release", "🔕 Mute…", "🔎 Details"]
    assert (await world.press(post, "🔕 Mute…")).toast == "For how long?"
    asked = world.api.said(ADA)[-1]
    assert f"#{number} fresh:Galxe for how long?" in asked.text.replace("\u2060", "")
    assert labels(asked)[-2:] == ["🔕 Until fixed", "◀ Something else"]
    press = await world.press(asked, "🌙 Until 08:00")
    assert press.toast == "Muted until Sat 08:00. Checks keep running."
    assert asked.text.startswith("🔕 Muted\nfresh:Galxe until Sat 08:00")


async def test_a_mute_is_made_longer_where_it_is_told(world: World) -> None:
    """An hour more, or until the night is over; it stays one mute, with its reason."""
    world.fire(level=ERROR)
    said = (await world.say("/mute fresh:Galxe 1h moving"))[0]
    assert (await world.press(said, "+1 h")).toast == "Muted until 11:22. Checks keep running."
    assert "“moving”" in said.text
    await world.press(said, "🌙 Until 08:00")
    (made,) = world.services.alerts.mutes(at=world.at)
    assert (made.until.hour, made.reason) == (6, "moving")
    for _ in range(8):
        press = await world.press(said, f"v1:longer:{made.id}:86400")
    assert press.toast == "That is too long for this."
    await world.press(said, "🔔 Unmute")
    assert (await world.press(said, f"v1:longer:{made.id}:3600")).toast == (
        "That mute had already ended."
    )


async def test_a_family_is_one_mute_to_people(world: World) -> None:
    """Three patterns, one line and one button; ended together."""
    await world.say("/health")
    await world.say("/mute metrics 1h")
    listed = (await world.say("/mutes"))[0]
    assert listed.text.startswith("🔕 1 mute\n\nvolume:*, roi:*, sources:* until 10:02")
    await world.press(listed, labels(listed)[0])
    assert world.services.alerts.mutes(at=world.at) == []


async def test_what_is_not_fixed_is_reopened_by_who_says_so(world: World) -> None:
    """It is theirs now; a second press only tells that it is open."""
    number = world.fire()
    post = await posted(world, number)
    well(world)
    await world.press(post, f"v1:ack:{number}")
    assert labels(post) == ["📈 Chart", "↩️ Reopen"]
    assert (await world.press(post, "↩️ Reopen")).toast == "Reopened: you are on it."
    assert "taken by Ada" in post.text
    assert (await world.press(post, f"v1:reopen:{number}")).toast == "It is open already."


async def test_a_reminder_loses_its_buttons_and_never_reads_as_a_second_card(world: World) -> None:
    """What it said stays as it was said; how the incident stands is on its card alone."""
    number = world.fire()
    own = await posted(world, number)
    row = world.services.alerts.ledger.agenda(at=world.at).due[str(ADA)][0]
    world.services.alerts.ledger.claim([row], at=world.at)
    world.services.alerts.ledger.accepted([row], message_id=own.id, own=True, at=world.at)
    reminder = await posted(world, number)
    said = reminder.text
    assert (await world.press(reminder, "👋 I’m on it")).toast == "Taken by Ada: no more reminders."
    assert (reminder.text, labels(reminder)) == (said, [])
    assert (await world.press(own, f"v1:release:{number}")).toast
    assert "nobody on it" in own.text
    assert labels(own)


async def test_reopening_is_refused_with_the_reason(world: World) -> None:
    """Closed for more than a day, or open again under another number."""
    number = world.fire()
    post = await posted(world, number)
    well(world)
    again = world.fire()
    assert (await world.press(post, f"v1:reopen:{number}")).toast == (
        f"It is open again already, as #{again}."
    )
    well(world)
    world.later(timedelta(days=2))
    assert str((await world.press(post, f"v1:reopen:{number}")).toast).startswith(
        "It closed more than a day ago."
    )


async def test_a_viewer_reopens_and_mutes_nothing(world: World) -> None:
    """Who may only look gets a toast."""
    number = world.fire()
    post = await posted(world, number, chat=TEAM)
    for data in (f"reopen:{number}", f"sound:{number}", f"muteone:{number}", "longer:1:3600"):
        press = await world.press(post, f"v1:{data}", user=BOB)
        assert press.toast == "Only operators may do that."
    assert world.services.alerts.mutes(at=world.at) == []


@pytest.mark.parametrize(
    "data",
    ["ack:99", "release:99", "mute:99:3600", "mute:99:f", "muteone:99", "sound:99", "reopen:99",
     "details:99"],
)  # fmt: skip
async def test_a_message_of_months_ago_says_that_its_incident_is_forgotten(
    world: World, data: str
) -> None:
    """Not a word about commands: the number, and where to look."""
    post = await posted(world, world.fire())
    assert (await world.press(post, f"v1:{data}")).toast == (
        "#99 closed long ago, and I no longer know it. /alerts lists what is open."
    )


async def test_buttons_work_after_a_restart(world: World, tmp_path: Path) -> None:
    """Their data is all they need: the state is on the disk."""
    number = world.fire(level=ERROR)
    post = await posted(world, number)
    await world.press(post, "👋 I’m on it")
    database = Database(tmp_path / "state" / "state.json")
    fresh = AlertManager(database=database, channels=[str(ADA)])
    world.app.bot_data["services"] = replace(world.services, alerts=fresh)
    assert (await world.press(post, "↩️ Release")).toast == "Released: nobody is on it now."
    assert str((await world.press(post, "🔕 1 h")).toast).startswith("Muted until 10:22")
    assert str((await world.press(post, "🔔 Unmute")).toast).startswith("Unmuted")


async def test_until_fixed_needs_something_that_is_broken(world: World) -> None:
    """Else it would wait for nothing: lengths are offered instead."""
    world.fire(level=ERROR)
    await world.say("/health")
    said = (await world.say("/mute cpu until fixed"))[0]
    assert said.text.startswith("Nothing of that is open")
    assert "🔕 Until fixed" not in labels(said)
    await world.press(said, "1 h")
    assert said.text.endswith("A summary comes at the end.")
    (made,) = world.services.alerts.mutes(at=world.at)
    assert (made.glob, made.until_fixed) == ("cpu", False)
    assert str((await world.press(said, 'v1:hush:f:3:"cpu"')).toast).startswith(
        "Nothing of that is"
    )
    said = (await world.say("/mute fresh:galxe until fixed known"))[0]
    assert "fresh:Galxe until fixed, 21 Aug 09:22 at the latest · by Ada\n“known”" in said.text
    assert said.text.endswith(
        "The mute is over as soon as it is fixed.\nAlso muted: 1 more, see /mutes."
    )


async def test_a_length_that_is_too_long_is_chosen_anew(world: World) -> None:
    """The scope is kept: one press instead of typing it again."""
    world.fire()
    said = (await world.say("/mute all critical 2d"))[0]
    assert said.text.startswith("That is too long: 4 h at most here.\n\n🔕 Mute everything")
    await world.press(said, "4 h")
    (made,) = world.services.alerts.mutes(at=world.at)
    assert (made.glob, made.max_level) == ("*", Severity.CRITICAL)


async def test_a_source_called_all_silences_itself_alone(world: World) -> None:
    """What scrapers bring may look like one of our words; its button means the source."""
    world.write("raw_opportunities", [{"title": "a", "source": "all", "url": "https://e.org/1"}])
    await world.say("/health")
    asked = (await world.say("/mute"))[0]
    source = world.services.opportunities.sources()[0]
    await world.press(asked, source)
    await world.press(asked, "1 h")
    (made,) = world.services.alerts.mutes(at=world.at)
    assert made.glob == f"*:{source}"


async def test_tonight_ends_with_the_quiet_hours(world: World) -> None:
    """Where the owner sets them; the buttons name the hour."""
    zone = ZoneInfo("Europe/Paris")
    quiet = QuietHours(start=time(22, 30), end=time(7, 15), zone=zone)
    display: Display = replace(world.services.display, quiet_hours=quiet)
    world.app.bot_data["services"] = replace(world.services, display=display)
    said = (await world.say("/mute all tonight"))[0]
    assert "everything until Sat 07:15" in said.text
    assert "🌙 Until 07:15" in labels(said)


async def test_a_french_reader_presses_in_french(world: World) -> None:
    """Toasts, cards and lists, with no word of English."""
    world.api.person(ADA, "Zoé", language="fr")
    await world.say("/start")
    world.fire(level=ERROR)
    said = (await world.say("/silence galxe jusqu’au retour — on sait"))[0]
    assert said.text.startswith("🔕 En silence\nGalxe jusqu’au retour, 21 août 09:22 au plus tard")
    listed = (await world.say("/alertes"))[0]
    assert "personne dessus, en silence jusqu’au retour (21 août 09:22 au plus tard)" in listed.text
    press = await world.press(listed, labels(listed)[1])
    assert press.toast == "Silence levé, ça sonnera de nouveau\u202f: Galxe"
