"""A whole alert path under a hand-moved clock: manager, worker and a scripted Telegram."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from html import escape
from pathlib import Path

from bot.delivery.outcome import Failed, Fault, Outcome, Sent
from bot.delivery.texts import Renderer
from bot.delivery.worker import Worker
from handlers.views.message import Message
from jobs.alerts.manager import AlertManager
from jobs.alerts.quiet import QuietHours
from jobs.alerts.rules import Rules
from storage.alerts import Alerts
from storage.chats import is_relay
from storage.clock import resume
from storage.database import Database
from storage.incidents import Delivery, Incident, Kind, Status
from storage.outbox import Outbox
from storage.records import Moment, Phrase
from tests.jobs.seen import NOON, Hands

NOT_THERE = "timed out before it arrived"  # the text of an UNSURE failure that accepted nothing


class Death(StrEnum):
    """When in a call the process dies."""

    BEFORE = "before Telegram took it"
    AFTER = "after Telegram took it"


class PowerCutError(BaseException):
    """The machine is off in the middle of a write."""


class Frail(Database):
    """A state file whose machine can lose its power while it writes."""

    power_cut = False
    lasts: int | None = None  # how many writes are left before it is

    def _save(self, content: bytes, *, durable: bool) -> None:
        """Write, or leave half of it beside and be gone."""
        self.power_cut = self.power_cut or self.lasts == 0
        self.lasts = None if self.lasts is None else self.lasts - 1
        if self.power_cut:
            self._path.with_name(f".{self._path.name}.tmp").write_bytes(content[::2])
            raise PowerCutError
        super()._save(content, durable=durable)


@dataclass(frozen=True)
class Call:
    """One call that reached the scripted Telegram, accepted or not.

    `lost`: it was accepted, and the bot cannot know. `message_id`: what was posted or edited.
    """

    at_s: float
    channel: str
    text: str
    reply_to: int | None = None
    edited: int | None = None
    accepted: bool = True
    lost: bool = False
    fault: Failed | None = None
    message_id: int | None = None
    silent: bool = False

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
    dies: Death | None = None
    disk: Path | None = None
    last_state: bytes | None = None

    async def send(self, channel: str, message: Message, *, reply_to: int | None = None) -> Outcome:
        """Accept, or fail as scripted; an UNSURE failure accepts and loses the answer."""
        return self._answer(channel, message, reply_to=reply_to)

    async def edit(self, channel: str, message_id: int, message: Message) -> Outcome:
        """Edit, or fail as scripted."""
        return self._answer(channel, message, edited=message_id)

    async def probe(self, channel: str) -> Outcome:
        """Answer whether the chat can be reached."""
        return self._gone() if self._shut(channel) else Sent()

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
        message: Message,
        *,
        reply_to: int | None = None,
        edited: int | None = None,
    ) -> Outcome:
        if self.last_state is not None:  # whoever calls is dead already
            return Failed(fault=Fault.PASSING, text="nobody is left to hear this")
        if self._shut(channel):
            return self._gone()
        script = self.scripts.get(channel, self.script)
        fault = script.popleft() if script else None
        died = self._died()
        if died is Death.BEFORE:
            return Failed(fault=Fault.UNSURE, text="died")
        accepted = fault is None or (fault.fault is Fault.UNSURE and fault.text != NOT_THERE)
        if accepted and edited is None:
            self.last_id += 1
        message_id = self.last_id if edited is None else edited
        lost = accepted and (fault is not None or died is not None)
        made = Call(self.clock.now_s, channel, message.html, reply_to, edited, accepted, lost)
        known = message_id if accepted else None
        self.calls.append(replace(made, fault=fault, message_id=known, silent=message.silent))
        if fault is not None:
            return fault
        return Sent() if edited is not None or is_relay(channel) else Sent(self.last_id)

    def _died(self) -> Death | None:
        """Keep what is on the disk at the moment of death: nothing later counts."""
        died, self.dies = self.dies, None
        if died is not None and self.disk is not None:
            self.last_state = self.disk.read_bytes()
        return died

    def _shut(self, channel: str) -> bool:
        return bool({channel, channel.partition(":")[0]} & self.unreachable)

    def _gone(self) -> Failed:
        return Failed(fault=Fault.GONE, text="forbidden: bot was blocked by the user")


class Words:
    """Texts that say what they are, so that tests can read them; reports have a `picture`."""

    picture: bytes | None = None

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
        parts = ", ".join(
            f"{row.kind} #{one.number} {one.level.name}{' again?' if row.maybe_dup else ''}"
            for row, one in rows
        )
        return Message(html=f"digest {len(rows)}: {parts}")

    def note(self, row: Delivery, *, at: Moment) -> Message:
        """Return the phrase as it is; as HTML, like the real one, so that bare it is the same."""
        _ = at
        phrase = row.note or Phrase(row.key)
        values = " ".join(escape(str(value), quote=False) for value in phrase.values.values())
        return Message(html=f"{phrase.key} {values}")

    async def report(self, row: Delivery, *, at: Moment) -> Message:
        """Return which date it is the report of, and whether it may be a repeat."""
        _ = at
        return Message(html=f"{row.key}{' again?' if row.maybe_dup else ''}", photo=self.picture)


class World:
    """The parts, wired as the program wires them; `restart` is a crash and a new process."""

    def __init__(  # noqa: PLR0913 - parts, all named
        self,
        folder: Path,
        *,
        channels: tuple[str, ...] = ("7",),
        rules: Rules | None = None,
        quiet_hours: QuietHours | None = None,
        admins: tuple[str, ...] = (),
        texts: Renderer | None = None,
        relays: tuple[str, ...] = (),
    ) -> None:
        self.path = folder / "state.json"
        self.channels = channels
        self.rules = Rules(table=()) if rules is None else rules
        self.quiet_hours = quiet_hours
        self.admins = admins
        self.relays = relays
        self.texts = Words() if texts is None else texts
        self.clock = Hands()
        self.telegram = Telegram(self.clock, disk=self.path)
        self.restart()

    def restart(self) -> None:
        """Read everything from the disk again, as a new process does."""
        if self.telegram.last_state is not None:
            self.path.write_bytes(self.telegram.last_state)
        self.telegram.last_state = self.telegram.dies = None
        self.database = Frail(self.path)
        self.alerts = AlertManager(
            database=self.database,
            channels=self.channels,
            rules=self.rules,
            quiet_hours=self.quiet_hours,
            admins=self.admins,
            relays=self.relays,
        )
        self.outbox = Outbox(self.database)
        self.worker = Worker(
            alerts=self.alerts,
            sender=self.telegram,
            texts=self.texts,
            clock=self.clock,
        )

    def away(self, gap_s: float, *, wall_step_s: float = 0.0) -> None:
        """Be down so long, then start; the wall clock may have been set meanwhile."""
        wall = self.clock().wall + timedelta(seconds=gap_s + wall_step_s)
        saved = Alerts(self.database).moment()
        resumed = resume(saved, wall=lambda: wall, steady_s=lambda: 0.0)
        self.clock.now_s = resumed().logical_s
        self.clock.wall_step_s = (wall - NOON).total_seconds() - self.clock.now_s
        self.restart()

    def rows(self, *kinds: Kind) -> list[Delivery]:
        """Return the rows of these kinds, or all."""
        return [row for row in self.outbox.all() if not kinds or row.kind in kinds]

    def statuses(self) -> list[tuple[Kind, Status]]:
        """Return what became of every row, by id."""
        return [(row.kind, row.status) for row in self.outbox.all()]
