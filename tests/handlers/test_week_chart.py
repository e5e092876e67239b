"""The week's columns and the strips: what is known has its colour, what is not has none."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handlers.views.charts import paint
from handlers.views.plots import Cell, Legend, Stack, Strip, StripChart, WeekChart, Words
from handlers.views.sheet import ALARM, SMALL, fitting, wide
from handlers.views.strips import HEAD, LEAST, UP
from handlers.views.week import LAYERS, compact

WORDS = Words(no_data="no data")
LEGEND = Legend("", "", "")
DAYS = ("Mon", "Tue", "Wed")
WEEK = WeekChart(
    days=DAYS,
    stacks=tuple(Stack(label=f"s{n}", values=(5.0, None, 9.0)) for n in range(7)),
    line=(2.4, None, 1.8),
    line_texts=("2.4", "", "1.8"),
    strips=(Strip(label="s0", cells=(Cell(1, 0), Cell(0, 0), Cell(0.8, 0.2))),),
    titles=("New", "Return", "Up?"),
    words=WORDS,
    legend=LEGEND,
    more="… and 3 more",
)


def pixels(spec: WeekChart | StripChart, colour: str, *, top: int = 0) -> int:
    """Return how much of a colour a picture has below its first rows, give or take the palette."""
    image = Image.open(io.BytesIO(paint(spec))).convert("RGB")
    wanted = bytes.fromhex(colour[1:])
    found = image.crop((0, top, image.width, image.height)).getcolors(1_000_000) or []
    return sum(
        n
        for n, pixel in found
        if isinstance(pixel, tuple)
        and all(abs(a - b) <= 10 for a, b in zip(pixel, wanted, strict=True))
    )


def strips(*cells: Cell) -> StripChart:
    """Return a chart of one strip of an hour a cell."""
    strip = Strip(label="Galxe", cells=cells, text="just now")
    return StripChart(
        strips=(strip,),
        since_s=0.0,
        until_s=3600.0 * max(len(cells), 1),
        zone="Europe/Paris",
        words=WORDS,
        legend=LEGEND,
    )


def test_a_short_time_late_is_seen_among_a_week() -> None:
    """One cell in a hundred, late for a hundredth of it, is five pixels wide all the same."""
    many = [Cell(1, 0)] * 99
    assert pixels(strips(*many, Cell(1, 0)), ALARM, top=HEAD) == 0
    assert pixels(strips(*many, Cell(0.99, 0.01)), ALARM, top=HEAD) >= LEAST * 30


def test_what_nobody_looked_at_has_no_colour() -> None:
    """Neither that of well nor that of late; no cells at all are the same."""
    for spec in (strips(Cell(0, 0), Cell(0, 0)), strips()):
        assert pixels(spec, ALARM, top=HEAD) == 0
        assert pixels(spec, UP, top=HEAD) == 0


def test_a_cell_shows_its_shares() -> None:
    """Half well and half late: late is drawn higher, so twice the share is more than twice."""
    half, quarter = strips(Cell(0.5, 0.5)), strips(Cell(0.75, 0.25))
    late, early = pixels(half, ALARM, top=HEAD), pixels(quarter, ALARM, top=HEAD)
    assert late == pytest.approx(2 * early, rel=0.1)
    assert pixels(quarter, UP, top=HEAD) == pytest.approx(1.5 * pixels(half, UP, top=HEAD), rel=0.1)


def test_every_layer_has_its_colour() -> None:
    """Seven layers, each in the legend and in each column."""
    bare = replace(WEEK, stacks=tuple(replace(each, values=(None,) * 3) for each in WEEK.stacks))
    for colour in LAYERS:
        assert pixels(WEEK, colour) > pixels(bare, colour) + 500


def test_an_unknown_day_is_not_a_day_of_nothing() -> None:
    """Its column is hatched; a day of none has a figure and no column."""
    none = replace(WEEK, stacks=tuple(replace(s, values=(5.0, 0.0, 9.0)) for s in WEEK.stacks))
    assert paint(none) != paint(WEEK)
    assert pixels(none, LAYERS[1]) == pixels(WEEK, LAYERS[1])


@pytest.mark.parametrize("change", ["days", "strips", "stacks", "line"])
def test_it_is_drawn_without_any_of_it(change: str) -> None:
    """No strips, no layers, no line, no days at all."""
    empty: dict[str, object] = {change: ()}
    if change == "days":
        empty |= {"stacks": (Stack(label="", values=()),), "line": (), "strips": ()}
    if change == "line":
        empty["line"] = (None, None, None)
    assert paint(replace(WEEK, **empty)).startswith(b"\x89PNG")  # type: ignore[arg-type]


def test_nothing_is_cut_at_the_edges() -> None:
    """Long names end before the columns and the edge."""
    long = "W" * 60
    spec = replace(
        WEEK,
        stacks=tuple(replace(each, label=long) for each in WEEK.stacks),
        strips=(replace(WEEK.strips[0], label=long),),
    )
    shown = Image.open(io.BytesIO(paint(spec))).convert("L")
    for edge in (shown.crop((0, 0, 3, shown.height)), shown.crop((897, 0, 900, shown.height))):
        assert len(edge.getcolors() or ()) == 1


@given(st.text(st.characters(codec="latin-1"), max_size=80), st.floats(60, 900))
def test_a_name_fits_and_keeps_its_ends(text: str, room: float) -> None:
    """Where it must be cut, what tells `Source 28` from `Source 29` stays."""
    line = fitting(text, room, SMALL)
    assert line == "…" or wide(line, SMALL) <= room
    if "…" in line and len(line) > 3:
        whole = fitting(text, 1e9, SMALL)
        head, _, tail = line.partition("…")
        assert whole.startswith(head)
        assert whole.endswith(tail)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (412, "412"), (9999, "9999"), (12_345, "12.3k"), (3_400_000, "3.4M"), (2e9, "2e9")],
)
def test_counts_are_short(value: float, said: str) -> None:
    """What stands over a column is five signs at most."""
    assert compact(value, WORDS) == said
