"""The pictures of a health cycle and of a ranked list: pure, from a specification to PNG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handlers.views import curves, strips, week
from handlers.views.axes import short
from handlers.views.placing import Box, around, freest
from handlers.views.plots import (
    Bar,
    BarChart,
    Curve,
    HealthChart,
    Panel,
    Spec,
    StripChart,
    WeekChart,
    scale_of,
    segments,
    thin,
    time_ticks,
)
from handlers.views.sheet import (
    ALARM,
    BIG,
    CARD,
    DASHES,
    DIM,
    GRID,
    INK,
    LINES,
    PLATE,
    SMALL,
    WIDE,
    Sheet,
    drawable,
    fitting,
    wide,
)

BAR, BAR_LINE = "#3E9BD6", "#8ACBF2"
LEFT, RIGHT = 95, 873
PANEL, PLATE_TALL, FOOT = 235, 162, 75
ROW, MARGIN = 112, 27
LETTERS = 24.0  # how tall a line of small ones is
LEAST_MARK = 0.04
BOLD = 1.15  # how much wider bold letters are


def paint(spec: Spec) -> bytes:
    """Return the picture as PNG, 900 pixels wide; text it has no glyphs for is left out."""
    if isinstance(spec, Curve):
        return curves.paint(spec)
    if isinstance(spec, WeekChart):
        return week.paint(spec)
    if isinstance(spec, StripChart):
        return strips.paint(spec)
    return _bars(spec) if isinstance(spec, BarChart) else _health(spec)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a panel stands, and how times and values become pixels in it."""

    sheet: Sheet
    spec: HealthChart
    bottom: float
    top_value: float
    scale: float
    unit: str

    def x(self, at_s: float) -> float:
        """Return the column of a time."""
        share = (at_s - self.spec.since_s) / max(self.spec.until_s - self.spec.since_s, 1.0)
        return LEFT + share * (RIGHT - LEFT)

    def y(self, value: float) -> float:
        """Return the row of a value, kept on the plate."""
        share = min(max(value / self.scale / self.top_value, 0.0), 1.0)
        return self.bottom + share * PLATE_TALL

    @property
    def top(self) -> float:
        """The upper edge of the plate."""
        return self.bottom + PLATE_TALL


def _health(spec: HealthChart) -> bytes:
    sheet = Sheet(FOOT + PANEL * len(spec.panels))
    ticks = time_ticks(spec.since_s, spec.until_s, spec.zone)
    for row, panel in enumerate(spec.panels):
        points = [
            p for p in panel.points if spec.since_s <= p[0] <= spec.until_s and math.isfinite(p[1])
        ]
        top, scale, unit = scale_of(panel, [value for _, value in points], spec.words)
        frame = Frame(sheet, spec, sheet.tall - PANEL * (row + 1) + 10, top, scale, unit)
        _plate(frame, ticks, labelled=row == len(spec.panels) - 1)
        _panel(frame, panel, points, LINES[row % len(LINES)])
    return sheet.png()


def _plate(frame: Frame, ticks: Sequence[tuple[float, str]], *, labelled: bool) -> None:
    sheet, bottom = frame.sheet, frame.bottom
    sheet.box((LEFT, bottom), RIGHT - LEFT, PLATE_TALL, facecolor=PLATE, edgecolor="none")
    for at, label in ticks:
        x = frame.x(at)
        sheet.line([x, x], [bottom, frame.top], color=GRID, linewidth=1)
        if labelled:
            place = min(x, WIDE - 40)  # the last one would be cut at the edge
            sheet.text(place, bottom - 12, label, color=DIM, size=SMALL, ha="center", va="top")
    unit = frame.unit.removesuffix("%")
    top = short(frame.top_value, frame.spec.words)
    style = {"color": DIM, "size": SMALL, "ha": "right"}
    if unit and wide(f"{top} {unit}", SMALL) > LEFT - 20:  # the unit goes below
        sheet.text(LEFT - 12, frame.top - 16, unit, va="top", **style)
        unit = ""
    for share, label in ((0.0, "0"), (0.5, ""), (1.0, f"{top} {unit}")):
        y = bottom + share * PLATE_TALL
        sheet.line([LEFT, RIGHT], [y, y], color=GRID, linewidth=1)
        sheet.text(LEFT - 12, y, fitting(label, LEFT - 18, SMALL), va="center", **style)


def _panel(frame: Frame, panel: Panel, points: Sequence[tuple[float, float]], colour: str) -> None:
    sheet, spec, head = frame.sheet, frame.spec, frame.top + 12
    sheet.text(LEFT, head, drawable(panel.title), color=INK, size=BIG)
    if not points:
        middle = ((LEFT + RIGHT) / 2, (frame.bottom + frame.top) / 2)
        said = drawable(spec.words.no_data)
        sheet.text(*middle, said, color=DIM, size=BIG, ha="center", va="center")
    recent = bool(points) and spec.until_s - points[-1][0] <= spec.gap_s
    now = panel.now if recent else "–"
    style = {"color": colour if recent else DIM, "size": BIG + 4, "weight": "bold"}
    sheet.text(RIGHT, head, drawable(now, 14), ha="right", **style)
    full: list[Box] = []
    for times, values in segments(thin(points), spec.gap_s):
        xs, ys = [frame.x(at) for at in times], [frame.y(value) for value in values]
        area = [(xs[0], frame.bottom), *zip(xs, ys, strict=True), (xs[-1], frame.bottom)]
        sheet.area(area, colour)
        dot = {"marker": "o", "markersize": 7} if len(xs) == 1 else {}
        sheet.line(xs, ys, color=colour, linewidth=3, **dot)
        full += around([*zip(xs, ys, strict=True)])
    if panel.limit is not None:
        _limit(frame, panel, full)


def _limit(frame: Frame, panel: Panel, full: list[Box]) -> None:
    y, said = frame.y(panel.limit or 0.0), drawable(panel.limit_text, 24)
    frame.sheet.line([LEFT, RIGHT], [y, y], color=ALARM, linewidth=2, linestyle=DASHES)
    above, below = y + 9, y - 9 - LETTERS
    near = (below, above) if y > frame.bottom + 0.75 * PLATE_TALL else (above, below)
    rows = (*near, below - 1.5 * LETTERS)  # below a flat line just under the limit
    plate = Box(LEFT, RIGHT, frame.bottom, frame.top)
    place = freest(plate, (wide(said, SMALL - 2), LETTERS), rows, full)
    box = {"facecolor": PLATE, "edgecolor": "none", "pad": 1.5, "alpha": 0.8}
    style = {"color": ALARM, "size": SMALL - 2, "va": "bottom", "bbox": box}
    frame.sheet.text(place.left, place.bottom, said, **style)


def _bars(spec: BarChart) -> bytes:
    rows = len(spec.bars) or 2
    highest = max((bar.value for bar in spec.bars), default=1.0) or 1.0
    floor = spec.floor if spec.floor is not None and spec.floor >= highest * LEAST_MARK else None
    highest = max(highest, floor or 0.0)  # where all is below it, it is on the sheet all the same
    sheet = Sheet(30 + ROW * rows + (35 if floor is not None else 0))
    for row, bar in enumerate(spec.bars):
        _bar(sheet, bar, 20 + ROW * (rows - 1 - row), highest)
    if not spec.bars:
        style = {"color": DIM, "size": BIG, "ha": "center", "va": "center"}
        sheet.text(WIDE / 2, sheet.tall / 2, drawable(spec.empty_text), **style)
    elif floor is not None:
        x = MARGIN + _length(floor, highest)
        for row in range(rows):
            sheet.line([x, x], [16 + ROW * row, 74 + ROW * row], color=ALARM, linewidth=2)
        style = {"color": ALARM, "size": SMALL, "va": "center"}
        said = drawable(spec.floor_text)
        if x + wide(f"▾ {said}", SMALL) <= WIDE - MARGIN:
            sheet.text(x - 6, sheet.tall - 28, f"▾ {said}", **style)
        else:
            sheet.text(x + 6, sheet.tall - 28, f"{said} ▾", ha="right", **style)
    return sheet.png()


def _length(value: float, highest: float) -> float:
    return value / highest * 0.72 * (WIDE - 2 * MARGIN)


def _bar(sheet: Sheet, bar: Bar, bottom: float, highest: float) -> None:
    looks: dict[str, dict[str, Any]] = {
        "given": {"facecolor": BAR, "edgecolor": BAR},
        "computed": {"facecolor": PLATE, "edgecolor": BAR_LINE, "hatch": "//"},
    }
    look = looks.get(bar.provenance, {"facecolor": PLATE, "edgecolor": BAR_LINE, "linestyle": "--"})
    long = max(_length(bar.value, highest), 4.0)
    sheet.box((MARGIN, bottom), long, 46, linewidth=2, **look)
    place: dict[str, Any] = {"y": bottom + 70, "size": BIG, "va": "center"}
    sheet.text(MARGIN, text=f"{bar.rank}.", color=DIM, **place)
    indent = max(36, wide(f"{bar.rank}.", BIG) + 14)
    sheet.text(MARGIN + indent, text=drawable(bar.label, 46), color=INK, **place)
    style: dict[str, Any] = {"color": BAR_LINE, "size": BIG, "weight": "bold", "va": "center"}
    left = MARGIN + long + 12
    said = fitting(bar.text, (WIDE - MARGIN - left) / BOLD, BIG)
    style["bbox"] = {"facecolor": CARD, "edgecolor": "none", "pad": 3}  # the mark stays behind
    sheet.text(left, bottom + 23, said, **style)
