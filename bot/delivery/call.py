"""One call to a channel: which text, as what, and as plain text where its markup is refused."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.delivery.grouping import Storm
from bot.delivery.outcome import Failed, Fault, Outcome, Sender, Sent
from bot.delivery.telegram import plain
from bot.delivery.texts import Renderer
from handlers.views.message import Message
from jobs.alerts.ledger import Ledger
from storage.incidents import Delivery, Incident, Kind
from storage.records import Moment

log = logging.getLogger(__name__)

FIRST = frozenset({Kind.FIRED, Kind.BRIEF})


class Caller:
    """Renders claimed rows from their incidents' present state, and posts or edits."""

    def __init__(self, sender: Sender, texts: Renderer, ledger: Ledger) -> None:
        self._sender = sender
        self._texts = texts
        self._ledger = ledger
        self._digested: dict[str, dict[int, Incident]] = {}

    async def call(self, channel: str, rows: Sequence[Delivery], *, at: Moment) -> Outcome:
        """Return what became of the rows, told as one message: several make a digest."""
        if len(rows) == 1:
            return await self._one(rows[0], at=at)
        pairs = self._pairs(channel, rows)
        message = self._texts.digest(pairs, channel, at=at)
        return await self._post(channel, self._hushed(message, rows, at=at))

    async def grow(self, storm: Storm, rows: Sequence[Delivery], *, at: Moment) -> Outcome:
        """Return what became of the rows, told by editing a digest; each incident counts once.

        A digest that cannot be edited any more is followed by a new one.
        """
        told = {**storm.rows, **{row.incident: row for row in rows}}
        channel = rows[0].channel
        pairs = self._pairs(channel, told.values())
        message = self._texts.digest(pairs, channel, at=at)
        outcome = await self._edit(channel, storm.message_id, message)
        if isinstance(outcome, Failed) and outcome.fault in {Fault.VANISHED, Fault.REJECTED}:
            return await self.call(channel, rows, at=at)
        return (
            replace(outcome, message_id=storm.message_id) if isinstance(outcome, Sent) else outcome
        )

    def _pairs(self, channel: str, rows: Iterable[Delivery]) -> list[tuple[Delivery, Incident]]:
        """Return the rows with their incidents, as they stand or as the last digest knew them.

        What is over may be forgotten while a digest that counts it still grows.
        """
        before = self._digested.get(channel, {})
        found = [(row, self._ledger.incident(row.incident)) for row in rows]
        found = [(row, one or before.get(row.incident)) for row, one in found]
        pairs = [(row, incident) for row, incident in found if incident is not None]
        self._digested[channel] = {incident.number: incident for _, incident in pairs}
        return pairs

    async def _one(self, row: Delivery, *, at: Moment) -> Outcome:
        if row.kind is Kind.REPORT:
            return await self._report(row, at=at)
        if row.note is not None:
            return await self._post(row.channel, self._texts.note(row, at=at))
        incident = self._ledger.incident(row.incident)
        if incident is None:
            return Failed(fault=Fault.REJECTED, text="the incident is forgotten")
        card = incident.messages.get(row.channel)
        if row.kind is not Kind.UPDATE:
            message = self._hushed(self._texts.news(row, incident, at=at), [row], at=at)
            return await self._post(row.channel, message, None if row.kind in FIRST else card)
        if card is None:
            return Sent()
        message = self._texts.card(incident, row.channel, at=at)
        return await self._edit(row.channel, card, message)

    async def _report(self, row: Delivery, *, at: Moment) -> Outcome:
        """Return what became of a report: one whose picture is not taken goes without."""
        message = await self._texts.report(row, at=at)
        outcome = await self._post(row.channel, message)
        if message.photo is None or not isinstance(outcome, Failed):
            return outcome
        if outcome.fault is not Fault.REJECTED:
            return outcome
        log.warning("a picture was refused; its text goes alone: %s", outcome.text)
        return await self._post(row.channel, replace(message, photo=None))

    def _hushed(self, message: Message, rows: Sequence[Delivery], *, at: Moment) -> Message:
        return replace(message, silent=True) if self._ledger.hushed(rows, at=at) else message

    async def _post(self, channel: str, message: Message, reply_to: int | None = None) -> Outcome:
        outcome = await self._sender.send(channel, message, reply_to=reply_to)
        if _unreadable(outcome):
            outcome = _bare(await self._sender.send(channel, plain(message), reply_to=reply_to))
        return replace(outcome, cut=message.cut) if isinstance(outcome, Sent) else outcome

    async def _edit(self, channel: str, message_id: int, message: Message) -> Outcome:
        outcome = await self._sender.edit(channel, message_id, message)
        if _unreadable(outcome):
            return _bare(await self._sender.edit(channel, message_id, plain(message)))
        return outcome


def _unreadable(outcome: Outcome) -> bool:
    """Return whether the markup was refused: it is a bug, and costs the message its looks only."""
    if not isinstance(outcome, Failed) or outcome.fault is not Fault.MARKUP:
        return False
    log.error("markup refused, sent again as plain text: %s", outcome.text)
    return True


def _bare(outcome: Outcome) -> Outcome:
    return replace(outcome, bare=True) if isinstance(outcome, Sent) else outcome
