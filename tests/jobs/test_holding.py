import itertools
from dataclasses import replace
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs.alerts.holding import Holding
from jobs.alerts.quiet import QuietHours
from jobs.alerts.rules import Rules
from storage.alerts import Alerts
from storage.database import Database
from storage.incidents import AlertState, Delivery, Incident, Kind, Mute
from storage.mutes import Mutes
from storage.records import Phrase, Severity
from tests.jobs.seen import NOON, at

CHANNEL = "7"
WORDS = Phrase("x")
INCIDENT = Incident(
    number=0,
    key="volume:Galxe",
    check="business",
    level=Severity.ERROR,
    peak=Severity.ERROR,
    since=NOON,
    opened=NOON,
    opened_s=0.0,
    fact=WORDS,
    latest=WORDS,
)
MUTE = Mute(
    id=0,
    glob="volume:*",
    max_level=Severity.ERROR,
    until_s=3600.0,
    until=NOON,
    by="Lina",
    created=NOON,
)
NIGHT = QuietHours(start=time(0), end=time(23, 59), zone=ZoneInfo("UTC"))
WAYS = ("cause", "held", "closed", "muted", "night", "told here", "told there")


def row(kind: Kind, number: int) -> Delivery:
    """Return a queued row about the incident."""
    return Delivery(
        id=1,
        incident=number,
        key=INCIDENT.key,
        kind=kind,
        seq=0,
        channel=CHANNEL,
        level=Severity.WARNING,
        created=NOON,
        created_s=0.0,
    )


@pytest.mark.parametrize(
    "ways", [ways for n in range(3) for ways in itertools.combinations(WAYS, n)], ids=str
)
def test_a_channel_seen_as_free_has_nothing_held(tmp_path: Path, ways: tuple[str, ...]) -> None:
    """The short way never says "free" where a row by itself would be held; it is of use, too."""
    database = Database(tmp_path / "state.json")
    alerts, mutes = Alerts(database), Mutes(database)
    with database.transaction():
        told = replace(INCIDENT, held="held" in ways, closed=NOON if "closed" in ways else None)
        number = alerts.add_incident(told).number
        if "cause" in ways:
            alerts.add_incident(replace(INCIDENT, key="fresh:Galxe"))
        if "muted" in ways:
            mutes.add(MUTE)
        for way, channel in (("told here", CHANNEL), ("told there", "8")):
            if way in ways:
                state = alerts.state(INCIDENT.key)
                known = {**state.told_s, channel: 0.0}
                alerts.put_state(replace(AlertState(key=state.key), told_s=known))
    holding = Holding(
        alerts,
        mutes,
        rules=Rules(),
        quiet_hours=NIGHT if "night" in ways else None,
        at=at(1.0),
    )
    holds = [holding.hold(row(kind, number)) for kind in Kind if kind is not Kind.NOTE]
    if holding.free(CHANNEL):
        assert holds == [None] * len(holds)
    else:
        assert set(ways) & {"cause", "held", "muted", "night", "told here"}
    if not set(ways) - {"closed", "told there"}:
        assert holding.free(CHANNEL)
