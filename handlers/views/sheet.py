"""The card every picture is drawn on: colours, letters, lines; the only door to matplotlib.

Everything is laid out by hand, in pixels from the lower left: axes and their ticks, which these
pictures do not need, cost more than half of a plain matplotlib figure.
"""

import io
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from handlers.views.text import WORD_JOINER

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.ft2font import FT2Font

CARD, PLATE, INK, DIM, GRID, ALARM = (
    "#1B222C",
    "#232C38",
    "#F2F5F8",
    "#9FB0C0",
    "#384556",
    "#FF8A6B",
)
LINES = ("#56B4E9", "#E6A81C", "#3CCB9B", "#DE8FC0")
DASHES = (0, (5, 3))
WIDE, DPI = 900, 100
BIG, SMALL = 20, 17
FONT, BOX = "DejaVu Sans", "□"
SUBPIXELS = 64.0


def _font() -> "FT2Font":
    from matplotlib import font_manager as fonts  # noqa: PLC0415  (heavy)

    return fonts.get_font(fonts.findfont(FONT))


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(_font().get_charmap())


def drawable(text: str, most: int = 60) -> str:
    """Return what the font can draw of a text, on one line, at most that many signs.

    A letter it lacks is a box, so that a name in other letters is seen to be there; other signs
    are left out, unless there is nothing else.
    """
    known = _glyphs()
    whole = "".join(ch if ch.isprintable() else " " for ch in text.replace(WORD_JOINER, ""))
    kept = "".join(ch if ord(ch) in known else BOX if ch.isalnum() else " " for ch in whole)
    line = " ".join(kept.split()) or BOX * bool(whole.strip())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def wide(text: str, size: float) -> float:
    """Return how many pixels a line takes."""
    font = _font()
    font.set_size(size, DPI)
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0]) / SUBPIXELS


def fitting(text: str, room: float, size: float) -> str:
    """Return the line if it fits into that many pixels, else its beginning and its end."""
    line = drawable(text)
    if wide(line, size) <= room:
        return line
    for kept in range(len(line) - 1, 0, -1):
        head, tail = line[: (kept + 1) // 2].rstrip(), line[len(line) - kept // 2 :].lstrip()
        if wide(f"{head}…{tail}", size) <= room:
            return f"{head}…{tail}"
    return "…"


class Sheet:
    """A dark card of that many pixels, readable in light chats and in dark ones."""

    def __init__(self, tall: int) -> None:
        from matplotlib.figure import Figure  # noqa: PLC0415  (heavy)
        from matplotlib.transforms import IdentityTransform  # noqa: PLC0415  (heavy)

        size = (WIDE / DPI, tall / DPI)
        self.tall = tall
        self._figure: Figure = Figure(figsize=size, dpi=DPI, facecolor=CARD)
        self._pixels = IdentityTransform()

    def text(self, x: float, y: float, text: str, **style: Any) -> None:  # noqa: ANN401
        """Write one line; `drawable` first."""
        if not text:
            return
        self._figure.text(
            x, y, text, transform=self._pixels, parse_math=False, family=FONT, **style
        )

    def line(self, xs: Sequence[float], ys: Sequence[float], **style: Any) -> None:  # noqa: ANN401
        """Draw a line through points."""
        from matplotlib.lines import Line2D  # noqa: PLC0415  (heavy)

        self._add(Line2D(xs, ys, **style))

    def area(self, points: Sequence[tuple[float, float]], colour: str, alpha: float = 0.18) -> None:
        """Fill what the points enclose, lightly."""
        from matplotlib.patches import Polygon  # noqa: PLC0415  (heavy)

        self._add(Polygon(points, facecolor=colour, alpha=alpha, linewidth=0))

    def box(self, corner: tuple[float, float], wide: float, tall: float, **style: Any) -> None:  # noqa: ANN401
        """Draw a box from its lower left corner."""
        from matplotlib.patches import Rectangle  # noqa: PLC0415  (heavy)

        self._add(Rectangle(corner, wide, tall, **style))

    def _add(self, artist: "Artist") -> None:
        artist.set_transform(self._pixels)
        self._figure.add_artist(artist)

    def png(self) -> bytes:
        """Return the picture; few colours make a small file."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  (heavy)
        from PIL import Image  # noqa: PLC0415  (heavy)

        canvas = FigureCanvasAgg(self._figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
        image = Image.frombuffer("RGBA", canvas.get_width_height(), bytes(pixels))
        out = io.BytesIO()
        image.convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE).save(out, "png")
        return out.getvalue()
