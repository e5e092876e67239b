"""/chart: how a figure went, as a picture; and the picture of an incident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches

from handlers import curves
from handlers.call import Call, blocking
from handlers.spans import spelled
from handlers.views import chart as view
from handlers.views.message import Message
from handlers.views.reading import PERIODS
from handlers.views.series import METRICS, SOURCE, Metric
from handlers.views.text import fold
from storage.incidents import Incident

PERIOD_WORDS = {name: name for name in PERIODS} | {
    "24": "24h", "1d": "24h", "1j": "24h", "day": "24h", "today": "24h", "jour": "24h",
    "7": "7d", "7j": "7d", "week": "7d", "semaine": "7d", "1w": "7d",
    "30": "30d", "30j": "30d", "month": "30d", "mois": "30d", "1m": "30d",
    "90": "90d", "90j": "90d", "quarter": "90d", "trimestre": "90d", "3m": "90d",
}  # fmt: skip
IDLE = frozenset({
    "le", "la", "les", "l", "du", "de", "des", "d", "of", "the", "a", "sur", "over", "for", "pour",
    "un", "une", "last", "past", "dernier", "derniere", "derniers", "dernieres", "par", "per",
})  # fmt: skip
# No chain is watched (yet): better said than taken for the clock.
CHAIN = frozenset({
    "block", "blocks", "bloc", "blocs", "blockchain", "chain", "chains", "chaine", "chaines",
    "height", "hauteur", "gas", "gaz", "rpc",
})  # fmt: skip
LONGEST = "90d"
LONGER = "longer"  # than the longest of the periods
LIKELY = 0.6
SHORTEST = timedelta(hours=24)
AROUND = 1.3  # times an incident's own length
AFTER = 0.25  # of what is shown beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for; without a series, the `word` not understood and what it may mean.

    `longer`: a time was asked for that no period shows. `chain`: a figure of a blockchain.
    """

    period: str = "24h"
    longer: bool = False
    chain: bool = False
    series: str | None = None
    word: str = ""
    guess: str | None = None


async def chart(call: Call) -> Message:
    """Return the picture asked for, or what there is to draw."""
    names = await known(call)
    asked = parse(call.args, names, titles(call))
    if asked.series is not None:
        return await show(call, asked.series, asked.period, longer=asked.longer)
    unmet = view.Unmet(word=asked.word, guess=asked.guess, chain=asked.chain)
    return view.picker(_parts(names, SOURCE), language=call.language, unmet=unmet)


async def choices(call: Call) -> Message:
    """Return what there is to draw."""
    return view.picker(_parts(await known(call), SOURCE), language=call.language)


async def show(call: Call, series: str, period: str, *, longer: bool = False) -> Message:
    """Return the picture of a series over one of the periods; `longer` was asked for."""
    until = call.at.wall
    reading = await blocking(curves.read, call, series, until - PERIODS[period], until)
    photo = await curves.draw(call, reading)
    return view.render(reading, period, language=call.language, photo=photo, longer=longer)


async def incident(call: Call, about: Incident, series: str) -> Message:
    """Return the picture of an incident, with at least a day around it."""
    since, until = around(about, call.at.wall)
    reading = await blocking(curves.read, call, series, since, until)
    reading = curves.about(reading, about)
    photo = await curves.draw(call, reading)
    return view.incident(reading, about, language=call.language, photo=photo)


def around(about: Incident, now: datetime) -> tuple[datetime, datetime]:
    """Return from when to when to show an incident: all of it, and what was before and after."""
    begin = min(about.opened, now)
    end = max(begin, min(about.closed or now, now))
    span = max(SHORTEST, AROUND * (end - begin))
    until = min(now, end + AFTER * (span - (end - begin)))
    return until - span, until


async def known(call: Call) -> list[str]:
    """Return the name of every series history has, and of every whole one there could be."""
    kept = await blocking(call.services.history.names, "")
    return sorted({*kept, *(each.series for each in METRICS if not each.part)})


def titles(call: Call) -> dict[str, str]:
    """Return what the buttons call each series, in the reader's language, and which it is."""
    found: dict[str, str] = {}
    for each in METRICS:
        if not each.part:
            label = fold(call.language.plain(f"metric.{each.series}"))
            found |= {label: each.series, _bare(label): each.series}
    return found


def parse(words: Sequence[str], names: Sequence[str], titles: dict[str, str]) -> Asked:
    """Return what `<metric> [period]` asks for, in any order: a figure, a source, or both."""
    period, rest = "24h", []
    said = spelled(" ".join(words), PERIODS, beyond=LONGER).split()
    longer = LONGER in said
    for word in said:
        if fold(word) in PERIOD_WORDS:
            period = PERIOD_WORDS[fold(word)]
        elif word != LONGER:
            rest.append(word)
    period = LONGEST if longer else period
    wanted = fold(" ".join(rest))
    if not wanted:
        return Asked(period=period, longer=longer)
    meanings = _meanings(names) | titles
    series = meanings.get(wanted) or meanings.get(_bare(wanted)) or _begins(wanted, names)
    if series is not None:
        return Asked(period=period, series=series, longer=longer)
    if not CHAIN.isdisjoint(_bare(wanted).split()):
        return Asked(period=period, chain=True)
    alike = get_close_matches(wanted, meanings, n=1, cutoff=LIKELY)
    guess = meanings[alike[0]] if alike else None
    return Asked(period=period, word=" ".join(rest), guess=guess)


def _bare(wanted: str) -> str:
    """Return the words without those that mean nothing: `duree du cycle`, `age des donnees`."""
    said = wanted.replace("’", "'").replace("'", " ").split()
    return " ".join(word for word in said if word not in IDLE)


def _meanings(names: Sequence[str]) -> dict[str, str]:
    """Return every way to ask for a series, and which it is; a bare source means its age."""
    found = {fold(name): name for name in names}
    for each in METRICS:
        if each.part:
            found |= _of_parts(each, names)
    found |= {fold(part): f"source_age_s:{part}" for part in _parts(names, SOURCE)}
    return found | {word: each.series for each in METRICS if not each.part for word in each.words}


def _of_parts(kind: Metric, names: Sequence[str]) -> dict[str, str]:
    parts = [name for name in names if name.startswith(f"{kind.series}:")]
    found: dict[str, str] = {}
    for name in parts:
        part = fold(name.partition(":")[2])
        for word in kind.words:
            found |= {f"{word} {part}": name, f"{part} {word}": name}
    return found


def _begins(wanted: str, names: Sequence[str]) -> str | None:
    """Return the age of the one source whose name begins so."""
    alike = [part for part in _parts(names, SOURCE) if fold(part).startswith(wanted)]
    return f"source_age_s:{alike[0]}" if alike else None


def _parts(names: Sequence[str], what: str) -> list[str]:
    """Return what the series are kept of: the sources, say."""
    kinds = tuple(f"{each.series}:" for each in METRICS if each.part == what)
    return sorted({name.partition(":")[2] for name in names if name.startswith(kinds)})
