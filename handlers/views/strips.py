"""The picture of how things were: a strip of cells for each, up, down or not looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.views.axes import clock_axis
from handlers.views.plots import Cell, Legend, Strip, StripChart
from handlers.views.sheet import (
    ALARM,
    BIG,
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

LEFT, RIGHT = 27, 873
ROW, TALL = 104, 34
HEAD, FOOT = 66, 50
UP, UNKNOWN = LINES[0], "#6F8093"
THIN = 0.42  # of a cell's height: what is well, or not known, keeps in the background
LEAST = 5.0  # pixels in which a short time down is still seen
KEY = 230.0  # pixels at most for a word of the legend
EXACT = 0.995


@dataclass(frozen=True, slots=True)
class Place:
    """The box of a strip on the sheet, from its lower left corner."""

    x: float
    y: float
    wide: float
    tall: float


def paint(spec: StripChart) -> bytes:
    """Return the picture as PNG."""
    rows = max(len(spec.strips), 1)
    sheet = Sheet(HEAD + ROW * rows + FOOT)
    keys(sheet, spec.legend, sheet.tall - 40, LEFT)
    _times(sheet, spec)
    for row, each in enumerate(spec.strips):
        _row(sheet, each, sheet.tall - HEAD - ROW * (row + 1))
    if not spec.strips:
        style = {"color": DIM, "size": BIG, "ha": "center", "va": "center"}
        sheet.text(WIDE / 2, FOOT + ROW / 2, drawable(spec.words.no_data), **style)
    return sheet.png()


def _row(sheet: Sheet, strip: Strip, bottom: float) -> None:
    line = bottom + TALL + 20
    text = drawable(strip.text, 44)
    room = RIGHT - LEFT - wide(text, SMALL) - 24
    sheet.text(LEFT, line, fitting(strip.label, room, BIG), color=INK, size=BIG)
    sheet.text(RIGHT, line, text, color=DIM, size=SMALL, ha="right")
    cells(sheet, strip.cells, Place(LEFT, bottom, RIGHT - LEFT, TALL))


def _times(sheet: Sheet, spec: StripChart) -> None:
    span = max(spec.until_s - spec.since_s, 1.0)
    for at, label in clock_axis(spec.since_s, spec.until_s, spec.zone, spec.words):
        x = LEFT + (at - spec.since_s) / span * (RIGHT - LEFT)
        for row in range(len(spec.strips)):
            bottom = sheet.tall - HEAD - ROW * (row + 1)
            sheet.line([x, x], [bottom - 4, bottom + TALL + 4], color=GRID, linewidth=1)
        said = drawable(label, 9)
        place = min(max(x, LEFT + 36), RIGHT - 36)
        sheet.text(place, FOOT - 10, said, color=DIM, size=SMALL, ha="center", va="top")


def cells(sheet: Sheet, shown: Sequence[Cell], place: Place) -> None:
    """Draw cells side by side: calm where all was well, a full block where it was not.

    Of a cell the first part is up, the second down, the rest hatched: nobody knows.
    """
    if not shown:
        _hatched(sheet, place.x, place.x + place.wide, place)
        return
    each = place.wide / len(shown)
    for begin, end, cell in _runs(shown):
        left, right = place.x + each * begin, place.x + each * end
        if end - begin > 1:
            (_calm if cell.up else _hatched)(sheet, left, right, place)
            continue
        up = left + (right - left) * min(max(cell.up, 0.0), 1.0)
        down = up + (right - left) * min(max(cell.down, 0.0), 1.0)
        if cell.down > 0 and down - up < LEAST:
            up = max(left, down - LEAST)
            down = min(right, up + LEAST)
        _calm(sheet, left, up, place)
        _hatched(sheet, down, right, place)
        if down > up:
            style = {"facecolor": ALARM, "linewidth": 0}
            sheet.box((up, place.y), down - up, place.tall, **style)


def _runs(shown: Sequence[Cell]) -> list[tuple[int, int, Cell]]:
    """Return equal neighbours that are all up, or all unknown, as one: no seams, less to draw."""
    runs: list[tuple[int, int, Cell]] = []
    for at, cell in enumerate(shown):
        whole = cell.up >= EXACT or cell.up == cell.down == 0
        known = Cell(1.0, 0.0) if cell.up >= EXACT and not cell.down else cell
        if runs and whole and runs[-1][2] == known and not known.down:
            runs[-1] = (runs[-1][0], at + 1, known)
        else:
            runs.append((at, at + 1, known))
    return runs


def _calm(sheet: Sheet, left: float, right: float, place: Place) -> None:
    if right - left > 0.5:  # noqa: PLR2004  (less than a pixel)
        corner, tall = _band(left, place)
        sheet.box(corner, right - left, tall, facecolor=UP, linewidth=0)


def _hatched(sheet: Sheet, left: float, right: float, place: Place) -> None:
    if right - left > 0.5:  # noqa: PLR2004  (less than a pixel)
        corner, tall = _band(left, place)
        style = {"facecolor": PLATE, "edgecolor": UNKNOWN, "hatch": "////", "linewidth": 1}
        sheet.box(corner, right - left, tall, **style)


def _band(left: float, place: Place) -> tuple[tuple[float, float], float]:
    tall = place.tall * THIN
    return (left, place.y + (place.tall - tall) / 2), tall


def keys(sheet: Sheet, legend: Legend, y: float, x: float) -> None:
    """Draw what the looks of a cell mean, from `x` on."""
    for said, cell in ((legend.up, Cell(1, 0)), (legend.down, Cell(0, 1)), (legend.unknown, None)):
        text = fitting(said, KEY, SMALL)
        cells(sheet, [cell] if cell else [], Place(x, y - 9, 34, 24))
        sheet.text(x + 44, y + 3, text, color=DIM, size=SMALL, va="center")
        x += 44 + wide(text, SMALL) + 30
