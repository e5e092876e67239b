"""A whole alert path under a hand-moved clock: manager, worker and a scripted Telegram."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.delivery.outcome import Failed, Fault, Outcome, Sent
from bot.delivery.worker import Worker
from handlers.views.message import Message
from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Rules
from storage.database import Database
from storage.incidents import Delivery, Incident, Kind, Status
from storage.outbox import Outbox
from storage.records import Moment, Phrase
from tests.jobs.seen import Hands


@dataclass(frozen=True)
class Call:
    """One call that reached the scripted Telegram, accepted or not."""

    at_s: float
    channel: str
    text: str
    reply_to: int | None = None
    edited: int | None = None
    accepted: bool = True
    lost: bool = False

    def parts(self) -> list[str]:
        """Return what it tells, one text per incident: a digest tells of many."""
        head, _, rest = self.text.partition(": ")
        return rest.split(", ") if head.startswith("digest") else [self.text]


@dataclass
class Telegram:
    """A `Sender` that follows a script; what it accepts, also unseen, is in `posts`."""

    clock: Hands
    script: deque[Failed] = field(default_factory=deque)
    scripts: dict[str, deque[Failed]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)
    last_id: int = 0

    async def send(self, channel: str, message: Message, *, reply_to: int | None = None) -> Outcome:
        """Accept, or fail as scripted; an UNSURE failure accepts and loses the answer."""
        return self._answer(channel, message.html, reply_to=reply_to)

    async def edit(self, channel: str, message_id: int, message: Message) -> Outcome:
        """Edit, or fail as scripted."""
        return self._answer(channel, message.html, edited=message_id)

    async def probe(self, channel: str) -> Outcome:
        """Answer whether the chat can be reached."""
        if channel in self.unreachable:
            return Failed(fault=Fault.GONE, text="forbidden: bot was blocked by the user")
        return Sent()

    def said(self, channel: str = "7") -> list[str]:
        """Return the texts a channel accepted as messages of their own, in order."""
        return [
            call.text
            for call in self.calls
            if call.accepted and call.channel == channel and call.edited is None
        ]

    def _answer(
        self,
        channel: str,
        text: str,
        *,
        reply_to: int | None = None,
        edited: int | None = None,
    ) -> Outcome:
        if channel in self.unreachable:
            return Failed(fault=Fault.GONE, text="forbidden: bot was blocked by the user")
        script = self.scripts.get(channel, self.script)
        fault = script.popleft() if script else None
        accepted = fault is None or fault.fault is Fault.UNSURE
        self.calls.append(
            Call(
                self.clock.now_s,
                channel,
                text,
                reply_to,
                edited,
                accepted=accepted,
                lost=accepted and fault is not None,
            )
        )
        if fault is not None:
            return fault
        if edited is not None:
            return Sent()
        self.last_id += 1
        return Sent(self.last_id)


class Words:
    """Texts that say what they are, so that tests can read them."""

    def news(self, row: Delivery, incident: Incident, *, at: Moment) -> Message:
        """Return kind, number and level, whether it may be a repeat, and how late it is."""
        again = " again?" if row.maybe_dup else ""
        late_s = at.logical_s - row.created_s
        late = f" late {late_s:.0f}" if late_s > 60.0 else ""
        return Message(html=f"{row.kind} #{incident.number} {incident.level.name}{again}{late}")

    def card(self, incident: Incident, channel: str, *, at: Moment) -> Message:
        """Return where the incident stands."""
        _ = channel, at
        state = "closed" if incident.closed else incident.ack_by or "open"
        return Message(html=f"card #{incident.number} {incident.level.name} {state}")

    def digest(
        self, rows: Sequence[tuple[Delivery, Incident]], channel: str, *, at: Moment
    ) -> Message:
        """Return what is told of each incident, in the order they are given."""
        _ = channel, at
        parts = ", ".join(f"{row.kind} #{one.number} {one.level.name}" for row, one in rows)
        return Message(html=f"digest {len(rows)}: {parts}")

    def note(self, phrase: Phrase, channel: str) -> Message:
        """Return the phrase as it is."""
        _ = channel
        values = " ".join(str(value) for value in phrase.values.values())
        return Message(html=f"{phrase.key} {values}")


class World:
    """The parts, wired as the program wires them; `restart` is a crash and a new process."""

    def __init__(
        self, folder: Path, *, channels: tuple[str, ...] = ("7",), rules: Rules | None = None
    ) -> None:
        self.path = folder / "state.json"
        self.channels = channels
        self.rules = Rules(table=()) if rules is None else rules
        self.clock = Hands()
        self.telegram = Telegram(self.clock)
        self.restart()

    def restart(self) -> None:
        """Read everything from the disk again, as a new process does."""
        self.database = Database(self.path)
        self.alerts = AlertManager(database=self.database, channels=self.channels, rules=self.rules)
        self.outbox = Outbox(self.database)
        self.worker = Worker(
            alerts=self.alerts,
            sender=self.telegram,
            texts=Words(),
            clock=self.clock,
        )

    def rows(self, *kinds: Kind) -> list[Delivery]:
        """Return the rows of these kinds, or all."""
        return [row for row in self.outbox.all() if not kinds or row.kind in kinds]

    def statuses(self) -> list[tuple[Kind, Status]]:
        """Return what became of every row, by id."""
        return [(row.kind, row.status) for row in self.outbox.all()]
