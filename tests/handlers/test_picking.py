"""What people do with opportunities: put them away, take them back, filter the list."""

from datetime import timedelta

import pytest

from bot.sandbox.world import Post
from handlers.views.away import PAGE
from storage.picks import Verdict
from tests.handlers.chat import ADA, BOB, TEAM, World, opportunity

LINK = "https://example.org/same/quest"


def labels(post: Post) -> list[str]:
    """Return what is on a message's buttons."""
    return [button["text"] for button in post.buttons]


def data(post: Post, label: str) -> str:
    """Return a button's data."""
    return str(next(b["callback_data"] for b in post.buttons if b["text"] == label))


async def listed(world: World, n: int = 7, *, text: str = "/top5", chat: int = ADA) -> Post:
    """Return /top5 over so many opportunities, the best of them `Quest {n - 1}`."""
    world.write("raw_opportunities", [opportunity(f"Quest {each}", n=each) for each in range(n)])
    await world.say("/health")
    return (await world.say(text, chat=chat))[0]


async def test_hidden_here_it_is_listed_here_no_more(world: World) -> None:
    """Toast, list and the way back; the next one moves up, and the chart agrees."""
    post = await listed(world)
    await world.press(post, "Done or hide ▾")
    assert "✅ 5. Done" in labels(post)
    press = await world.press(post, "🙈 1. Hide")
    assert press.toast == "Hidden in this chat: Quest 6"
    assert post.text.splitlines()[3].startswith("1. Quest 5")
    assert "6 items" in post.text
    assert {"↩️ Undo: Quest 6", "🙈 1 put away"} <= set(labels(post))
    assert "Quest 6" not in str(world.easel.drawn[-1])
    assert "Quest 6" not in (await world.say("/top5 all"))[0].text
    press = await world.press(post, "↩️ Undo: Quest 6")
    assert press.toast == "Listed again: Quest 6"
    assert post.text.splitlines()[3].startswith("1. Quest 6")
    assert not any("away" in label or "Undo" in label for label in labels(post))


async def test_done_is_told_with_who_and_when_and_taken_back(world: World) -> None:
    """The list of what was put away: each with its own button, edited in place."""
    post = await listed(world)
    await world.press(post, "Done or hide ▾")
    assert (await world.press(post, "✅ 2. Done")).toast == "Done in this chat: Quest 5"
    world.later(timedelta(minutes=30))
    await world.press(post, "🙈 1. Hide")
    await world.press(post, "🙈 2 put away")
    kept = world.api.said(ADA)[-1]
    assert kept.text.splitlines()[2:6] == [
        "1. 🙈 Quest 6", "hidden, Ada, just now", "2. ✅ Quest 5", "done, Ada, 30 min ago",
    ]  # fmt: skip
    assert (await world.press(kept, "↩️ 2. Quest 5")).toast == "Listed again: Quest 5"
    assert "(1)" in kept.text
    assert (await world.press(kept, data(kept, "↩️ 1. Quest 6"))).toast
    assert "Nothing is put away in this chat" in kept.text
    assert "Quest 6" in (await world.say("/top5"))[0].text


async def test_every_page_of_what_was_put_away_has_its_turns(world: World) -> None:
    """Also when the last page empties."""
    post = await listed(world, 10, text="/top5 10")
    await world.press(post, "Done or hide ▾")
    for _ in range(PAGE + 1):
        await world.press(post, "🙈 1. Hide")
    kept = (await world.say("/top5 hidden"))[0]
    assert f"{PAGE}. 🙈" in kept.text
    assert labels(kept)[-2:] == ["▶", "🏆 Top 5"]
    await world.press(kept, "▶")
    assert labels(kept) == ["↩️ 7. Quest 9", "◀", "🏆 Top 5"]
    await world.press(kept, "↩️ 7. Quest 9")
    assert "1. 🙈 Quest 3" in kept.text
    assert labels(kept)[-1] == "🏆 Top 5"


async def test_a_chat_puts_away_for_itself_alone_and_its_operators_only(world: World) -> None:
    """In a group it changes what everybody sees; another chat sees all."""
    post = await listed(world, chat=TEAM)
    await world.press(post, "Done or hide ▾", user=BOB)
    key = data(post, "🙈 1. Hide")
    assert (await world.press(post, key, user=BOB)).toast == "Only operators may do that."
    assert (await world.press(post, key, user=ADA)).toast == "Hidden in this chat: Quest 6"
    assert "Quest 6" not in (await world.say("/top5", chat=TEAM))[0].text
    assert "Quest 6" in (await world.say("/top5"))[0].text
    kept = (await world.say("/top5 hidden", user=BOB, chat=TEAM))[0]
    undo = data(kept, "↩️ 1. Quest 6")
    assert (await world.press(kept, undo, user=BOB)).toast == "Only operators may do that."
    world.services.chats.migrate(TEAM, -100100)
    assert [p.title for p in world.services.picks.of([-100100, TEAM])] == ["Quest 6"]


async def test_what_has_ended_is_left_out_and_counted(world: World) -> None:
    """Neither listed nor in the chart, on no page; what is left says until when."""
    past, future = {"deadline": "2020-01-31"}, {"deadline": "2999-12-31"}
    world.write("raw_opportunities", [
        opportunity("Gone", n=9) | past, opportunity("Open", n=8) | future,
        opportunity("Gone, too", n=7) | past, opportunity("No end", n=6),
    ])  # fmt: skip
    await world.say("/health")
    post = (await world.say("/top5"))[0]
    assert "Gone" not in post.text + str(world.easel.drawn[-1])
    assert "2 items have ended and are left out." in post.text
    assert "until Tue 31 Dec 2999" in post.text
    assert "Gone" not in (await world.say("/top5 10 all"))[0].text
    text = (await world.say("/report"))[0].text
    assert "Worth doing · 2 ended, left out" in text
    assert "Gone" not in text
    await world.press(post, "Done or hide ▾")
    for _ in range(2):
        await world.press(post, "🙈 1. Hide")
    assert "2 items have ended and are left out." in post.text


async def test_the_same_thing_under_another_source_goes_with_it(world: World) -> None:
    """Listed once with both names, put away once."""
    twin = opportunity("Quest of the two houses", n=1, roi=40.0)
    records = [
        twin | {"url": LINK},
        twin | {"url": f"{LINK}?utm_source=z", "source": "Zealy"},
        opportunity("Alone", n=3),
    ]
    world.write("raw_opportunities", records)
    await world.say("/health")
    post = (await world.say("/top5"))[0]
    assert "2 items" in post.text
    assert post.text.count("Quest of the two houses") == 1
    assert " · also on " in post.text
    assert "1 listed by another source too is counted once." in post.text
    assert "not counted" not in post.text
    await world.press(post, "Done or hide ▾")
    await world.press(post, "✅ 1. Done")
    assert "1 item · " in post.text
    assert "1 you hid or marked done is not counted." in post.text
    for text in ("/top5", "/top5 galxe", "/top5 zealy all"):
        assert "houses" not in (await world.say(text))[0].text


async def test_filters_are_set_by_buttons_and_by_words(world: World) -> None:
    """Both stay on while the pages turn, and say how many fit."""
    post = await listed(world, 16, text="/top5 roi>15 min<10")
    assert "≥ $15.0/min · ≤ 10 min: 11 fit" in post.text
    await world.press(post, "▶ 6–10")
    await world.press(post, "▶ 11")
    assert "11. Quest 5" in post.text
    await world.press(post, "≥ $15.0/min · ≤ 10 min ▾")
    assert {"≥$15 ✓", "≤10 min ✓", "💰 Any", "⏱ Any", "≥$2"} <= set(labels(post))
    await world.press(post, "≤5 min")
    assert "None fits the filters" in post.text
    await world.press(post, "⏱ Any")
    await world.press(post, "💰 Any")
    assert "fit" not in post.text
    assert {"💰 Any ✓", "⏱ Any ✓"} <= set(labels(post))
    await world.press(post, "Filters ▴")
    assert not {"💰 Any ✓", "⏱ Any ✓"} & set(labels(post))


async def test_a_filter_the_wrong_way_round_is_not_guessed(world: World) -> None:
    """It says how filters are written."""
    assert "roi>5" in (await listed(world, text="/top5 roi<5")).text


async def test_a_page_behind_the_end_becomes_the_last(world: World) -> None:
    """What was put away meanwhile makes lists shorter."""
    post = await listed(world, 6)
    await world.press(post, "▶ 6")
    await world.press(post, "Done or hide ▾")
    await world.press(post, "🙈 6. Hide")
    assert post.text.splitlines()[3].startswith("1. Quest 5")
    assert not any("▶" in label or "◀" in label for label in labels(post))


@pytest.mark.parametrize(
    "forged",
    [
        "v1:hide:0123456789abcdef:24h:5:0:-:*", "v1:hide:nonsense:24h:5:0:-:*",
        "v1:done::24h:5:0:-:*", "v1:hide:{key}:1y:5:0:-:*", "v1:hide:{key}:24h:5:0:-:~deadbeef",
        "v1:hide:{key}", "v1:undo:{key}:24h:5:0:zz:*", "v1:best:24h:5:0:-", "v1:best:24h:5:x:-:*",
        "v1:back:{key}:0", "v1:back:{key}",
    ],
)  # fmt: skip
async def test_forged_presses_put_nothing_away(world: World, forged: str) -> None:
    """Answered, and without effect."""
    post = await listed(world, 2)
    await world.press(post, "Done or hide ▾")
    key = data(post, "🙈 1. Hide").split(":")[2]
    before = post.text
    assert (await world.press(post, forged.format(key=key))).toast
    assert world.services.picks.of([ADA]) == ()
    assert post.text == before


async def test_pressed_twice_it_is_put_away_once(world: World) -> None:
    """Two people, or an old message: the last word counts."""
    post = await listed(world, 2)
    await world.press(post, "Done or hide ▾")
    hide, done = data(post, "🙈 1. Hide"), data(post, "✅ 1. Done")
    await world.press(post, hide)
    await world.press(post, done)
    (kept,) = world.services.picks.of([ADA])
    assert kept.verdict is Verdict.DONE
    back = f"v1:back:{kept.key}:0"
    await world.press(post, back)
    assert (await world.press(post, back)).toast == "It is in the list already."
