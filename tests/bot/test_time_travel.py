"""Forty days, told once a morning: clocks that change, restarts, outages and a month away.

The parts are those of the program, its disk too; only Telegram and the machine are played. Each
report is compared with a naive recount: of opportunities from the tracker's raw files
(`tests.bot.recount`), of alerts from what each look saw, of messages from what Telegram itself
has on record (`tests.bot.recount_events`).
"""

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from telegram import Bot

from bot import settings
from bot.delivery.telegram import TelegramSender
from bot.delivery.worker import Worker
from bot.reporter import Morning, quiet_hours, reporter
from bot.sandbox.request import SandboxRequest
from bot.schedule import calendar
from jobs.absences import Absences
from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Rules, Terms
from jobs.archive import Archive
from jobs.checks.standard import Limits, standard
from jobs.facts import Host, Own, Processes
from jobs.gather import Gatherer, Sources
from jobs.timetable import Timetable
from jobs.watch import Cycle, Watch
from storage.alerts import Alerts
from storage.chats import Chats
from storage.clock import resume
from storage.database import Database
from storage.history import History
from storage.job_runs import JobRuns
from storage.opportunities import Opportunities
from storage.past import Past
from storage.records import Outcome, Severity
from storage.tracker import ReadOptions, Tracker
from tests.bot.recount import Recounter
from tests.bot.recount_events import Hush, Look, Record, alerts, lines, troubles
from tests.bot.switchboard import Away, Heard, Lines, Switchboard, Told
from tests.jobs.looks import HEALTHY

PARIS = ZoneInfo("Europe/Paris")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LOOK, TICK = 4 * HOUR, timedelta(minutes=20)
CATCH_UP = timedelta(hours=6)
FILE_EVERY = timedelta(hours=2)
NAMES = ("AirdropsFallback", "Galxe", "TwitterRSS")
TEAM, BOB = 7, 8
QUIET = (time(22, 30), time(7))
BREATH = timedelta(seconds=5)
PROBED = timedelta(hours=1, minutes=20)  # a chat that is back is found within an hour
# One look is enough to begin or end an alert, and nothing is told twice: what the report is
# compared with is as simple.
RULES = Rules(table=(), levels=dict.fromkeys(Severity, Terms(fails=1, passes=1)))


def local(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Return a time in Paris, 2025."""
    return datetime(2025, month, day, hour, minute, tzinfo=PARIS).astimezone(UTC)


@dataclass(frozen=True)
class Span:
    """The bot is up from `since` to `until`; `killed`: it ends without a word."""

    since: datetime
    until: datetime
    killed: bool = False


# Twenty days around the end of winter time, a month away, ten days, a summer, ten in autumn.
LIFE = (
    Span(local(3, 14, 14), local(3, 18, 8, 59)),  # a first day that begins after nine
    Span(local(3, 18, 8, 59), local(3, 20, 9, 1)),
    Span(local(3, 20, 9, 1), local(3, 22, 7, 0), killed=True),
    Span(local(3, 22, 11, 30), local(3, 24, 7, 0)),  # late, within the six hours
    Span(local(3, 24, 16, 0), local(3, 26, 9, 0), killed=True),  # too late: that date has none
    Span(local(3, 26, 9, 20), local(4, 3, 12)),
    Span(local(5, 4, 12), local(5, 14, 12), killed=True),
    Span(local(10, 20, 12), local(10, 26, 2, 40)),  # in the hour that comes twice
    Span(local(10, 26, 3, 0), local(10, 30, 12)),
)
# The tracker runs on while the bot is away, but not for ever, and has outages of its own.
TRACKED = (
    (local(3, 13), local(3, 20, 14)),
    (local(3, 20, 23), local(4, 5)),
    (local(5, 1), local(5, 9, 3)),
    (local(5, 10, 3), local(5, 14, 12)),
    (local(10, 17), local(10, 30, 12)),
)
AWAY = (
    Away(local(3, 20, 3), local(3, 20, 17, 30)),  # over a morning
    Away(local(3, 28, 8), local(3, 29, 11), chat=BOB),  # blocked before nine, back after nine
    Away(local(5, 9, 1), local(5, 9, 12)),
    Away(local(5, 10, 8, 30), local(5, 10, 9, 30), chat=BOB),
    Away(local(10, 24, 20), local(10, 25, 1)),
)
# Somebody wants to hear nothing, once over an outage of the tracker and once into the night.
HUSHED = (
    Hush(local(3, 20, 16), local(3, 21, 1)),
    Hush(local(5, 9, 1), local(5, 9, 15)),
    Hush(local(5, 10, 11), local(5, 10, 20)),
    Hush(local(10, 22, 10), local(10, 22, 18)),
)


class Scrapers:
    """Write a file every two hours: mostly what was there before, a title changed, some new.

    One morning in six there is nothing new since the last.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rng = random.Random(40)  # noqa: S311 (a test)
        self._born = dict.fromkeys(NAMES, 6)
        self._due = self._times()
        self._next = next(self._due)
        folder.mkdir()

    def _times(self) -> Iterator[datetime | None]:
        for since, until in TRACKED:
            at = since + timedelta(minutes=7)
            while at < until:
                yield at
                at += FILE_EVERY
        while True:
            yield None

    def until(self, now: datetime) -> None:
        """Write what is due."""
        while self._next is not None and self._next <= now:
            self._write(self._next)
            self._next = next(self._due)

    def _write(self, at: datetime) -> None:
        records = [
            self._record(name, number)
            for name in NAMES
            if self._rng.random() < 0.9
            for number in range(self._last(name, at) - 6, self._born[name])
        ]
        epoch_s = int(at.timestamp())
        path = self._folder / f"opportunities_{epoch_s}.json"
        path.write_text(json.dumps(records))
        os.utime(path, (epoch_s, epoch_s))

    def _last(self, name: str, at: datetime) -> int:
        morning = (at.astimezone(PARIS) - timedelta(hours=9)).date().toordinal()
        self._born[name] += self._rng.choice((0, 0, 0, 1, 2)) if morning % 6 else 0
        return self._born[name]

    def _record(self, name: str, number: int) -> dict[str, object]:
        title = f"{name} {number} {self._rng.randrange(99)}K participants"
        if name == "Galxe":
            return {"source": name, "title": title, "link": f"https://galxe.example/{number}"}
        reward = "50 BTC" if number % 5 == 0 else f"${1 + number * 7 % 53}.5"
        return {
            "source": name, "title": title, "url": f"https://{name.lower()}.example/{number}",
            "reward": reward, "estimated_time": 5,
        }  # fmt: skip


class Looking(Watch):
    """Remembers when it looked, and what it saw."""

    looks: list[Look]

    async def run(self) -> Cycle:
        cycle = await super().run()
        seen = cycle.observations
        failed = {one.key: one.level.name for one in seen if one.outcome is Outcome.FAIL}
        passed = [one.key for one in seen if one.outcome is Outcome.OK and one.clears]
        keys = frozenset(one.key for one in seen)
        look = Look(cycle.at.wall, failed, frozenset(passed), keys, tuple(cycle.complete))
        self.looks.append(look)
        return cycle


@dataclass
class Journey:
    """The world through which the bot goes; its disk outlives its processes."""

    folder: Path
    now: datetime = LIFE[0].since
    told: list[Told] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    acks: list[tuple[datetime, str]] = field(default_factory=list)
    up: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.telegram = Switchboard(self, AWAY, chats=(TEAM, BOB))
        self.data = self.folder / "data"
        request = SandboxRequest(self.telegram)
        polling = SandboxRequest(self.telegram)
        self.bot = Bot(self.telegram.token, request=request, get_updates_request=polling)
        self.scrapers = Scrapers(self.data)
        self.found = settings.load(
            timezone=str(PARIS), state_dir=self.folder / "var", data_dir=self.data,
            report_at=time(9), expected_sources=NAMES, health_every=LOOK, quiet_hours=QUIET,
        )  # fmt: skip
        self.found.state_dir.mkdir()

    def start(self) -> "Process":
        """Return a new process on what the disk holds."""
        return Process(self)


class Process:
    """The program's parts, put together as it does, on a clock that is played."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        database = Database(journey.found.state_dir / "state.json")
        self.history = History(journey.found.state_dir / "history.sqlite", kept_days=400)
        self.clock = resume(
            Alerts(database).moment(),
            wall=lambda: journey.now,
            steady_s=lambda: journey.now.timestamp(),  # noqa: PLW0108 -- `now` is another by then
        )
        self.archive = Archive(Past(self.history), database, clock=self.clock)
        self.alerts = AlertManager(
            database=database, channels=(str(TEAM), str(BOB)), copies=self.archive, rules=RULES,
            quiet_hours=quiet_hours(journey.found),
        )  # fmt: skip
        self.watch = self._watch()
        self.watch.looks = journey.looks
        self.reporter = reporter(
            journey.found, self.history, watch=self.watch, incidents=self.alerts.known
        )
        self.worker = Worker(
            alerts=self.alerts, sender=TelegramSender(journey.bot, Chats(database)),
            texts=Lines(self.reporter, journey.told), clock=self.clock,
        )  # fmt: skip
        morning = Morning(
            watch=self.watch, archive=self.archive, alerts=self.alerts, clock=self.clock
        )
        jobs = calendar(journey.found, history=self.history, clock=self.clock, morning=morning)
        self.timetable = Timetable(
            jobs, runs=JobRuns(database), clock=self.clock, committed=self.alerts.announce
        )

    def _watch(self) -> Looking:
        index = Opportunities(self.history)
        processes, host, own = HEALTHY.processes, HEALTHY.host, HEALTHY.own
        assert isinstance(processes, Processes)
        assert isinstance(host, Host)
        assert isinstance(own, Own)
        return Looking(
            gatherer=Gatherer(
                Sources(
                    tracker=Tracker(
                        self.journey.data, index=index, options=ReadOptions(settle_s=0.0)
                    ),
                    opportunities=index,
                    processes=lambda _: processes,
                    host=lambda _: host,
                    own=lambda _: own,
                )
            ),
            checks=standard(Limits(sources=NAMES)),
            clock=self.clock,
            alerts=self.alerts,
            history=self.history,
            absences=Absences(every=LOOK),
        )

    async def live(self, span: Span) -> None:
        """Look every four hours from the start on, and at the calendar every twenty minutes."""
        journey, looked = self.journey, span.since - DAY
        self.alerts.ledger.recover()
        while journey.now < span.until:
            journey.scrapers.until(journey.now)
            if journey.now - looked >= LOOK:
                await self.watch.run()
                await self.archive.run()
                looked = journey.now
            journey.up.append(journey.now)
            await self._tick()
            journey.now = _following(journey.now)
        journey.now = span.until
        if not span.killed:
            assert await self.archive.run() == ""
            self.history.close()

    async def _tick(self) -> None:
        await self.timetable.tick()
        await self.timetable.finish()
        self._take()
        self._hush()
        self.alerts.expire(at=self.clock())
        ledger, chats = self.alerts.ledger, self.alerts.ledger.chats
        for _ in range(40):
            lost = any(c.disabled and c.probe_s <= self.clock().logical_s for c in chats.all())
            if not lost and not ledger.agenda(at=self.clock()).due:
                return
            await self.worker.drain_once()
            self.journey.now += BREATH
        raise AssertionError(ledger.agenda(at=self.clock()))

    def _take(self) -> None:
        """Have somebody take every second alert, by day, half an hour after it began."""
        now = self.journey.now
        if not 9 <= now.astimezone(PARIS).hour < 20:
            return
        for one in self.alerts.open():
            old = now - one.opened >= TICK
            if old and one.number % 2 and not one.ack_by:
                self.alerts.ack(one.number, by="Ada", at=self.clock())
                self.journey.acks.append((now, one.key))

    def _hush(self) -> None:
        """Have somebody mute everything when the time has come."""
        for one in HUSHED:
            if self.journey.now == one.since:
                lasts = one.until - one.since
                self.alerts.mute(glob="all", for_=lasts, by="Ada", at=self.clock())


def _following(now: datetime) -> datetime:
    """Return the next full twenty minutes: nine o'clock is one of them."""
    seconds = TICK.total_seconds()
    return datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, UTC)


def expected(up: list[datetime]) -> dict[date, datetime]:
    """Return, by date, when its report is first possible: up within six hours from nine."""
    found: dict[date, datetime] = {}
    for at in sorted(up):
        day = at.astimezone(PARIS).date()
        due = datetime.combine(day, time(9), PARIS)
        if due <= at <= due.astimezone(UTC) + CATCH_UP:
            found.setdefault(day, at)
    return found


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """Return the forty days, lived once."""
    journey = Journey(tmp_path_factory.mktemp("journey"))
    asyncio.run(lived(journey))
    return journey


async def lived(journey: Journey) -> None:
    async with journey.bot:
        for span in LIFE:
            journey.now = span.since
            await journey.start().live(span)


def test_forty_days_of_mornings(journey: Journey) -> None:
    """One report per date and never two, as soon as it can be; every figure as recounted."""
    wanted = expected(journey.up)
    heard = journey.telegram.heard
    for chat in (TEAM, BOB):
        came = {one.key.removeprefix("report:"): one.at for one in reports(heard, chat)}
        assert len(came) == len(reports(heard, chat))
        missed = set(wanted) - {date.fromisoformat(day) for day in came}
        assert missed == ({date(2025, 3, 28)} if chat == BOB else set())
        for day, at in came.items():
            free = reachable(wanted[date.fromisoformat(day)], chat)
            assert free <= at <= free + (PROBED if chat == BOB else TICK)
    assert {one.report.day for one in journey.told} == set(wanted)
    for nine in (local(3, 30), local(10, 26), local(3, 18), local(3, 20), local(3, 22)):
        assert nine.astimezone(PARIS).date() in wanted
    assert date(2025, 3, 24) not in wanted
    assert len(wanted) >= 38


def test_forty_days_of_figures(journey: Journey) -> None:
    """Every report of every chat says what a recount says, however often it was tried."""
    recounter = Recounter(journey.data, PARIS, every=LOOK)
    seen: Counter[str] = Counter()
    for one in journey.told:
        compare(one, recounter, [look.at for look in journey.looks], seen)
    assert min(seen[what] for what in ("new", "partly", "quiet", "23 h", "25 h")) > 0


def test_forty_days_of_alerts_and_messages(journey: Journey) -> None:
    """So it is with alerts and with messages."""
    seen: Counter[str] = Counter()
    telegram = journey.telegram
    looks = [*journey.looks, *lines(telegram.heard, telegram.probed)]
    record = Record(
        troubles=troubles(looks, journey.acks),
        looks=journey.looks,
        reports={day.isoformat(): at for day, at in expected(journey.up).items()},
        probed=telegram.probed,
        zone=PARIS,
        quiet=QUIET,
        hushed=HUSHED,
    )
    for one in journey.told:
        report, at = one.report, one.at
        known = troubles(
            [look for look in looks if look.at <= at],
            [ack for ack in journey.acks if ack[0] <= at],
        )
        again = alerts(
            known, since=report.since, until=report.until, at=at,
            night=night(report.day),
        )  # fmt: skip
        assert sorted((i.key, i.peak.name) for i in report.incidents) == again.found, report.day
        assert (report.open, report.longest_s) == (again.open, again.longest_s)
        assert report.ack_median_s == again.ack_median_s
        assert sorted(i.key for i in report.held) == again.held
        seen.update(word for word, there in {
            "alerts": again.found, "open": again.open, "taken": again.ack_median_s,
            "held": again.held,
        }.items() if there)  # fmt: skip
        if report.deliveries is None:
            continue
        told = record.count(telegram.heard, since=report.since, until=report.until)
        assert (report.deliveries.sent, report.deliveries.dead) == (told.sent, told.dead)
        p95_s = {level.name: took_s for level, took_s in report.deliveries.p95_s.items()}
        assert p95_s == pytest.approx(told.p95_s), report.day
        slow = any(took_s > 60 for took_s in told.p95_s.values())
        seen.update({"sent": told.sent, "dead": told.dead, "slow": slow})
    assert min(seen[what] for what in ("alerts", "open", "taken", "held")) >= 4
    assert min(seen[what] for what in ("dead", "slow")) > 0
    assert seen["sent"] > 300
    assert len({one.at for one in telegram.heard if one.key == "mute:all"}) == len(HUSHED)


def reachable(at: datetime, chat: int) -> datetime:
    """Return when a chat could be told first from a time on."""
    away = [one for one in AWAY if one.since <= at < one.until and one.chat in {0, chat}]
    return max([at, *(one.until for one in away)])


def reports(heard: list[Heard], chat: int) -> list[Heard]:
    """Return the reports a chat got."""
    return [h for h in heard if h.kind == "report" and h.chat == chat and not h.refused]


def night(day: date) -> tuple[datetime, datetime]:
    """Return the quiet hours before the report of a date."""
    start, end = QUIET
    return (
        datetime.combine(day - DAY, start, PARIS).astimezone(UTC),
        datetime.combine(day, end, PARIS).astimezone(UTC),
    )


def compare(one: Told, recounter: Recounter, looks: list[datetime], seen: Counter[str]) -> None:
    """Compare a report with the recount, and note what kind of a day it was."""
    report, at = one.report, one.at
    again = recounter.count(report.day, at=at, looks={look for look in looks if look <= at})
    assert not report.rolling
    assert report.new.today == again.new, report.day
    assert report.new.usual == pytest.approx(again.usual), report.day
    listed = {source.name: source for source in report.by_source}
    assert {name: source.new.today or 0 for name, source in listed.items()} == {
        name: again.by_source.get(name, 0) for name in listed
    }
    assert {name: source.runs or 0 for name, source in listed.items()} == {
        name: again.runs.get(name, 0) for name in listed
    }
    assert sum(again.runs.values()) == sum(again.runs.get(name, 0) for name in listed)
    for name, source in listed.items():
        assert source.median_gap_s == again.gaps_s.get(name), (report.day, name)
    assert report.median_roi == pytest.approx(again.median_roi)
    assert report.mean_roi == pytest.approx(again.mean_roi)
    assert (report.high, report.medium, report.low, report.unknown) == again.bands
    assert [item.roi for item in report.top] == pytest.approx(again.top)
    if report.covered is not None:
        assert report.covered == pytest.approx(again.covered, abs=0.0101)
    hours = (report.until - report.since) / HOUR
    seen[f"{hours:.0f} h"] += 1
    seen["new"] += bool(again.new)
    seen["quiet"] += again.new == 0
    seen["partly"] += report.covered is not None and report.covered < 1.0
