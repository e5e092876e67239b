"""/sources: a line and a strip for each, all about one on a button."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.strips import cells, together, unknown, wide, wrong
from handlers.views import sources as view
from handlers.views.charts import paint
from handlers.views.i18n import LANGUAGES, language
from handlers.views.plots import Cell, StripChart
from handlers.views.sources import PAGE, Look, Page
from handlers.views.text import units, visible
from jobs.report import Count, SourceDay, Uptime
from storage.records import Sample, Severity, Slot
from storage.tracker import SourceReport
from tests.handlers.chat import ADA, START, World, opportunity
from tests.handlers.reports import GOOD, PARIS
from tests.handlers.strict import problems
from tests.handlers.test_alert_view import OPEN

HALF = timedelta(minutes=30)
EVERY = timedelta(minutes=5)


def slot(at_s: float, mean: float, n: int) -> Slot:
    """Return what history has of half an hour."""
    return Slot(at_s, 0.0, mean, 1.0, n)


def strip(*slots: Slot, hours: float = 2.0) -> tuple[Cell, ...]:
    """Return the cells of some hours from the epoch on."""
    return cells(slots, first_s=0.0, until_s=hours * 3600, step=HALF, every=EVERY)


def test_what_nobody_looked_at_is_neither_up_nor_down() -> None:
    """No samples, no colour; a step seen for a third is known for a third."""
    assert strip() == (Cell(0, 0),) * 4
    shown = strip(slot(0, 1.0, 6), slot(1800, 0.5, 6), slot(3600, 0.0, 2))
    assert shown[:2] == (Cell(1.0, 0.0), Cell(0.5, 0.5))
    assert shown[2].up == 0.0
    assert shown[2].down == pytest.approx(1 / 3)
    assert shown[3] == Cell(0, 0)


def test_one_cycle_late_is_no_gap_and_a_step_just_begun_is_known() -> None:
    """Five looks of six make a whole cell, as does one look in the last four minutes."""
    assert strip(slot(0, 1.0, 5), hours=0.5) == (Cell(1.0, 0.0),)
    assert strip(slot(0, 1.0, 6), slot(1800, 1.0, 1), hours=0.5 + 4 / 60)[-1] == Cell(1.0, 0.0)


def test_a_slow_rhythm_makes_longer_cells() -> None:
    """A look an hour is no gap every half hour."""
    assert wide(HALF, EVERY) == HALF
    assert wide(HALF, timedelta(minutes=15)) == HALF
    assert wide(HALF, timedelta(minutes=20)) == 2 * HALF
    assert wide(HALF, timedelta(hours=1)) == 4 * HALF


def look(name: str = "Galxe", level: Severity | None = Severity.OK, **kwargs: object) -> Look:
    """Return a source that brought 35."""
    values: dict[str, object] = {
        "new": Count(today=35, usual=38.0, days_known=7),
        "runs": 12,
        "median_gap_s": 7200.0,
        "usual_gap_s": 7100.0,
        "uptime": Uptime(up=0.98, unknown=0.0),
        "newest": START - timedelta(minutes=12),
    } | kwargs
    day = SourceDay(name=name, **values)  # type: ignore[arg-type]
    report = SourceReport(source=name, newest=day.newest, last_count=20)
    return Look(day=day, report=report, level=level, week=GOOD.week)


def page(*looks: Look, period: str = "24h", offset: int = 0, total: int = 0) -> Page:
    """Return a page of them."""
    return Page(
        looks=looks,
        total=total or len(looks),
        late=sum(map(wrong, looks)),
        unknown=unknown(looks),
        since=START - timedelta(days=1),
        until=START,
        period=period,
        offset=offset,
    )


def test_a_line_tells_the_newest_and_the_usual() -> None:
    """And the first line tells whether all is well."""
    words = language("en", PARIS, START)
    text = visible(view.render(page(look()), language=words).html)
    assert text.splitlines() == [
        "📡 1 source · all well",
        "Newest data · new in 24 h",
        "",
        "🟢 Galxe · 12 min ago · 35 new (▼ 8%, usually 38)",
    ]
    late = page(look(level=Severity.ERROR), look("Zealy"))
    assert "2 sources · 1 with a problem\nNewest data · new in 24 h\n\n🟠 Galxe" in visible(
        view.render(late, language=words).html
    )


def test_none_and_no_data_are_words() -> None:
    """A source that brought nothing, one that is not known, one that nobody judges."""
    words = language("en", PARIS, START)
    silent = look("A", new=Count(today=0, usual=38.0, days_known=7))
    blank = Look(day=SourceDay(name="B"), known=False)
    odd = look("C", None, new=Count(today=3))
    shown = page(silent, blank, odd)
    text = visible(view.render(shown, language=words).html).splitlines()
    assert text[3] == "🟢 A · 12 min ago · nothing new (usually 38)"
    assert text[4] == "⚪ B · no data"
    assert text[5] == "▫️ C · 12 min ago · 3 new"
    strips = view.chart(shown, zone="Europe/Paris", language=words).strips
    assert [each.text for each in strips] == [
        "12 min ago · nothing new (usually 38)",
        "no data",
        "12 min ago · 3 new",
    ]


def test_pages_turn_and_keep_the_period() -> None:
    """Thirty sources are four pages."""
    words = language("en", PARIS, START)
    eight = [look(f"Source {n}") for n in range(PAGE)]
    shown = view.render(page(*eight, period="7d", offset=8, total=30), language=words)
    rows = shown.buttons
    assert [each.label for each in rows[0]] == ["24 h", "7 d ✓"]
    assert [each.data for each in rows[-1]] == ["v1:sources:7d:0", "v1:sources:7d:16"]
    assert [each.label for each in rows[-1]] == ["◀ 1–8", "▶ 17–24"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_details_tell_all_about_one(code: str) -> None:
    """Runs and gaps, its last file, the seven days; buttons to its best and its curves."""
    words = language(code, PARIS, START)
    shown = view.details(look(), language=words)
    text = visible(shown.html)
    assert problems(shown) == []
    assert len(text.splitlines()) == 13
    assert {"20", "12", "98"} <= set(text.replace("%", " ").replace("\u00a0", " ").split())
    assert [each.data for row in shown.buttons for each in row][1:] == [
        "v1:plot:7d:source_age_s:Galxe",
        "v1:plot:30d:new_24h:Galxe",
    ]


def test_placeholders_gaps_and_open_alerts_are_told() -> None:
    """What only repeats itself, what is not read yet, and the alert about it with its number."""
    words = language("en", PARIS, START)
    stub = replace(
        look(), report=SourceReport(source="Galxe", newest=START, last_count=2, stub=True)
    )
    shown = view.render(replace(page(stub), pending=3), language=words)
    text = visible(shown.html)
    assert "35 new (▼ 8%, usually 38) · placeholder content only" in text
    assert "3 files" in text
    alarmed = view.details(replace(stub, incidents=(OPEN,)), language=words)
    assert f"#{OPEN.number}" in visible(alarmed.html)
    slow = replace(stub, day=replace(stub.day, median_gap_s=None, runs=0))
    assert "In 24 h  no run · up to date 98% of the time" in visible(
        view.details(slow, language=words).html
    )
    odd = replace(stub, day=replace(stub.day, usual_gap_s=None))
    assert "12 runs, every 2 h ·" in visible(view.details(odd, language=words).html)


NAMES = st.text(st.characters(), max_size=200) | st.sampled_from(
    ["", "<b>", "&amp;", "a" * 300, "🙂" * 100, "\u202egnp", "\ud800", "@all #x /stop", "x\n\ny"]
)
COUNTS = st.builds(
    Count,
    today=st.none() | st.integers(0, 10**9),
    usual=st.none() | st.floats(0, 1e9),
    days_known=st.integers(0, 7),
)


@given(st.lists(st.tuples(NAMES, COUNTS), max_size=PAGE), st.sampled_from(LANGUAGES))
def test_any_source_makes_a_message_telegram_takes(
    drawn: list[tuple[str, Count]], code: str
) -> None:
    """Whatever the names are, with a picture and without."""
    words = language(code, PARIS, START)
    looks = [look(name, Severity.WARNING, new=count) for name, count in drawn] or [look()]
    for photo in (None, b"png"):
        shown = view.render(page(*looks, total=50), language=words, photo=photo)
        assert problems(shown) == [], shown.html
    for each in looks:
        assert problems(view.details(each, language=words)) == []


def test_a_full_page_fits_under_its_picture() -> None:
    """Eight ordinary sources, nothing left out, in the language that needs more room."""
    looks = [look(f"AirdropsFallback{n}", Severity.WARNING) for n in range(PAGE)]
    shown = view.render(page(*looks), language=language("fr", PARIS, START), photo=b"png")
    assert units(visible(shown.html)) <= 1024
    assert shown.html.count("AirdropsFallback") == PAGE


@pytest.mark.parametrize(
    ("names", "known", "shared"),
    [
        (["Layer3", "Layer3-LiFi"], ["Layer3"], [["Layer3-LiFi"], ["Layer3"]]),
        (["Layer3", "Layer3-LiFi"], ["Layer3", "Layer3-LiFi"], [[], []]),
        (["Galxe", "Layer3"], ["Layer3", "Galxe"], [[], []]),
        (["Galxe", "Zealy"], [], [[], []]),
        (["A", "A-b", "A-c"], ["A"], [["A-b", "A-c"], ["A", "A-c"], ["A", "A-b"]]),
    ],
)
def test_sources_judged_together_are_named(
    names: list[str], known: list[str], shared: list[list[str]]
) -> None:
    """What history has one series of for several is said to be of them all."""
    found = together([look(name) for name in names], known)
    assert [list(each.shared) for each in found] == shared


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_shared_strip_says_so(code: str) -> None:
    """One other is named, more are counted; the details tell of them in a line."""
    words = language(code, PARIS, START)
    alone, *others = together([look(name) for name in ("Galxe", "A", "A-b", "A-c")], ["Galxe", "A"])
    assert view.chart(page(alone), zone="UTC", language=words).strips[0].label == "Galxe"
    said = visible(view.details(alone, language=words).html)
    label = view.chart(page(others[0]), zone="UTC", language=words).strips[0].label
    assert label.startswith("A (")
    assert "2" in label
    two = replace(others[0], shared=("A-b",))
    assert "A-b" in view.chart(page(two), zone="UTC", language=words).strips[0].label
    for each, names in ((two, "A-b"), (others[0], "A-b, A-c")):
        more = visible(view.details(each, language=words).html)
        assert names in more
        assert len(more.splitlines()) == len(said.splitlines()) + 1


def test_strips_are_drawn_whatever_they_hold() -> None:
    """Nothing, a moment, far too much."""
    words = language("en", PARIS, START)
    for many in ((), (look(),), tuple(look("x" * 90) for _ in range(PAGE))):
        spec = view.chart(page(*many), zone="Europe/Paris", language=words)
        assert paint(spec).startswith(b"\x89PNG")


def test_what_could_not_be_read_is_said_with_its_reason() -> None:
    """No list at all then, and no word of being well."""
    words = language("en", PARIS, START)
    said = view.nothing("sources.unknown", words, words.say("data.blind"))
    assert "data folder" in visible(said.html)
    assert problems(said) == []


async def test_sources_show_their_strips_and_turn_in_place(world: World) -> None:
    """Samples of the day become cells; the week is one press away, one source another."""
    world.write("opportunities", [opportunity("A", n=1)], age=timedelta(minutes=20))
    begin = START - timedelta(hours=3)
    ups = [(begin + EVERY * n, 0.0 if n < 12 else 1.0) for n in range(36)]
    world.services.history.add(Sample("up:Galxe", at, up) for at, up in ups)
    post = (await world.say("/sources"))[0]
    assert post.text.startswith("📡 1 source")
    spec = world.easel.drawn[-1]
    assert isinstance(spec, StripChart)
    shown = spec.strips[0].cells
    assert len(shown) == 49  # the first and the last half hour are not whole
    assert shown[0] == Cell(0, 0)
    assert any(cell.down > 0.9 for cell in shown)
    assert shown[-2].up > 0.9
    assert [a.down >= b.down for a, b in pairwise(shown[-6:])].count(False) == 0
    assert (await world.press(post, "7 d")).toast == "Showing last 7 days"
    week = world.easel.drawn[-1]
    assert isinstance(week, StripChart)
    assert week.until_s - week.since_s == timedelta(days=7).total_seconds()
    await world.press(post, "🟢 Galxe")
    assert "Last file" in world.api.said(ADA)[-1].text


async def test_a_source_can_be_named(world: World) -> None:
    """Its details come at once; what is no source gets all there are."""
    assert "7" in (await world.say("/sources gal"))[0].text
    assert (await world.say("/sources gal"))[0].text.splitlines()[0].count("Galxe") == 1
    assert (await world.say("/sources nobody"))[0].text == (await world.say("/sources"))[0].text


async def test_forged_buttons_of_sources_are_told_stale(world: World) -> None:
    """A period, a page or a source there never was."""
    world.write("opportunities", [opportunity("A", n=1)])
    post = (await world.say("/sources"))[0]
    for data in ("v1:sources:9d:0", "v1:sources:24h:-1", "v1:sources:24h:99999999", "v1:source:X"):
        await world.press(post, data)
        assert "out of date" in world.api.said(ADA)[-1].text, data
    await world.press(post, "v1:sources:24h:400")
    assert "1 source" in post.text


async def test_nothing_read_yet_is_said(world: World) -> None:
    """An expected source without a file is listed; it is not called well."""
    said = (await world.say("/sources"))[0].text
    assert "⚪ Galxe · no data" in said
    assert said.startswith("📡 1 source · 1 unknown")
