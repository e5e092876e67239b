"""Six hours without Telegram, by a hand-moved clock: little waits, one digest tells it all."""

import asyncio
import itertools
import re
from collections import Counter, deque
from datetime import UTC
from pathlib import Path

from bot.delivery.outcome import Failed, Fault
from bot.delivery.texts import Texts
from handlers.views.text import visible
from jobs.alerts.rules import Row, Rules
from jobs.alerts.tidy import CLOSED_KEPT
from storage.chats import Chats
from storage.database import Database
from storage.incidents import Kind
from storage.records import Observation, Severity
from tests.bot.outbox_world import World
from tests.jobs.seen import fail, ok

HOURS_6_S = 6 * 3600.0
EVERY_S = 300.0
AWAY = Failed(fault=Fault.PASSING, text="nobody answers")
KEYS = [f"disk:{number:02}" for number in range(20)]
CLOSED, WORSE = set(KEYS[:8]), set(KEYS[4:10])


def level(key: str, at_s: float) -> Severity:
    """Return how bad a key is: some get worse after two hours."""
    return Severity.CRITICAL if key in WORSE and at_s > 7200.0 else Severity.ERROR


async def see(world: World) -> None:
    """One cycle: a key begins to fail every ten minutes, some end after four hours."""
    at_s = world.clock.now_s
    begun = KEYS[: int(at_s // 600.0) + 1]
    over = CLOSED if at_s > 14_400.0 else set()
    seen = [ok(key) if key in over else fail(level(key, at_s), key) for key in begun]
    await asyncio.to_thread(world.alerts.observe, seen, at=world.clock())
    await world.worker.drain_once()
    world.clock.now_s += EVERY_S


async def test_six_hours_without_telegram(tmp_path: Path) -> None:
    """Two rows wait per incident and one more that it got worse; then one digest, worst first."""
    chats = Chats(Database(tmp_path / "languages.json"))
    world = World(tmp_path, channels=("7", "8"), texts=Texts(chats, timezone=UTC))
    world.telegram.script = deque(itertools.repeat(AWAY, 10_000))
    while world.clock.now_s < HOURS_6_S:
        await see(world)
        waiting = Counter((row.incident, row.channel) for row in world.outbox.live())
        kinds = Counter((row.incident, row.channel, row.kind) for row in world.outbox.live())
        for number, channel in waiting:
            worse = kinds[number, channel, Kind.WORSE]
            assert waiting[number, channel] <= 2 + worse
            assert worse <= 1
    size = world.path.stat().st_size
    assert size < 200_000, size
    assert not [call for call in world.telegram.calls if call.accepted]
    asked = len(world.telegram.calls)
    assert asked <= 2 * (HOURS_6_S / 240.0 + 10)  # it waits five minutes at the longest
    world.telegram.script.clear()
    end_s = world.clock.now_s + 420.0
    while world.clock.now_s < end_s:
        await world.worker.drain_once()
        world.clock.now_s += 5.0
    assert not world.outbox.live()
    for channel in ("7", "8"):
        check(world, channel)


def check(world: World, channel: str) -> None:
    """Assert what one chat reads when Telegram is back."""
    news, *others = world.telegram.said(channel)
    text = visible(news)
    assert others == []
    assert text.startswith("🔴 20 alerts\n🔴 2 critical · 🟠 10 errors · 🟢 8 fixed\n")
    glyphs = re.findall(r"^(\S+) #\d+ ", text, re.MULTILINE)
    assert glyphs == sorted(glyphs, key="🔴🟠🟢".index)
    assert "… and 10 more" in text
    assert "delayed 4 h" in text  # the oldest that was not said anew since
    kinds = Counter(row.kind for row in world.rows() if row.channel == channel and row.message_id)
    assert kinds[Kind.BRIEF] == len(CLOSED)
    assert kinds[Kind.RESOLVED] == 0


async def test_a_digest_still_counts_what_was_forgotten_meanwhile(tmp_path: Path) -> None:
    """It is told late of more than is kept of what is over; as it grows, it grows."""
    world = World(tmp_path, rules=Rules(table=(Row(glob="*", fails=1, passes=1),)))
    world.telegram.script = deque(itertools.repeat(AWAY, 1000))
    keys = [f"disk:{number}" for number in range(CLOSED_KEPT + 30)]
    await asyncio.to_thread(world.alerts.observe, list(map(error, keys)), at=world.clock())
    await asyncio.to_thread(world.alerts.observe, list(map(ok, keys)), at=world.clock())
    for _ in range(10):
        await world.worker.drain_once()
        world.clock.now_s += 300.0
    world.telegram.script.clear()
    await world.worker.drain_once()
    world.clock.now_s += 20.0
    await asyncio.to_thread(world.alerts.observe, [error("cpu")], at=world.clock())
    await world.worker.drain_once()
    first, grown = (call.text for call in world.telegram.calls if call.accepted)
    assert first.startswith(f"digest {len(keys)}: ")
    assert grown.startswith(f"digest {len(keys) + 1}: ")
    assert "fired #131 ERROR" in grown


def error(key: str) -> Observation:
    return fail(Severity.ERROR, key)
