"""The picture of one series: its line, its range, its limit, and the incidents about it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.views.axes import Axis, clock_axis, value_axis
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
)

TALL = 540
LEFT, RIGHT = 118, 873
BOTTOM, TOP = 58, 450
COLOUR = LINES[0]
NARROWEST = 4.0  # a shaded minute is still seen
LABEL_ROOM = 12.0  # pixels a sign of a mark's label takes, give or take
BAND = 0.35
SHADE = 0.22
TITLE = 38


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
    shown = known if spec.limit is None else [*known, spec.limit * 1.1]
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
    if spec.limit is not None:
        _limit(sheet, plate, spec.limit)
    return sheet.png()


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
    sheet.text(27, line, drawable(spec.title, TITLE), color=INK, size=BIG)
    style = {"color": COLOUR if spec.now else DIM, "size": BIG + 4, "weight": "bold"}
    sheet.text(RIGHT, line, drawable(spec.now or "–", 14), ha="right", **style)


def _times(sheet: Sheet, plate: Plate) -> None:
    spec = plate.spec
    for at, label in clock_axis(spec.since_s, spec.until_s, spec.zone, spec.words):
        x = plate.x(at)
        sheet.line([x, x], [BOTTOM, TOP], color=GRID, linewidth=1)
        place = min(x, WIDE - 60)  # the last one would be cut at the edge
        said = drawable(label, 9)
        sheet.text(place, BOTTOM - 12, said, color=DIM, size=SMALL, ha="center", va="top")


def _values(sheet: Sheet, plate: Plate) -> None:
    for value, label in plate.axis.ticks:
        y = plate.y(value)
        sheet.line([LEFT, RIGHT], [y, y], color=GRID, linewidth=1)
        said = drawable(label, 9)
        sheet.text(LEFT - 10, y, said, color=DIM, size=SMALL, ha="right", va="center")


def _shades(sheet: Sheet, plate: Plate) -> None:
    """Shade each incident, under a bar that needs no colour; name it where there is room."""
    free = 0.0
    for mark in sorted(plate.spec.marks, key=lambda each: each.since_s):
        left, right = _span(plate, mark)
        wide = right - left
        sheet.box((left, BOTTOM), wide, TOP - BOTTOM, facecolor=ALARM, alpha=SHADE, linewidth=0)
        sheet.box((left, TOP), wide, 6, facecolor=ALARM, linewidth=0)
        label = drawable(mark.label, 12)
        half = len(label) * LABEL_ROOM / 2
        middle = min(max((left + right) / 2, LEFT + half), RIGHT - half)
        if middle - half > free:
            style = {"color": ALARM, "size": SMALL - 2, "ha": "center"}
            sheet.text(middle, TOP + 12, label, **style)
            free = middle + half


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
    sheet.line(xs, ys, color=COLOUR, linewidth=3, **dot)


def _limit(sheet: Sheet, plate: Plate, limit: float) -> None:
    y = plate.y(limit)
    sheet.line([LEFT, RIGHT], [y, y], color=ALARM, linewidth=2, linestyle=DASHES)
    box = {"facecolor": PLATE, "edgecolor": "none", "pad": 1.5, "alpha": 0.8}
    below = y > BOTTOM + 0.8 * (TOP - BOTTOM)
    style = {"color": ALARM, "size": SMALL - 2, "va": "top" if below else "bottom", "bbox": box}
    said = drawable(plate.spec.limit_text, 24)
    sheet.text(LEFT + 10, y - 9 if below else y + 9, said, **style)
