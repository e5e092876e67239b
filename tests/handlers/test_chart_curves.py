"""The picture of one series: gaps stay gaps, marks are seen, axes are round and true."""

import io
import itertools
import math
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from handlers.views.axes import clock_axis, value_axis
from handlers.views.charts import paint
from handlers.views.curves import BOTTOM, LEFT, RIGHT, TALL, TOP
from handlers.views.plots import Curve, Mark, Point, Rung, Words

WORDS = Words(no_data="no data", months=tuple("abcdefghijkl"))
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0
LINE, ALARM = (0x56, 0xB4, 0xE9), (0xFF, 0x8A, 0x6B)
TIMES = (
    Rung(0.001, "{x} ms"), Rung(1.0, "{x} s"), Rung(60.0, "{x} min"), Rung(3600.0, "{x} h"),
    Rung(DAY, "{x} d"),
)  # fmt: skip


def curve(*points: Point, marks: tuple[Mark, ...] = (), limit: float | None = None) -> Curve:
    """Return a day of a percentage."""
    return Curve(
        title="CPU", points=points, since_s=NOON - DAY, until_s=NOON, zone="Europe/Paris",
        gap_s=900, words=WORDS, full=100.0, limit=limit, limit_text="limit", marks=marks, now="x",
    )  # fmt: skip


def every(step: int, *, since: float = NOON - DAY, until: float = NOON) -> list[Point]:
    """Return a flat series."""
    return [Point(float(at), 40.0, 40.0, 40.0) for at in range(int(since), int(until), step)]


def seen(spec: Curve, colour: tuple[int, int, int]) -> list[int]:
    """Return the columns of the plate in which a colour is seen."""
    image = Image.open(io.BytesIO(paint(spec))).convert("RGB")
    assert image.size == (900, TALL)
    pixels = image.load()
    assert pixels is not None

    def near(x: int, y: int) -> bool:
        found = pixels[x, y]
        assert isinstance(found, tuple)
        return all(abs(a - b) <= 14 for a, b in zip(found, colour, strict=True))

    rows = range(TALL - TOP - 8, TALL - BOTTOM)
    return [x for x in range(LEFT, RIGHT) if any(near(x, y) for y in rows)]


def test_a_gap_is_a_gap() -> None:
    """Six hours without samples are a quarter of the width without a line."""
    whole = seen(curve(*every(300)), LINE)
    assert max(b - a for a, b in itertools.pairwise(whole)) == 1
    broken = curve(*every(300, until=NOON - 15 * 3600), *every(300, since=NOON - 9 * 3600))
    widest = max(b - a for a, b in itertools.pairwise(seen(broken, LINE)))
    assert widest == pytest.approx((RIGHT - LEFT) / 4, rel=0.05)


def test_one_sample_is_a_dot_and_none_is_words() -> None:
    """Nothing is drawn as zero."""
    assert 3 <= len(seen(curve(Point(NOON - DAY / 2, 40.0, 40.0, 40.0)), LINE)) <= 20
    assert seen(curve(), LINE) == []


def test_a_lone_stretch_shows_its_range() -> None:
    """Also where there is no neighbour to draw a band to."""

    def tall(point: Point) -> int:
        image = Image.open(io.BytesIO(paint(curve(point)))).convert("RGB")
        column = [image.getpixel(((LEFT + RIGHT) // 2, y)) for y in range(TALL)]
        return sum(1 for pixel in column if isinstance(pixel, tuple) and pixel[2] > 0x60)

    assert tall(Point(NOON - DAY / 2, 10.0, 40.0, 90.0)) > 0.7 * (TOP - BOTTOM)
    assert tall(Point(NOON - DAY / 2, 40.0, 40.0, 40.0)) < 0.2 * (TOP - BOTTOM)


def test_an_incident_stands_where_it_was() -> None:
    """A bar over its whole time; a minute's is seen all the same, also at the very edge."""
    six = Mark(since_s=NOON - 12 * 3600, until_s=NOON - 6 * 3600, label="#214")
    columns = seen(curve(*every(300), marks=(six,)), ALARM)
    middle = (LEFT + RIGHT) / 2
    assert columns[0] == pytest.approx(middle, abs=2)
    assert columns[-1] == pytest.approx((middle + RIGHT) / 2, abs=2)
    for since_s in (NOON - DAY / 2, NOON - 60, NOON - 2 * DAY):
        short = Mark(since_s=since_s, until_s=since_s + 60, label="#215")
        assert len(seen(curve(*every(300), marks=(short,)), ALARM)) >= 3


def test_a_limit_is_on_the_picture_even_far_above() -> None:
    """The axis of a share reaches to it."""
    assert len(seen(curve(*every(300), limit=4000.0), ALARM)) > 300


@pytest.mark.parametrize(("limit", "floor"), [(400.0, False), (4000.0, True), (4000.0, False)])
def test_a_limit_does_not_flatten_what_is_far_from_it(limit: float, *, floor: bool) -> None:
    """It is named instead, with an arrow; what has to stay above its limit is shown below it."""
    spec = replace(curve(*every(300), limit=limit), full=0.0, floor=floor)
    named = limit > 400 and not floor
    assert (len(seen(spec, ALARM)) > 300) is not named
    assert len(seen(spec, ALARM)) > 20


def test_the_name_of_a_limit_leaves_the_curve_alone() -> None:
    """It stands where there is room for it."""
    near = [Point(at, 66.0, 66.0, 66.0) for at, *_ in every(300, until=NOON - DAY / 2)]
    spec = curve(*near, *every(300, since=NOON - DAY / 2), limit=60.0)
    assert seen(spec, LINE) == seen(replace(spec, limit_text=""), LINE)
    assert len(seen(spec, ALARM)) > 300


@pytest.mark.parametrize("value", [1e9, 2.5e8, 1.5, 0.0123, -0.0123, 1e-6, -1e12])
def test_no_label_of_an_axis_is_cut(value: float) -> None:
    """A long unit stands below its number."""
    ladder = (Rung(1.0, "${x}/min"),)
    flat = [point._replace(low=value, mean=value, high=value) for point in every(300)]
    spec = replace(curve(*flat), full=0.0, ladder=ladder, now=f"{value:.0f} $/min", title="W" * 90)
    image = Image.open(io.BytesIO(paint(spec))).convert("L")
    for edge in ((0, 0, 6, TALL), (894, 0, 900, TALL)):
        assert len(image.crop(edge).getcolors() or ()) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -5.0, 0.0, 1e300, -1e308, 5e-324])
def test_impossible_values_do_not_stop_a_picture(value: float) -> None:
    """What is no number is left out, the rest is drawn."""
    assert seen(curve(Point(NOON - 60, value, value, value), *every(300)), LINE)


@settings(max_examples=20, deadline=None)
@given(
    st.text(max_size=80),
    st.lists(
        st.tuples(
            st.floats(NOON - 2 * DAY, NOON + DAY), st.floats(NOON - 2 * DAY, NOON + DAY),
            st.text(max_size=20),
        ),
        max_size=40,
    ),
)  # fmt: skip
def test_any_title_and_any_storm_is_drawn(
    title: str, storm: list[tuple[float, float, str]]
) -> None:
    """Scraped names, forty incidents at once, one that ends before it begins."""
    marks = tuple(Mark(since_s=a, until_s=b, label=label) for a, b, label in storm)
    spec = Curve(
        title=title, points=(), since_s=NOON - DAY, until_s=NOON, zone="UTC", gap_s=1.0,
        words=WORDS, marks=marks,
    )  # fmt: skip
    assert Image.open(io.BytesIO(paint(spec))).size == (900, TALL)


@given(st.lists(st.floats(-1e300, 1e300), max_size=5), st.sampled_from([0.0, 1.0]))
@example([5e-324], 0.0)
@example([-5e-324], 0.0)
def test_an_axis_holds_every_value_in_few_even_steps(values: list[float], least: float) -> None:
    """And zero; never more labels than there is room for, the unit on the last one."""
    axis = value_axis(values, 0.0, TIMES, WORDS, least)
    spots = [value for value, _ in axis.ticks]
    assert 2 <= len(spots) <= 8
    hair = 1e-6 * (axis.top - axis.bottom)
    assert axis.bottom - hair <= min([0.0, *values])
    assert axis.top + hair >= max([0.0, *values])
    gaps = [b - a for a, b in itertools.pairwise(spots)]
    assert max(gaps) == pytest.approx(min(gaps), rel=1e-6)
    assert max(gaps) >= least
    assert axis.form in {rung.form for rung in TIMES}
    assert all(len(label) <= 9 for _, label in axis.ticks)


@pytest.mark.parametrize(
    ("high", "labels"),
    [
        (0.004, ["0", "1", "2", "3", "4 ms"]),
        (0.3, ["0", "100", "200", "300 ms"]),
        (85 * 60, ["0", "25", "50", "75", "100 min"]),
        (90 * 60, ["0", "0.5", "1.0", "1.5 h"]),
        (3 * 3600, ["0", "1", "2", "3 h"]),
        (22 * 3600, ["0", "6", "12", "18", "24 h"]),
        (9 * DAY, ["0", "2.5", "5.0", "7.5", "10.0 d"]),
        (3e12, ["0", "1e7", "2e7", "3e7", "4e7 d"]),
        (864e11, ["0", "2.5e8", "5e8", "7.5e8", "1e9 d"]),
    ],
)
def test_an_axis_counts_in_the_unit_people_use(high: float, labels: list[str]) -> None:
    """Milliseconds to days, round steps."""
    axis = value_axis([high], 0.0, TIMES, WORDS)
    *others, last = [label for _, label in axis.ticks]
    assert [*others, axis.form.format(x=last)] == labels


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Asia/Kathmandu", "UTC"])
@pytest.mark.parametrize("days", [1, 1.4, 2, 7, 30, 90, 400, 2000])
def test_days_begin_at_local_midnight(zone: str, days: float) -> None:
    """Across the change of the clocks, too; few enough to be read, and on the picture."""
    ticks = clock_axis(NOON - days * DAY, NOON, zone, WORDS)
    assert 1 <= len(ticks) <= 7
    for at, label in ticks:
        here = datetime.fromtimestamp(at, ZoneInfo(zone))
        assert NOON - days * DAY <= at <= NOON
        if ":" in label:
            assert label == f"{here:%H:%M}"
        else:
            assert label == f"{here.day} {WORDS.months[here.month - 1]}"
            assert (here.hour, here.minute) == (0, 0)
