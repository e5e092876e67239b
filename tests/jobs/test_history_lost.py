"""A damaged history: set aside, begun anew, filled from the state, told once, and no more."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.alerts.rules import Rules
from jobs.archive import Archive
from jobs.checks.own import Itself
from jobs.facts import Own
from jobs.probes.own import ShelfProbe
from storage.history import History
from storage.incidents import Kind
from storage.past import Past
from storage.records import Observation, Outcome, Sample
from tests.jobs.looks import HEALTHY
from tests.jobs.office import Office
from tests.jobs.seen import NOON, at, fail

EVER = {"since": NOON - timedelta(days=9), "until": NOON + timedelta(days=9)}
HOURS_8 = 8 * 12  # cycles of five minutes: a reminder would come after six hours


class Place:
    """An office whose cycles keep a sample, copy what is over, and look at the history."""

    def __init__(self, folder: Path) -> None:
        self.office = Office(folder, rules=Rules())
        self.history = History(folder / "history.sqlite", retry_s=0.0)
        self.archive = Archive(
            Past(self.history), self.office.database, clock=lambda: at(self.office.now_s)
        )
        self.shelf = ShelfProbe(self.history)
        self.worst = 0

    def cycle(self, *seen: Observation) -> None:
        """Look, observe, deliver, copy; nothing may be raised."""
        now = at(self.office.now_s)
        self.history.add([Sample("cpu_pct", now.wall, 1.0)])
        assert isinstance(HEALTHY.own, Own)
        own = replace(HEALTHY.own, shelf=self.shelf(now), state_error=self.history.error)
        judged = Itself().judge(replace(HEALTHY, own=own), now=now.wall).observations
        self.worst += sum(
            one.outcome is Outcome.FAIL and one.key != "bot:history" for one in judged
        )
        self.office.see(*judged, *seen)
        assert self.archive.copy() == ""

    def heard(self) -> list[Kind]:
        """Return what the chat was told about the history; an edit of a card tells nothing."""
        heard = [kind for kind, key in self.office.heard() if key == "bot:history"]
        return [kind for kind in heard if kind is not Kind.UPDATE]


def spoil(paths: Iterable[Path], *, from_byte: int) -> None:
    """Write garbage over the files' content."""
    for path in paths:
        with path.open("r+b") as file:
            file.seek(from_byte)
            file.write(b"\xa5" * max(0, path.stat().st_size - from_byte))


@pytest.mark.parametrize("in_use", [True, False])
def test_a_damaged_history_is_told_once_and_stops_nothing(tmp_path: Path, *, in_use: bool) -> None:
    """Whether it is met at the start or in use; what the state still knows is there again."""
    place = Place(tmp_path)
    for _ in range(3):
        place.cycle(fail())
    assert place.heard() == []
    place.history.read(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    if in_use:
        spoil([place.history.path], from_byte=4096)
        place.history.read(lambda db: db.execute("PRAGMA shrink_memory"))
    else:
        place.history.close()
        spoil(tmp_path.glob("history.sqlite*"), from_byte=0)
        told, now_s = place.office.told, place.office.now_s
        place = Place(tmp_path)
        place.office.told, place.office.now_s = told, now_s
    for _ in range(HOURS_8):
        place.cycle(fail())
    assert place.heard() == [Kind.FIRED, Kind.RESOLVED]
    assert place.worst == 0
    assert (place.history.on_disk, place.history.error) == (True, "")
    (stale,) = [one for one in Past(place.history).incidents(**EVER) if one.key == "fresh:Galxe"]
    assert (stale.opened, stale.closed) == (at(2 * 300.0).wall, None)
    assert len(Past(place.history).told(**EVER)) >= 3
    assert len(place.history.series("cpu_pct", **EVER)) >= HOURS_8 - 1
    aside = [
        p for p in tmp_path.glob("history.sqlite.damaged-*") if not p.name.endswith(("wal", "shm"))
    ]
    assert len(aside) == 1
    place.history.close()
