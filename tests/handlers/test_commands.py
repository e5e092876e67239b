"""Commands as people use them: in a chat, in both languages, with real stores behind."""

import json
import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.faults import Fault, Way, too_many
from bot.sandbox.world import Post
from handlers.registry import COMMANDS
from handlers.views.plots import HealthChart
from tests.handlers.chat import ADA, TEAM, World, opportunity

EVERYTHING = [f"/{name}" for each in COMMANDS for name in each.names]
MORE = [
    "/help mute",
    "/help nothing",
    "/helth",
    "/health machine",
    "/health nothing",
    "/top5 10 all",
    "/top5 nobody",
    "/mute",
    "/mute cpu",
    "/mute nothing 2h",
    "/mute all 9d",
    "/ack 1 on it",
    "/ack 99",
    "hello",
]


def linked(post: Post) -> list[str]:
    """Return what Telegram's clients would make a link or a command of."""
    entities = post.json.get("entities", post.json.get("caption_entities", []))
    raw = post.text.encode("utf-16-le")
    return [
        raw[2 * each["offset"] : 2 * (each["offset"] + each["length"])].decode("utf-16-le")
        for each in entities
        if each["type"] in {"bot_command", "url"}
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("broken", [False, True])
async def test_every_screen_is_accepted_in_both_languages(
    world: World,
    language: str,
    broken: bool,  # noqa: FBT001
) -> None:
    """Every command answers, within Telegram's limits, when all is well and when nothing is."""
    world.api.person(ADA, "Zoé", language=language)
    if broken:
        world.folder.rmdir()
        world.fire()
    else:
        world.write("raw_opportunities", [opportunity(f"Quest {n}", n=n) for n in range(30)])
    for text in [*EVERYTHING, *MORE]:
        assert await world.say(text), text
    names = {f"/{name}" for each in COMMANDS for name in each.names}
    for post in world.api.said(ADA):
        assert set(linked(post)) <= names
    french = "rôle" in world.api.said(ADA)[-1].text or "commandes" in world.api.said(ADA)[-1].text
    assert french == (language == "fr")


async def test_health_says_the_verdict_first_and_shows_the_day(world: World) -> None:
    """One photo, its caption in reading order, the buttons below."""
    world.write("raw_opportunities", [opportunity("a")])
    post = (await world.say("/health"))[0]
    assert post.json["photo"]
    lines = post.text.split("\n")
    assert lines[0] == "🟢 Everything works"
    assert "scrapers   ok     1 of 1 alive" in lines
    assert post.buttons[0]["text"] == "🔄 Check again"


async def test_the_chart_names_the_last_value_as_the_text_does(world: World) -> None:
    """In the reader's spelling, not in fractions of the axis's unit."""
    world.write("raw_opportunities", [opportunity("a")], age=timedelta(minutes=42))
    await world.say("/health")
    spec = world.easel.drawn[-1]
    assert isinstance(spec, HealthChart)
    assert [panel.now for panel in spec.panels][-1] == "42 min"


async def test_the_next_check_is_named_unless_it_comes_at_once(world: World) -> None:
    """Where checks follow each other within a minute, the next is past before it is read."""
    display = world.services.display
    for every_s, named in ((300.0, True), (3.0, False)):
        shown = replace(display, health_every_s=every_s)
        world.app.bot_data["services"] = replace(world.services, display=shown)
        assert ("Next check" in (await world.say("/health"))[0].text) == named


async def test_health_names_what_is_wrong_and_offers_to_mute_it(world: World) -> None:
    """The worst fact is in the caption, with a button for this very thing."""
    world.write("raw_opportunities", [opportunity("a")], age=timedelta(hours=5))
    post = (await world.say("/health"))[0]
    assert post.text.startswith("🟠 Trouble: ")
    assert "No new data for 5 h (limit 4 h)" in post.text
    button = next(one for one in post.buttons if one["text"].startswith("🔕"))
    press = await world.press(post, button["text"])
    assert press.toast == "Muted until 11:02. Checks keep running."
    (mute,) = world.services.alerts.mutes(at=world.at)
    assert mute.glob in {"fresh:Galxe", "fresh:all"}


async def test_check_again_refreshes_the_same_message(world: World) -> None:
    """The press is answered at once, then picture and caption change in place."""
    world.write("raw_opportunities", [opportunity("a")])
    post = (await world.say("/health"))[0]
    world.later(timedelta(hours=3))
    before = len(world.api.said(ADA))
    press = await world.press(post, "🔄 Check again")
    assert press.toast == "Checking…"
    assert post.edited
    assert "No new data for 3 h" in post.text
    assert len(world.api.said(ADA)) == before


async def test_without_a_picture_the_text_goes_alone(world: World) -> None:
    """A dead chart worker costs the chart, not the answer."""
    world.easel.broken = True
    post = (await world.say("/health"))[0]
    assert "photo" not in post.json
    assert post.text


async def test_a_refused_picture_leaves_its_text(world: World) -> None:
    """Groups may forbid photos."""
    refusal = Fault(Way.ANSWER, 400, "Bad Request: not enough rights to send photos")
    world.api.fail_next(refusal, methods="sendPhoto")
    assert (await world.say("/health"))[0].text


async def test_every_broken_file_is_listed_once(world: World, shared_data: Path) -> None:
    """318 files of the JSON suite: each n_ file once in the attached list, no y_ as invalid."""
    suite = list((shared_data / "json_test_suite").rglob("*.json"))
    for path in suite:
        (world.folder / path.name).write_bytes(path.read_bytes())
    await world.say("/health")
    post = (await world.say("/health integrity"))[-1]
    file_id = post.json["document"]["file_id"]
    lines = world.api.world.files[file_id].content.decode().split("\n")
    for path in suite:
        named = [line for line in lines if f" {path.name} –" in line]
        invalid = [line for line in named if line.endswith("– invalid")]
        if path.name.startswith("n_"):
            assert len(invalid) == len(named) == 1, path.name
        if path.name.startswith("y_"):
            assert not invalid, path.name


@pytest.mark.parametrize("place", ["title", "source", "url", "reward"])
async def test_naughty_records_are_listed(world: World, shared_data: Path, place: str) -> None:
    """Whatever a scraper brings, every list is accepted and says something."""
    naughty = json.loads((shared_data / "naughty_strings/blns.json").read_text("utf-8"))
    records = [opportunity(f"t{n}", n=n) | {place: text} for n, text in enumerate(naughty)]
    world.write("raw_opportunities", records)
    world.easel.broken = True  # test_charts draws them all
    await world.say("/health")
    total = world.services.opportunities.count(source=None, since=None).ranked
    assert total > 200
    post = (await world.say("/top5 10"))[0]
    for _ in range(total // 10):
        await world.press(post, next(b["text"] for b in post.buttons if b["text"].startswith("▶")))
        post = world.api.said(ADA)[-1]
    for text in ("/sources", "/health freshness", "/health integrity"):
        assert await world.say(text)


async def test_top5_switches_in_place(world: World) -> None:
    """Period, source and page: the same message, another list."""
    old = [opportunity(f"Old {n}", source="Zealy", n=n, roi=50.0 + n) for n in range(3)]
    world.write("raw_opportunities", old, age=timedelta(days=3))
    world.write("raw_opportunities", [opportunity(f"New {n}", n=n, roi=9.0 + n) for n in range(7)])
    await world.say("/health")
    post = (await world.say("/top5"))[0]
    assert "New 6" in post.text
    assert "Old" not in post.text
    assert (await world.press(post, "7 d")).toast == "Showing last 7 days, from no. 1"
    assert "Old 2" in post.text
    await world.press(post, "All sources ▾")
    await world.press(post, "Galxe")
    assert "Old" not in post.text
    assert "7 d ✓" in [button["text"] for button in post.buttons]
    await world.press(post, "▶ 6–7")
    assert "New 0" in post.text
    assert "◀ 1–5" in [button["text"] for button in post.buttons]


async def test_the_trackers_own_data_ranks_as_its_readme_says(
    world: World, shared_data: Path
) -> None:
    """The real files: the best five, whoever asks for all time."""
    shutil.copytree(shared_data / "tracker", world.folder, dirs_exist_ok=True)
    await world.say("/check")
    text = (await world.say("/top5 all"))[0].text
    best = re.findall(r"^\d\. .*\$([\d.]+)/min", text, re.MULTILINE)
    assert best == ["165.0", "140.8", "134.6", "127.2", "41.6"]


async def test_nothing_to_rank_is_said_and_never_made_up(world: World) -> None:
    """No data reads "no data", in text and picture."""
    post = (await world.say("/top5"))[0]
    assert "No data here" in post.text
    assert post.json["photo"]
    rewardless = [opportunity("a") | {"roi": 2.0, "reward": ""}]
    world.write("raw_opportunities", rewardless)
    await world.say("/check")
    post = (await world.say("/top5"))[0]
    assert "none with a known reward" in post.text


async def test_answers_stay_in_their_topic(world: World) -> None:
    """In a forum the answer stands below the question, in its thread."""
    said = await world.say("/mutes@vigie_sample_bot", user=ADA, chat=TEAM, thread=5)
    assert said[0].thread == 5
    assert said[0].reply_to is not None


async def test_mute_list_and_undo(world: World) -> None:
    """What is muted is listed with who and why, and one press ends it."""
    world.write("raw_opportunities", [opportunity("a")])
    await world.say("/health")
    said = (await world.say("/mute galxe 2h <b>moving & shaking"))[0]
    assert "Galxe until 11:02 (in 2 h) · by Ada" in said.text
    assert "“<b>moving & shaking”" in said.text
    listed = (await world.say("/mutes"))[0]
    assert (await world.press(listed, "🔔 Unmute Galxe")).toast == "Unmuted, it rings again: Galxe"
    assert "Nothing is muted" in listed.text
    assert (await world.press(listed, "v1:unmute:1")).toast == "That mute had already ended."


async def test_a_mute_without_a_length_asks(world: World) -> None:
    """Buttons give the length."""
    await world.say("/health")
    asked = (await world.say("/mute machine"))[0]
    assert [button["text"] for button in asked.buttons] == [
        "1 h",
        "2 h",
        "8 h",
        "24 h",
        "🌙 Until 08:00",
        "◀ Something else",
    ]
    press = await world.press(asked, "8 h")
    assert press.toast == "Muted until 17:02. Checks keep running."
    globs = {mute.glob for mute in world.services.alerts.mutes(at=world.at)}
    assert globs == {"cpu", "mem", "disk:*"}


async def test_a_bare_mute_offers_what_and_then_how_long(world: World) -> None:
    """What is open, each source, everything; then lengths, a way back, and the result in place."""
    world.write("raw_opportunities", [opportunity("a", source="Zealy")])
    await world.say("/health")
    number = world.fire()
    asked = (await world.say("/mute"))[0]
    labels = [button["text"] for button in asked.buttons]
    fact = "Galxe has brought nothing for 3 h 12 mi…"
    assert labels == [f"🔴 #{number} {fact}", "Zealy", "Everything"]
    assert (await world.press(asked, "Everything")).toast == "For how long?"
    assert asked.text == "🔕 Mute everything for how long?"
    await world.press(asked, "◀ Something else")
    await world.press(asked, labels[0])
    assert "fresh:Galxe for how long?" in asked.text
    assert (await world.press(asked, "4 h")).toast == "Muted until 13:22. Checks keep running."
    (mute,) = world.services.alerts.mutes(at=world.at)
    assert (mute.glob, mute.until - world.at.wall) == ("fresh:Galxe", timedelta(hours=4))
    assert asked.text.startswith("🔕 Muted")
    assert [button["text"] for button in asked.buttons] == ["+1 h", "🌙 Until 08:00", "🔔 Unmute"]


async def test_a_mute_up_to_a_level_says_what_still_rings(world: World) -> None:
    """Not only what is critical: every worse level."""
    text = (await world.say("/mute warning 2h"))[0].text
    assert "Whatever is worse than WARNING still rings." in text
    assert "critical" in (await world.say("/mute all 2h"))[0].text


async def test_a_source_with_a_very_long_name_can_be_muted_by_button(world: World) -> None:
    """Its name does not fit a button's data; the button means it all the same."""
    name = "Zoé’s very long source name, longer than a button’s data can ever be: " + "x" * 30
    world.write("raw_opportunities", [opportunity("a", source=name)])
    await world.say("/health")
    asked = (await world.say("/mute"))[0]
    await world.press(asked, asked.buttons[0]["text"])
    await world.press(asked, "1 h")
    (mute,) = world.services.alerts.mutes(at=world.at)
    assert mute.glob == f"*:{world.services.opportunities.sources()[0]}"


async def test_start_remembers_the_language_of_who_starts(world: World) -> None:
    """Alerts then come in it, too."""
    world.api.person(ADA, "Zoé", language="fr")
    await world.say("/start")
    assert world.services.chats.language(ADA) == "fr"


class Broken:
    """A watch that fails as no watch should."""

    last = None

    async def run(self) -> None:
        """Fail, with a secret in the message."""
        message = "secret path"
        raise RuntimeError(message)


async def test_a_crash_is_excused_without_internals(world: World) -> None:
    """One sentence to the asker; the details are the log's."""
    broken = replace(world.services, watch=Broken())  # type: ignore[arg-type]
    world.app.bot_data["services"] = broken
    said = await world.say("/health")
    assert [post.text.startswith("Sorry") for post in said] == [True]
    assert "secret" not in said[0].text


async def test_a_bare_ack_answers_with_the_list_whose_buttons_take(world: World) -> None:
    """Nobody must type a number at night; a number there is none of is named."""
    number = world.fire()
    listed = (await world.say("/ack"))[0]
    await world.press(listed, f"👋 Take #{number}")
    assert "taken by Ada" in listed.text
    assert (await world.say("/ack 99"))[0].text.startswith("There is no alert #")


async def test_families_are_understood_as_people_type_them(world: World) -> None:
    """In either language, with or without capitals and accents."""
    world.api.person(ADA, "Zoé", language="fr")
    for word in ("intégrité", "Integrite", "INTEGRITY"):
        assert (await world.say(f"/sante {word}"))[0].text.startswith("🟢 Intégrité · ok"), word


async def test_unmute_by_name_by_number_and_all(world: World) -> None:
    """A lone mute needs no name; several do, or `all`."""
    for text in ("/mute cpu 1h", "/mute mem 1h", "/mute all 1h"):
        await world.say("/health")
        await world.say(text)
        world.later(timedelta(seconds=1))
    assert "3 mutes" in (await world.say("/unmute"))[0].text
    assert (await world.say("/unmute zzz"))[0].text.startswith("No mute is called “zzz”.\n\n🔕 3")
    assert (await world.say("/unmute CPU"))[0].text == "Unmuted: 1."
    assert (await world.say("/unmute mem"))[0].text == "Unmuted: 1."
    assert (await world.say("/unmute all"))[0].text == "Unmuted: 1."
    assert "Nothing is muted" in (await world.say("/unmute"))[0].text


async def test_when_telegram_does_not_answer_nothing_else_is_tried(world: World) -> None:
    """A lost answer is logged, not excused: the excuse would be lost as well."""
    world.api.fail_next(Fault(Way.RESET), methods="sendMessage")
    assert await world.say("/alerts") == []
    assert await world.say("/alerts")


async def test_an_answer_waits_as_long_as_telegram_asks(world: World) -> None:
    """Too many requests: the answer comes after the wait, once, and without an excuse."""
    world.api.fail_next(too_many(1), methods="sendMessage")
    said = await world.say("/whoami")
    assert len(said) == 1
    assert str(ADA) in said[0].text


async def test_a_refused_answer_of_ours_is_a_bug_and_is_excused(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A 400 is our own mistake: logged with its traceback, and the asker is told."""
    refused = Fault(Way.ANSWER, 400, "Bad Request: can't parse entities")
    world.api.fail_next(refused, methods="sendMessage")
    said = await world.say("/whoami")
    assert [post.text.startswith("Sorry") for post in said] == [True]
    assert "a handler failed" in caplog.text
