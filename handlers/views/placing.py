"""Where a label stands least in the way of a line. Pure sums, in pixels."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

NEAR = 3.0
APART = 40  # from one place to the next


class Box(NamedTuple):
    """Some pixels of a picture."""

    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: "Box") -> bool:
        """Return whether two have any pixel in common, or nearly so."""
        beside = self.left - NEAR > other.right or self.right + NEAR < other.left
        return not beside and self.bottom - NEAR <= other.top and self.top + NEAR >= other.bottom


def around(line: Sequence[tuple[float, float]]) -> list[Box]:
    """Return a box around each stretch of a line."""
    return [
        Box(a[0], b[0], min(a[1], b[1]), max(a[1], b[1]))
        for a, b in pairwise([*line[:1], *line])
    ]  # fmt: skip


def freest(plate: Box, label: tuple[float, float], rows: Sequence[float], full: list[Box]) -> Box:
    """Return where on the plate a label, so wide and so tall, meets least of what is full.

    It stands on one of the rows, the first one at best, and as far to the left as it can.
    """
    wide, tall = label
    places = [
        Box(x, x + wide, row, row + tall)
        for row in rows
        if plate.bottom < row < plate.top - tall
        for x in range(int(plate.left) + 10, int(plate.right - 9 - wide), APART)
    ]
    return min(places, key=lambda place: sum(map(place.meets, full)))
