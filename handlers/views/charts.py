"""The pictures: pure drawing from a specification to PNG; the only door to matplotlib."""

import io
import math
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from handlers.views.plots import (
    Bar,
    BarChart,
    HealthChart,
    Panel,
    Spec,
    Words,
    nice,
    segments,
    thin,
    time_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CARD, PLATE, INK, DIM, GRID, ALARM = (
    "#1B222C",
    "#232C38",
    "#F2F5F8",
    "#9FB0C0",
    "#384556",
    "#FF8A6B",
)
LINES = ("#56B4E9", "#E6A81C", "#3CCB9B", "#DE8FC0")
BAR, BAR_LINE = "#3E9BD6", "#8ACBF2"
WIDE_IN, DPI = 9.0, 100
BIG, SMALL = 20, 17
LEAST_MARK = 0.04
SPANS = ((86_400.0, 3), (3600.0, 2), (60.0, 1), (1.0, 0))


def paint(spec: Spec) -> bytes:
    """Return the picture as PNG, 900 pixels wide; text it has no glyphs for is left out."""
    figure = _bars(spec) if isinstance(spec, BarChart) else _health(spec)
    return _png(figure)


def _png(figure: "Figure") -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DPI, pil_kwargs={"compress_level": 4})
    return out.getvalue()


def _figure(tall_in: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  (heavy)
    from matplotlib.figure import Figure  # noqa: PLC0415  (heavy)

    figure = Figure(figsize=(WIDE_IN, tall_in), dpi=DPI, facecolor=CARD)
    FigureCanvasAgg(figure)
    return figure


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import (  # noqa: PLC0415  (heavy)
        FontProperties,
        findfont,
        get_font,
    )

    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())


def drawable(text: str, most: int = 60) -> str:
    """Return what the font can draw of a text, on one line, at most that many signs."""
    known = _glyphs()
    kept = "".join(ch if ch.isprintable() and ord(ch) in known else " " for ch in text)
    line = " ".join(kept.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _text(axes: "Axes", x: float, y: float, text: str, **style: Any) -> None:  # noqa: ANN401
    axes.text(x, y, text, parse_math=False, family="DejaVu Sans", **style)


def _health(spec: HealthChart) -> "Figure":
    rows = len(spec.panels)
    figure = _figure(0.75 + 2.35 * rows)
    tall = figure.get_figheight()
    ticks = time_ticks(spec.since_s, spec.until_s, spec.zone)
    for row, panel in enumerate(spec.panels):
        bottom = tall - 2.35 * (row + 1) + 0.1
        axes = figure.add_axes((0.105, bottom / tall, 0.865, 1.62 / tall))
        _plate(axes, spec, ticks, labelled=row == rows - 1)
        _panel(axes, panel, spec, LINES[row % len(LINES)])
    return figure


def _plate(
    axes: "Axes", spec: HealthChart, ticks: Sequence[tuple[float, str]], *, labelled: bool
) -> None:
    axes.set_facecolor(PLATE)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlim(spec.since_s, spec.until_s)
    axes.set_xticks(
        [at for at, _ in ticks], [text for _, text in ticks] if labelled else [""] * len(ticks)
    )
    axes.tick_params(length=0, colors=DIM, labelsize=SMALL, pad=8)
    axes.grid(color=GRID, linewidth=1)
    axes.set_axisbelow(True)


def _panel(axes: "Axes", panel: Panel, spec: HealthChart, colour: str) -> None:
    points = [
        p for p in panel.points if spec.since_s <= p[0] <= spec.until_s and math.isfinite(p[1])
    ]
    top, scale, unit = _scale(panel, [v for _, v in points], spec.words)
    axes.set_ylim(0, top)
    axes.set_yticks([0, top / 2, top], ["0", "", _number(top, spec.words)])
    _text(axes, 0, 1.07, drawable(panel.title), transform=axes.transAxes, color=INK, size=BIG)
    if not points:
        said = {
            "transform": axes.transAxes,
            "color": DIM,
            "size": BIG,
            "ha": "center",
            "va": "center",
        }
        _text(axes, 0.5, 0.5, drawable(spec.words.no_data), **said)
    recent = bool(points) and spec.until_s - points[-1][0] <= spec.gap_s
    now = f"{_number(points[-1][1] / scale, spec.words)} {unit}" if recent else "–"
    style = {"transform": axes.transAxes, "size": BIG + 4, "weight": "bold"}
    _text(axes, 1, 1.07, drawable(now, 14), color=colour if recent else DIM, ha="right", **style)
    for xs, values in segments(thin(points), spec.gap_s):
        ys = [value / scale for value in values]
        axes.fill_between(xs, ys, color=colour, alpha=0.18, linewidth=0)
        axes.plot(
            xs, ys, color=colour, linewidth=3, marker="o" if len(xs) == 1 else "", markersize=7
        )
    if panel.limit is not None:
        _limit(axes, panel.limit / scale, unit, spec)


def _limit(axes: "Axes", y: float, unit: str, spec: HealthChart) -> None:
    axes.axhline(y, color=ALARM, linewidth=2, linestyle=(0, (5, 3)))
    label = drawable(f"{spec.words.limit} {_number(y, spec.words)} {unit}")
    high = y > axes.get_ylim()[1] * 0.75
    box = {"facecolor": PLATE, "edgecolor": "none", "pad": 1.5, "alpha": 0.8}
    style = {"color": ALARM, "size": SMALL - 2, "va": "top" if high else "bottom", "bbox": box}
    _text(
        axes,
        spec.since_s + (spec.until_s - spec.since_s) * 0.012,
        y * (0.95 if high else 1.05),
        label,
        **style,
    )


def _scale(panel: Panel, values: Sequence[float], words: Words) -> tuple[float, float, str]:
    """Return the top of the axis, what to divide values by, and the unit."""
    highest = max([*values, 0.0])
    if not panel.duration:
        return 100.0 if highest <= 100 else highest * 1.1, 1.0, "%"  # noqa: PLR2004
    highest = max(highest, (panel.limit or 0.0) * 1.25, 1.0)
    scale, index = next(each for each in SPANS if highest >= 1.5 * each[0] or each[0] == 1.0)
    return nice(highest / scale), scale, words.units[index]


def _number(value: float, words: Words) -> str:
    text = f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"  # noqa: PLR2004
    return text.replace(".", words.decimal)


def _bars(spec: BarChart) -> "Figure":
    rows = len(spec.bars) or 2
    highest = max((bar.value for bar in spec.bars), default=1.0) or 1.0
    marked = spec.floor is not None and spec.floor >= highest * LEAST_MARK
    tall = 0.3 + 1.12 * rows + (0.35 if marked else 0.0)
    figure = _figure(tall)
    axes = figure.add_axes((0.03, 0.0, 0.94, 1.0))
    axes.set_axis_off()
    axes.set_xlim(0, highest * 1.36)
    axes.set_ylim(rows + 0.1, rows + 0.1 - tall / 1.12)
    if not spec.bars:
        said = {"color": DIM, "size": BIG, "ha": "center", "va": "center"}
        _text(axes, highest * 0.68, 0.5, drawable(spec.empty_text), **said)
    for row, bar in enumerate(spec.bars):
        _bar(axes, bar, row, highest)
    if marked:
        floor = spec.floor or 0.0
        for row in range(rows):
            axes.plot([floor] * 2, [row + 0.4, row + 0.96], color=ALARM, linewidth=2)
        style = {"color": ALARM, "size": SMALL, "ha": "left", "va": "center"}
        _text(axes, floor, -0.18, "▾ " + drawable(spec.floor_text), **style)
    return figure


def _bar(axes: "Axes", bar: Bar, row: int, highest: float) -> None:
    looks: dict[str, dict[str, Any]] = {
        "given": {"facecolor": BAR, "edgecolor": BAR},
        "computed": {"facecolor": PLATE, "edgecolor": BAR_LINE, "hatch": "//"},
    }
    look = looks.get(bar.provenance, {"facecolor": PLATE, "edgecolor": BAR_LINE, "linestyle": "--"})
    axes.barh(row + 0.68, max(bar.value, highest * 0.004), height=0.4, linewidth=2, **look)
    place: dict[str, Any] = {"y": row + 0.26, "size": BIG, "va": "center"}
    _text(axes, 0, text=f"{bar.rank}.", color=DIM, **place)
    indent = 0.055 if bar.rank < 10 else 0.085  # noqa: PLR2004
    _text(axes, highest * indent, text=drawable(bar.label, 46), color=INK, **place)
    style = {"color": BAR_LINE, "size": BIG, "weight": "bold", "va": "center"}
    _text(axes, bar.value + highest * 0.02, row + 0.68, drawable(bar.text), **style)
