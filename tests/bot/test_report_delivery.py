"""The report's rows: once per date and chat, whatever dies when; no alert holds or swallows it."""

import asyncio
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.delivery.outcome import Failed, Fault
from bot.delivery.texts import Texts
from bot.reporter import Morning
from handlers.reporting import Reports
from handlers.views.blocks import fits
from handlers.views.plots import Spec
from jobs.alerts.quiet import QuietHours
from jobs.calendar import Job
from jobs.reporter import Now, Reporter, Terms
from jobs.timetable import Timetable
from storage.chats import Chats
from storage.database import Database
from storage.history import History
from storage.incidents import Incident, Kind, Status
from storage.job_runs import JobRuns, RunStatus
from storage.opportunities import Opportunities, Row
from storage.records import Moment, Phrase, Sample, Severity, Value
from storage.schema import micros
from tests.bot.outbox_world import NOT_THERE, Words, World
from tests.jobs.seen import NOON, fail

UTC_ZONE = ZoneInfo("UTC")
TODAY = NOON.date()
TOLD = f"report:{TODAY.isoformat()}"
MINUTE_S, DAY_S = 60.0, 86_400.0


class Mornings:
    """A world whose calendar has the report at noon; a start is a new process on the same disk."""

    def __init__(
        self,
        folder: Path,
        *,
        channels: tuple[str, ...] = ("7",),
        quiet_hours: QuietHours | None = None,
        texts: Words | None = None,
    ) -> None:
        self.world = World(folder, channels=channels, quiet_hours=quiet_hours, texts=texts)
        self.start()

    def start(self) -> None:
        world = self.world
        self.runs = JobRuns(world.database)
        quick: Any = Looked()
        morning = Morning(watch=quick, archive=quick, alerts=world.alerts, clock=world.clock)
        job = Job(
            name="report", at=time(12), catch_up=timedelta(hours=6), zone=UTC_ZONE,
            work=morning.look, commits=morning.queue,
        )  # fmt: skip
        self.timetable = Timetable(
            [job], runs=self.runs, clock=world.clock, committed=world.alerts.announce
        )

    def restart(self) -> None:
        self.world.restart()
        self.start()

    async def live(self, *, for_s: float, step_s: float = 15.0) -> None:
        """Tick and deliver while the clock goes on."""
        end_s = self.world.clock.now_s + for_s
        while self.world.clock.now_s <= end_s:
            await self.timetable.tick()
            await self.timetable.finish()
            await self.world.worker.drain_once()
            self.world.clock.now_s += step_s

    def said(self, channel: str = "7") -> list[str]:
        return self.world.telegram.said(channel)


class Easel:
    """Draws the same for everything."""

    async def draw(self, _: Spec) -> bytes | None:
        return b"png"

    async def close(self) -> None:
        return None


class Looked:
    """A watch, or an archive, that is done at once."""

    async def run(self) -> None:
        """Find nothing."""


@pytest.fixture
def mornings(tmp_path: Path) -> Mornings:
    return Mornings(tmp_path, channels=("7", "8"))


async def test_it_comes_once_a_date_to_every_chat(mornings: Mornings) -> None:
    """However often the calendar looks, and after a restart; with sound; the next day again."""
    await mornings.live(for_s=2 * MINUTE_S)
    mornings.restart()
    await mornings.live(for_s=2 * MINUTE_S)
    assert mornings.said("7") == mornings.said("8") == [TOLD]
    assert not any(call.silent for call in mornings.world.telegram.calls)
    mornings.world.clock.now_s += DAY_S
    await mornings.live(for_s=2 * MINUTE_S)
    assert mornings.said("7") == [TOLD, f"report:{TODAY + timedelta(days=1)}"]


async def test_row_and_run_are_one_write(mornings: Mornings) -> None:
    """The run is done exactly in the state in which the rows are there."""
    states = watched(mornings.world)
    await mornings.timetable.tick()
    await mornings.timetable.finish()
    rows = [state.count(b'"kind":"report"') for state, _ in states]
    done = [b'"status":"done"' in state for state, _ in states]
    assert list(zip(rows, done, strict=True)) == [(0, False), (2, True)]


def watched(world: World) -> list[tuple[bytes, int]]:
    """Return a list that every state written is added to, with how many calls there were then."""
    states: list[tuple[bytes, int]] = []
    save = world.database._save

    def kept(content: bytes, *, durable: bool) -> None:
        save(content, durable=durable)
        states.append((content, len(world.telegram.calls)))

    world.database._save = kept  # type: ignore[method-assign]
    return states


async def test_a_kill_between_any_two_writes_neither_loses_nor_doubles_it(tmp_path: Path) -> None:
    """Begun anew from each state there was; a second one, after a send nobody noted, says so."""
    (tmp_path / "first").mkdir()
    first = Mornings(tmp_path / "first")
    states = watched(first.world)
    await first.live(for_s=MINUTE_S)
    assert len(states) == 4  # run begun, run done with its row, row claimed, row sent
    ends = [calls for _, calls in states[1:]] + [len(first.world.telegram.calls)]
    for number, ((state, calls), last) in enumerate(zip(states, ends, strict=True)):
        for accepted in {calls, last}:
            folder = tmp_path / f"{number}-{accepted}"
            folder.mkdir()
            (folder / "state.json").write_bytes(state)
            again = Mornings(folder)
            again.world.clock.now_s = MINUTE_S
            await asyncio.to_thread(again.world.alerts.ledger.recover)
            await again.live(for_s=10 * MINUTE_S)
            told = accepted + len(again.said())
            assert told in {1, 2}, number
            assert told == 1 or again.said() == [f"{TOLD} again?"]
            assert again.runs.of("report")[TODAY].status is RunStatus.DONE


async def test_a_chat_that_is_shut_keeps_nobody_else_from_it(mornings: Mornings) -> None:
    """403: its row is dead with a reason, the other chat has its report."""
    mornings.world.telegram.unreachable = {"8"}
    await mornings.live(for_s=5 * MINUTE_S)
    assert (mornings.said("7"), mornings.said("8")) == ([TOLD], [])
    (dead,) = [row for row in mornings.world.rows(Kind.REPORT) if row.status is Status.DEAD]
    assert (dead.channel, "blocked" in dead.last_error) == ("8", True)


@pytest.mark.parametrize("shut", [{"8"}, {"7", "8"}])
async def test_a_chat_that_is_back_soon_still_gets_it(mornings: Mornings, shut: set[str]) -> None:
    """Once, within the six hours; also where every chat was shut when it was made."""
    world = mornings.world
    world.telegram.unreachable = shut
    world.alerts.observe([fail(Severity.CRITICAL, "x")], at=world.clock())
    world.alerts.observe([fail(Severity.CRITICAL, "x")], at=world.clock())
    if shut == {"7", "8"}:
        await world.worker.drain_once()  # so they are known to be shut before the report
    await mornings.live(for_s=5 * MINUTE_S)
    world.telegram.unreachable = set()
    await mornings.live(for_s=70 * MINUTE_S, step_s=60.0)
    assert (mornings.said("7").count(TOLD), mornings.said("8").count(TOLD)) == (1, 1)


async def test_a_chat_that_is_back_late_waits_for_the_next(mornings: Mornings) -> None:
    """What is older than six hours is no news; and who had it does not get it again."""
    world = mornings.world
    world.telegram.unreachable = {"8"}
    await mornings.live(for_s=6.5 * 60 * MINUTE_S, step_s=600.0)
    world.telegram.unreachable = {"7"}
    world.alerts.observe([fail(Severity.CRITICAL, "x")], at=world.clock())
    world.alerts.observe([fail(Severity.CRITICAL, "x")], at=world.clock())
    await mornings.live(for_s=MINUTE_S)
    assert world.alerts.ledger.chats.get(7).disabled
    world.telegram.unreachable = set()
    await mornings.live(for_s=2 * 60 * MINUTE_S, step_s=60.0)
    assert not any(chat.disabled for chat in world.alerts.ledger.chats.all())
    assert (mornings.said("7").count(TOLD), mornings.said("8")[:1]) == (1, ["fired #1 CRITICAL"])
    assert TOLD not in mornings.said("8")


async def test_who_had_it_and_was_lost_does_not_get_it_again(mornings: Mornings) -> None:
    """Back an hour after its report, a chat hears of what is open, no more."""
    world = mornings.world
    await mornings.live(for_s=MINUTE_S)
    world.telegram.unreachable = {"7"}
    for _ in range(2):
        world.alerts.observe([fail(Severity.CRITICAL, "x")], at=world.clock())
    await mornings.live(for_s=MINUTE_S)
    assert world.alerts.ledger.chats.get(7).disabled
    world.telegram.unreachable = set()
    await mornings.live(for_s=70 * MINUTE_S, step_s=60.0)
    assert not world.alerts.ledger.chats.get(7).disabled
    assert mornings.said("7").count(TOLD) == 1


async def test_an_outage_over_its_hour_only_delays_it(tmp_path: Path) -> None:
    """It is tried until Telegram is back, then it is there once."""
    mornings = Mornings(tmp_path)
    away = [Failed(fault=Fault.UNSURE, text=NOT_THERE)] * 20
    mornings.world.telegram.script.extend(away)
    await mornings.live(for_s=90 * MINUTE_S)
    assert not mornings.world.telegram.script
    assert len(mornings.said()) == 1
    assert mornings.said()[0].startswith(TOLD)


async def test_nothing_that_holds_alerts_holds_it(tmp_path: Path) -> None:
    """Not a mute of everything, not quiet hours, which silence it no more than they hold it."""
    night = QuietHours(start=time(11), end=time(14), zone=UTC_ZONE)
    mornings = Mornings(tmp_path, quiet_hours=night)
    world = mornings.world
    for level in (Severity.ERROR, Severity.CRITICAL):
        world.alerts.mute(glob="all", for_=None, by="Ada", at=world.clock(), max_level=level)
    await mornings.live(for_s=MINUTE_S)
    assert mornings.said() == [TOLD]
    assert not world.telegram.calls[-1].silent


async def test_a_storm_neither_swallows_nor_waits_for_it(tmp_path: Path) -> None:
    """The alerts go first, as a digest of their own; the report is a message of its own."""
    mornings = Mornings(tmp_path)
    world = mornings.world
    for _ in range(3):
        storm = [fail(Severity.ERROR, f"x{n}") for n in range(20)]
        world.alerts.observe(storm, at=world.clock())
    await mornings.live(for_s=MINUTE_S, step_s=1.0)
    assert TOLD in mornings.said()
    (digest,) = [text for text in mornings.said() if text.startswith("digest")]
    assert "report" not in digest
    assert mornings.said().index(digest) < mornings.said().index(TOLD)


async def test_a_late_report_does_not_count_as_an_outage_of_alerts(tmp_path: Path) -> None:
    """What tells that Telegram is away are alerts that wait: a report is none."""
    mornings = Mornings(tmp_path)
    mornings.world.telegram.script.extend([Failed(fault=Fault.UNSURE, text=NOT_THERE)] * 3)
    await mornings.timetable.tick()
    await mornings.timetable.finish()
    at = Moment(wall=NOON + timedelta(hours=1), logical_s=3600.0)
    assert mornings.world.alerts.ledger.oldest_s(at=at) == 0.0


async def test_after_a_restart_it_waits_for_the_first_whole_look(tmp_path: Path) -> None:
    """What it tells is as fresh as an alert: a minute at most, then it goes without."""
    mornings = Mornings(tmp_path)
    mornings.world.alerts.observe([], at=mornings.world.clock())
    await mornings.timetable.tick()
    await mornings.timetable.finish()
    mornings.restart()
    await mornings.world.worker.drain_once()
    assert mornings.said() == []
    mornings.world.alerts.observe([], at=mornings.world.clock(), complete=frozenset())
    await mornings.world.worker.drain_once()
    assert mornings.said() == [TOLD]


async def test_a_picture_that_is_refused_costs_the_picture(tmp_path: Path) -> None:
    """The text goes alone, at once, and the row is done."""
    words = Words()
    words.picture = b"png"
    mornings = Mornings(tmp_path, texts=words)
    mornings.world.telegram.script.append(Failed(fault=Fault.REJECTED, text="no photos here"))
    await mornings.live(for_s=MINUTE_S)
    assert mornings.said() == [TOLD]
    assert [row.status for row in mornings.world.rows()] == [Status.SENT]


async def test_a_failed_day_is_told_by_its_own_date(tmp_path: Path) -> None:
    """Up again after the window, nothing comes for the day that passed; the next one does."""
    mornings = Mornings(tmp_path)
    mornings.world.clock.now_s = 7 * 3600.0
    await mornings.live(for_s=MINUTE_S)
    assert mornings.said() == []
    mornings.world.clock.now_s = 31 * DAY_S + 3600.0
    await mornings.live(for_s=MINUTE_S)
    assert mornings.said() == [f"report:{TODAY + timedelta(days=31)}"]


@pytest.fixture
def french(tmp_path: Path) -> Texts:
    chats = Chats(Database(tmp_path / "chats.json"))
    chats.remember(8, "fr")
    history = History(tmp_path / "history.sqlite")
    seen = NOON - timedelta(hours=1)
    history.add([Sample("cycle_s", seen, 0.1), Sample("up:Galxe", seen, 1.0)])
    maker = Reporter(history, terms=Terms(due=time(12), zone=UTC_ZONE), now=Now())
    return Texts(chats, timezone=UTC_ZONE, reports=Reports(maker, Easel()))


async def test_it_is_made_when_sent_for_each_reader(french: Texts, tmp_path: Path) -> None:
    """Each in the chat's language; one that is late says so, and names its date."""
    mornings = Mornings(tmp_path, channels=("7", "8"))
    await mornings.timetable.tick()
    await mornings.timetable.finish()
    late = Moment(wall=NOON + timedelta(minutes=40), logical_s=2400.0)
    here, there = [await french.report(row, at=late) for row in mornings.world.rows()]
    assert here.photo is not None
    assert "2 Jan" in here.html
    assert "2 janv" in there.html
    assert "40 min" in here.html
    assert "retardé de 40" in there.html
    assert not here.silent


def crowded(folder: Path, *, pad: int) -> Texts:
    """Return what makes a long report, a little longer with every `pad`."""
    folder.mkdir()
    history, begun = History(folder / "history.sqlite"), NOON - timedelta(hours=3)
    stale: dict[str, Value] = {"source": "A long name", "age_s": 9e3, "limit_s": 7200.0}
    fact = Phrase("freshness.source.stale", stale)
    incidents = [
        Incident(
            number=n, key=f"fresh:{n}", check="freshness", level=Severity.WARNING,
            peak=Severity.WARNING, since=begun, opened=begun, opened_s=0.0, fact=fact, latest=fact,
        )
        for n in range(60)
    ]  # fmt: skip
    best = [
        Row(
            key=n, source=f"{n} source{pad * 'x'}", title=f"{n} " + "of a kind " * 5, url="",
            reward="up to 1200 USDC", minutes=25.0, roi=9.0 + n, rank=0,
            deadline="when the last is gone", first_seen=micros(begun),
            last_seen=micros(begun),
        )
        for n in range(9)
    ]  # fmt: skip
    history.write(lambda db: Opportunities(history).put(db, best))
    terms = Terms(
        due=time(12), zone=UTC_ZONE, sources=tuple(map(str, range(40))),
        quiet_hours=QuietHours(start=time(22), end=time(11), zone=UTC_ZONE),
    )  # fmt: skip
    maker = Reporter(history, terms=terms, now=Now(incidents=lambda: incidents))
    chats = Chats(Database(folder / "chats.json"))
    return Texts(chats, timezone=UTC_ZONE, reports=Reports(maker, Easel()))


async def test_a_late_one_with_a_lot_to_say_keeps_its_words(tmp_path: Path) -> None:
    """That it is late has to be said: where a caption has no room for it, the picture goes."""
    mornings = Mornings(tmp_path)
    await mornings.timetable.tick()
    await mornings.timetable.finish()
    (row,) = mornings.world.rows()
    pictures = set()
    for pad in range(8, 16):
        texts = crowded(tmp_path / str(pad), pad=pad)
        here, late = Moment(wall=NOON, logical_s=0.0), Moment(wall=NOON, logical_s=20_000.0)
        soon = await texts.report(row, at=here)
        later = await texts.report(replace(row, maybe_dup=True), at=late)
        for said in (soon, later):
            assert fits(said.html, 4096 if said.photo is None else 1024)
        assert "repeat" not in soon.html
        assert "repeat" in later.html
        assert "5 h 33 min" in later.html
        pictures.add((soon.photo is not None, later.photo is not None))
    assert pictures == {(True, True), (True, False)}


async def test_one_that_was_tried_often_goes_without_its_picture(
    french: Texts, tmp_path: Path
) -> None:
    """A line too slow for a picture must not keep the words back."""
    mornings = Mornings(tmp_path)
    mornings.world.telegram.script.extend([Failed(fault=Fault.UNSURE, text=NOT_THERE)] * 4)
    await mornings.live(for_s=2 * MINUTE_S)
    (row,) = mornings.world.rows()
    assert row.attempts > 3
    message = await french.report(row, at=mornings.world.clock())
    assert message.photo is None
    assert date.fromisoformat(row.key.removeprefix("report:")) == TODAY
