"""Builds one message out of blocks and, when it is too long, leaves out whole blocks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from handlers.views.text import CAPTION_UNITS, TEXT_UNITS, Markup, units, visible

ENTITIES = 100
FOLD_UNITS = 1200
MUST = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines that stay together; the highest `weight` goes first, `MUST` never goes."""

    html: str
    weight: int = MUST


@dataclass(slots=True)
class Builder:
    """Collects blocks, one or more lines each; `build` returns what fits.

    `cut` says afterwards whether something was left out.
    """

    limit: int = TEXT_UNITS
    blocks: list[Block] = field(default_factory=list)
    cut: bool = False

    def add(self, html: str, *, weight: int = MUST) -> "Builder":
        """Append a block; an empty one is not added."""
        if html:
            self.blocks.append(Block(html, weight))
        return self

    def fold(
        self, title: str, lines: Sequence[str], *, more: Callable[[int], str], weight: int
    ) -> "Builder":
        """Append a folded quotation of as many lines as fit, then a line saying how many more."""
        body = listing(lines, limit=FOLD_UNITS, more=more, per_line=1)
        self.cut = self.cut or body != "\n".join(lines)
        return self.add(quote(title, body), weight=weight)

    def gap(self) -> "Builder":
        """Append an empty line."""
        self.blocks.append(Block("\n", MUST))
        return self

    def fits(self) -> bool:
        """Return whether every block can stay."""
        return fits(_join(self.blocks), self.limit)

    def build(self) -> Markup:
        """Return the message; blocks are left out by weight, the later one first."""
        kept = list(self.blocks)
        while not fits(_join(kept), self.limit):
            index = max(range(len(kept)), key=lambda i: (kept[i].weight, i), default=-1)
            if index < 0 or kept[index].weight == MUST:
                break
            del kept[index]
            self.cut = True
        return _join(kept)


def _join(blocks: Sequence[Block]) -> Markup:
    text = ""
    for block in blocks:
        if block.html == "\n":
            text = text.rstrip("\n") + "\n\n" if text else ""
        else:
            text += block.html + "\n"
    return Markup(text.strip("\n"))


def fits(html: str, limit: int) -> bool:
    """Return whether Telegram takes this much text and that many entities."""
    return units(visible(html)) <= limit and html.count("</") <= ENTITIES


def listing(
    lines: Sequence[str], *, limit: int, more: Callable[[int], str], per_line: int = 0
) -> Markup:
    """Return as many whole lines as fit into `limit` units, then a line saying how many more.

    `per_line` keeps that many entities back for each line's markup.
    """
    reserve = units(visible(more(len(lines)))) + 1
    total = sum(units(visible(line)) + 1 for line in lines)
    room = limit if total <= limit else limit - reserve
    kept: list[str] = []
    used = 0
    for line in lines:
        used += units(visible(line)) + 1
        if used > room + 1 or (per_line and (len(kept) + 1) * per_line > ENTITIES - 10):
            break
        kept.append(line)
    left = len(lines) - len(kept)
    return Markup("\n".join([*kept, more(left)] if left else kept))


def quote(title: str, body: str) -> Markup:
    """Return a folded quotation with a bold title; nothing without a body."""
    head = f"<b>{title}</b>\n" if title else ""
    return Markup(f"<blockquote expandable>{head}{body}</blockquote>" if body else "")


def caption() -> Builder:
    """Return a builder for the text under a picture."""
    return Builder(limit=CAPTION_UNITS)
