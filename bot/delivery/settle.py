"""What follows from an outcome: marks, pauses, and the news that a chat is lost or back."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import ParamSpec, TypeVar

from bot.delivery.desk import Desk
from bot.delivery.outcome import Failed, Fault, Outcome, Sent
from jobs.alerts.enqueue import OWN_WORDS
from jobs.alerts.entries import Taken, Trouble
from jobs.alerts.manager import AlertManager
from storage.chats import Chat, parts
from storage.incidents import Delivery, Kind
from storage.records import (
    Clock,
    Moment,
    Observation,
    Phrase,
    Severity,
)
from storage.records import Outcome as Seen

log = logging.getLogger(__name__)
Asked = ParamSpec("Asked")
Result = TypeVar("Result")

LONGEST_BACKOFF_S = 300.0
JITTER = 0.2
MARGIN_S = 1.0
PROBE_EVERY_S = 3600.0
BARE_EVERY_S = 3600.0
CRASHES = 3
PERMANENT = frozenset({Fault.MARKUP, Fault.REJECTED, Fault.VANISHED})


def backoff_s(attempts: int, *, luck: float) -> float:
    """Return 2, 4, 8 … 300 s, spread by ±20 %; `luck` is between 0 and 1."""
    base = min(2.0 ** min(attempts, 16), LONGEST_BACKOFF_S)
    return min(base * (1 - JITTER + 2 * JITTER * luck), LONGEST_BACKOFF_S)


class Settler:
    """Writes outcomes down; the marks come after the call, never before."""

    def __init__(self, alerts: AlertManager, clock: Clock, desk: Desk) -> None:
        self._alerts = alerts
        self._desk = desk
        self._ledger = alerts.ledger
        self._clock = clock
        self._token_told = False
        self._bare_told_s = -BARE_EVERY_S

    async def settle(
        self, channel: str, rows: Sequence[Delivery], outcome: Outcome, *, own: bool
    ) -> None:
        """Mark the rows by what became of them; `own`: the message is of one incident alone."""
        at = self._clock()
        if isinstance(outcome, Sent):
            await self._sent(rows, outcome, own=own, at=at)
        elif outcome.fault is Fault.GONE:
            await self._lost(channel, rows, outcome, at=at)
        elif outcome.fault is Fault.VANISHED and all(row.kind is Kind.UPDATE for row in rows):
            await self._write(self._ledger.vanished, rows)
        elif outcome.fault in PERMANENT:
            log.error("a message was refused for good: %s", outcome.text)
            trouble = Trouble(reason=outcome.fault.value, text=outcome.text)
            await self._write(self._ledger.refused, rows, trouble, at=at)
        else:
            await self._later(channel, rows, outcome, at=at)

    async def _sent(
        self, rows: Sequence[Delivery], outcome: Sent, *, own: bool, at: Moment
    ) -> None:
        self._token_told = False
        taken = Taken(
            rows=rows,
            message_id=outcome.message_id,
            own=own,
            at=at,
            cut=outcome.cut,
            bare=outcome.bare,
        )
        await self._desk.take(taken)
        again_s = self._bare_told_s + BARE_EVERY_S
        if outcome.bare and rows[0].kind not in OWN_WORDS and at.logical_s >= again_s:
            self._bare_told_s = at.logical_s
            await asyncio.to_thread(self._alerts.lost_looks, rows[0].incident, at=at)

    async def crashed(self, rows: Sequence[Delivery], error: BaseException) -> None:
        """Try rows again whose delivery met a bug; after three times give them up."""
        trouble = Trouble(reason="crash", text=type(error).__name__)
        claimed = await asyncio.to_thread(self._ledger.under_way, rows)
        old = [row for row in claimed if row.attempts >= CRASHES]
        at = self._clock()
        await self._write(self._ledger.refused, old, trouble, at=at)
        rest = [row for row in claimed if row.attempts < CRASHES]
        until_s = at.logical_s + backoff_s(1, luck=0.5)
        await self._write(self._ledger.postponed, rest, trouble, until_s=until_s, at=at)

    async def probed(self, chat: Chat, outcome: Outcome) -> None:
        """Open a chat that can be reached again, or wait for the next probe."""
        at = self._clock()
        if isinstance(outcome, Failed):
            again_s = at.logical_s + PROBE_EVERY_S
            await self._write(
                self._ledger.chats.disable, chat.id, reason=chat.disabled, probe_s=again_s
            )
            return
        log.warning("a chat can be reached again")

        def back() -> None:  # in one commit: nobody asks a second time
            self._ledger.chats.enable(chat.id)
            self._alerts.observe([_channel(chat.id, "")], at=at)
            self._alerts.welcome(chat.id, at=at)

        await self._write(back)

    async def _later(
        self, channel: str, rows: Sequence[Delivery], outcome: Failed, *, at: Moment
    ) -> None:
        trouble = Trouble(
            reason=outcome.fault.value,
            text=outcome.text,
            unsure=outcome.fault is Fault.UNSURE,
            counts=outcome.fault not in {Fault.PAUSED, Fault.MIGRATED},
        )
        if outcome.fault is Fault.MIGRATED and outcome.chat_id is not None:
            log.warning("a group became a supergroup; its new id is kept")
            old = self._ledger.chats.current(parts(channel)[0])
            await self._write(self._ledger.chats.migrate, old, outcome.chat_id)
        until_s = at.logical_s + self._wait_s(rows, outcome)
        await self._write(self._ledger.postponed, rows, trouble, until_s=until_s, at=at)

    def _wait_s(self, rows: Sequence[Delivery], outcome: Failed) -> float:
        if outcome.fault is Fault.MIGRATED:
            return 0.0
        if outcome.fault is Fault.PAUSED:
            return outcome.retry_after_s + MARGIN_S
        if outcome.fault is Fault.TOKEN:
            if not self._token_told:
                log.error("Telegram refuses the token: nothing can be sent until it is replaced")
            self._token_told = True
            return LONGEST_BACKOFF_S
        log.warning("not sent, will try again: %s", outcome.text)
        attempts = max((row.attempts for row in rows), default=1)
        return backoff_s(attempts, luck=random.random())  # noqa: S311 - spreads load, no secret

    async def _write(
        self, call: Callable[Asked, Result], *args: Asked.args, **more: Asked.kwargs
    ) -> Result:
        return await self._desk.write(partial(call, *args, **more))

    async def _lost(
        self, channel: str, rows: Sequence[Delivery], outcome: Failed, *, at: Moment
    ) -> None:
        log.critical("a chat cannot be reached any more: %s", outcome.text)
        trouble = Trouble(reason=outcome.fault.value, text=outcome.text)
        chat_id = self._ledger.chats.current(parts(channel)[0])  # as the probe will know it

        def lost() -> None:
            self._ledger.shut(channel, rows, trouble, at=at)
            self._alerts.observe([_channel(chat_id, outcome.text)], at=at)

        await self._write(lost)


def _channel(chat_id: int, reason: str) -> Observation:
    lost = bool(reason)
    return Observation(
        key=f"channel:{chat_id}",
        check="bot",
        outcome=Seen.FAIL if lost else Seen.OK,
        level=Severity.ERROR if lost else Severity.OK,
        fact=Phrase(
            "channel.disabled" if lost else "channel.back",
            {"channel": str(chat_id), "reason": reason},
        ),
    )
