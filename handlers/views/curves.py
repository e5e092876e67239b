"""The picture of one series: its line, its range, its limit, and the incidents about it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.views.axes import Axis, clock_axis, value_axis
from handlers.views.placing import Box, around, freest
from handlers.views.plots import Curve, Mark, Point
from handlers.views.sheet import (
    ALARM,
    BIG,
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

TALL = 540
LEFT, RIGHT = 118, 873
BOTTOM, TOP = 58, 450
COLOUR = LINES[0]
NARROWEST = 4.0  # a shaded minute is still seen
ASIDE = 24.0  # how far from its mark a label may stand
APART = 16.0  # of two texts on one line
BOLD = 1.15  # times as wide as plain letters
NOW = 400.0
FAR = 20.0
BAND, EDGE = 0.35, 0.6
SHADE = 0.22
LETTERS = 26.0  # how tall a line of small ones is


@dataclass(frozen=True, slots=True)
class Plate:
    """Where times and values become pixels."""

    spec: Curve
    axis: Axis

    def x(self, at_s: float) -> float:
        """Return the column of a time, kept on the plate."""
        share = (at_s - self.spec.since_s) / max(self.spec.until_s - self.spec.since_s, 1.0)
        return LEFT + min(max(share, 0.0), 1.0) * (RIGHT - LEFT)

    def y(self, value: float) -> float:
        """Return the row of a value, kept on the plate."""
        return BOTTOM + self.axis.share(value) * (TOP - BOTTOM)


def paint(spec: Curve) -> bytes:
    """Return the picture as PNG."""
    sheet, points = Sheet(TALL), [p for p in spec.points if _drawable(p, spec)]
    known = [value for p in points for value in (p.low, p.high)]
    far = _far(spec, max(map(abs, known), default=0.0))
    shown = known if spec.limit is None or far else [*known, _reach(spec)]
    plate = Plate(spec, value_axis(shown, spec.full, spec.ladder, spec.words, spec.step))
    sheet.box((LEFT, BOTTOM), RIGHT - LEFT, TOP - BOTTOM, facecolor=PLATE, edgecolor="none")
    _shades(sheet, plate)
    _times(sheet, plate)
    if points:
        _values(sheet, plate)
    _head(sheet, spec)
    if not points:
        middle = ((LEFT + RIGHT) / 2, (BOTTOM + TOP) / 2)
        said = drawable(spec.words.no_data)
        sheet.text(*middle, said, color=DIM, size=BIG, ha="center", va="center")
    for run in _runs(points, spec.gap_s):
        _run(sheet, plate, run)
    if far:
        _label(sheet, plate, f"{spec.limit_text} ↑", TOP, points)
    elif spec.limit is not None:
        y = plate.y(spec.limit)
        sheet.line([LEFT, RIGHT], [y, y], color=ALARM, linewidth=2, linestyle=DASHES)
        _label(sheet, plate, spec.limit_text, y, points)
    return sheet.png()


def _far(spec: Curve, highest: float) -> bool:
    """Return whether the limit is so far above all values that these would be a flat line."""
    if spec.limit is None or spec.floor or spec.full:
        return False
    return 0 < highest * FAR < spec.limit


def _reach(spec: Curve) -> float:
    """Return how high the axis has to be for the limit."""
    limit = spec.limit or 0.0
    return limit if limit <= spec.full else limit * 1.1


def _drawable(point: Point, spec: Curve) -> bool:
    return spec.since_s <= point.at_s <= spec.until_s and all(map(math.isfinite, point))


def _runs(points: Sequence[Point], gap_s: float) -> list[list[Point]]:
    """Return the points in runs with no gap between neighbours."""
    runs: list[list[Point]] = []
    for point in points:
        if not runs or point.at_s - runs[-1][-1].at_s > gap_s:
            runs.append([])
        runs[-1].append(point)
    return runs


def _head(sheet: Sheet, spec: Curve) -> None:
    line = sheet.tall - 48
    now = fitting(spec.now or "–", NOW, BIG + 4)
    room = RIGHT - 27 - BOLD * wide(now, BIG + 4) - APART
    sheet.text(27, line, fitting(spec.title, room, BIG), color=INK, size=BIG)
    style = {"color": COLOUR if spec.now else DIM, "size": BIG + 4, "weight": "bold"}
    sheet.text(RIGHT, line, now, ha="right", **style)


def _times(sheet: Sheet, plate: Plate) -> None:
    spec = plate.spec
    for at, label in clock_axis(spec.since_s, spec.until_s, spec.zone, spec.words):
        x = plate.x(at)
        sheet.line([x, x], [BOTTOM, TOP], color=GRID, linewidth=1)
        place = min(x, WIDE - 60)  # the last one would be cut at the edge
        said = drawable(label, 9)
        sheet.text(place, BOTTOM - 12, said, color=DIM, size=SMALL, ha="center", va="top")


def _values(sheet: Sheet, plate: Plate) -> None:
    axis = plate.axis
    style = {"color": DIM, "size": SMALL, "ha": "right"}
    for value, label in axis.ticks:
        y = plate.y(value)
        sheet.line([LEFT, RIGHT], [y, y], color=GRID, linewidth=1)
        said = drawable(axis.form.format(x=label) if value == axis.top else label)
        if wide(said, SMALL) > LEFT - 20:  # the unit goes below
            unit = drawable(axis.form.format(x=""))
            sheet.text(LEFT - 10, y - 16, unit, va="top", **style)
            said = drawable(label)
        sheet.text(LEFT - 10, y, said, va="center", **style)


def _shades(sheet: Sheet, plate: Plate) -> None:
    """Shade each incident, under a bar that needs no colour; name it where there is room."""
    free = 0.0
    for mark in sorted(plate.spec.marks, key=lambda each: each.since_s):
        left, right = _span(plate, mark)
        across = right - left
        sheet.box((left, BOTTOM), across, TOP - BOTTOM, facecolor=ALARM, alpha=SHADE, linewidth=0)
        sheet.box((left, TOP), across, 6, facecolor=ALARM, linewidth=0)
        label = drawable(mark.label, 12)
        half = wide(label, SMALL - 2) / 2
        middle = min(max((left + right) / 2, LEFT + half), RIGHT - half)
        place = max(middle, free + half)
        if place - middle <= ASIDE and place + half <= RIGHT:
            style = {"color": ALARM, "size": SMALL - 2, "ha": "center"}
            sheet.text(place, TOP + 12, label, **style)
            free = place + half + APART / 2


def _span(plate: Plate, mark: Mark) -> tuple[float, float]:
    left, right = plate.x(mark.since_s), plate.x(mark.until_s)
    if right - left < NARROWEST:
        left = min(left, RIGHT - NARROWEST)
        right = left + NARROWEST
    return left, right


def _run(sheet: Sheet, plate: Plate, run: Sequence[Point]) -> None:
    xs, ys = [plate.x(p.at_s) for p in run], [plate.y(p.mean) for p in run]
    ranged = any(p.low < p.high for p in run)
    lows = [plate.y(p.low) for p in run] if ranged else [plate.y(0.0)] * len(run)
    highs = [plate.y(p.high) for p in run] if ranged else ys
    around = [*zip(xs, lows, strict=True), *reversed([*zip(xs, highs, strict=True)])]
    sheet.area(around, COLOUR, BAND if ranged else 0.18)
    dot = {"marker": "o", "markersize": 7} if len(run) == 1 else {}
    if len(run) == 1 and ranged:
        sheet.line([xs[0], xs[0]], [lows[0], highs[0]], color=COLOUR, linewidth=3, alpha=BAND)
    elif ranged:
        for edge in (lows, highs):
            sheet.line(xs, edge, color=COLOUR, linewidth=1, alpha=EDGE)
    sheet.line(xs, ys, color=COLOUR, linewidth=3, **dot)


def _label(sheet: Sheet, plate: Plate, text: str, y: float, points: Sequence[Point]) -> None:
    """Name the limit at that row, above its line or below it, where the curve is least in the way.

    The first place that is free is taken, from the left.
    """
    said, runs = drawable(text, 30), _runs(points, plate.spec.gap_s)
    full = [
        box for run in runs for box in around([(plate.x(p.at_s), plate.y(p.mean)) for p in run])
    ]
    above, below = y + 9, y - 9 - LETTERS
    rows = (below, above) if y > BOTTOM + 0.8 * (TOP - BOTTOM) else (above, below)
    spot = Box(LEFT, RIGHT, BOTTOM, TOP)
    place = freest(spot, (wide(said, SMALL - 1), LETTERS), rows, full)
    box = {"facecolor": PLATE, "edgecolor": "none", "pad": 1.5, "alpha": 0.8}
    style = {"color": ALARM, "size": SMALL - 1, "va": "bottom", "bbox": box}
    sheet.text(place.left, place.bottom, said, **style)
