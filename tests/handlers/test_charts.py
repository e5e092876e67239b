"""Pictures tell what is known, say what is not, and survive any title."""

import io
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from handlers.views.charts import paint
from handlers.views.plots import (
    Bar,
    BarChart,
    HealthChart,
    Panel,
    Words,
    nice,
    segments,
    thin,
    time_ticks,
)
from handlers.views.sheet import drawable

WORDS = Words(no_data="no data")
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC).timestamp()
DAY = 86_400


def picture(png: bytes) -> Image.Image:
    """Return the picture, opened."""
    return Image.open(io.BytesIO(png)).convert("RGB")


LINE = (0x56, 0xB4, 0xE9)


def near(pixel: object) -> bool:
    """Return whether this is the first line's colour, give or take the palette."""
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= 12 for a, b in zip(pixel, LINE, strict=True))


def drawn(png: bytes) -> bool:
    """Return whether a line is on the picture."""
    found = picture(png).getcolors(1_000_000)
    assert found is not None
    return any(near(colour) for _, colour in found)


def health(*points: tuple[tuple[float, float], ...], limit: float | None = 85) -> HealthChart:
    """Return a chart with one panel for each list of points."""
    panels = tuple(Panel(title="CPU", points=each, limit=limit) for each in points)
    return HealthChart(
        panels=panels, since_s=NOON - DAY, until_s=NOON, zone="Europe/Paris", gap_s=900, words=WORDS
    )


def every(
    step: int, *, since: float = NOON - DAY, until: float = NOON
) -> tuple[tuple[float, float], ...]:
    """Return a flat series."""
    return tuple((float(at), 40.0) for at in range(int(since), int(until), step))


def test_a_picture_is_small_and_as_wide_as_a_phone_shows_well() -> None:
    """900 pixels wide, under a quarter of a megabyte."""
    png = paint(health(every(300), every(300), (), every(300)))
    assert picture(png).width == 900
    assert len(png) < 250_000


def test_no_label_is_cut_at_the_edges() -> None:
    """Also the one of a time that is just now."""
    shown = picture(paint(health(every(60, since=NOON - 600)))).convert("L")
    young = replace(health(every(60, since=NOON - 600)), since_s=NOON - 600)
    for one in (shown, picture(paint(young)).convert("L")):
        edge = one.crop((one.width - 2, 0, one.width, one.height))
        assert len(edge.getcolors() or ()) == 1


def test_a_gap_is_drawn_as_a_gap() -> None:
    """Where samples are missing nothing is drawn: the line stops and starts again."""

    def columns(png: bytes) -> list[int]:
        image = picture(png)
        pixels = image.load()
        assert pixels is not None
        return [
            x for x in range(image.width)
            if any(near(pixels[x, y]) for y in range(80, image.height - 60))
        ]  # fmt: skip

    whole = columns(paint(health(every(300))))
    before = every(300, until=NOON - 15 * 3600)
    after = every(300, since=NOON - 9 * 3600)
    broken = columns(paint(health(before + after)))
    assert max(b - a for a, b in itertools.pairwise(whole)) == 1
    widest = max(b - a for a, b in itertools.pairwise(broken))
    assert widest == pytest.approx(6 / 24 * 778, rel=0.05)


@pytest.mark.parametrize("age_s", [1e6, 1e9, 1e12])
def test_no_label_of_a_long_age_is_cut(age_s: float) -> None:
    """Its unit goes below the number."""
    old = tuple((at, age_s) for at, _ in every(300))
    panel = Panel(title="Age", points=old, limit=7200, duration=True)
    shown = picture(paint(replace(health(()), panels=(panel,)))).convert("L")
    assert len(shown.crop((0, 0, 6, shown.height)).getcolors() or ()) == 1


def test_missing_data_is_said_and_not_drawn_as_zero() -> None:
    """An empty panel has words and no line, unlike one of zeros."""
    zeros = tuple((at, 0.0) for at, _ in every(300))
    assert paint(health(())) != paint(health(zeros))
    assert not drawn(paint(health((), limit=None)))
    assert drawn(paint(health(zeros, limit=None)))


def test_a_lonely_sample_is_seen() -> None:
    """One point between two gaps is a dot."""
    assert drawn(paint(health(((NOON - DAY / 2, 40.0),))))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -5.0, 0.0, 1e300])
def test_impossible_values_do_not_stop_a_picture(value: float) -> None:
    """NaN and infinity are left out; the rest is drawn."""
    assert picture(paint(health(((NOON - 60, value), *every(300))))).width == 900


def test_every_naughty_title_is_drawn(shared_data: Path) -> None:
    """All 515 strings as titles: no error, no warning (warnings are errors here)."""
    naughty = json.loads((shared_data / "naughty_strings/blns.json").read_text("utf-8"))
    for start in range(0, len(naughty), 20):
        bars = tuple(
            Bar(rank=rank, label=text, value=float(rank), text="", provenance="computed")
            for rank, text in enumerate(naughty[start : start + 20], 1)
        )
        assert paint(BarChart(bars=bars, floor=2.0, floor_text="from 2"))


@settings(max_examples=20)
@given(st.text(max_size=60), st.floats(0, 1e12))
def test_any_title_and_value_is_drawn(label: str, value: float) -> None:
    """Mathtext, emoji, right-to-left, controls: text is text."""
    bars = (
        Bar(rank=1, label=label, value=value, text="x"),
        Bar(rank=12, label="$x_$", value=1, text="y"),
    )
    assert paint(BarChart(bars=bars))


@pytest.mark.parametrize(
    ("value", "text"), [(2.0, "2,0 $/min"), (1e12, "1 000 000 000 000 $/min"), (0.02, "0.02")]
)
def test_no_bar_has_its_words_cut(value: float, text: str) -> None:
    """Neither its figure nor the mark's; a mark above every bar is on the sheet, too."""
    bars = tuple(
        Bar(rank=rank, label="Quest", value=value, text=text, provenance="given")
        for rank in (1, 100)
    )
    floor = max(value, 2.0)
    said = picture(paint(BarChart(bars=bars, floor=floor, floor_text="worth it from $2.0/min")))
    edge = said.convert("L").crop((said.width - 20, 0, said.width, said.height))
    assert len(edge.getcolors() or ()) == 1
    alarm = (0xFF, 0x8A, 0x6B)
    pixels = said.convert("RGB").crop((0, 40, said.width, said.height))
    marked = [
        n for n, colour in pixels.getcolors(10**6) or ()
        if isinstance(colour, tuple)
        and all(abs(a - b) < 12 for a, b in zip(colour, alarm, strict=True))
    ]  # fmt: skip
    assert sum(marked) > 50


def test_an_empty_list_says_so() -> None:
    """Without bars the picture says what it was given to say."""
    said = paint(BarChart(bars=(), empty_text="no data"))
    assert said != paint(BarChart(bars=(), empty_text=""))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\u202eb\x00c", "a b c"),
        ("比特币 Zora 🎉", "□□□ Zora"),
        ("ビットコイン", "□□□□□□"),
        ("\x00 \u2060", ""),
        ("$x^2$", "$x^2$"),
        ("🎉", "□"),
        ("$/\u2060min", "$/min"),
    ],
)
def test_only_what_the_font_has_is_drawn(text: str, kept: str) -> None:
    """A letter the font lacks is a plain box, never nothing, and never the font's own."""
    assert drawable(text) == kept


@given(st.lists(st.floats(0, 1e6), max_size=80), st.floats(1, 1e4))
def test_segments_keep_every_point_and_never_bridge_a_gap(times: list[float], gap: float) -> None:
    """Within a run neighbours are near, between runs they are far."""
    points = [(at, 1.0) for at in sorted(times)]
    runs = segments(points, gap)
    assert [at for xs, _ in runs for at in xs] == [at for at, _ in points]
    for xs, _ in runs:
        assert all(b - a <= gap for a, b in itertools.pairwise(xs))
    for (left, _), (right, _) in itertools.pairwise(runs):
        assert right[0] - left[-1] > gap


def test_thinning_keeps_the_peak() -> None:
    """A spike of one sample in ten thousand is still on the picture."""
    points = [(float(i), (i * 7919 % 97) / 97) for i in range(10_000)]
    points[5_003] = (5_003.0, 99.0)
    thinned = thin(points)
    assert len(thinned) <= 600
    assert (5_003.0, 99.0) in thinned


@pytest.mark.parametrize("hours", [0.2, 1, 3, 6, 24, 25])
def test_ticks_are_round_local_times_also_when_the_clock_changes(hours: float) -> None:
    """Paris goes from 02:00 to 03:00 that night: labels stay true and few."""
    since = NOON - hours * 3600
    ticks = time_ticks(since, NOON, "Europe/Paris")
    assert 1 <= len(ticks) <= 7
    assert all(since <= at <= NOON for at, _ in ticks)
    for at, label in ticks:
        shift = 2 if at >= datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp() else 1
        assert label == f"{datetime.fromtimestamp(at + shift * 3600, UTC):%H:%M}"


@given(st.floats(1e-3, 1e9))
def test_the_top_of_an_axis_is_round_and_just_above(value: float) -> None:
    """At most a bit over twice the highest value, never below it."""
    assert value * 0.998 <= nice(value) <= value * 2.01
