"""From the outbox to people: picks what may go, paces, sends, and has the outcome noted."""

import asyncio
import logging
import math
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from bot.delivery.call import Caller
from bot.delivery.desk import Desk
from bot.delivery.grouping import NO_ALERTS, Group, Turn
from bot.delivery.outcome import Failed, Outcome, Sender
from bot.delivery.pace import Pace
from bot.delivery.settle import Settler
from bot.delivery.texts import Renderer
from jobs.alerts.agenda import Agenda
from jobs.alerts.enqueue import SOUNDLESS
from jobs.alerts.manager import AlertManager
from storage.chats import Chat, is_relay, parts
from storage.incidents import Delivery
from storage.records import Clock, Moment

log = logging.getLogger(__name__)

LANES = 4  # more calls in parallel are slower than one at a time
LONGEST_SLEEP_S = 30.0
SHORTEST_SLEEP_S = 0.005
GOODBYE_S = 5.0


class Worker:
    """Drains the outbox: one call per chat at a time, alerts by level and then by age.

    One slow chat holds up no other. `run` it once per process; `drain_once` does one pass.
    """

    def __init__(
        self,
        *,
        alerts: AlertManager,
        sender: Sender,
        texts: Renderer,
        clock: Clock,
        goodbye_s: float = GOODBYE_S,
    ) -> None:
        self.wake = asyncio.Event()
        self._alerts = alerts
        self._ledger = alerts.ledger
        self._sender = sender
        self._clock = clock
        self._goodbye_s = goodbye_s
        self._pace = Pace()
        self._caller = Caller(sender, texts, alerts.ledger)
        self._desk = Desk(alerts.ledger)
        self._settler = Settler(alerts, clock, self._desk)
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._mending: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._calls = 0
        self._groups: dict[str, Group] = {}

    async def run(self) -> None:
        """Deliver until stopped; what was under way when the last process ended goes again."""
        loop = asyncio.get_running_loop()
        forget = self._alerts.listen(lambda: loop.call_soon_threadsafe(self.wake.set))
        try:
            await asyncio.to_thread(self._ledger.recover)
            while not self._stopping:
                self.wake.clear()  # before looking: what is queued meanwhile wakes us again
                await self._sleep(await self._round())
        finally:
            forget()
            await self._say_goodbye()

    def stop(self) -> None:
        """Start nothing new; `run` returns when what is under way has ended, or is given up."""
        self._stopping = True
        self.wake.set()

    async def drain_once(self) -> int:
        """Send everything that may go now; return how many calls that took."""
        before = self._calls
        await self._round()
        while self._lanes or self._mending:
            await asyncio.gather(*self._lanes.values(), *self._mending, return_exceptions=True)
            await self._round()
        return self._calls - before

    async def _round(self) -> float:
        """Start every call that may start now; return the seconds until the next may."""
        at = self._clock()
        agenda = await asyncio.to_thread(self._look, at)
        at = self._clock()
        waits = [agenda.next_s - at.logical_s]
        for chat in self._ledger.chats.all():
            if chat.disabled and chat.probe_s <= at.logical_s and chat.id not in self._lanes:
                self._start(chat.id, (), self._probe(chat))
        for channel, rows in sorted(agenda.due.items(), key=_urgency):
            if len(self._lanes) >= LANES:
                break  # the first lane that ends wakes us
            waits.append(self._offer(channel, rows, at=at))
        return min(waits)

    def _look(self, at: Moment) -> Agenda:
        self._alerts.expire(at=at)
        next_s = self._alerts.fall_back(at=at)
        agenda = self._ledger.agenda(at=at)
        return replace(agenda, next_s=min(agenda.next_s, next_s))

    def _offer(self, channel: str, due: Sequence[Delivery], *, at: Moment) -> float:
        """Start a call to the channel, or return how long it has to wait."""
        chat_id = self._ledger.chats.current(parts(channel)[0])
        if chat_id in self._lanes:
            return math.inf
        fresh = Group(self._ledger.factor, whole=is_relay(channel))
        group = self._groups.setdefault(channel, fresh)
        turn = group.turn(due, now_s=at.logical_s)
        others = [row for row in due if row.kind in NO_ALERTS]
        rows = turn.rows or tuple(others[:1])
        if not rows:
            return turn.wait_s
        edit = rows[0].kind in SOUNDLESS
        wait_s = self._pace.wait_s(chat_id, now_s=at.logical_s, edit=edit)
        if wait_s > 0:
            return wait_s
        self._pace.begun(now_s=at.logical_s)
        if turn.rows:
            group.begun(turn, now_s=at.logical_s)
        self._start(chat_id, rows, self._deliver(channel, replace(turn, rows=rows)))
        return turn.wait_s or math.inf

    def _start(
        self, chat_id: int, rows: Sequence[Delivery], work: Coroutine[Any, Any, None]
    ) -> None:
        task = asyncio.create_task(work)
        self._lanes[chat_id] = task
        task.add_done_callback(lambda ended: self._ended(chat_id, rows, ended))

    def _ended(self, chat_id: int, rows: Sequence[Delivery], task: asyncio.Task[None]) -> None:
        del self._lanes[chat_id]
        self.wake.set()
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        log.error("delivery met a bug", exc_info=error)
        mending = asyncio.create_task(self._settler.crashed(rows, error))
        self._mending.add(mending)
        mending.add_done_callback(self._mending.discard)

    async def _deliver(self, channel: str, turn: Turn) -> None:
        outcome: Outcome | None = None
        claim = partial(self._ledger.claim, turn.rows, at=self._clock())
        claimed = await self._desk.write(claim)
        turn = replace(turn, rows=tuple(claimed))
        try:
            if claimed:
                self._calls += 1
                outcome = await self._called(channel, turn)
        finally:
            self._groups[channel].ended(turn, outcome, now_s=self._clock().logical_s)
        if outcome is not None:
            own = len(claimed) == 1 and turn.grows is None
            await self._settler.settle(channel, claimed, outcome, own=own)

    async def _called(self, channel: str, turn: Turn) -> Outcome:
        chat_id = self._ledger.chats.current(parts(channel)[0])
        try:
            if turn.grows is not None:
                outcome = await self._caller.grow(turn.grows, turn.rows, at=self._clock())
            else:
                outcome = await self._caller.call(channel, turn.rows, at=self._clock())
        finally:
            self._pace.called(chat_id, now_s=self._clock().logical_s)
        if isinstance(outcome, Failed) and outcome.chat_id is not None:
            self._pace.moved(chat_id, outcome.chat_id)
        return outcome

    async def _probe(self, chat: Chat) -> None:
        await self._settler.probed(chat, await self._sender.probe(str(chat.id)))

    async def _sleep(self, wait_s: float) -> None:
        wait_s = min(max(wait_s, SHORTEST_SLEEP_S), LONGEST_SLEEP_S)
        try:
            await asyncio.wait_for(self.wake.wait(), timeout=wait_s)
        except TimeoutError:
            return

    async def _say_goodbye(self) -> None:
        tasks = {*self._lanes.values(), *self._mending}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._goodbye_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._desk.finish()


def _urgency(due: tuple[str, Sequence[Delivery]]) -> tuple[bool, bool, int, int]:
    """Return what goes first: what waited for Telegram in vain, then by level, then by age."""
    channel, rows = due
    edit = rows[0].kind in SOUNDLESS
    return (not is_relay(channel), edit, -rows[0].level, rows[0].id)
