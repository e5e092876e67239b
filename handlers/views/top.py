"""The best opportunities as a message: a ranked list with its provenance, and its switches."""

from handlers.views.blocks import Builder, caption, quote
from handlers.views.deadlines import deadline
from handlers.views.i18n import Language
from handlers.views.message import Message
from handlers.views.text import Markup, escape, hostile, link
from handlers.views.top_keys import Page, buttons, limits
from storage.records import Opportunity, Provenance

MARKS = {
    Provenance.GIVEN: "●",
    Provenance.COMPUTED: "◐",
    Provenance.ESTIMATED: "○",
    Provenance.UNKNOWN: "",
}
FEW = 5  # with no more than these there is room for details
ELSEWHERE = 2
LEGEND, AGE, FACTS, LINE = 9, 8, 7, 5


def render(page: Page, *, language: Language, photo: bytes | None = None) -> Message:
    """Return the list; with nothing to list it says so and how wide it looked."""
    builder = caption() if photo is not None else Builder()
    builder.add(_title(page, language)).gap()
    if not page.rows:
        builder.add(_nothing(page, language))
        builder.add(_ended(page, language))
    few = len(page.rows) <= FEW
    for rank, row in enumerate(page.rows, page.query.offset + 1):
        weight = LINE if rank > page.query.offset + 3 else 0
        builder.add(_line(rank, row, 64 if few else 38, language), weight=weight)
        if few:
            builder.add(_facts(row, language), weight=FACTS)
    builder.gap().add(_legend(page, language), weight=LEGEND)
    if page.newest is not None:
        builder.add(language.say("top.newest", newest_at=page.newest), weight=AGE)
    return Message(html=builder.build(), photo=photo, buttons=buttons(page, language))


def _title(page: Page, language: Language) -> Markup:
    query = page.query
    period = language.say(f"period.{query.period}")
    source = hostile(query.source, 40) if query.source else language.say("top.all_sources")
    first = query.offset + 1
    title = (
        language.say("top.title" if page.rows else "top.title.none", n=len(page.rows))
        if not query.offset
        else language.say("top.title_page", first=first, last=query.offset + len(page.rows))
    )
    items = language.say("top.items", n=page.counts.total)
    head = Markup(f"🏆 <b>{title}</b>\n{items} · {source} · {period}")
    if not query.limited:
        return head
    key, n = "top.limited" if page.counts.ranked else "top.limited.none", page.counts.ranked
    said = language.say(key, n=n, limits=escape(limits(query, language)))
    return Markup(f"{head}\n{said}")


def _nothing(page: Page, language: Language) -> Markup:
    if page.query.limited and page.counts.total > page.counts.unknown:
        return language.say("top.none_fit")
    if page.counts.total:
        return language.say("top.none_ranked", n=page.counts.unknown)
    return language.say("top.no_data")


def _ended(page: Page, language: Language) -> Markup:
    n = page.counts.ended
    return language.say("top.ended", n=n) if n else Markup("")


def _line(rank: int, row: Opportunity, room: int, language: Language) -> Markup:
    title = hostile(row.title, room) or language.say("top.untitled")
    roi = language.say("top.roi", roi_usd_min=row.roi, mark=Markup(MARKS[row.provenance]))
    source = hostile(row.source, 24) or language.say("top.link")
    also = [link(each.url, hostile(each.source, 24)) for each in row.also[:ELSEWHERE]]
    places = Markup(", ".join(also))
    more = language.say("top.also", places=places, n=len(row.also)) if also else Markup("")
    return Markup(f"<b>{rank}. {title}</b> · {roi} · {link(row.url, source)}{more}")


def _facts(row: Opportunity, language: Language) -> Markup:
    """Return what it takes and what it brings, as far as that is known."""
    facts = []
    if row.minutes is not None:
        facts.append(language.catalogue.formats.work(row.minutes))
    if reward := hostile(row.reward, 28):
        facts.append(reward)
    if row.deadline.strip():
        facts.append(deadline(row.deadline, language))
    return Markup(" · ".join(facts))


def _legend(page: Page, language: Language) -> Markup:
    used = {row.provenance for row in page.rows}
    marks = [
        f"{MARKS[each]} {language.say(f'provenance.{each.value}')}"
        for each in Provenance
        if each in used and MARKS[each]
    ]
    lines = [" · ".join(marks)] if marks else []
    if page.counts.unknown and page.rows:
        lines.append(language.say("top.left_out", n=page.counts.unknown))
    if page.counts.ended and page.rows:
        lines.append(_ended(page, language))
    counts = page.counts
    lines += [language.say("top.folded", n=counts.folded)] if counts.folded else []
    lines += [language.say("top.away", n=counts.away)] if counts.away else []
    lines.append(language.say("top.disclaimer"))
    return quote("", "\n".join(lines)) if page.rows else Markup("")
