"""/chart as people use it: words, buttons, an incident's picture, in both languages."""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.sandbox.world import Post
from handlers.chart import around, parse
from handlers.curves import RAW
from handlers.views.plots import Curve
from storage.incidents import Delivery, Kind, Status
from storage.past import Past
from storage.records import Observation, Outcome, Phrase, Sample, Severity
from tests.handlers.chat import ADA, START, World

MINUTES = timedelta(minutes=5)
DAY = timedelta(days=1)
NAMES = [
    "cpu_pct", "disk_pct:data", "new_24h", "new_24h:Galxe", "source_age_s:Galxe",
    "source_age_s:TwitterRSS", "scraper_trees:main.py",
]  # fmt: skip
TITLES = {"age des donnees": "data_age_s"}


def keep(world: World, series: str, days: float, values: Iterable[float] = (40.0,)) -> None:
    """Keep a sample every five minutes, up to now, the values in turn."""
    every = list(values)
    world.services.history.add(
        Sample(series, world.at.wall - n * MINUTES, every[n % len(every)])
        for n in range(int(days * DAY / MINUTES))
    )


def drawn(world: World) -> Curve:
    """Return what was drawn last."""
    spec = world.easel.drawn[-1]
    assert isinstance(spec, Curve)
    return spec


async def incident(world: World, key: str = "cpu", *, threshold: float = 85.0) -> int:
    """Make an incident of a figure and return its number."""
    fact = Phrase("machine.cpu.high", {"cpu_pct": 97, "limit_pct": threshold})
    for _ in range(4):
        seen = Observation(
            key=key, check="machine", outcome=Outcome.FAIL, level=Severity.ERROR, fact=fact,
            value=97.0, threshold=threshold,
        )  # fmt: skip
        world.services.alerts.observe([seen], at=world.at)
        world.later(MINUTES)
    return world.services.alerts.open()[-1].number


async def fixed(world: World, key: str = "cpu") -> None:
    """Make the figure well again."""
    for _ in range(4):
        seen = Observation(
            key=key, check="machine", outcome=Outcome.OK, level=Severity.OK,
            fact=Phrase("machine.cpu.ok", {"cpu_pct": 20, "limit_pct": 85}),
        )  # fmt: skip
        world.services.alerts.observe([seen], at=world.at)
        world.later(MINUTES)


def labels(post: Post) -> list[str]:
    """Return the buttons' labels."""
    return [button["text"] for button in post.buttons]


@pytest.mark.parametrize(
    ("words", "series", "period"),
    [
        ("cpu", "cpu_pct", "24h"),
        ("CPU 7d", "cpu_pct", "7d"),
        ("30j processeur", "cpu_pct", "30d"),
        ("mémoire 90d", "memory_pct", "90d"),
        ("âge", "data_age_s", "24h"),
        ("Âge des données", "data_age_s", "24h"),
        ("galxe", "source_age_s:Galxe", "24h"),
        ("twit 7d", "source_age_s:TwitterRSS", "7d"),
        ("age galxe semaine", "source_age_s:Galxe", "7d"),
        ("new galxe", "new_24h:Galxe", "24h"),
        ("Galxe volume 30d", "new_24h:Galxe", "30d"),
        ("disk data", "disk_pct:data", "24h"),
        ("process main.py", "scraper_trees:main.py", "24h"),
        ("source_age_s:Galxe", "source_age_s:Galxe", "24h"),
        ("roi", "roi_median_usd_min", "24h"),
        ("nouveautés galxe 7 jours", "new_24h:Galxe", "7d"),
        ("fraîcheur de galxe", "source_age_s:Galxe", "24h"),
        ("durée du cycle", "cycle_s", "24h"),
        ("latence", "delivery_s", "24h"),
        ("cpu 3d", "cpu_pct", "7d"),
        ("cpu une semaine", "cpu_pct", "7d"),
        ("cpu sur les 30 derniers jours", "cpu_pct", "30d"),
    ],
)
def test_words_find_their_series(words: str, series: str, period: str) -> None:
    """In either language, in any order, with or without accents."""
    asked = parse(tuple(words.split()), NAMES, TITLES)
    assert (asked.series, asked.period, asked.word) == (series, period, "")


@pytest.mark.parametrize(
    ("words", "word", "guess"),
    [
        ("", "", None),
        ("7d", "", None),
        ("cpuu", "cpuu", "cpu_pct"),
        ("memroy", "memroy", "memory_pct"),
        ("Gaxle 7d", "Gaxle", "source_age_s:Galxe"),
        ("weather tomorrow", "weather tomorrow", None),
    ],
)
def test_what_is_not_known_is_not_guessed_silently(
    words: str, word: str, guess: str | None
) -> None:
    """The word is told back, with what was likely meant."""
    asked = parse(tuple(words.split()), NAMES, TITLES)
    assert (asked.series, asked.word, asked.guess) == (None, word, guess)


async def test_a_figure_is_drawn_with_its_extremes(world: World) -> None:
    """The caption: what, how long, now, limit, lowest, median, highest."""
    keep(world, "cpu_pct", 1, [20.0, 30.0, 97.0])
    post = (await world.say("/chart cpu"))[0]
    assert post.json["photo"]
    assert post.text.split("\n") == [
        "📈 CPU · last 24 h",
        "",
        "Now 20% · limit 85%",
        "lowest 20% · median 30% · highest 97%",
    ]
    assert labels(post) == ["24 h ✓", "7 d", "30 d", "90 d", "📈 Other charts"]
    spec = drawn(world)
    assert (spec.limit, spec.now, len(spec.points)) == (85, "20%", 288)


async def test_periods_switch_in_place(world: World) -> None:
    """The same message, a longer curve; what is coarser is said."""
    keep(world, "cpu_pct", 20, [20.0, 30.0, 97.0])
    post = (await world.say("/chart cpu"))[0]
    before = len(world.api.said(ADA))
    assert (await world.press(post, "7 d")).toast == "Showing last 7 days"
    assert len(world.api.said(ADA)) == before
    assert post.edited
    assert "7 d ✓" in labels(post)
    assert "Line: mean of 1 h; band: lowest to highest." in post.text
    assert "lowest 20% · median 30% · highest 97%" in post.text
    assert 168 <= len(drawn(world).points) <= 169
    await world.press(post, "30 d")
    assert "Kept since 25 Jul" in post.text
    assert (drawn(world).points[0].low, drawn(world).points[0].high) == (20.0, 97.0)


async def test_old_hours_and_young_samples_are_one_curve(world: World) -> None:
    """After the nightly summing up a quarter of a year reads as before."""
    keep(world, "cpu_pct", 60, [20.0, 30.0, 97.0])
    told = (await world.say("/chart cpu 90d"))[0].text
    before = drawn(world)
    assert world.services.history.prune(world.at.wall)
    assert (await world.say("/chart cpu 90d"))[0].text == told
    assert "median 30%" in told
    after = drawn(world)
    assert len(after.points) == len(before.points)
    for old, new in zip(before.points, after.points, strict=True):
        assert new == pytest.approx(old)


async def test_nothing_known_is_said_and_drawn(world: World) -> None:
    """No data is a picture that says so, never zeros."""
    post = (await world.say("/chart roi"))[0]
    assert "No values in this time." in post.text
    assert drawn(world).points == ()


async def test_a_silence_is_told(world: World) -> None:
    """What stopped has no value now, and says since when."""
    keep(world, "cpu_pct", 1)
    world.later(timedelta(hours=3))
    post = (await world.say("/chart cpu"))[0]
    assert "Now" not in post.text
    assert "No value since 14 Aug 09:02" in post.text
    assert drawn(world).now == ""


async def test_without_a_picture_the_figures_go_alone(world: World) -> None:
    """A dead worker costs the picture only."""
    keep(world, "cpu_pct", 1)
    world.easel.broken = True
    post = (await world.say("/chart cpu"))[0]
    assert "photo" not in post.json
    assert "median 40%" in post.text


async def test_the_picker_offers_every_figure_and_source(world: World) -> None:
    """A press draws it; the word that was not understood is told back with a guess."""
    keep(world, "source_age_s:Galxe", 1, [60.0])
    post = (await world.say("/chart"))[0]
    assert {"CPU", "Data age", "🕒 Galxe", "🆕 Galxe"} <= set(labels(post))
    assert "🕒 age of its newest data, 🆕 what is new" in post.text
    await world.press(post, "🕒 Galxe")
    assert world.api.said(ADA)[-1].text.startswith("📈 Age of the data: Galxe · last 24 h")
    await world.press((await world.say("/chart"))[0], "🆕 Galxe")
    assert world.api.said(ADA)[-1].text.startswith("📈 New in 24 h: Galxe · last 24 h")
    post = (await world.say("/chart galxy"))[0]
    assert "There is no chart of “galxy”." in post.text
    assert labels(post)[0] == "📈 Age of the data: Galxe"


@pytest.mark.parametrize(
    "words", ["block height", "bloc", "hauteur de bloc", "chaîne", "blockchain 7d", "gas"]
)
async def test_no_chain_is_watched_and_that_is_said(world: World, words: str) -> None:
    """Nothing else is offered in its place."""
    post = (await world.say(f"/chart {words}"))[0]
    assert post.text.startswith("I watch no blockchain yet")
    assert "Did you mean" not in post.text
    assert labels(post)[0] == "CPU"


def test_a_source_may_be_called_like_a_chain() -> None:
    """What there is comes first."""
    asked = parse(("chain",), ["source_age_s:Chain"], {})
    assert (asked.series, asked.chain) == ("source_age_s:Chain", False)


@pytest.mark.parametrize("words", ["cpu 200 jours", "cpu 1 an", "400d cpu", "cpu a year"])
async def test_more_than_there_is_shows_the_most_there_is(world: World, words: str) -> None:
    """And says so."""
    keep(world, "cpu_pct", 1)
    post = (await world.say(f"/chart {words}"))[0]
    assert post.text.startswith("📈 CPU · last 90 days\nCharts go back 90 days at most.")
    assert "at most" not in (await world.say("/chart cpu 90d"))[0].text


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_every_button_can_be_written_as_well(world: World, language: str) -> None:
    """As it stands, and with the apostrophe of a keyboard."""
    world.services.chats.remember(ADA, language)
    names = [label for label in labels((await world.say("/chart"))[0]) if label[0].isalpha()]
    assert len(names) == 12
    assert max(map(len, names)) <= 20
    for name in (*names, *(each.replace("’", "'") for each in names)):
        assert (await world.say(f"/chart {name}"))[0].text.startswith("📈 "), name
        assert "photo" in world.api.said(ADA)[-1].json, name


async def test_an_incident_is_shown_in_its_day(world: World) -> None:
    """The picture comes below: its span shaded, its limit, its figures."""
    keep(world, "cpu_pct", 2, [97.0])
    number = await incident(world, threshold=95.0)
    post = (await world.say("/alerts"))[0]
    press = await world.press(post, f"v1:chart:{number}")
    assert press.toast == "See below."
    below = world.api.said(ADA)[-1]
    assert below.text.startswith(f"📈 #{number} · CPU\n🟠 ")
    assert "Open since 14 Aug 09:" in below.text
    spec, found = drawn(world), world.services.alerts.incident(number)
    assert found is not None
    assert spec.until_s - spec.since_s == DAY.total_seconds()
    assert (spec.limit, [mark.label for mark in spec.marks]) == (95.0, [f"#{number}"])
    assert spec.marks[0].since_s == found.opened.timestamp()
    assert spec.marks[0].until_s == spec.until_s
    assert labels(below)[:4] == ["24 h", "7 d", "30 d", "90 d"]


async def test_an_incident_without_a_limit_shows_the_usual_one(world: World) -> None:
    """As /chart does."""
    number = world.fire("fresh:Galxe")
    await world.press((await world.say("/alerts"))[0], f"v1:chart:{number}")
    assert drawn(world).limit == 7200


async def test_a_closed_incident_is_shown_as_it_was(world: World) -> None:
    """Weeks later, too: from the hours, with what came before and after."""
    keep(world, "cpu_pct", 2, [97.0])
    number = await incident(world)
    await fixed(world)
    world.later(20 * DAY)
    keep(world, "cpu_pct", 16)
    world.services.history.prune(world.at.wall)
    await world.press((await world.say("/alerts"))[0], f"v1:chart:{number}")
    spec, found = drawn(world), world.services.alerts.incident(number)
    assert found is not None
    assert found.closed is not None
    assert world.at.wall - found.opened > RAW
    assert spec.since_s < spec.marks[0].since_s < spec.marks[0].until_s < spec.until_s
    assert spec.marks[0].until_s == found.closed.timestamp()
    assert len(spec.points) > 15
    assert spec.gap_s > 3600
    assert "Open from 14 Aug" in world.api.said(ADA)[-1].text


async def test_a_curve_marks_its_incidents(world: World) -> None:
    """Those about the figure, no others."""
    keep(world, "cpu_pct", 1)
    number = await incident(world)
    await incident(world, "mem")
    post = (await world.say("/chart cpu 7d"))[0]
    assert [mark.label for mark in drawn(world).marks] == [f"#{number}"]
    assert f"1 alert in this time: #{number}" in post.text


async def test_a_source_is_all_that_belongs_to_it(world: World) -> None:
    """Layer3 is known by its parts: its age is the least of theirs, its new ones their sum."""
    for part, value in (("Layer3", 50.0), ("Layer3-LiFi", 20.0), ("Layer32", 1.0)):
        keep(world, f"source_age_s:{part}", 1, [value])
        keep(world, f"new_24h:{part}", 1, [value])
    number = await incident(world, "fresh:Layer3")
    await world.press((await world.say("/alerts"))[0], f"v1:chart:{number}")
    assert {point.mean for point in drawn(world).points} == {20.0}
    await world.say("/chart new layer3")
    assert {point.mean for point in drawn(world).points} == {70.0}


def deliver(world: World, ago: timedelta, passed_s: float, **what: Any) -> None:  # noqa: ANN401
    """Keep a delivery that ended so long ago and took so long."""
    number = 1 + len(Past(world.services.history).told(since=START - 99 * DAY, until=START + DAY))
    row = Delivery(
        id=number, incident=1, key="cpu", kind=Kind.FIRED, seq=1, channel="7",
        level=Severity.ERROR, created=world.at.wall - ago - timedelta(seconds=passed_s),
        created_s=0.0, done_s=passed_s, status=Status.SENT,
    )  # fmt: skip
    Past(world.services.history).keep([], [replace(row, **what)])


async def test_deliveries_are_drawn_from_what_was_delivered(world: World) -> None:
    """Each message that was taken, against the promised three seconds; edits are no messages."""
    for ago_h, passed_s in ((20, 1.2), (9, 0.4), (9.01, 4.0), (1, 2.0)):
        deliver(world, timedelta(hours=ago_h), passed_s)
    deliver(world, timedelta(hours=2), 900.0, kind=Kind.UPDATE)
    deliver(world, timedelta(hours=3), 600.0, status=Status.DEAD)
    deliver(world, timedelta(hours=25), 500.0)
    post = (await world.say("/chart delivery"))[0]
    assert post.text.split("\n") == [
        "📈 Time messages take to arrive · last 24 h",
        "",
        "Limit 3 s",
        "lowest 400 ms · median 1.6 s · highest 4 s",
        "Last one 14 Aug 08:02",
        "Dot: mean of 5 min; bar: lowest to highest.",
    ]
    assert "Kept since" not in post.text
    spec = drawn(world)
    assert (spec.limit, spec.now) == (3.0, "")
    assert [point.high for point in spec.points] == [1.2, 4.0, 2.0]
    assert min(b.at_s - a.at_s for a, b in itertools.pairwise(spec.points)) > spec.gap_s
    deliver(world, timedelta(minutes=1), 0.3)
    assert "Now 300 ms · limit 3 s" in (await world.say("/chart envoi"))[0].text


async def test_a_limit_of_another_unit_is_no_line(world: World) -> None:
    """A full disk's limit is in bytes; the curve is a share."""
    keep(world, "disk_pct:data", 1)
    number = await incident(world, "disk:data", threshold=2.0**30)
    await world.press((await world.say("/alerts"))[0], f"v1:chart:{number}")
    assert drawn(world).limit is None
    await world.say("/chart disk")
    assert [mark.label for mark in drawn(world).marks] == [f"#{number}"]


@pytest.mark.parametrize(
    "data",
    [
        "v1:chart:99", "v1:chart:x", "v1:plot:24h:nothing", "v1:plot:1y:cpu_pct", "v1:plot:24h",
        "v1:plot:24h:~0123456789ab", "v1:plot:24h:source_age_s:", "v1:plot::cpu_pct",
    ],
)  # fmt: skip
async def test_forged_data_draws_nothing(world: World, data: str) -> None:
    """It is told that the button is out of date."""
    press = await world.press((await world.say("/alerts"))[0], data)
    assert press.toast
    assert world.easel.drawn == []


async def test_an_alert_about_no_figure_has_no_picture(world: World) -> None:
    """Whoever forges the button is told so."""
    number = world.fire("integrity:a.json")
    await world.press((await world.say("/alerts"))[0], f"v1:chart:{number}")
    assert world.easel.drawn == []
    assert "out of date" in world.api.said(ADA)[-1].text


async def test_a_very_long_source_name_fits_a_button(world: World) -> None:
    """By its digest."""
    name = "Ünïcödé " * 12
    keep(world, f"source_age_s:{name.strip()}", 1, [60.0])
    post = (await world.say("/chart unicode"))[0]
    await world.press(post, "30 d")
    assert "30 d ✓" in labels(post)


async def test_french_readers_get_french(world: World) -> None:
    """Alias, words, months and figures."""
    world.api.person(ADA, "Zoé", language="fr")
    keep(world, "roi_median_usd_min", 3, [2.4, 2.6])
    post = (await world.say("/courbe rendement 7j"))[0]
    assert post.text.startswith("📈 Rendement médian sur 24 h · 7 derniers jours")
    spec = drawn(world)
    assert spec.words.decimal == ","
    assert spec.words.months[7] == "août"
    assert spec.ladder[0].form == "{x}\u202f$/\u2060min"


@pytest.mark.parametrize("long", [timedelta(minutes=5), timedelta(hours=30), timedelta(days=90)])
@pytest.mark.parametrize("since_closed", [None, timedelta(0), timedelta(days=7)])
async def test_the_picture_holds_the_whole_incident(
    world: World, long: timedelta, since_closed: timedelta | None
) -> None:
    """Whatever its length, open or closed; also where the wall clock was set back meanwhile."""
    number = await incident(world)
    found = world.services.alerts.incident(number)
    assert found is not None
    closed = None if since_closed is None else START - since_closed
    opened = (closed or START) - long
    since, until = around(replace(found, opened=opened, closed=closed), START)
    assert since < opened
    assert (closed or START) <= until <= START
    assert until - since >= DAY
    since, until = around(replace(found, opened=START + DAY, closed=closed), START)
    assert (until, until - since) == (START, DAY)
