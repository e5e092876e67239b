"""A manager over a real file and chats that accept everything: what people would see."""

from collections.abc import Sequence
from pathlib import Path

from jobs.alerts.boot import Resumed
from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Row, Rules
from storage.alerts import Alerts
from storage.database import Database
from storage.incidents import Incident, Kind, Mute, Status, TimelineKind
from storage.mutes import Mutes
from storage.outbox import Outbox
from storage.records import Observation, Phrase, Severity
from tests.jobs.seen import at

AT_ONCE = Rules(table=(Row(glob="*", fails=1, passes=1),), gap_s=0.0)
CYCLE_S = 300.0


class Office:
    """One chat by default; every cycle is whole, and what may go is delivered after it."""

    def __init__(
        self,
        folder: Path,
        *,
        channels: Sequence[str] = ("7",),
        admins: Sequence[str] = (),
        rules: Rules = AT_ONCE,
    ) -> None:
        self.path = folder / "state.json"
        self.channels = list(channels)
        self.admins = admins
        self.rules = rules
        self.now_s = 0.0
        self.told: list[tuple[str, Kind, str]] = []
        self.start()

    def start(self) -> None:
        """Begin, or begin again, on what the disk holds."""
        self.database = Database(self.path)
        self.alerts = AlertManager(
            database=self.database,
            channels=lambda: self.channels,
            rules=self.rules,
            admins=self.admins,
        )
        self.outbox, self.store = Outbox(self.database), Alerts(self.database)
        self.mutes = Mutes(self.database)

    def see(
        self, *seen: Observation, after_s: float = CYCLE_S, resumed: Resumed | None = None
    ) -> None:
        """Let time pass, observe a whole cycle, and deliver what may go."""
        self.now_s += after_s
        whole = frozenset[str]()
        self.alerts.observe(seen, at=at(self.now_s), complete=whole, resumed=resumed)
        self.deliver()

    def deliver(self) -> None:
        """Let the chats accept what may go."""
        ledger, now = self.alerts.ledger, at(self.now_s)
        for channel, rows in ledger.agenda(at=now).due.items():
            for row in ledger.claim(rows, at=now):
                self.told.append((channel, row.kind, row.key))
                ledger.accepted([row], message_id=row.id + 100, own=True, at=now)

    def heard(self, channel: str = "7") -> list[tuple[Kind, str]]:
        """Return what a chat was told since this was last asked, edits included."""
        heard = [(kind, key) for where, kind, key in self.told if where == channel]
        self.told = [each for each in self.told if each[0] != channel]
        return heard

    def mute(
        self,
        glob: str = "*",
        level: Severity = Severity.ERROR,
        *,
        by: str = "Lina",
        until_fixed: bool = False,
    ) -> Mute:
        """Mute from now on, and deliver what follows from it."""
        now = at(self.now_s)
        made = self.alerts.mute(
            glob=glob, for_=None, by=by, at=now, max_level=level, until_fixed=until_fixed
        )
        self.deliver()
        return made

    def incident(self, number: int = 1) -> Incident:
        """Return an incident, which must be known."""
        incident = self.alerts.incident(number)
        assert incident is not None
        return incident

    def story(self, number: int = 1) -> list[tuple[TimelineKind, str]]:
        """Return what happened to an incident, and by whom."""
        return [(entry.kind, entry.who) for entry in self.incident(number).timeline]

    def notes(self) -> list[Phrase]:
        """Return the lines said to the first chat that are about no incident."""
        rows = self.outbox.all()
        return [row.note for row in rows if row.note and row.channel == self.channels[0]]

    def waiting(self, *kinds: Kind) -> int:
        """Return how many rows of these kinds wait."""
        rows = self.outbox.all()
        return sum(row.status is Status.QUEUED and row.kind in kinds for row in rows)
