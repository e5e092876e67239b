"""Makes the morning report from what the stores hold; knows nothing of chats or languages."""

import statistics
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from jobs import aftermath, reckoning
from jobs.alerts.quiet import QuietHours
from jobs.checks.data import belongs
from jobs.reckoning import TREES, UP, Seen
from jobs.report import (
    FULL_WEEK,
    Count,
    Day,
    Report,
    ScraperDay,
    SourceDay,
    Week,
)
from jobs.worth import Best, Worth
from storage.history import History
from storage.incidents import Incident
from storage.opportunities import Opportunities
from storage.past import Past, PastIncident, over
from storage.records import Moment, Phrase
from storage.tracker import FileReport
from storage.windows import Window

DAY = timedelta(days=1)
MONDAY = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The owner's terms: when the report is due and where, how often Vigie looks, at what."""

    due: time = time(9)
    zone: tzinfo = UTC
    every: timedelta = timedelta(minutes=5)
    sources: tuple[str, ...] = ()
    quiet_hours: QuietHours | None = None
    weekly: bool = True


def _nothing(_until: datetime) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What the running program knows better than history: the files as last read, incidents.

    `backup` is the last verified one of those that were made by then, `copies` how those off this
    machine stood by then.
    """

    files: Callable[[], Collection[FileReport]] = tuple
    incidents: Callable[[], Iterable[Incident]] = tuple
    backup: Callable[[datetime], Phrase | None] = _nothing
    copies: Callable[[datetime], Phrase | None] = _nothing


class Reporter:
    """Builds reports; every method may be called from any thread, and blocks."""

    def __init__(self, history: History, *, terms: Terms, now: Now) -> None:
        self.terms = terms
        self._history = history
        self._worth = Worth(Opportunities(history), zone=terms.zone)
        self._past = Past(history)
        self._now = now

    def today(self, at: Moment) -> date:
        """Return the local date."""
        return at.wall.astimezone(self.terms.zone).date()

    def due(self, day: date) -> datetime:
        """Return when the report of a local date is due; it tells of what was before."""
        return datetime.combine(day, self.terms.due, self.terms.zone).astimezone(UTC)

    def build(self, *, day: date | None, at: Moment) -> Report:
        """Return the report of a local date, or of the 24 hours until now.

        A date whose report is not due yet gives the 24 hours until now, too.
        """
        rolling = day is None or self.due(day) > at.wall
        name = self.today(at) if rolling or day is None else day
        weekly = self.terms.weekly and not rolling and name.weekday() == MONDAY
        spans = self._spans(name, at.wall if rolling else None, 2 * FULL_WEEK if weekly else 8)
        seen = reckoning.look(self._history, spans, every=self.terms.every)
        runs = reckoning.runs(self._now.files())
        since, until = spans[-1]
        incidents = self._incidents(since, until)
        sources = self._sources(seen, runs)
        covered = seen.covered(runs=any(one.runs for one in sources))
        roi, new = seen.finds.windows[-1].roi, seen.count()
        told = self._past.told(since=since, until=until)
        bands = reckoning.bands(roi)
        best = self._worth.best(since, until, at=at.wall)
        return Report(
            day=name,
            since=since,
            until=until,
            at=at.wall,
            rolling=rolling,
            verdict=aftermath.verdict(incidents, covered, new),
            covered=covered,
            new=new,
            median_roi=statistics.median(roi) if roi else None,
            mean_roi=statistics.fmean(roi) if roi else None,
            usual_roi=seen.roi(-1 - FULL_WEEK, -1),
            high=bands.high,
            medium=bands.medium,
            low=bands.low,
            unknown=seen.new(-1) - len(roi),
            by_source=sources,
            scrapers=_scrapers(seen),
            top=best.rows,
            ended=best.ended,
            incidents=incidents,
            longest_s=aftermath.longest_s(incidents, at.wall),
            ack_median_s=aftermath.ack_median_s(incidents),
            open=sum(one.closed is None for one in incidents),
            backup=self._now.backup(at.wall if rolling else until),
            copies=self._now.copies(at.wall if rolling else until),
            deliveries=(
                aftermath.delivered(told, self.terms.quiet_hours) if told or covered else None
            ),
            held=aftermath.held(incidents, self.terms.quiet_hours, until=until),
            week=tuple(_day(seen, number, self.terms.zone) for number in range(-FULL_WEEK, 0)),
            weekly=self._week(seen, at) if weekly else None,
        )

    def best(self, report: Report, *, without: Collection[str]) -> Best:
        """Return what a report lists as worth doing, without what somebody has put away."""
        return self._worth.best(report.since, report.until, at=report.at, without=without)

    def _spans(self, day: date, until: datetime | None, count: int) -> list[Window]:
        """Return the window of a report and those before it, oldest first."""
        numbers = range(count, -1, -1)
        if until is None:
            ends = [self.due(day - number * DAY) for number in numbers]
        else:
            ends = [until - number * DAY for number in numbers]
        return [Window(since, end) for since, end in pairwise(ends) if since < end]

    def _incidents(self, since: datetime, until: datetime) -> tuple[PastIncident, ...]:
        """Return what was open in the window, the worst first; the program knows the latest."""
        found = {_name(one): one for one in self._past.incidents(since=since, until=until)}
        for one in map(over, self._now.incidents()):
            found.pop(_name(one), None)
            if one.opened < until and (one.closed is None or one.closed >= since):
                found[_name(one)] = one
        return tuple(sorted(found.values(), key=lambda one: (-one.peak, one.opened, one.number)))

    def _sources(self, seen: Seen, runs: Mapping[str, Sequence[datetime]]) -> tuple[SourceDay, ...]:
        """Return every source there was something of in these days, or should have been."""
        lately = Window(seen.spans[0].since, seen.spans[-1].until)
        named = {name for name, times in runs.items() if reckoning.within(times, lately)}
        named |= {name for one in seen.finds.windows for name in one.by_source}
        named |= {
            wanted for wanted in self.terms.sources if not any(belongs(n, wanted) for n in named)
        }
        ordered = sorted(named, key=lambda name: (name.casefold(), name))
        return tuple(_source(seen, name, runs.get(name, ())) for name in ordered)

    def _week(self, seen: Seen, at: Moment) -> Week:
        """Return this week's figures against those of the week before."""
        size = len(seen.spans)
        this, earlier = range(max(0, size - FULL_WEEK), size), range(size - FULL_WEEK)
        since, until = seen.spans[this[0]].since, seen.spans[-1].until
        known = [number for number in this if seen.known(number)]
        whole = len(earlier) == FULL_WEEK and all(map(seen.known, earlier))
        incidents = self._incidents(since, until)
        ranked = self._worth.ranked(since)
        best = next((one for one in ranked if since < one.first_seen <= until), None)
        looked = any(map(seen.looked, this))
        return Week(
            since=since,
            until=until,
            new=Count(
                today=sum(map(seen.new, known)) if known else None,
                usual=float(sum(map(seen.new, earlier))) if whole else None,
                days_known=len(known),
            ),
            by_source=seen.by_source(known),
            median_roi=seen.roi(this[0], size),
            median_roi_before=seen.roi(0, this[0]),
            incidents=len(incidents) if incidents or looked else None,
            longest_s=aftermath.longest_s(incidents, at.wall),
            best=best,
        )


def _source(seen: Seen, name: str, times: Sequence[datetime]) -> SourceDay:
    before = Window(
        seen.spans[-1 - min(FULL_WEEK, len(seen.spans) - 1)].since, seen.spans[-1].since
    )
    count = seen.count(name)
    ran = reckoning.within(times, seen.spans[-1])
    return SourceDay(
        name=name,
        runs=len(ran) if times or seen.looked(-1) else None,
        new=count,
        median_gap_s=reckoning.median_gap_s(times, seen.spans[-1]),
        usual_gap_s=reckoning.median_gap_s(times, before),
        uptime=seen.uptime(seen.source_series(name), -1),
        newest=times[-1] if times else None,
    )


def _scrapers(seen: Seen) -> tuple[ScraperDay, ...]:
    """Return every scraper that was looked for in these days."""
    return tuple(
        ScraperDay(name=name.removeprefix(TREES), uptime=seen.uptime(name, -1))
        for name, found in sorted(seen.shares.items())
        if name.startswith(TREES) and any(share.n for share in found)
    )


def _day(seen: Seen, number: int, zone: tzinfo) -> Day:
    span = seen.spans[number]
    found = seen.finds.windows[number]
    found_up = {
        name.removeprefix(UP): seen.uptime(name, number)
        for name in seen.shares
        if name.startswith(UP)
    }
    return Day(
        day=span.until.astimezone(zone).date(),
        since=span.since,
        until=span.until,
        new=dict(found.by_source) if seen.told(number) else None,
        median_roi=statistics.median(found.roi) if found.roi else None,
        up={name: each.up for name, each in found_up.items() if each.up is not None},
        unknown={name: each.unknown for name, each in found_up.items() if each.unknown},
    )


def _name(one: PastIncident) -> tuple[int, datetime]:
    return (one.number, one.opened)
