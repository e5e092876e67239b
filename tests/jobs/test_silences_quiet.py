"""Quiet hours: a warning waits for the morning, an error makes no sound, CRITICAL rings."""

from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.delivery.worker import Worker
from handlers.views.message import Message
from jobs.alerts.manager import AlertManager
from jobs.alerts.quiet import QuietHours
from jobs.alerts.rules import Row, Rules
from storage.database import Database
from storage.incidents import Kind, Status
from storage.outbox import Outbox
from storage.records import Severity
from tests.bot.outbox_world import Telegram, Words
from tests.jobs.seen import Hands, at, fail, ok

PARIS = ZoneInfo("Europe/Paris")
NIGHT = QuietHours(start=time(22, 30), end=time(7), zone=PARIS)
WARNING, ERROR, CRITICAL = Severity.WARNING, Severity.ERROR, Severity.CRITICAL
HOUR = 3600.0


@pytest.mark.parametrize(
    ("local", "left_h"),
    [
        ("2026-01-05 22:29", 0.0),
        ("2026-01-05 22:30", 8.5),
        ("2026-01-06 00:00", 7.0),
        ("2026-01-06 06:59", 1 / 60),
        ("2026-01-06 07:00", 0.0),
        ("2026-03-28 23:00", 7.0),  # the night the clocks go forward
        ("2026-10-24 23:00", 9.0),  # … and back
        ("2026-10-25 06:00", 1.0),
    ],
)
def test_how_long_they_last_yet(local: str, left_h: float) -> None:
    """By the owner's zone, over midnight and on both DST days."""
    wall = datetime.fromisoformat(local).replace(tzinfo=PARIS).astimezone(UTC)
    assert NIGHT.left_s(wall) == pytest.approx(left_h * HOUR)


def test_they_may_lie_within_a_day_or_be_none() -> None:
    """A siesta; and the same time twice means never."""
    siesta = QuietHours(start=time(13), end=time(14), zone=UTC)
    assert siesta.left_s(datetime(2026, 1, 5, 13, 30, tzinfo=UTC)) == HOUR / 2
    assert siesta.left_s(datetime(2026, 1, 5, 14, 30, tzinfo=UTC)) == 0.0
    never = QuietHours(start=time(7), end=time(7), zone=UTC)
    assert never.left_s(datetime(2026, 1, 5, 7, tzinfo=UTC)) == 0.0


class Ears(Telegram):
    """A Telegram that hears whether a message rings."""

    async def send(self, channel: str, message: Message, *, reply_to: int | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """Keep what is heard."""
        self.heard = [*getattr(self, "heard", []), (message.html.split()[0], not message.silent)]
        return await super().send(channel, message, reply_to=reply_to)


class Bedroom:
    """Delivery to one chat whose people sleep from noon on for eight hours."""

    def __init__(self, folder: Path) -> None:
        database = Database(folder / "state.json")
        self.clock = Hands()
        self.telegram = Ears(self.clock)
        self.outbox = Outbox(database)
        hours = QuietHours(start=time(12), end=time(20), zone=UTC)
        rules = Rules(table=(Row(glob="*", fails=1, passes=1),), gap_s=0.0)
        self.alerts = AlertManager(
            database=database, channels=("7",), rules=rules, quiet_hours=hours
        )
        self.worker = Worker(
            alerts=self.alerts, sender=self.telegram, texts=Words(), clock=self.clock
        )

    async def until(self, end_s: float) -> list[tuple[str, bool]]:
        """Deliver until then, and return what was heard so far."""
        while self.clock.now_s < end_s:
            await self.worker.drain_once()
            self.clock.now_s += 10.0
        return getattr(self.telegram, "heard", [])


@pytest.fixture
def bedroom(tmp_path: Path) -> Bedroom:
    return Bedroom(tmp_path)


async def test_a_warning_waits_and_leaves_as_one_digest(bedroom: Bedroom) -> None:
    """Three warnings in the night are one message in the morning."""
    for n, key in enumerate("abc"):
        bedroom.alerts.observe([fail(WARNING, key)], at=at(600.0 * n))
    assert bedroom.alerts.ledger.agenda(at=at(1200.0)).next_s == 8 * HOUR
    assert await bedroom.until(8 * HOUR) == []
    await bedroom.until(8 * HOUR + 60)
    assert bedroom.telegram.said() == [
        "digest 3: fired #1 WARNING, fired #2 WARNING, fired #3 WARNING"
    ]


async def test_an_error_makes_no_sound_and_critical_rings(bedroom: Bedroom) -> None:
    """Both come at once."""
    bedroom.alerts.observe([fail(ERROR, "a")], at=at(0.0))
    assert await bedroom.until(60.0) == [("fired", False)]
    bedroom.alerts.observe([fail(CRITICAL, "a")], at=at(60.0))
    assert await bedroom.until(120.0) == [("fired", False), ("worse", True)]


async def test_by_day_an_error_rings(bedroom: Bedroom) -> None:
    """Outside the quiet hours nothing changes."""
    bedroom.clock.now_s = 8 * HOUR
    bedroom.alerts.observe([fail(ERROR, "a")], at=bedroom.clock())
    assert await bedroom.until(8 * HOUR + 60) == [("fired", True)]


async def test_a_storm_at_night_is_silent_unless_it_is_critical(bedroom: Bedroom) -> None:
    """The digest rings for the worst it tells."""
    bedroom.alerts.observe([fail(ERROR, f"e{n}") for n in range(6)], at=at(0.0))
    await bedroom.until(200.0)
    worst = [fail(CRITICAL, f"c{n}") for n in range(6)]
    bedroom.alerts.observe(worst, at=at(200.0))
    assert await bedroom.until(260.0) == [("digest", False), ("digest", True)]


async def test_what_was_over_by_the_morning_is_one_short_line(bedroom: Bedroom) -> None:
    """A warning that came and went is told briefly then, and never as an alert."""
    bedroom.alerts.observe([fail(WARNING, "a")], at=at(6 * HOUR))
    bedroom.alerts.observe([ok("a")], at=at(6 * HOUR + 600.0))
    bedroom.clock.now_s = 6 * HOUR + 600.0
    assert await bedroom.until(8 * HOUR) == []
    assert [kind for kind, _ in await bedroom.until(8 * HOUR + 60.0)] == ["brief"]
    kinds = {row.kind: row.status for row in bedroom.outbox.all()}
    assert kinds == {Kind.FIRED: Status.SUPERSEDED, Kind.BRIEF: Status.SENT}
