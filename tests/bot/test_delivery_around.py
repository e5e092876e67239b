"""What delivery adds to an incident's card: its mute, its cause, and whom it calls."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.delivery.texts import MENTIONS, Texts
from handlers.views.text import visible
from jobs.alerts.manager import AlertManager
from storage.chats import Chats, relay
from storage.database import Database
from storage.incidents import Delivery, Incident, Kind
from storage.records import Moment, Observation, Outcome, Phrase, Severity
from tests.handlers.strict import problems

AT = Moment(wall=datetime(2026, 8, 14, 7, 2, tzinfo=UTC), logical_s=10_000.0)
TEAM, ADA, BO = "-100", 7, 8


class Desk:
    """A real manager and the texts that delivery would send."""

    def __init__(self, folder: Path, *, admins: tuple[int, ...] = (ADA, BO)) -> None:
        database = Database(folder / "state.json")
        self.chats = Chats(database)
        self.alerts = AlertManager(database=database, channels=[TEAM])
        self.texts = Texts(
            self.chats, timezone=ZoneInfo("Europe/Paris"), alerts=self.alerts, admins=admins
        )

    def fire(self, key: str) -> Incident:
        """Make an incident that is CRITICAL."""
        source = key.partition(":")[2]
        fact = Phrase("freshness.source.stale", {"source": source, "age_s": 9000, "limit_s": 7200})
        seen = Observation(
            key=key,
            check="freshness",
            outcome=Outcome.FAIL,
            level=Severity.CRITICAL,
            fact=fact,
        )
        for _ in range(3):
            self.alerts.observe([seen], at=AT)
        return next(each for each in self.alerts.open() if each.key == key)

    def called(self, incident: Incident, channel: str) -> str:
        """Return what a channel is sent where nobody takes an incident."""
        row = Delivery(
            id=1, incident=incident.number, key=incident.key, kind=Kind.ESCALATED, seq=0,
            channel=channel, level=incident.level, created=AT.wall, created_s=AT.logical_s,
        )  # fmt: skip
        message = self.texts.news(row, incident, at=AT)
        assert problems(message) == []
        return message.html


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The desk of two admins."""
    return Desk(tmp_path)


def test_a_card_that_is_edited_later_still_says_what_holds_it_back(desk: Desk) -> None:
    """Until when it is muted, and the open alert it follows from."""
    cause, incident = desk.fire("fresh:all"), desk.fire("fresh:Galxe")
    desk.alerts.mute(
        glob="fresh:Galxe", for_=timedelta(hours=4), by="Lina", at=AT,
        max_level=Severity.CRITICAL, until_fixed=True,
    )  # fmt: skip
    incident = next(each for each in desk.alerts.open() if each.number == incident.number)
    last = visible(desk.texts.card(incident, TEAM, at=AT).html).splitlines()[-1]
    assert last.endswith(f"until fixed (13:02 at the latest), follows from #{cause.number}")


def test_a_group_is_told_whom_it_calls_by_name(desk: Desk) -> None:
    """By the name of who spoke to the bot once, and by the role of who never did."""
    desk.chats.meet(ADA, "Ada <b>")
    html = desk.called(desk.fire("fresh:Galxe"), TEAM)
    assert '<a href="tg://user?id=7">Ada &lt;b&gt;</a>' in html
    assert '<a href="tg://user?id=8">administrator</a>' in html


@pytest.mark.parametrize("channel", [str(ADA), relay(0)])
def test_nobody_is_mentioned_where_nobody_else_reads(desk: Desk, channel: str) -> None:
    """In an admin's own chat the message is the call; a relay knows no mentions."""
    html = desk.called(desk.fire("fresh:Galxe"), channel)
    assert "Nobody has taken" in html
    assert "tg://" not in html


def test_no_more_people_are_mentioned_than_telegram_tells(tmp_path: Path) -> None:
    """A long list of admins is cut, the call is not."""
    desk = Desk(tmp_path, admins=tuple(range(1, 20)))
    assert desk.called(desk.fire("fresh:Galxe"), TEAM).count("tg://user") == MENTIONS
