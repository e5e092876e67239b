"""Reads how each source was: what is wrong with it now, and its strip of hours or days."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from handlers.call import Call
from handlers.views.plots import Cell
from handlers.views.sources import Look
from jobs.checks.data import belongs
from jobs.facts import Unknown
from jobs.reckoning import UP
from jobs.report import Day, Report, SourceDay
from jobs.watch import Cycle
from storage.incidents import Incident
from storage.records import Observation, Outcome, Severity, Slot
from storage.tracker import SourceReport

STEPS = {"24h": timedelta(minutes=30), "7d": timedelta(hours=2)}
SPANS = {"24h": timedelta(hours=24), "7d": timedelta(days=7)}
ABOUT = frozenset({"fresh", "volume", "scraper"})
ENOUGH = 0.75  # of the looks that fit into a cell: a cycle more or less is no gap


def looks(report: Report, cycle: Cycle, incidents: Sequence[Incident]) -> list[Look]:
    """Return every source, the worst first; of equals those that brought most."""
    data = cycle.facts.data
    files = {} if isinstance(data, Unknown) else data.sources
    found = [
        Look(
            day=replace(day, newest=files[day.name].newest if day.name in files else day.newest),
            report=files.get(day.name),
            level=_level(seen),
            known=_known(seen, day, files.get(day.name)),
            week=tuple(_alone(each, day.name) for each in report.week),
            incidents=tuple(each for each in incidents if about(each.key, day.name)),
        )
        for day in report.by_source
        for seen in [[each for each in cycle.observations if about(each.key, day.name)]]
    ]
    return sorted(found, key=_rank)


def _rank(look: Look) -> tuple[int, int, str]:
    return (-(look.level or 0), -(look.day.new.today or 0), look.day.name.casefold())


def about(key: str, source: str) -> bool:
    """Return whether a check or an alert of this key is about the source."""
    family, *parts = key.split(":")
    return family in ABOUT and any(belongs(source, part) for part in parts)


def _level(seen: Sequence[Observation]) -> Severity | None:
    known = [each.level for each in seen if each.outcome is not Outcome.UNKNOWN]
    return max(known, default=None)


def _known(seen: Sequence[Observation], day: SourceDay, report: SourceReport | None) -> bool:
    """Return whether it can be told how a source is: where nothing fails, its age must be known."""
    if any(each.outcome is Outcome.FAIL for each in seen):
        return True
    blind = any(each.outcome is Outcome.UNKNOWN for each in seen)
    return not blind and (report is not None or day.newest is not None)


def wrong(look: Look) -> bool:
    """Return whether something is wrong with a source."""
    return look.level is not None and look.level > Severity.INFO


def unknown(found: Sequence[Look]) -> int:
    """Return of how many nobody could tell how they are; all, where none is judged."""
    if all(look.level is None for look in found):
        return len(found)
    return sum(not look.known for look in found)


def _alone(day: Day, source: str) -> Day:
    """Return a day with what is about this source only."""
    up = {name: share for name, share in day.up.items() if belongs(source, name)}
    new = None if day.new is None else {source: day.new.get(source, 0)}
    unknown = {name: day.unknown[name] for name in up if name in day.unknown}
    return replace(day, new=new, median_roi=None, up=up, unknown=unknown)


def drawn(call: Call, shown: Iterable[Look], period: str) -> list[Look]:
    """Return the sources with their strips, read from history; blocking."""
    known = judged(call)
    return [replace(look, cells=_strip(call, look.day, known, period)) for look in shown]


def judged(call: Call) -> list[str]:
    """Return every expected source that history tells to have been up or down; blocking."""
    return [name.removeprefix(UP) for name in call.services.history.names(UP)]


def together(found: Sequence[Look], known: Collection[str]) -> list[Look]:
    """Return the sources, each with those that history has one series with: `Layer3-LiFi`."""
    series = {look.day.name: _series(look.day.name, known) for look in found}
    return [
        replace(look, shared=tuple(
            name for name, its in series.items()
            if its and its == series[look.day.name] and name != look.day.name
        ))
        for look in found
    ]  # fmt: skip


def _series(source: str, known: Collection[str]) -> str:
    """Return the expected source that this one is, or is a part of; "" where there is none."""
    return max((name for name in known if belongs(source, name)), key=len, default="")


def _strip(call: Call, day: SourceDay, known: Sequence[str], period: str) -> tuple[Cell, ...]:
    series = _series(day.name, known)
    if not series:
        return ()
    every, until = timedelta(seconds=call.services.display.health_every_s), call.at.wall
    step = wide(STEPS[period], every)
    since = until - SPANS[period]
    name = f"{UP}{series}"
    slots = call.services.history.slots(name, since=since, until=until, step=step)
    return cells(
        slots, first_s=since.timestamp(), until_s=until.timestamp(), step=step, every=every
    )


def wide(step: timedelta, every: timedelta) -> timedelta:
    """Return how long a cell is: so long that two looks fit into it at least."""
    return step * max(1, -(-2 * every // step))


def cells(
    slots: Sequence[Slot], *, first_s: float, until_s: float, step: timedelta, every: timedelta
) -> tuple[Cell, ...]:
    """Return one cell for each step of the time: of it the share up, the share down.

    A step in which few looked is known for that part only; the last one has only begun.
    """
    step_s, found = step.total_seconds(), {slot.at_s: slot for slot in slots}
    made = []
    at_s = first_s // step_s * step_s
    while at_s < until_s:
        slot = found.get(at_s)
        fitting = max((min(at_s + step_s, until_s) - at_s) / every.total_seconds(), 1.0)
        share = 0.0 if slot is None else slot.n / fitting
        known = 1.0 if share >= ENOUGH else share
        up = 0.0 if slot is None else min(max(slot.mean, 0.0), 1.0)
        made.append(Cell(known * up, known * (1.0 - up)))
        at_s += step_s
    return tuple(made)
