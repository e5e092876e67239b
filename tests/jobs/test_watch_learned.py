"""From five weeks of files to one alert that says what is usual: every part is real."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handlers.views import i18n
from jobs.alerts.manager import AlertManager
from jobs.checks.business import Business
from jobs.gather import Gatherer, Sources
from jobs.probes.host import HostProbe
from jobs.probes.own import OwnProbe
from jobs.probes.processes import ProcessProbe
from jobs.watch import Watch
from storage import habits
from storage.database import Database
from storage.history import History
from storage.incidents import Incident
from storage.opportunities import Opportunities
from storage.records import Moment, Severity
from storage.tracker import ReadOptions, Tracker

START = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a clock change lies within
EVERY = timedelta(hours=4)
A_FILE, LISTED = 6, 40
DAYS = 35
LOOKS = 2


def fill(folder: Path, new: list[int]) -> datetime:
    """Write a file every four hours that lists old items again and `new` ones; return the end."""
    items: list[dict[str, str]] = []
    for number, fresh in enumerate(new):
        items += [
            {"title": f"Quest {number}.{k}", "link": f"https://galxe.example/{number}/{k}",
             "source": "Galxe"}
            for k in range(fresh)
        ]  # fmt: skip
        at_s = (START + number * EVERY).timestamp()
        path = folder / f"opportunities_{int(at_s)}.json"
        path.write_text(json.dumps(items[-LISTED:]))
        os.utime(path, (at_s, at_s))
    return START + (len(new) - 1) * EVERY + timedelta(minutes=5)


async def open_after(root: Path, new: list[int]) -> dict[str, Incident]:
    """Return what is open after two looks at such a folder."""
    (data := root / "data").mkdir()
    (state := root / "var").mkdir()
    now = fill(data, new)
    history = History(state / "history.sqlite")
    index = Opportunities(history)
    alerts = AlertManager(database=Database(state / "state.json"), channels=("1",))
    moments: Iterator[Moment] = (
        Moment(wall=now + k * timedelta(minutes=5), logical_s=300.0 * k) for k in range(LOOKS)
    )
    watch = Watch(
        gatherer=Gatherer(
            Sources(
                tracker=Tracker(data, index=index, options=ReadOptions()),
                opportunities=index, processes=ProcessProbe(()), host=HostProbe({}),
                own=OwnProbe(state), habits=lambda at: habits.learn(history, now=at.wall),
            )
        ),
        checks=[Business(sources=("Galxe",), low_volume=0)],
        clock=lambda: next(moments), alerts=alerts, history=history,
    )  # fmt: skip
    for _ in range(LOOKS):
        await watch.run()
    history.close()
    return {one.key: one for one in alerts.known() if one.closed is None}


FULL = [A_FILE] * (DAYS * 6)


async def test_a_source_that_brings_a_sixth_is_told_with_what_is_usual(tmp_path: Path) -> None:
    """What its files repeat does not count: 40 listed, 6 new in 24 h."""
    found = await open_after(tmp_path, [*FULL, *[1] * 6])
    incident = found["volume:Galxe"]
    assert incident.level is Severity.WARNING
    said = [i18n.language(code, UTC).plain(incident.fact.key, **incident.fact.values)
            for code in ("en", "fr")]  # fmt: skip
    assert said[0] == "Galxe: usual 36, now 6 new in 24 h."
    assert "d’habitude 36, maintenant 6 nouveautés" in said[1]


async def test_a_source_that_only_repeats_is_silent(tmp_path: Path) -> None:
    """296 listed, 37 distinct, 0 new: that is the kind of day it is about."""
    found = await open_after(tmp_path, [*FULL, *[0] * 7])
    assert found["volume:Galxe"].level is Severity.ERROR
    assert found["volume:Galxe"].fact.key == "metrics.volume.silent"


@pytest.mark.parametrize("new", [[*FULL, *[A_FILE - 2] * 6], [A_FILE] * 24 + [0] * 6])
async def test_a_usual_day_and_a_young_history_tell_nothing(tmp_path: Path, new: list[int]) -> None:
    """A third less is chance; of four days nobody knows what is usual."""
    assert "volume:Galxe" not in await open_after(tmp_path, new)
