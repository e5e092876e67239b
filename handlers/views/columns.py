"""Tables for `<pre>`: fixed columns, at most 34 wide, that line up on a phone."""

import unicodedata
from collections.abc import Sequence

from handlers.views.text import Markup, clean, escape

WIDTH = 34
NARROW_SPACES = str.maketrans({"\u202f": " ", "\u00a0": " ", "\u2019": "'"})


def width(text: str) -> int:
    """Return how many columns a text takes; East Asian wide signs take two."""
    return sum(_cell(ch) for ch in text)


def _cell(ch: str) -> int:
    if unicodedata.combining(ch) or unicodedata.category(ch) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(ch) in {"W", "F"} or ch > "\uffff" else 1


def fit(text: str, columns: int) -> str:
    """Return the text in exactly that many columns, cut or padded on the right."""
    text = clean(text.translate(NARROW_SPACES))
    if width(text) > columns:
        while width(text) > columns - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (columns - width(text))


def table(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Markup:
    """Return rows as `<pre>`; the widths and the spaces between them make 34 at most."""
    lines = [
        " ".join(fit(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return Markup(f"<pre>{escape(chr(10).join(lines))}</pre>")
