"""The picture of a week: what was new, stacked by source, its median ROI, how each source was."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handlers.views.plots import Stack, Strip, WeekChart, Words
from handlers.views.sheet import (
    BIG,
    DIM,
    GRID,
    INK,
    LINES,
    PLATE,
    SMALL,
    Sheet,
    drawable,
    fitting,
)
from handlers.views.strips import UNKNOWN, Place, cells, keys

# Neighbours differ in lightness too, for every kind of colour blindness; all others are pale.
LAYERS = (*LINES[:3], "#6A5BD0", *LINES[3:], "#F4EFA0", "#C9D2DB")
LEFT, RIGHT = 215, 873
MARGIN = 27
TITLE, GAP = 44, 26
KEY_ROW, KEYS, KEY = 36, 3, 285  # legend entries a row, and how wide they are
NEW_TALL, ROI_TALL, DAYS_TALL = 220, 150, 44
STRIP, STRIP_TALL = 44, 30
BAR, WIDEST = 0.62, 90.0  # of a day's width; pixels
HEADROOM, ROI_HEADROOM = 1.22, 1.6  # for the figure above the highest bar or point
KILO, MEGA = 1e3, 1e6
PLAIN = 10_000
FOOT = 36.0  # pixels a figure takes below its point


@dataclass(frozen=True, slots=True)
class Plate:
    """A panel's box, and how days and values become pixels in it; zero is at `foot`."""

    sheet: Sheet
    days: int
    bottom: float
    tall: float
    top_value: float = 1.0
    foot: float = 0.0

    @property
    def bar(self) -> float:
        """The width of one day's column."""
        return min(self.wide * BAR, WIDEST)

    @property
    def wide(self) -> float:
        """The width of one day."""
        return (RIGHT - LEFT) / max(self.days, 1)

    def x(self, day: int) -> float:
        """Return the middle of a day."""
        return LEFT + self.wide * (day + 0.5)

    def y(self, value: float) -> float:
        """Return the row of a value, kept on the plate."""
        share = min(max(value / self.top_value, 0.0), 1.0)
        return self.bottom + self.foot + share * (self.tall - self.foot)


def paint(spec: WeekChart) -> bytes:
    """Return the picture as PNG."""
    key_rows = math.ceil(len(spec.stacks) / KEYS)
    strips = len(spec.strips) + bool(spec.more)
    tall = 2 * TITLE + KEY_ROW * key_rows + NEW_TALL + GAP + ROI_TALL + DAYS_TALL
    tall += TITLE + KEY_ROW + STRIP * strips + 2 * GAP if spec.strips else GAP
    sheet = Sheet(tall)
    y = tall - TITLE
    sheet.text(MARGIN, y, drawable(spec.titles[0], 40), color=INK, size=BIG)
    y -= KEY_ROW * key_rows
    _key(sheet, spec.stacks, y)
    y -= NEW_TALL + 12
    _columns(Plate(sheet, len(spec.days), y, NEW_TALL, _top(_totals(spec), HEADROOM)), spec)
    y -= TITLE
    sheet.text(MARGIN, y, drawable(spec.titles[1], 40), color=INK, size=BIG)
    y -= ROI_TALL + 14
    known = [each for each in spec.line if each is not None and math.isfinite(each)]
    _line(Plate(sheet, len(spec.days), y, ROI_TALL, _top(known, ROI_HEADROOM), FOOT), spec)
    for day, label in enumerate(spec.days):
        x = LEFT + (RIGHT - LEFT) / len(spec.days) * (day + 0.5)
        style = {"color": DIM, "size": SMALL, "ha": "center", "va": "top"}
        sheet.text(x, y - 10, drawable(label, 7), **style)
    if spec.strips:
        _strips(sheet, spec, y - DAYS_TALL)
    return sheet.png()


def _top(values: Sequence[float], room: float) -> float:
    return min(max([*values, 0.0]), 1e300) * room or 1.0


def _totals(spec: WeekChart) -> list[float]:
    return [sum(_of(spec.stacks, day)) for day in range(len(spec.days))]


def _of(stacks: Sequence[Stack], day: int) -> list[float]:
    """Return what each layer has of a day."""
    values = (each.values[day] for each in stacks)
    return [value if value is not None and math.isfinite(value) else 0.0 for value in values]


def _key(sheet: Sheet, stacks: Sequence[Stack], bottom: float) -> None:
    rows = math.ceil(len(stacks) / KEYS)
    for at, each in enumerate(stacks):
        if not each.label:
            continue
        x = MARGIN + at % KEYS * KEY
        y = bottom + KEY_ROW * (rows - 1 - at // KEYS) + 4
        sheet.box((x, y - 10), 22, 22, facecolor=LAYERS[at % len(LAYERS)], linewidth=0)
        style = {"color": DIM, "size": SMALL, "va": "center"}
        sheet.text(x + 32, y, fitting(each.label, KEY - 52, SMALL), **style)


def _columns(plate: Plate, spec: WeekChart) -> None:
    _ground(plate)
    unknown = [d for d in range(len(spec.days)) if all(s.values[d] is None for s in spec.stacks)]
    if len(unknown) == len(spec.days):
        return _nothing(plate, spec.words)
    for day, total in enumerate(_totals(spec)):
        if day in unknown:
            _blank(plate, day)
            continue
        below = 0.0
        for layer, value in enumerate(_of(spec.stacks, day)):
            _box(plate, day, below, below + value, LAYERS[layer % len(LAYERS)])
            below += value
        style = {"color": INK, "size": SMALL, "ha": "center", "va": "bottom"}
        plate.sheet.text(plate.x(day), plate.y(total) + 5, compact(total, spec.words), **style)
    return None


def _ground(plate: Plate) -> None:
    box = {"facecolor": PLATE, "edgecolor": "none"}
    plate.sheet.box((LEFT, plate.bottom), RIGHT - LEFT, plate.tall, **box)
    plate.sheet.line([LEFT, RIGHT], [plate.bottom] * 2, color=GRID, linewidth=2)


def _nothing(plate: Plate, words: Words) -> None:
    x, y = (LEFT + RIGHT) / 2, plate.bottom + plate.tall / 2
    said = drawable(words.no_data)
    plate.sheet.text(x, y, said, color=DIM, size=BIG, ha="center", va="center")


def _box(plate: Plate, day: int, low: float, high: float, colour: str) -> None:
    bottom, top = plate.y(low), plate.y(high)
    if top - bottom < 0.5:  # noqa: PLR2004  (less than a pixel)
        return
    gap = 2.0 if top - bottom > 6 else 0.0  # noqa: PLR2004  (layers stay apart where there is room)
    left = plate.x(day) - plate.bar / 2
    plate.sheet.box((left, bottom), plate.bar, top - bottom - gap, facecolor=colour, linewidth=0)


def _blank(plate: Plate, day: int) -> None:
    """Hatch a day of which nothing is known, as high as any."""
    left = plate.x(day) - plate.bar / 2
    style = {"facecolor": PLATE, "edgecolor": UNKNOWN, "hatch": "//", "linewidth": 1}
    plate.sheet.box((left, plate.bottom), plate.bar, plate.tall * 0.8, **style)


def _line(plate: Plate, spec: WeekChart) -> None:
    _ground(plate)
    runs: list[list[int]] = [[]]
    for day, value in enumerate(spec.line):
        if value is None or not math.isfinite(value):
            runs.append([])
        else:
            runs[-1].append(day)
    if not any(runs):
        return _nothing(plate, spec.words)
    for run in runs:
        xs = [plate.x(day) for day in run]
        ys = [plate.y(spec.line[day] or 0.0) for day in run]
        plate.sheet.line(xs, ys, color=INK, linewidth=3, marker="o", markersize=8)
        for day, y in zip(run, ys, strict=True):
            _figure(plate, spec, day, y)
    return None


def _figure(plate: Plate, spec: WeekChart, day: int, y: float) -> None:
    under = _valley(spec.line, day)
    style: dict[str, Any] = {"color": INK, "size": SMALL, "ha": "center"}
    style |= {"y": y - 9, "va": "top"} if under else {"y": y + 9, "va": "bottom"}
    plate.sheet.text(plate.x(day), text=drawable(spec.line_texts[day], 7), **style)


def _valley(line: Sequence[float | None], day: int) -> bool:
    """Return whether the line comes down to this day and goes up again: its figure stands below."""
    here, beside = line[day], [*line[max(day - 1, 0) : day], *line[day + 1 : day + 2]]
    return (
        here is not None
        and bool(beside)
        and all(each is not None and each > here for each in beside)
    )


def _strips(sheet: Sheet, spec: WeekChart, y: float) -> None:
    y -= TITLE
    sheet.text(MARGIN, y, drawable(spec.titles[2], 40), color=INK, size=BIG)
    y -= KEY_ROW
    keys(sheet, spec.legend, y, MARGIN)
    y -= 14
    for each in spec.strips:
        y -= STRIP
        _strip(sheet, each, y)
    style = {"color": DIM, "size": SMALL, "va": "center"}
    sheet.text(MARGIN, y - STRIP + STRIP_TALL / 2, drawable(spec.more, 60), **style)


def _strip(sheet: Sheet, strip: Strip, y: float) -> None:
    middle = y + STRIP_TALL / 2
    label = fitting(strip.label, LEFT - MARGIN - 10, SMALL)
    sheet.text(MARGIN, middle, label, color=INK, size=SMALL, va="center")
    each = (RIGHT - LEFT) / max(len(strip.cells), 1)
    for day, cell in enumerate(strip.cells):
        cells(sheet, [cell], Place(LEFT + each * day + 4, y, each - 8, STRIP_TALL))


def compact(value: float, words: Words) -> str:
    """Return a count in a few signs: `412`, `12.3k`, `3.4M`."""
    if value < PLAIN:
        return f"{value:.0f}"
    for size, sign in ((KILO, "k"), (MEGA, "M")):
        if value < KILO * size:
            return f"{value / size:.1f}".replace(".", words.decimal) + sign
    digit, _, power = f"{value:.0e}".partition("e")
    return f"{digit}e{int(power)}"
