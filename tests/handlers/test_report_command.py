"""/report as people use it: words for days, the picture, the buttons, what a chat put away."""

import csv
import io
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.world import Post
from handlers.report_day import parse, week
from handlers.views.plots import WeekChart
from storage.picks import Pick, Verdict
from tests.handlers.chat import ADA, BOB, EVE, START, TEAM, World, opportunity

TODAY = date(2026, 8, 14)  # a Friday
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("", None),
        ("now", None),
        ("maintenant", None),
        ("today", TODAY),
        ("Aujourd’hui", TODAY),
        ("yesterday", date(2026, 8, 13)),
        ("HIER", date(2026, 8, 13)),
        ("avant-hier", date(2026, 8, 12)),
        ("friday", TODAY),
        ("sam", date(2026, 8, 8)),
        ("Monday", date(2026, 8, 10)),
        ("2026-08-01", date(2026, 8, 1)),
        ("2026-8-1", date(2026, 8, 1)),
        ("1/8", date(2026, 8, 1)),
        ("14/08/2026", TODAY),
        ("14.8.26", TODAY),
        ("14.8.", TODAY),
        ("le 1er août", date(2026, 8, 1)),
        ("3 août 2025", date(2025, 8, 3)),
        ("3 aug", date(2026, 8, 3)),
        ("Aug 3rd, 2025", date(2025, 8, 3)),
        ("15 August", date(2025, 8, 15)),
        ("29/2", date(2024, 2, 29)),
        ("juin 5", date(2026, 6, 5)),
        ("5 juil", date(2026, 7, 5)),
    ],
)
def test_days_as_people_write_them(words: str, meant: date | None) -> None:
    """Both languages, the day before the month, the latest such day where no year is said."""
    assert parse(words.split(), today=TODAY) == meant


@pytest.mark.parametrize(
    "words",
    ["2026-08-15", "tomorrow", "32/1", "30/2", "31/2/2026", "2026-13-01", "0001-01-01", "1/1/1999",
     "3 xyz", "fr", "٣/٣", "galxe", "2026-08"],
)  # fmt: skip
def test_what_is_no_day_or_not_over_is_refused(words: str) -> None:
    """The future, days that are in no calendar, what is older than anything kept."""
    with pytest.raises(ValueError, match=r"day|month|year"):
        parse(words.split(), today=TODAY)


@given(st.lists(st.text(max_size=12), max_size=4), st.dates(date(2004, 1, 1), date(2999, 1, 1)))
def test_any_words_are_a_day_or_a_refusal(words: list[str], today: date) -> None:
    """Nothing somebody writes is an error of another kind, or a day that is not over."""
    try:
        day = parse(words, today=today)
    except ValueError:
        return
    assert day is None or day <= today


@given(st.dates(date(2010, 1, 1), TODAY))
def test_every_day_can_be_asked_for(day: date) -> None:
    """As ISO, and as both languages write dates."""
    for written in (day.isoformat(), f"{day:%d/%m/%Y}", f"{day:%d.%m.%Y}", f"{day:%d %b %Y}"):
        if day.year >= 2017:
            assert parse(written.split(), today=TODAY) == day


async def shown(world: World) -> None:
    """Have two finds in the last day, and one cycle."""
    world.write("galxe", [opportunity("Alpha", n=1), opportunity("Beta", n=2)], age=HOUR)
    await world.services.watch.run()


async def test_report_shows_the_last_day_with_its_picture(world: World) -> None:
    """Whoever may look gets it, in French under its French name; strangers get nothing."""
    await shown(world)
    (post,) = await world.say("/report", user=BOB, chat=TEAM)
    assert post.json["photo"]
    assert isinstance(world.easel.drawn[-1], WeekChart)
    assert "Alpha" in post.text
    world.services.chats.remember(ADA, "fr")
    (french,) = await world.say("/rapport")
    assert "Nouveautés" in french.text
    assert await world.say("/report", user=EVE) == []


@pytest.mark.parametrize(
    "words", ["week", "last week", "the last 7 days", "semaine", "la semaine dernière",
              "les 7 derniers jours", "7j"],
)  # fmt: skip
async def test_a_week_is_told_day_by_day(world: World, words: str) -> None:
    """It is no day; its seven days come in words."""
    assert (await world.say(f"/report {words}"))[0].text.startswith("📊 ")


@pytest.mark.parametrize("words", ["", "7", "hier", "friday", "weekend", "2026-08-14"])
def test_other_words_are_no_week(words: str) -> None:
    """A day stays a day."""
    assert not week(words.split())


async def test_without_a_picture_the_text_goes_alone(world: World) -> None:
    """More is said then, not less."""
    await shown(world)
    world.easel.broken = True
    (post,) = await world.say("/report")
    assert "photo" not in post.json
    assert "Alpha" in post.text


async def test_a_morning_can_be_asked_for_again(world: World) -> None:
    """Yesterday's knows nothing of what came since; what is no day is answered with how to ask."""
    await shown(world)
    (post,) = await world.say("/report yesterday")
    assert "Thu 13 Aug" in post.text
    assert "Alpha" not in post.text
    (asked,) = await world.say("/report someday")
    assert "someday" in asked.text
    assert "2026-08-14" in asked.text


async def test_its_buttons_tell_more_of_the_same_day(world: World) -> None:
    """All of it, day by day, and as a table that opens in a spreadsheet; all of one day."""
    await shown(world)
    (post,) = await world.say("/report today")
    for what, has in (("full", "Alpha"), ("days", "13 Aug")):
        before = len(world.api.said(ADA))
        await world.press(post, f"v1:report:{what}:2026-08-14")
        (below,) = world.api.said(ADA)[before:]
        assert has in below.text
    before = len(world.api.said(ADA))
    await world.press(post, "v1:report:csv:2026-08-14")
    (below,) = world.api.said(ADA)[before:]
    content = world.api.world.files[below.json["document"]["file_id"]].content
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) > 5
    assert {row[0] for row in rows[1:]} == {"2026-08-14"}


@pytest.mark.parametrize("data", ["full:2026-13-40", "full:9999-01-01", "other:now", "csv:hier-x"])
async def test_forged_buttons_are_stale(world: World, data: str) -> None:
    """Nothing in their data is trusted."""
    await shown(world)
    (post,) = await world.say("/report")
    before = len(world.api.said(ADA))
    await world.press(post, f"v1:report:{data}")
    (below,) = world.api.said(ADA)[before:]
    assert "Alpha" not in below.text
    assert "document" not in below.json


async def test_what_a_chat_put_away_is_not_in_its_report(world: World) -> None:
    """The next best takes its place; another chat still sees it."""
    world.write("galxe", [opportunity(f"Quest {n}", n=n) for n in range(6)], age=HOUR)
    await world.services.watch.run()
    (best, *_) = world.services.opportunities.top(n=1, source=None, since=None)
    pick = Pick(key=best.key, verdict=Verdict.DONE, title=best.title, by="Ada", at=START)
    world.services.picks.put([ADA], pick)
    (mine,) = await world.say("/report")
    (theirs,) = await world.say("/report", user=BOB, chat=TEAM)
    assert best.title == "Quest 5"
    assert best.title not in mine.text
    assert "Quest 0" in mine.text
    assert best.title in theirs.text


async def test_one_report_is_made_for_all_chats_of_a_morning(world: World) -> None:
    """And one picture for each language; who asks for the last 24 hours gets them anew."""
    await shown(world)
    reports, at = world.services.reports, world.at
    first = await reports.report(TODAY, chat_id=ADA, at=at)
    assert await reports.report(TODAY, chat_id=BOB, at=at) is first
    world.later(2 * HOUR)
    assert await reports.report(TODAY, chat_id=BOB, at=world.at) is not first
    rolling = await reports.report(None, chat_id=ADA, at=world.at)
    assert await reports.report(None, chat_id=ADA, at=world.at) is not rolling


async def picked(world: World, *, text: str = "/report") -> Post:
    """Return a report of seven, ready to be put away."""
    world.write("galxe", [opportunity(f"Quest {n}", n=n) for n in range(7)], age=HOUR)
    await world.services.watch.run()
    (post,) = await world.say(text)
    await world.press(post, "Done or hide ▾")
    return post


def labels(post: Post) -> list[str]:
    """Return what is on a message's buttons."""
    return [button["text"] for button in post.buttons]


@pytest.mark.parametrize("text", ["/report", "/report today"])
async def test_what_it_lists_is_put_away_under_it(world: World, text: str) -> None:
    """In place: the next best takes its room, undo brings it back, the rest stays."""
    post = await picked(world, text=text)
    assert "✅ 5. Done" in labels(post)
    press = await world.press(post, "🙈 1. Hide")
    assert press.toast == "Hidden in this chat: Quest 6"
    assert "1. Quest 5" in post.text
    assert "Quest 6" not in post.text
    assert post.json["photo"]
    assert (await world.press(post, "✅ 2. Done")).toast == "Done in this chat: Quest 4"
    assert labels(post)[0] == "↩️ Undo: Quest 4"
    assert (await world.press(post, "↩️ Undo: Quest 4")).toast == "Listed again: Quest 4"
    assert "2. Quest 4" in post.text
    assert "↩️ Undo: Quest 4" not in labels(post)
    await world.press(post, "Done or hide ▴")
    assert labels(post)[:2] == ["🏆 Top 5", "Done or hide ▾"]
    assert not any("Hide" in label for label in labels(post))
    assert "📄 CSV" in labels(post)


async def test_all_put_away_leaves_a_way_back(world: World) -> None:
    """Nothing is listed then; what was put away last can be taken back, and twice is no harm."""
    post = await picked(world)
    for _ in range(7):
        await world.press(post, "✅ 1. Done")
    assert "none with a known return" in post.text
    back = next(b["callback_data"] for b in post.buttons if "Undo" in b["text"])
    assert (await world.press(post, back)).toast == "Listed again: Quest 0"
    assert (await world.press(post, back)).toast == "It is in the list already."


async def test_putting_away_under_a_report_is_for_operators(world: World) -> None:
    """Who only looks may unfold it; what one chat put away another one keeps."""
    await picked(world)
    (post,) = await world.say("/report", user=BOB, chat=TEAM)
    await world.press(post, "Done or hide ▾", user=BOB)
    assert (await world.press(post, "🙈 1. Hide", user=BOB)).toast == "Only operators may do that."
    assert (await world.press(post, "🙈 1. Hide")).toast == "Hidden in this chat: Quest 6"
    assert "Quest 6" not in post.text
    assert "Quest 6" in (await world.say("/report"))[0].text


@pytest.mark.parametrize(
    "data",
    ["reppick:x:now", "reppick:p:2999-01-01", "rephide:0123456789abcdef:now", "rephide:zz:now",
     "repdone:0123456789abcdef:monday-x", "repundo:0123456789abcdef:x"],
)  # fmt: skip
async def test_forged_picks_change_nothing(world: World, data: str) -> None:
    """Unknown states, days and keys are stale."""
    post = await picked(world)
    before, kept = post.text, labels(post)
    await world.press(post, f"v1:{data}")
    assert (post.text, labels(post)) == (before, kept)
    assert world.services.picks.of([ADA]) == ()
