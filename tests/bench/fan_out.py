"""One storm to many chats: what it costs us to render, to write down and to mark."""

import asyncio
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.delivery.outcome import Outcome, Sent
from bot.delivery.texts import Texts
from bot.delivery.worker import Worker
from handlers.views.message import Message
from jobs.alerts.manager import AlertManager
from jobs.alerts.rules import Row as Term
from jobs.alerts.rules import Rules
from storage.chats import Chats
from storage.clock import resume
from storage.database import Database
from storage.outbox import Outbox
from storage.records import Severity
from tests.bench.row import Row
from tests.jobs.seen import fail

AT_ONCE = Rules(table=(Term(glob="*", fails=1, passes=1),))
BURST, CHATS, PER_S, OWN_S = 1000, 30, 30.0, 2.0
TICK_S = 0.005


class Quick:
    """A sender that takes everything at once: what is left is our own work."""

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, channel: str, message: Message, *, reply_to: int | None = None) -> Outcome:
        """Take it."""
        _ = channel, message, reply_to
        self.sent += 1
        return Sent(self.sent)

    async def edit(self, channel: str, message_id: int, message: Message) -> Outcome:
        """Take it."""
        _ = channel, message_id, message
        return Sent()

    async def probe(self, channel: str) -> Outcome:
        """Be there."""
        _ = channel
        return Sent()


async def row() -> Row:
    """Return what a thousand alerts to thirty chats cost: real clock, real disk, no network."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "state.json")
        chats, outbox, clock = Chats(database), Outbox(database), resume(None)
        channels = tuple(str(number + 1) for number in range(CHATS))
        alerts = AlertManager(database=database, channels=channels, rules=AT_ONCE)
        texts = Texts(chats, timezone=ZoneInfo("UTC"), alerts=alerts)
        worker = Worker(alerts=alerts, sender=Quick(), texts=texts, clock=clock)
        cycle = [fail(Severity.ERROR, f"key:{number}") for number in range(BURST)]
        working = asyncio.create_task(worker.run())
        began_s = time.process_time()
        await asyncio.to_thread(alerts.observe, cycle, at=clock())
        while outbox.channels():  # noqa: ASYNC110 - what is awaited is another task's work
            await asyncio.sleep(TICK_S)
        ours_s = time.process_time() - began_s
        worker.stop()
        await working
    return Row(
        name=f"burst of {BURST} alerts to {CHATS} chats: all our work until the last is marked",
        reference="30 messages at 30 a second",
        ours=ours_s,
        reference_value=CHATS / PER_S,
        limit=None,
        goal=f"≤ {OWN_S:.0f} s",
        met=ours_s <= OWN_S,
        unit="s CPU",
    )
